"""Which learning rates are tried, with and without a budget that shortens training."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fireassay.diagnosis.case import Case
from fireassay.diagnosis.checks.learning_rate import LearningRateTooHigh, LearningRateTooLow
from fireassay.interventions.scale_setting import ScaleSetting
from tests.diagnosis.cases import case_of
from tests.training.tasks import make_task, trial_of


def case_at(rate: float, *, shortened: bool) -> Case:
    """Return a case whose network has the rate, its trials shortened by a budget or not."""
    task = make_task(sessions=12, bars=(5, 8))
    case = replace(case_of(task), trial=trial_of(task, learning_rate=rate))
    if not shortened:
        return case
    shorter = case.trial.with_(ScaleSetting(setting="epochs", factor=0.5))
    return replace(case, trial=shorter, full=case.trial)


def tried(check: LearningRateTooLow | LearningRateTooHigh, case: Case) -> list[float]:
    """Return the learning rates of a check's rungs, mildest first."""
    settings = [case.trial.with_(*r.changes).settings for r in check.turnable(case)]
    return [float(s.model_dump()["learning_rate"]) for s in settings]


@pytest.mark.parametrize(
    ("rate", "shortened", "expected"),
    [
        (3e-6, False, [9e-6, 3e-5, 9e-5, 3e-3]),
        (3e-6, True, [3e-5, 3e-3]),
        (5e-4, False, [1.5e-3, 3e-3]),
        (3e-3, False, []),
    ],
)
def test_larger_rates(rate: float, shortened: bool, expected: list[float]) -> None:
    case = case_at(rate, shortened=shortened)
    assert tried(LearningRateTooLow(), case) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("rate", "shortened", "expected"),
    [
        (9.0, False, [3.0, 0.9, 0.3, 3e-3]),
        (9.0, True, [0.9, 3e-3]),
        (3e-3, False, [1e-3, 3e-4, 1e-4]),
        (5e-4, False, []),
    ],
)
def test_smaller_rates(rate: float, shortened: bool, expected: list[float]) -> None:
    case = case_at(rate, shortened=shortened)
    assert tried(LearningRateTooHigh(), case) == pytest.approx(expected)
