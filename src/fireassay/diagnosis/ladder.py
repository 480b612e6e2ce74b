"""Ladders: the model that falls short, under one changed setting after another.

A ladder asks of one cause: where the model as set falls short of what can be learned, does an
intervention that takes the cause away restore it? The gain of a rung is paired over test dates with
the model as set, so what both find hard cancels.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np

from fireassay.diagnosis.case import Case, Runs, pick
from fireassay.diagnosis.checks import CHECKS, Check, Cost
from fireassay.diagnosis.ground import PLANTED, REAL, SAID, Ground, ground, shortfall
from fireassay.diagnosis.rung import Rung, changes_anything
from fireassay.findings import Bearing, Change, Evidence, Interval, Mark, Plot, Rule, Series
from fireassay.interventions import Intervention
from fireassay.statistics.bootstrap import Difference, Estimate
from fireassay.statistics.multiplicity import holm
from fireassay.statistics.null import detectable
from fireassay.training.trial import Trial


class Tried(Protocol):
    """What was tried: a rung, its score, and its gain on the model as set."""

    @property
    def rung(self) -> Rung:
        """What was changed."""
        ...

    @property
    def value(self) -> Estimate:
        """Its score."""
        ...

    @property
    def gain(self) -> Difference:
        """Its gain on the model as set."""
        ...


@dataclass(frozen=True)
class Climb:
    """What a rung gave: its score, and its gain on the model as set, paired over dates."""

    rung: Rung
    value: Estimate
    gain: Difference
    trials: tuple[Trial, ...]


class LadderCheck(Check):
    """A check of one cause by the interventions that remove it.

    Attributes
    ----------
    cause
        What it supports or excludes.
    turns
        What its cure turns, in the user's words.
    """

    cause: ClassVar[str]
    cost: ClassVar[Cost] = Cost.LADDERS
    bounded_by: ClassVar[tuple[str, ...]] = (PLANTED, REAL)
    mildest_first: ClassVar[bool] = True
    turns: ClassVar[str] = ""

    @abstractmethod
    def rungs(self, case: Case) -> list[Rung]:
        """Return the interventions that take the cause away, mildest first."""

    def applies(self, case: Case) -> str:
        """Tell whether the model has anything to turn."""
        return "" if self.turnable(case) else "the model as set has nothing of the kind to turn"

    def plan(self, case: Case, runs: Runs) -> list[Trial]:
        """Plan every rung where the model as set falls short; nothing where it doesn't."""
        short = shortfall(case, runs)
        if short is None:
            return []
        wanted = [t for rung in self.turnable(case) for t in short.trials(case, *rung.changes)]
        missing = [t for t in wanted if t.id not in runs]
        return missing or self.on_the_labels(case, runs, short)

    def on_the_labels(self, case: Case, runs: Runs, short: Ground) -> list[Trial]:
        """Return the trials of what restores a planted signal on the labels as they are."""
        real, rung = self.asked_again(case, runs, short)
        if real is None or rung is None:
            return []
        return [t for t in real.trials(case, *rung.changes) if t.id not in runs]

    def judge(self, case: Case, runs: Runs) -> list[Evidence]:
        """Compare every rung with the model as set, and the one that restores on the user's labels.

        Several changes may restore a planted signal; on the labels themselves they often differ. A
        cause's share is the smaller one.
        """
        short = shortfall(case, runs)
        if short is None:
            return []
        found = ladder_evidence(self, case, short, climb(case, runs, short, self.turnable(case)))
        real, rung = self.asked_again(case, runs, short)
        if real is None or rung is None:
            return found
        again = ladder_evidence(self, case, real, climb(case, runs, real, [rung]))
        least = min((b.share or 0.0 for e in again for b in e.bears_on), default=None)
        return [*(found if least is None else [_at_most(e, least) for e in found]), *again]

    def asked_again(self, case: Case, runs: Runs, short: Ground) -> tuple[Ground | None, Rung | None]:
        """Return the labels as they are, and the rung that restores a planted signal.

        Nothing where the planted signal isn't restored, or the labels show no deficit of their own.
        """
        real = None if short.name == REAL else ground(case, runs, REAL)
        tried = climb(case, runs, short, self.turnable(case))[1:]
        if real is None or not tried or not real.short(case):
            return None, None
        best = max(tried, key=lambda c: c.gain.value)
        return (real, best.rung) if restores(case, short, best.gain) else (None, None)

    def turnable(self, case: Case) -> list[Rung]:
        """Return the rungs that change anything."""
        return [rung for rung in self.rungs(case) if changes_anything(case, rung)]

    def cure(self, case: Case) -> tuple[Intervention, ...]:
        """Return what takes the cause away for good, beside other changes: the last rung."""
        rungs = self.turnable(case)
        return rungs[-1].changes if rungs else ()


def _at_most(evidence: Evidence, share: float) -> Evidence:
    """Return the evidence with no larger a share of what is restored."""
    bears = tuple(
        b.model_copy(update={"share": min(b.share, share)}) if b.share is not None else b
        for b in evidence.bears_on
    )
    return evidence.model_copy(update={"bears_on": bears})


def ladder_checks() -> list[LadderCheck]:
    """Return all checks that are ladders."""
    found = [CHECKS[name]() for name in CHECKS]
    return [c for c in found if isinstance(c, LadderCheck)]


def climb(case: Case, runs: Runs, ground: Ground, rungs: Sequence[Rung]) -> list[Climb]:
    """Return what each rung that has come back gave, the model as set first."""
    climbs = []
    for rung in (Rung("as set", ()), *rungs):
        trials = ground.trials(case, *rung.changes)
        found = pick(runs, trials)
        if found is None:
            continue
        scored = case.scored(found) if rung.changes else ground.as_set
        gain = case.gain(scored, ground.as_set)
        climbs.append(Climb(rung, case.estimate(scored), gain, tuple(trials)))
    return climbs


def below_chance(case: Case, ground: Ground) -> float:
    """Return how far the model as set is below chance: what leads back to it is no learning."""
    return max(case.chance - ground.value.value, 0.0)


def restores(case: Case, ground: Ground, gain: Difference) -> bool:
    """Tell whether a gain, from chance on, is at least half of what the model as set lacks."""
    below = below_chance(case, ground)
    learned, missing = gain.value - below, ground.missing.value - below
    return learned > 0 and learned >= 0.5 * max(missing, learned) and gain.low > 0


def ladder_evidence(
    check: LadderCheck, case: Case, ground: Ground, climbs: Sequence[Climb]
) -> list[Evidence]:
    """Turn the climbs of a ladder into one evidence for the check's cause."""
    if len(climbs) < 2:
        return []
    as_set, tried = climbs[0], climbs[1:]
    # The best of several rungs is chosen, so its p is corrected for their number.
    p = holm(np.array([c.gain.p for c in tried]))
    best = int(np.argmax([c.gain.value for c in tried]))
    chosen, gain = tried[best], tried[best].gain
    below = below_chance(case, ground)
    missing = max(ground.missing.value, gain.value) - below
    share = (gain.value - below) / missing if missing > 0 else 0.0
    restored = p[best] <= case.alpha and restores(case, ground, gain)
    told = (
        f"With {chosen.rung.name}, {case.metric} goes from {as_set.value.value:.3f} to "
        f"{chosen.value.value:.3f}"
    )
    reading = (
        f"{told}: that restores {share:.0%} of what is missing."
        if restored
        else f"{told}: that doesn't restore what is missing."
    )
    numbers = {f"{case.metric} {c.rung.name}": c.value.value for c in climbs}
    numbers |= {f"{case.metric} {ground.best}": ground.best_value.value, "part restored": share}
    labels = SAID[ground.name]
    return [
        Evidence(
            id=f"{check.id}-{ground.name}",
            check=check.id,
            question=check.question,
            experiment=f"The model learns {labels} as set and under each change.",
            control=(
                f"On the same labels and test dates the model as set reaches "
                f"{as_set.value.value:.3f}, {ground.best} {ground.best_value.value:.3f}."
                + (" What only leads back to chance isn't counted." if below else "")
            ),
            metric=f"gain in {case.metric}",
            effect=gain.value - below,
            trivial=0.0,
            interval=_lowered(gain.interval, below),
            p=float(p[best]),
            mde=detectable(gain.se),
            matters=missing,
            sessions=gain.units,
            trials=tuple(t.id for c in climbs for t in c.trials),
            bears_on=(Bearing(cause=check.cause, rule=Rule.RESTORES, share=share, note=reading),),
            reading=reading,
            caveat=(
                "It tells of signals of the planted form and size; a weaker one may differ."
                if ground.name != REAL
                else "Intervals tell how sessions differ, not how training runs do."
            ),
            numbers=numbers,
            remedy=changes_of(case, mildest(tried, gain.value)) if restored else (),
            plot=ladder_plot(case, climbs, ground, check.question),
        )
    ]


def _lowered(interval: Interval | None, by: float) -> Interval | None:
    """Return an interval with both ends so much lower."""
    if interval is None or not by or interval.low is None or interval.high is None:
        return interval
    return interval.model_copy(update={"low": interval.low - by, "high": interval.high - by})


def changes_of(case: Case, rung: Rung) -> tuple[Change, ...]:
    """Return the settings that a rung turns, before and after."""
    before = case.trial.settings.model_dump(mode="json")
    after = case.trial.with_(*rung.changes).settings.model_dump(mode="json")
    turned = [
        Change(setting=f"settings.{name}", before=before[name], after=value)
        for name, value in after.items()
        if value != before[name]
    ]
    return (*turned, *(c for change in rung.changes for c in change.study_changes(case.task)))


def mildest(tried: Sequence[Tried], best: float) -> Rung:
    """Return the first rung, mildest first, that brings nine tenths of the best gain."""
    return next(t.rung for t in tried if t.gain.value >= 0.9 * best or t.gain.value == best)


def ladder_plot(case: Case, climbs: Sequence[Climb], ground: Ground, title: str) -> Plot:
    """Draw what each rung reaches, beside chance and the best reference."""
    best = Mark(axis="y", value=ground.best_value.value, label=ground.best)
    return rungs_plot(case, climbs, (Mark(axis="y", value=case.chance, label="chance"), best), title)


def rungs_plot(case: Case, tried: Sequence[Tried], marks: tuple[Mark, ...], title: str) -> Plot:
    """Draw the score of each rung with its interval."""
    return Plot(
        kind="ladder",
        title=title,
        x_label=f"{case.metric} on test sessions",
        series=(
            Series(
                name=case.metric,
                x=tuple(t.rung.name for t in tried),
                y=tuple(t.value.value for t in tried),
                low=tuple(t.value.low for t in tried),
                high=tuple(t.value.high for t in tried),
                style="points",
            ),
        ),
        marks=marks,
    )
