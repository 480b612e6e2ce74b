"""Overfitting and a short look-back are told by what raises the score of later sessions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fireassay.data.task import Task
from fireassay.diagnosis.case import Case
from fireassay.diagnosis.checks.context import Context
from fireassay.diagnosis.checks.overfitting import Overfitting
from fireassay.diagnosis.rise import RiseCheck, Risen
from fireassay.diagnosis.rung import Rung
from fireassay.diagnosis.verdict import adjusted, verdicts
from fireassay.findings import CauseVerdict, Evidence, Status
from fireassay.interventions.recent_sessions import RecentSessions
from fireassay.statistics.bootstrap import Difference, Estimate
from fireassay.training.execute import Executor
from fireassay.training.trial import Run
from tests.diagnosis.cases import case_of, prepared
from tests.training.tasks import make_task, trial_of


def lagged(seed: int, lag: int = 4) -> Task:
    """A Task whose label depends on a feature of some bars earlier."""
    task = make_task(sessions=60, bars=(30, 40), strength=0, seed=seed)
    rng = np.random.default_rng(seed)
    f = np.r_[np.zeros(lag), task.panel.values[:-lag, 0]]
    y = (2 * f + rng.logistic(size=len(f)) > 0).astype(float)
    y[task.panel.bar_of_row < lag] = np.nan
    return task.with_label(y, "drawn")


def judged(
    check: RiseCheck, task: Task, changes: dict[str, object], case: Case | None = None
) -> tuple[Evidence, CauseVerdict, dict[str, Run]]:
    made = case or replace(case_of(task, draws=199), trial=trial_of(task, **changes))
    assert check.applies(made) == ""
    runs = {run.trial.id: run for run in Executor(made.tasks)([made.trial])}
    for _ in range(3):
        runs |= {run.trial.id: run for run in Executor(made.tasks)(check.plan(made, runs))}
    (evidence,) = adjusted(check.judge(made, runs))
    return evidence, verdicts([evidence])[check.cause], runs


COMMON: dict[str, object] = {"patience": 0, "batch_labels": 256}
QUICK = {**COMMON, "width": 16, "epochs": 25, "look_back": 2, "learning_rate": 0.01}


@pytest.mark.slow
def test_a_longer_look_back_is_confirmed_and_prescribed() -> None:
    evidence, verdict, _ = judged(Context(), lagged(1), QUICK)
    assert verdict.status is Status.SUPPORTED, evidence.reading
    # Four bars back: 4 bars, its own included, don't reach it.
    (change,) = evidence.remedy
    assert change.setting == "settings.look_back"
    assert change.after in (8, 32)
    assert "from another seed: it helps" in evidence.reading


@pytest.mark.slow
def test_a_look_back_that_suffices_is_cleared() -> None:
    evidence, verdict, runs = judged(Context(), make_task(sessions=60, bars=(30, 40)), QUICK)
    assert verdict.status is Status.EXCLUDED, evidence.reading
    assert len(runs) == 2
    assert not evidence.remedy


def test_a_model_that_sees_whole_sessions_needs_no_run() -> None:
    evidence, verdict, runs = judged(Context(), make_task(), {"epochs": 1, "look_back": 64})
    assert verdict.status is Status.EXCLUDED
    assert "sees all of it" in evidence.reading
    assert len(runs) == 1


@pytest.mark.parametrize(("now", "tried"), [(2, [4, 8, 32]), (16, [32, 64]), (64, [100]), (100, [])])
def test_look_backs_are_multiples_thirty_two_at_least_and_no_longer_than_a_session(
    now: int, tried: list[int]
) -> None:
    task = make_task(sessions=4, bars=(100, 100))
    assert int(task.panel.lengths.max()) == 100
    case = replace(case_of(task), trial=trial_of(task, look_back=now))
    values = [
        case.trial.with_(*rung.changes).settings.model_dump()["look_back"]
        for rung in Context().rungs(case)
    ]
    assert values == tried


OVERFIT = {**COMMON, "width": 32, "epochs": 30, "look_back": 1, "learning_rate": 3e-3}


@pytest.mark.slow
def test_a_model_that_fits_noise_is_told_by_what_helps() -> None:
    task = prepared("many-weak", sessions=90, auc=0.8).task
    learned = {"width": 64, "epochs": 30, "patience": 0, "look_back": 16, "weight_decay": 0.0}
    evidence, verdict, _ = judged(Overfitting(), task, learned)
    assert verdict.status is Status.SUPPORTED, evidence.reading
    assert evidence.remedy
    assert "On training sessions it scores" in verdict.why


def test_less_of_a_relation_that_turned_is_no_cure() -> None:
    case = case_of(make_task(sessions=20))

    def risen(start: float, end: float) -> Risen:
        value = Estimate(value=end, low=end - 0.02, high=end + 0.02, level=0.95, se=0.01, units=20)
        gain = Difference(**{**vars(value), "value": end - start}, p=0.001, p_two_sided=0.002)
        return Risen(Rung("narrower", ()), value, gain, 0.002, ())

    check = Overfitting()
    assert check.suspected(case, risen(0.6, 0.7))
    turned = risen(0.14, 0.25)
    assert check.large(case, turned)
    assert not check.suspected(case, turned)
    assert not check.large(case, risen(0.6, 0.601))


def test_without_a_gap_nothing_is_tried() -> None:
    """The budget's training is another matter: what it shortened can't be cleared."""
    task = make_task(sessions=150, bars=(20, 24))
    settings = {**OVERFIT, "width": 8, "epochs": 3}
    trial = trial_of(task, **settings)
    case = replace(case_of(task, draws=199), trial=trial, effect=0.1)
    evidence, verdict, runs = judged(Overfitting(), task, {}, case)
    assert verdict.status is Status.EXCLUDED, evidence.reading
    assert len(runs) == 1
    longer = replace(trial, settings=trial.settings.model_copy(update={"epochs": 30}))
    _, verdict, _ = judged(Overfitting(), task, {}, replace(case, full=longer))
    assert verdict.status is Status.UNDECIDED
    fewer = replace(case, full=trial, trial=trial.with_(RecentSessions(dates=60)))
    assert Overfitting().rule(fewer, present=True) != Overfitting().rule(fewer, present=False)
