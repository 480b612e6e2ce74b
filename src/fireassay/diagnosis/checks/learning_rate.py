"""Are the optimiser's steps too small or too large?"""

from __future__ import annotations

from typing import ClassVar

from fireassay.diagnosis.case import Case
from fireassay.diagnosis.checks import check
from fireassay.diagnosis.ladder import LadderCheck
from fireassay.diagnosis.rung import Rung
from fireassay.interventions import Intervention
from fireassay.interventions.set_setting import SetSetting

USUAL = 3e-3
"""A rate at which networks of this kind learn: the default."""


STEPS, ALL_STEPS = (10.0,), (3.0, 10.0, 30.0)
"""Factors by which the rate is turned; all of them where no budget shortens training."""

FAR = 3.0
"""Factor from the usual rate within which a rate isn't changed beside other settings."""


def _usual() -> tuple[Intervention, ...]:
    return (SetSetting(setting="learning_rate", value=USUAL),)


def _steps(case: Case) -> tuple[float, ...]:
    return STEPS if case.full is not None else ALL_STEPS


def _rungs(rates: list[float]) -> list[Rung]:
    return [
        Rung(f"learning rate {r:g}", (SetSetting(setting="learning_rate", value=r),)) for r in rates
    ]


def _rate(case: Case) -> float | None:
    return getattr(case.trial.settings, "learning_rate", None)


@check
class LearningRateTooLow(LadderCheck):
    """Learn at three, ten and thirty times the learning rate, and at the usual one.

    Question: does a larger step learn, in the same time, what this one doesn't?

    Control: the same labels under the model as set.
    """

    id: ClassVar[str] = "learning_rate_up"
    question: ClassVar[str] = "Are the optimiser's steps too small?"
    causes: ClassVar[tuple[str, ...]] = ("learning_rate_too_low",)
    cause: ClassVar[str] = "learning_rate_too_low"
    turns: ClassVar[str] = "the learning rate"

    def rungs(self, case: Case) -> list[Rung]:
        """Return larger rates, up to the usual one; none where the rate is at least that."""
        rate = _rate(case)
        if rate is None or rate >= USUAL:
            return []
        return _rungs(sorted({min(rate * step, USUAL) for step in _steps(case)} | {USUAL}))

    def cure(self, case: Case) -> tuple[Intervention, ...]:
        """Return the usual rate where the rate is far below it."""
        rate = _rate(case)
        return _usual() if rate is not None and rate < USUAL / FAR else ()


@check
class LearningRateTooHigh(LadderCheck):
    """Learn at a third, a tenth and a thirtieth of the learning rate, and at the usual one.

    Question: does a smaller step learn what this one doesn't?

    Control: the same labels under the model as set.
    """

    id: ClassVar[str] = "learning_rate_down"
    question: ClassVar[str] = "Are the optimiser's steps too large?"
    causes: ClassVar[tuple[str, ...]] = ("learning_rate_too_high",)
    cause: ClassVar[str] = "learning_rate_too_high"
    turns: ClassVar[str] = "the learning rate"

    def rungs(self, case: Case) -> list[Rung]:
        """Return smaller rates, down to the usual one; a tenth of it where the rate is near it."""
        rate = _rate(case)
        if rate is None or rate < USUAL / 3:
            return []
        lower = {rate / step for step in _steps(case)}
        return _rungs(sorted(lower | {min(USUAL, rate / 10)}, reverse=True))

    def cure(self, case: Case) -> tuple[Intervention, ...]:
        """Return the usual rate where the rate is far above it."""
        rate = _rate(case)
        return _usual() if rate is not None and rate > USUAL * FAR else ()
