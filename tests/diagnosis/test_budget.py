"""What a budget buys, and that a run which goes on keeps what was decided for it."""

from __future__ import annotations

import math

import numpy as np
import pytest

from fireassay.diagnosis.battery import pool
from fireassay.diagnosis.budget import (
    LEAST_DATES,
    LEAST_EPOCHS,
    PLANNED_TRIALS,
    RESERVE,
    Afforded,
    Clock,
    Rate,
    affordable,
    fit_to_budget,
    work,
)
from fireassay.diagnosis.checks.deficit import Deficit
from fireassay.diagnosis.checks.kl import Kl
from fireassay.diagnosis.checks.learning_rate import LearningRateTooLow
from fireassay.diagnosis.checks.signal import Signal
from fireassay.training.trial import Tasks
from tests.training.tasks import make_task, trial_of

TASK = make_task(sessions=200, bars=(30, 40))
TRIAL = trial_of(TASK, epochs=20)


def rate(seconds_a_trial: float) -> Rate:
    """A machine on which the user's own trial takes about so long."""
    unit = Rate(training=1.0, predicting=0.0, size=work(TRIAL.settings))
    return Rate(training=seconds_a_trial / unit.seconds(TRIAL, TASK), predicting=0.0, size=unit.size)


def shortened(seconds_a_trial: float, limit_s: float) -> Afforded:
    return fit_to_budget(TRIAL, TASK, rate(seconds_a_trial), Clock(limit_s))


def test_what_fits_is_left_as_it_is() -> None:
    found = shortened(1.0, 600.0)
    assert found.full is None
    assert found.changes == ()
    assert found.note == ""


@pytest.mark.parametrize("seconds", [10.0, 40.0, 400.0])
def test_what_does_not_fit_is_shortened_until_the_plan_does(seconds: float) -> None:
    limit, fast = 180.0, rate(seconds)
    found = fit_to_budget(TRIAL, TASK, fast, Clock(limit))
    task = Tasks(TASK).of(found.trial)
    dates = len(np.unique(task.panel.clusters[task.split.train]))
    assert found.full is not None
    assert LEAST_EPOCHS <= found.trial.settings.epochs <= TRIAL.settings.epochs
    assert LEAST_DATES <= dates <= len(TASK.split.train)
    least = found.trial.settings.epochs == LEAST_EPOCHS and dates == LEAST_DATES
    assert least or PLANNED_TRIALS * fast.seconds(found.trial, task) <= 1.2 * limit
    if found.trial.settings.epochs < TRIAL.settings.epochs:
        assert f"{found.trial.settings.epochs} of 20 epochs" in found.note
    if dates < len(TASK.split.train):
        assert f"the latest {dates} of {len(TASK.split.train)} training dates" in found.note


def test_a_run_that_goes_on_keeps_what_was_decided() -> None:
    found = shortened(40.0, 180.0)
    again = Afforded.read(TRIAL, found.to_json(180.0), 180.0)
    assert again is not None
    assert again.trial.id == found.trial.id
    assert again.full is not None
    assert found.full is not None
    assert again.full.id == found.full.id
    assert again.note == found.note


def test_another_budget_or_trial_is_decided_anew() -> None:
    text = shortened(40.0, 180.0).to_json(180.0)
    assert Afforded.read(TRIAL, text, 900.0) is None
    assert Afforded.read(TRIAL, text, math.inf) is None
    assert Afforded.read(trial_of(TASK, epochs=20, width=16), text, 180.0) is None
    endless = shortened(1.0, math.inf).to_json(math.inf)
    assert Afforded.read(TRIAL, endless, math.inf) is not None


def test_what_tells_most_is_afforded_first() -> None:
    """Of two ladders with time for two runs, each gets the rung that settles most."""
    rates, weights = (
        [trial_of(TASK, epochs=20, **{name: v}) for v in values]
        for name, values in (("learning_rate", (1e-5, 1e-4, 1e-3)), ("kl_weight", (0.5, 0.1, 0.0)))
    )
    pooled = pool([(Kl(), weights), (LearningRateTooLow(), rates)])
    worth = {p.trial.id: p.worth for p in pooled}
    yes, no = affordable(
        [p.trial for p in pooled], worth, Tasks(TASK), rate(10.0), Clock(25.0 / (1 - RESERVE))
    )
    assert {t.id for t in yes} == {rates[-1].id, weights[-1].id}
    assert len(no) == 4


def test_what_several_checks_want_is_worth_more() -> None:
    shared, alone = trial_of(TASK, epochs=20), trial_of(TASK, epochs=20, kl_weight=0.5)
    pooled = pool([(Deficit(), [alone, shared]), (Signal(), [shared])])
    assert {p.trial.id: p.worth for p in pooled} == {shared.id: 2.0, alone.id: 1.0}
    assert [p.owner for p in pooled] == ["deficit", "deficit"]
