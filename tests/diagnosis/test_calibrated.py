"""Calibration of trained models: judged on the test, mended by validation sessions alone."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit, logit

from fireassay.data.task import Task
from fireassay.diagnosis.battery import run_battery
from fireassay.diagnosis.budget import Clock
from fireassay.diagnosis.calibrated import Said, calibration, threshold_for, told
from fireassay.diagnosis.case import Case
from fireassay.diagnosis.checks.calibration import Calibrated
from fireassay.findings import EvidenceStatus
from fireassay.models.probes import ProbeSettings
from fireassay.training.execute import Executor
from fireassay.training.learner import Setting
from fireassay.training.serving import pooled
from fireassay.training.trial import Predictions, Run, RunStatus, Tasks, Trial
from tests.training.tasks import make_task, trial_of

SESSIONS = 80


def predictions(task: Task, rows: np.ndarray, sure: float) -> Predictions:
    """What one says who knows the truth of `make_task`, logits or SDs multiplied by `sure`."""
    rng = np.random.default_rng((0, SESSIONS, 3))
    rng.integers(8, 17, SESSIONS)
    x = rng.standard_normal((task.panel.rows, 3))
    w = rng.standard_normal((3, 3))
    f = (x @ w / np.linalg.norm(w, axis=0))[rows] * 1.5
    kind, none = task.label.kind, np.zeros(len(rows), dtype=np.float32)
    if kind == "binary":
        mean = expit(sure * f[:, :1])
    elif kind == "multiclass":
        mean = np.exp(sure * f)
        mean /= mean.sum(1, keepdims=True)
    else:
        mean = 3 + 2 * f[:, :1]
        none = np.full(len(rows), 4 * sure**2, dtype=np.float32)
    return Predictions(rows, mean.astype(np.float32), none, none)


def run_of(task: Task, sure: float = 1.0, later: float | None = None) -> Run:
    """A run that is so sure on test sessions, and on validation sessions."""
    return Run(
        trial=trial_of(task),
        status=RunStatus.DONE,
        history=(),
        test=predictions(task, task.test_rows, sure),
        validation=predictions(task, task.validation_rows, sure if later is None else later),
        best_epoch=1,
        seconds=0.0,
    )


def task_of(kind: str) -> Task:
    return make_task(kind, sessions=SESSIONS)


@pytest.mark.parametrize("kind", ["binary", "multiclass"])
def test_the_truth_is_calibrated_and_too_much_of_it_is_not(kind: str) -> None:
    task = task_of(kind)
    true = calibration(task, [run_of(task)])
    assert true is not None
    assert true.p is not None
    assert true.p > 0.05
    assert true.rescaled is not None
    assert true.rescaled.low < 1 < true.rescaled.high  # type: ignore[operator]
    assert told(true, 0.05)[0].startswith("What it says can't be told from calibrated: ECE")
    bold = calibration(task, [run_of(task, 4.0)])
    assert bold is not None
    assert bold.p < 0.01  # type: ignore[operator]
    assert bold.rescaled.value == pytest.approx(4, rel=0.4)  # type: ignore[union-attr]
    assert bold.rescaled.nll_after == pytest.approx(true.nll, abs=0.02)  # type: ignore[union-attr]
    assert "fitted on validation sessions, lowers the test NLL" in told(bold, 0.05)[0]
    murphy = (true.reliability or 0) - (true.resolution or 0) + (true.uncertainty or 0)
    assert true.brier == pytest.approx(murphy, abs=0.01)
    assert sum(row.count for row in true.bins) == len(task.test_rows)


def test_a_real_label_has_the_coverage_of_its_spread() -> None:
    task = task_of("real")
    true, narrow = (calibration(task, [run_of(task, sure)]) for sure in (1.0, 0.5))
    assert true is not None
    assert narrow is not None
    assert true.ece is None
    (ninety,) = (row for row in true.intervals if row.level == 0.9)
    assert ninety.low < 0.9 < ninety.high  # type: ignore[operator]
    assert told(true, 0.05)[0].startswith("Its spread is as wide as its errors")
    assert narrow.rescaled.value == pytest.approx(2, rel=0.15)  # type: ignore[union-attr]
    assert told(narrow, 0.05)[0].startswith("It is too sure: its 90 % intervals hold")
    assert narrow.rescaled.nll_after < narrow.nll - 0.3  # type: ignore[union-attr, operator]
    for one, other in zip(true.conformal[:2], narrow.conformal[:2], strict=True):
        assert one.covered == pytest.approx(other.covered)  # a common factor moves no interval
        assert one.size == pytest.approx(other.size, rel=1e-4)
        assert one.low <= one.promised + 0.08  # type: ignore[operator]
        assert one.high >= one.promised  # type: ignore[operator]
    everything = true.conformal[2]  # 16 validation dates can't promise 95 %
    assert (everything.threshold, everything.size, everything.covered) == (None, None, 1)
    assert threshold_for(true, 0.95) == math.inf


@pytest.mark.parametrize("kind", ["binary", "multiclass"])
def test_conformal_sets_hold_what_they_promise(kind: str) -> None:
    task = task_of(kind)
    found = calibration(task, [run_of(task)])
    assert found is not None
    assert [row.promised for row in found.conformal] == [0.8, 0.9, 0.95]
    for row in found.conformal:
        assert row.high >= row.promised  # type: ignore[operator]
    assert threshold_for(found, 0.9) == found.conformal[1].threshold
    assert threshold_for(None, 0.9) is None


def test_nothing_is_fitted_on_the_test_sessions() -> None:
    task = task_of("binary")
    one, other = (calibration(task, [run_of(task, sure, later=2.0)]) for sure in (1.0, 4.0))
    assert one is not None
    assert other is not None
    assert one.rescaled.value == other.rescaled.value  # type: ignore[union-attr]
    assert one.conformal[1].threshold == other.conformal[1].threshold


def test_learners_that_saw_the_validation_sessions_get_nothing_from_them() -> None:
    task = task_of("binary")
    probe = replace(run_of(task), trial=Trial("linear", ProbeSettings(), task.fingerprint))
    found = calibration(task, [probe])
    assert found is not None
    assert found.ece is not None
    assert found.rescaled is None
    assert found.conformal == ()


def test_several_seeds_are_judged_as_one_mixture() -> None:
    task = task_of("binary")
    runs = [run_of(task, sure) for sure in (0.5, 3.0)]
    said = Said.of(task, runs, "test")
    assert said.mean == pytest.approx(np.mean([run.test.mean for run in runs], 0), abs=1e-6)
    real = task_of("real")
    each = [run_of(real, sure) for sure in (1.0, 2.0)]
    expected = pooled("real", [run.test for run in each]).total
    assert Said.of(real, each, "test").variance == pytest.approx(expected)


def test_too_few_dates_say_nothing() -> None:
    task = make_task(sessions=10)
    few = replace(task, split=replace(task.split, test=task.split.test[:2]))
    run = replace(
        run_of(task_of("binary")),
        test=Predictions(
            few.test_rows, np.full((len(few.test_rows), 1), 0.5), *(np.zeros(len(few.test_rows)),) * 2
        ),
    )
    assert calibration(few, [run]) is None


@pytest.mark.parametrize("sure", [1.0, 4.0])
def test_the_check_tells_and_draws_it(sure: float) -> None:
    task = task_of("binary")
    run = run_of(task, sure)
    case = Case(Tasks(task), run.trial, (), effect=0.03, draws=99)
    check = Calibrated()
    assert check.applies(case) == ""
    assert [t.id for t in check.plan(case, {})] == [run.trial.id]
    assert check.judge(case, {}) == []
    (evidence,) = check.judge(case, {run.trial.id: run})
    assert evidence.bears_on == ()
    assert evidence.plot is not None
    assert evidence.plot.kind == "reliability"
    points, bars = evidence.plot.series
    assert sum(v or 0 for v in bars.y) == len(task.test_rows)
    assert np.ptp(logit(np.array(points.x, dtype=float))) > 2
    told_sure = "too sure (temperature" in evidence.reading
    assert told_sure == (sure == 4.0)
    real = replace(case, tasks=Tasks(task_of("real")))
    assert check.applies(real) == "the target is a real number"
    assert not math.isnan(evidence.effect or math.nan)


@pytest.mark.parametrize(
    "posterior",
    [
        "laplace",
        pytest.param("mc_dropout", marks=pytest.mark.slow),
        pytest.param("deep_ensemble", marks=pytest.mark.slow),
    ],
)
def test_a_diagnosis_of_any_posterior_has_no_crash_and_no_kl(posterior: str) -> None:
    """The trainings of the controls and of the ladders, under each posterior, and their judgement."""
    task = make_task(sessions=24)
    trial = trial_of(task, posterior=posterior, members=2, epochs=2)
    case = Case(Tasks(task), trial, (), effect=0.03, draws=19)
    only = ["calibration", "permuted", "planted", "kl", "regularization", "usual_changes"]
    execute = Executor(case.tasks, Setting("cpu"))
    battery = run_battery(case, execute, Clock(math.inf), None, only=only)
    assert battery.crashes == {}
    found = {e.check: e for e in battery.evidence}
    assert found["kl"].status is EvidenceStatus.NOT_APPLICABLE
    for name in ("calibration", "permuted", "usual_changes"):
        assert found[name].status is EvidenceStatus.MEASURED, name
    assert {run.trial.settings.posterior for run in battery.runs.values()} == {posterior}
