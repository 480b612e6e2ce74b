"""The columns of a run's history, against scikit-learn and SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm, pearsonr, spearmanr
from sklearn import metrics

from fireassay.training.cohort import Cohort
from fireassay.training.measures import headline, measures
from fireassay.training.measuring import rows_of, spread_evenly
from fireassay.training.outcome import Outcome
from tests.training.tasks import SMALL, make_task, trial_of

RNG = np.random.default_rng(0)


def test_binary() -> None:
    y = (RNG.random(400) < 0.3).astype(float)
    p = np.clip(0.3 + 0.2 * y + 0.2 * RNG.standard_normal(400), 0.01, 0.99)
    found = measures("binary", p[:, None], y)
    assert found["auc"] == pytest.approx(metrics.roc_auc_score(y, p))
    assert found["nll"] == pytest.approx(metrics.log_loss(y, p))
    assert found["brier"] == pytest.approx(metrics.brier_score_loss(y, p))
    assert found["accuracy"] == pytest.approx(metrics.accuracy_score(y, p >= 0.5))
    assert found["f1"] == pytest.approx(metrics.f1_score(y, p >= 0.5))
    assert found["positive_share"] == np.mean(p >= 0.5)
    assert headline("binary", p[:, None], y) == found["auc"]


def test_multiclass() -> None:
    y = RNG.integers(0, 3, 400).astype(float)
    p = RNG.dirichlet([1, 1, 1], 400) + 0.5 * np.eye(3)[y.astype(int)]
    p /= p.sum(1, keepdims=True)
    found = measures("multiclass", p, y)
    assert found["auc"] == pytest.approx(metrics.roc_auc_score(y, p, multi_class="ovr"))
    assert found["nll"] == pytest.approx(metrics.log_loss(y, p))
    assert found["accuracy"] == pytest.approx(metrics.accuracy_score(y, p.argmax(1)))
    assert found["f1"] == pytest.approx(metrics.f1_score(y, p.argmax(1), average="macro"))
    assert found["brier"] == pytest.approx(((p - np.eye(3)[y.astype(int)]) ** 2).sum(1).mean())
    assert headline("multiclass", p, y) == found["auc"]


def test_real() -> None:
    y = RNG.standard_normal(400)
    pred = 0.3 * y + RNG.standard_normal(400)
    found = measures("real", pred[:, None], y)
    assert found["r2"] == pytest.approx(metrics.r2_score(y, pred))
    assert found["ic"] == pytest.approx(pearsonr(pred, y).statistic)
    assert found["rank_ic"] == pytest.approx(spearmanr(pred, y).statistic)
    assert headline("real", pred[:, None], y) == found["rank_ic"]


def test_a_regressions_nll_is_gaussian_with_the_predictives_moments_in_training_sds() -> None:
    task = make_task("real")
    cohort = Cohort([(trial_of(task, SMALL, patience=0), task)])
    cohort.train()
    (run,) = Outcome(cohort).runs()
    y = task.label.y[run.test.rows].astype(float)
    sd = task.label.y[task.train_rows].astype(float).std()
    each = norm.logpdf(y / sd, run.test.mean[:, 0] / sd, np.sqrt(run.test.total) / sd)
    assert run.final["test_nll"] == pytest.approx(-each.mean(), rel=1e-4)


def test_measured_sessions_are_spread_evenly() -> None:
    task = make_task(sessions=40, bars=(10, 10))
    sessions = np.arange(5, 35)
    assert spread_evenly(task, sessions, 10**6).tolist() == sessions.tolist()
    some = spread_evenly(task, sessions, 70)
    assert len(some) == 7
    assert (some[0], some[-1]) == (5, 34)
    assert np.ptp(np.diff(some)) <= 1
    assert spread_evenly(task, sessions, 1).tolist() == [5]
    assert rows_of(task, np.array([3, 1])).tolist() == [*range(10, 20), *range(30, 40)]
