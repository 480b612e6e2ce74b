"""Trained networks asked again: what is kept of the training, and how several are asked together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from fireassay.data.task import Scaler
from fireassay.errors import DataError
from fireassay.models.probes import fitting_rows
from fireassay.models.probes.linear import Linear, LinearSettings
from fireassay.training.cohort import Cohort
from fireassay.training.outcome import Outcome
from fireassay.training.serving import Forecast, Inputs, TrainedNet, pooled, tabulated, with_panel
from tests.training.tasks import BAYESIAN, make_task, panel_of, trial_of


def entropy(p: np.ndarray) -> np.ndarray:
    return -(p * np.log(p) + (1 - p) * np.log1p(-p))


def forecast(p: np.ndarray) -> Forecast:
    """A forecast of draws `[S, n]` of a binary label."""
    return Forecast(p.mean(0)[:, None], entropy(p.mean(0)), entropy(p).mean(0), p[..., None])


def test_several_models_are_one_with_all_their_draws() -> None:
    rng = np.random.default_rng(0)
    one, other = rng.uniform(0.1, 0.9, (2, 5, 20))
    found, whole = pooled("binary", [forecast(one), forecast(other)]), forecast(np.r_[one, other])
    for name in ("mean", "total", "expected", "draws", "mutual_information"):
        assert np.allclose(getattr(found, name), getattr(whole, name)), name


def test_models_that_disagree_are_uncertain_though_each_is_sure() -> None:
    sure = [forecast(np.full((1, 3), p)) for p in (0.1, 0.9)]
    assert np.allclose(sure[0].mutual_information, 0)
    gap = entropy(np.array(0.5)) - entropy(np.array(0.1))
    assert np.allclose(pooled("binary", sure).mutual_information, gap)


def test_variances_of_several_models_obey_the_law_of_total_variance() -> None:
    rng = np.random.default_rng(0)
    mean, within = rng.normal(size=(2, 4)), rng.uniform(1, 2, (2, 4))
    noise = rng.uniform(3, 4, (2, 4))
    each = [Forecast(m[:, None], v + n, n) for m, v, n in zip(mean, within, noise, strict=True)]
    found = pooled("real", each)
    assert np.allclose(found.expected, noise.mean(0))
    assert np.allclose(found.mutual_information, within.mean(0) + mean.var(0))


@pytest.mark.parametrize("kind", ["binary", "multiclass", "real"])
@pytest.mark.parametrize("scaling", ["standard", "none"])
def test_inputs_survive_json_to_the_last_bit(kind: str, scaling: str) -> None:
    inputs = Inputs.of(replace(make_task(kind), scaling=scaling), ["columns:x0", "b", "c"])
    again = Inputs.from_json(inputs.to_json())
    scaler, theirs = inputs.fitted.scaler, again.fitted.scaler
    assert np.array_equal(scaler.centre, theirs.centre)
    assert np.array_equal(scaler.scale, theirs.scale)
    assert scaler.clip == theirs.clip
    assert again.selection == ("columns:x0", "b", "c")
    plain = replace(again, fitted=inputs.fitted)
    assert vars(plain) == vars(inputs)


@pytest.mark.parametrize("kind", ["binary", "multiclass", "real"])
def test_a_net_read_back_predicts_as_at_the_end_of_its_training(kind: str) -> None:
    task = make_task(kind)
    trial = trial_of(task, BAYESIAN, posterior_sigma=0.4)
    cohort = Cohort([(trial, task)])
    cohort.train()
    (run,) = Outcome(cohort).runs()
    net = TrainedNet(Inputs.of(task), trial.settings, (trial.seed,), (Outcome(cohort).weights(0),))
    found = net.forecast(task.panel, keep=True)
    assert np.allclose(found.mean[run.test.rows], run.test.mean, atol=1e-5)
    assert np.allclose(found.total[run.test.rows], run.test.total, atol=1e-4)
    assert np.allclose(found.expected[run.test.rows], run.test.expected, atol=1e-4)
    assert found.draws is not None
    assert np.allclose(found.draws.mean(0), found.mean, atol=1e-4)
    more = net.forecast(task.panel, draws=64)
    assert not np.allclose(more.mean, found.mean, atol=1e-5)


def test_other_features_are_told() -> None:
    inputs = Inputs.of(make_task())
    with pytest.raises(DataError, match=r"1 of the 3 features .* are missing: x2"):
        inputs.check(("x0", "x1"))
    with pytest.raises(DataError, match="1 features are not among those trained on: y"):
        inputs.check(("x0", "x1", "x2", "y"))
    with pytest.raises(DataError, match="in another order"):
        inputs.check(("x1", "x0", "x2"))


def test_scaling_is_the_trainings_whatever_the_panel() -> None:
    task = make_task()
    other = panel_of(100 * np.ones((8, 3)), [4, 4])
    asked = Inputs.of(task).task(other)
    assert asked.scaler is task.scaler
    assert asked.typical_length == task.typical_length
    assert isinstance(asked.scaler, Scaler)


def test_new_sessions_beside_the_old_ones_change_no_fit() -> None:
    task = make_task()
    new = panel_of(np.random.default_rng(1).normal(size=(12, 3)), [7, 5])
    both, at = with_panel(task, new)
    assert np.array_equal(both.panel.values[at], new.values)
    assert np.array_equal(both.train_rows, task.train_rows)
    assert np.array_equal(fitting_rows(both), fitting_rows(task))
    rows = task.test_rows
    alone, beside = (
        Linear().fit_predict(t, LinearSettings(), 0, fitting_rows(t), rows) for t in (task, both)
    )
    assert np.allclose(alone, beside)


def test_columns_of_a_table_are_named_by_what_they_are() -> None:
    index = pl.DataFrame({"session": [0, 1]})
    classes = Inputs.of(make_task("multiclass"))
    three = Forecast(np.full((2, 3), 1 / 3), np.ones(2), np.ones(2), np.full((4, 2, 3), 1 / 3))
    assert tabulated(index, three, classes).columns == [
        "session",
        "mean_down",
        "mean_flat",
        "mean_up",
        "total_entropy",
        "expected_entropy",
        "mutual_information",
        "draws",
    ]
    assert tabulated(index, three, classes)["draws"].to_numpy().shape == (2, 4, 3)
    one = Forecast(np.zeros((2, 1)), np.full(2, 3.0), np.full(2, 2.0))
    real = tabulated(index, one, Inputs.of(make_task("real")))
    names = ("total_variance", "expected_variance", "epistemic_variance")
    assert real.columns == ["session", "mean", *names]
    assert real["epistemic_variance"].to_list() == [1.0, 1.0]
