"""Which targets could be learned from these features instead?"""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from fireassay.data.targets import TargetSpec
from fireassay.diagnosis.case import Case, Runs
from fireassay.diagnosis.checks import Check, Cost, check
from fireassay.diagnosis.scan import (
    ID,
    LEAST_DATES,
    QUESTION,
    Part,
    candidates,
    evidence_of,
    judge_all,
    scan_targets,
    specifications,
)
from fireassay.findings import Evidence

HORIZONS, SKIPS = (1, 5, 10), (0, 1)

DRAWS = 199

MOST_ROWS = 24_000
"""Bars at most, of the latest dates before the test: what ten seconds are enough for."""


@check
class Targets(Check):
    """Scan the catalogue's targets at a few horizons, without delay and a bar later.

    Question: if this label can't be learned, is there one that can?

    Null: whole label sessions exchanged, the same exchanges for all targets, a ridge learner on fixed
    non-linear features refitted each time; p by step-down max-T over all of them. Targets that are
    predictable by construction are left out. Dates before the test only, so that the test stays
    untouched for the target that is chosen. `fireassay scan` looks at more.

    References: Westfall and Young (1993), Resampling-Based Multiple Testing; White (2000), A reality
    check for data snooping, Econometrica 68:1097
    """

    id: ClassVar[str] = ID
    question: ClassVar[str] = QUESTION
    causes: ClassVar[tuple[str, ...]] = ()
    cost: ClassVar[Cost] = Cost.SCAN
    takes: ClassVar[float] = 20.0

    def applies(self, case: Case) -> str:
        """Tell whether there are prices to make other targets of, and dates enough."""
        if case.labels is None or not case.catalogue:
            return "the data has no prices or volumes that other targets could be made of"
        dates = len(set(case.task.panel.clusters[case.task.split.fitted].tolist()))
        few = f"{dates} dates before the test are too few"
        return few if dates < LEAST_DATES else ""

    def judge(self, case: Case, runs: Runs) -> list[Evidence]:
        """Scan, and rank what was found."""
        assert case.labels is not None
        task = case.task
        own = TargetSpec.parse(task.label.name)
        part = Part.of(task.panel, task.split.fitted, MOST_ROWS)
        specs = specifications(["catalogue"], case.catalogue, HORIZONS, SKIPS, mechanical=False)
        if own.name in case.catalogue:
            specs.append(replace(own, skip=own.skip + 1))
        found = candidates(case.labels, specs, own, part.first_date)
        scanned = scan_targets(part, found, draws=DRAWS, alpha=case.alpha)
        return evidence_of(scanned, judge_all(scanned, case.alpha), case.alpha)
