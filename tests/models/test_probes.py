"""Reference learners on labels that they can learn, and on labels that nobody can."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge

from fireassay.data.task import Task
from fireassay.diagnosis.budget import work
from fireassay.errors import SettingError
from fireassay.interventions.memorise import Memorise
from fireassay.interventions.permute_labels import PermuteLabels
from fireassay.interventions.plant_signal import Form, PlantSignal
from fireassay.lab import prepare
from fireassay.models.probes import PROBES, fitting_rows
from fireassay.models.probes.boosting import Boosting, BoostingSettings
from fireassay.models.probes.convolutions import ConvolutionSettings, Kernels
from fireassay.models.probes.linear import Linear, LinearSettings
from fireassay.study import resolve
from fireassay.training.learner import Setting, default_settings, learner
from fireassay.training.measures import headline
from fireassay.training.settings import NetSettings
from fireassay.training.trial import Run, RunStatus, Trial
from tests.training.tasks import make_task, panel_of

KINDS = ("binary", "multiclass", "real")
FAST = BoostingSettings(iterations=40, rows_in_leaf=10)


def run(name: str, task: Task, seed: int = 0) -> Run:
    settings = FAST if name == "boosting" else learner(name).default()
    trial = Trial(name, settings, task.fingerprint, seed=seed)
    ((found, weights),) = learner(name).run([(trial, task)], Setting())
    assert bool(weights) == (name == "tiny_transformer")
    return found


def score(found: Run, task: Task) -> float:
    return headline(
        task.label.kind,
        found.test.mean.astype(float),
        task.label.y[found.test.rows].astype(float),
    )


@pytest.mark.parametrize("kind", KINDS)
def test_each_scores_what_it_should_on_a_linear_label(kind: str) -> None:
    task = make_task(kind, sessions=120, strength=1.5)
    found = {name: run(name, task) for name in ("linear", "boosting", "majority")}
    least = {"binary": 0.75, "multiclass": 0.7, "real": 0.75}[kind]
    assert score(found["linear"], task) > least
    assert score(found["boosting"], task) > least - 0.06
    if kind != "real":
        assert score(found["majority"], task) == 0.5
    nll = {n: r.final.get("test_nll", -r.final.get("test_r2", 0)) for n, r in found.items()}
    assert nll["linear"] < nll["boosting"] < nll["majority"]


def test_boosting_finds_what_no_line_can() -> None:
    task = make_task(sessions=150, features=4)
    planted = PlantSignal(dose=0.8, form=Form.INTERACTION).apply(task)
    assert score(run("boosting", planted), planted) > 0.7
    assert abs(score(run("linear", planted), planted) - 0.5) < 0.05


@pytest.mark.parametrize("kind", KINDS)
def test_none_learns_permuted_labels(kind: str) -> None:
    task = PermuteLabels().apply(make_task(kind, sessions=200))
    chance = 0.0 if kind == "real" else 0.5
    for name in ("linear", "boosting"):
        assert score(run(name, task), task) == pytest.approx(chance, abs=0.07)


@pytest.mark.parametrize("kind", KINDS)
def test_linear_is_scikit_learns_on_scaled_rows(kind: str) -> None:
    task = make_task(kind)
    fit, rows = fitting_rows(task), task.test_rows
    found = Linear().fit_predict(task, LinearSettings(penalty=2.0), 0, fit, rows)
    x, y = task.inputs(fit), task.label.y[fit]
    if kind == "real":
        expected = Ridge(alpha=2.0).fit(x, y).predict(task.inputs(rows))[:, None]
    else:
        model = LogisticRegression(C=0.5, max_iter=1000, tol=1e-8).fit(x, y)
        expected = model.predict_proba(task.inputs(rows))
        expected = expected[:, 1:] if kind == "binary" else expected
    assert found == pytest.approx(expected, abs=5e-3)


@pytest.mark.parametrize("kind", KINDS)
def test_majority_is_the_share_of_the_rows_it_was_fitted_on(kind: str) -> None:
    task = make_task(kind)
    found = run("majority", task)
    y = task.label.y[fitting_rows(task)]
    if kind == "multiclass":
        expected = np.bincount(y.astype(int), minlength=3) / len(y)
    else:
        expected = np.array([y.mean()])
    assert found.test.mean == pytest.approx(np.tile(expected, (len(task.test_rows), 1)), rel=1e-5)


def test_probes_fit_on_training_and_validation_but_no_row_that_reaches_the_test() -> None:
    task = make_task(sessions=20, bars=(10, 10))
    before = fitting_rows(task)
    parts = np.concatenate([task.train_rows, task.validation_rows])
    assert before.tolist() == sorted(parts.tolist())
    end = np.arange(task.panel.rows)
    last = int(task.panel.offsets[task.split.validation[-1] + 1])
    end[last - 4 : last] += 6
    reaching = replace(task, label=replace(task.label, end=end))
    assert before.max() == last - 2  # the last bar of a session has no label
    assert fitting_rows(reaching).max() == last - 5
    few = Memorise(rows=6).apply(task)
    assert fitting_rows(few).tolist() == few.train_rows.tolist()


@pytest.mark.parametrize("name", ["linear", "boosting"])
def test_a_class_that_training_never_saw_gets_no_probability(name: str) -> None:
    task = make_task("multiclass", sessions=30)
    y = task.label.y.copy()
    y[(y == 1) & np.isin(task.panel.session_of_row, task.split.fitted)] = 2
    rare = task.with_label(y, "one class is new in the test")
    found = run(name, rare)
    assert (found.test.mean[:, 1] == 0).all()
    assert found.test.mean.sum(1) == pytest.approx(np.ones(len(found.test.rows)), rel=1e-5)


def test_boosting_depends_on_its_seed_by_name_and_comes_again() -> None:
    task = make_task()
    fit, rows = fitting_rows(task), task.test_rows
    one, again = (Boosting().fit_predict(task, FAST, 5, fit, rows) for _ in range(2))
    assert np.array_equal(one, again)


@pytest.mark.parametrize("name", list(PROBES))
@pytest.mark.parametrize("kind", KINDS)
def test_runs_of_probes_have_the_form_of_all_runs(name: str, kind: str) -> None:
    task = make_task(kind)
    found = run(name, task)
    assert found.status is RunStatus.DONE
    assert (len(found.history), found.best_epoch) == (1, 1)
    assert found.details["labels"] == len(fitting_rows(task))
    outputs = 3 if kind == "multiclass" else 1
    for part, rows in ((found.test, task.test_rows), (found.validation, task.validation_rows)):
        assert part.rows.tolist() == rows.tolist()
        assert part.mean.shape == (len(rows), outputs)
        assert np.array_equal(part.total, part.expected)  # nothing is unknown but the label
        assert np.isfinite(part.total).all()
        if kind == "binary":
            p = part.mean[:, 0].astype(float)
            entropy = -(p * np.log(p) + (1 - p) * np.log(1 - p))
            assert part.total == pytest.approx(entropy, abs=1e-5)
    y = task.label.y[found.test.rows].astype(float)
    key = {"binary": "test_auc", "multiclass": "test_auc", "real": "test_rank_ic"}[kind]
    expected = headline(kind, found.test.mean.astype(float), y)
    assert found.final[key] == pytest.approx(expected, abs=1e-6, nan_ok=True)


# What each probe is for: a relation that it finds, among those that no single figure shows.

MADE_FOR = {
    "xor": ("boosting", "lightgbm"),
    "even": ("single", "boosting", "convolutions", "lightgbm"),
    "weak": ("linear", "convolutions"),
    "lagged": ("convolutions",),
    "noise": (),
}


def labelled(name: str, seed: int = 0) -> Task:
    """XOR of two features, abs(x) > c, 70 weak features, a lagged effect, or pure noise."""
    features = {"weak": 70, "lagged": 2}.get(name, 4)
    task = make_task(sessions=110, bars=(24, 30), features=features, strength=0.0, seed=seed)
    rng = np.random.default_rng((seed, 1))
    x, noise = task.panel.values, rng.standard_normal(task.panel.rows)
    if name == "xor":
        y = (x[:, 0] > 0) ^ (x[:, 1] > 0)
    elif name == "even":
        y = np.abs(x[:, 2]) > 0.67
    elif name == "weak":
        y = x @ rng.choice([-1.0, 1.0], 70) / np.sqrt(70) + noise > 0
    elif name == "lagged":
        past = np.where(task.panel.bar_of_row >= 3, np.roll(x[:, 1], 3), 0.0)
        y = past + 0.5 * noise > 0
    else:
        y = noise > 0
    known = ~np.isnan(task.label.y)
    return task.with_label(np.where(known, y, np.nan), name)


@pytest.mark.parametrize("name", list(MADE_FOR))
def test_each_relation_is_found_by_the_probes_that_can_see_it_and_noise_by_none(name: str) -> None:
    task = labelled(name)
    asked = MADE_FOR[name] or [p for p in PROBES if p != "majority"]
    found = {p: score(run(p, task), task) for p in asked}
    if name == "noise":
        assert max(found.values()) < 0.56
    else:
        assert min(found.values()) > 0.58


def test_what_the_blind_ones_miss() -> None:
    even, lagged = labelled("even"), labelled("lagged")
    assert score(run("linear", even), even) < 0.56
    assert max(score(run(p, lagged), lagged) for p in ("linear", "boosting", "single")) < 0.56


def test_convolutions_look_back_and_never_forward() -> None:
    task = make_task(sessions=30, bars=(24, 30), features=3)
    settings = ConvolutionSettings(kernels=32, look_back=8)
    kernels = Kernels.draw(3, settings, 0)
    assert kernels.lag[kernels.weight != 0].max() <= 8
    at = int(task.panel.offsets[27]) + 6  # of the test, so that scaling stays
    before = kernels(task, np.arange(task.panel.rows))
    values = task.panel.values.copy()
    values[at] += 5.0
    other = replace(task, panel=panel_of(values, task.panel.lengths))
    changed = kernels(other, np.arange(len(values)))
    rows = np.flatnonzero(np.abs(changed - before).max(axis=1) > 1e-2)
    inside = range(at, at + 9)
    assert set(rows.tolist()) <= set(inside)
    assert at in rows
    assert len(rows) > 5
    assert np.array_equal(kernels(task, np.array([at])), before[[at]])


def test_a_missing_lightgbm_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lightgbm", None)
    with pytest.raises(SettingError, match="isn't installed"):
        run("lightgbm", make_task())


# The Transformer in a size that costs seconds is a reference too: what it finds, and its cost.


@pytest.mark.slow
@pytest.mark.parametrize(
    ("case", "least"), [("interaction", 0.8), ("learnable", 0.6), ("lagged", 0.8), ("even", 0.78)]
)
def test_the_tiny_transformer_finds_products_and_earlier_bars_alike(case: str, least: float) -> None:
    task = prepare(resolve(f"sim:{case}?sessions=60")).task
    assert score(run("tiny_transformer", task), task) > least


def test_the_tiny_transformer_learns_nothing_of_noise_and_comes_again() -> None:
    task = labelled("noise")
    one, again = run("tiny_transformer", task), run("tiny_transformer", task)
    assert np.array_equal(one.test.mean, again.test.mean)
    assert score(one, task) == pytest.approx(0.5, abs=0.06)
    settings = default_settings("tiny_transformer")
    assert isinstance(settings, NetSettings)
    assert not settings.random
    assert work(settings) < 0.1 * work(NetSettings())  # a budget knows what it costs
