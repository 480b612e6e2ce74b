"""Does the label depend on bars further back than the model sees?"""

from __future__ import annotations

from typing import ClassVar

from fireassay.diagnosis.case import Case, Runs
from fireassay.diagnosis.checks import check
from fireassay.diagnosis.checks.together import restoring
from fireassay.diagnosis.ground import shortfall
from fireassay.diagnosis.rise import RiseCheck
from fireassay.diagnosis.rung import Rung
from fireassay.findings import Bearing, Evidence, Rule
from fireassay.interventions.set_setting import SetSetting
from fireassay.training.trial import Trial

FACTORS = (2, 4)
"""Multiples of the look-back that are tried."""

AT_LEAST = 32
"""Bars that the longest look-back tried has at least: four times next to nothing is little."""

HIDDEN = (
    "Something keeps the model from learning, and no single change restores it: until that is mended "
    "a longer look-back tells nothing."
)

MOST = 512
"""Bars that a network can look back."""


@check
class Context(RiseCheck):
    """Learn the labels as they are with a look-back of twice and four times the bars, 32 at least.

    Question: does a longer look-back raise the score of later sessions?

    Control: the model as set on the same labels, paired over test dates, and both once more from
    another seed where it seems so. Only the user's own labels can show it: a planted signal is as far
    back as it is planted. Where something else keeps the model from learning, the look-back is
    lengthened beside the change that restores it.
    """

    id: ClassVar[str] = "context"
    question: ClassVar[str] = "Does the label depend on bars further back than the model sees?"
    causes: ClassVar[tuple[str, ...]] = ("context_too_short",)
    cause: ClassVar[str] = "context_too_short"

    def applies(self, case: Case) -> str:
        """Tell whether the model looks back at all."""
        return "" if _look_back(case) else "the model has no look-back"

    def rungs(self, case: Case) -> list[Rung]:
        """Return longer look-backs, up to the longest session's."""
        now = _look_back(case)
        wanted = {f * now for f in FACTORS} | {max(FACTORS[-1] * now, AT_LEAST)}
        bars = sorted({min(n, _longest(case), MOST) for n in wanted})
        return [
            Rung(f"look-back {n} bars", (SetSetting(setting="look_back", value=n),))
            for n in bars
            if n > now
        ]

    def first(self, case: Case) -> list[Rung]:
        """Return the longest one: what a shorter one shows, it shows too."""
        return self.turnable(case)[-1:]

    def base(self, case: Case, runs: Runs) -> Rung | None:
        """Return the model as set, or the change that restores what it lacks; None without one."""
        short = shortfall(case, runs)
        return super().base(case, runs) if short is None else restoring(case, runs, short)

    def plan(self, case: Case, runs: Runs) -> list[Trial]:
        """Plan nothing where the model sees whole sessions."""
        return super().plan(case, runs) if self.turnable(case) else []

    def judge(self, case: Case, runs: Runs) -> list[Evidence]:
        """Tell whether a longer look-back helps; a model that sees whole sessions needs none."""
        if self.turnable(case) and self.base(case, runs) is not None:
            return super().judge(case, runs)
        rule, reading = Rule.ILLUSTRATES, HIDDEN
        if not self.turnable(case):
            rule = Rule.OBSERVED_AGAINST
            reading = (
                f"The model looks back {_look_back(case)} bars, and the longest session has "
                f"{_longest(case)}: it sees all of it."
            )
        bearing = Bearing(cause=self.cause, rule=rule, note=reading)
        return [
            Evidence(
                id=self.id,
                check=self.id,
                question=self.question,
                experiment="The look-back beside the sessions' lengths.",
                bears_on=(bearing,),
                reading=reading,
            )
        ]


def _look_back(case: Case) -> int:
    return int(getattr(case.trial.settings, "look_back", 0))


def _longest(case: Case) -> int:
    return int(case.task.panel.lengths.max())
