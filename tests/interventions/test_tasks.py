"""Interventions on the Task: what each keeps, and what each changes."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from fireassay.data.task import Scaler, Task
from fireassay.findings import Change
from fireassay.interventions.fewer_test_dates import FewerTestDates
from fireassay.interventions.memorise import Memorise
from fireassay.interventions.only_features import OnlyFeatures
from fireassay.interventions.other_label import OtherLabel
from fireassay.interventions.permute_labels import PermuteLabels
from fireassay.interventions.plant_signal import BOUND, Form, PlantSignal
from fireassay.interventions.recent_sessions import RecentSessions
from fireassay.interventions.rescale import Rescale
from fireassay.statistics.scores import auc, auc_one_vs_rest, ic
from tests.training.tasks import label_of, make_task, panel_of, split_of

PARTS = ("train", "validation", "test")


def rows_of(task: Task, part: str) -> np.ndarray:
    return np.flatnonzero(np.isin(task.panel.session_of_row, getattr(task.split, part)))


def counted(y: np.ndarray) -> Counter[str]:
    return Counter(np.round(y, 5).astype(str).tolist())


@pytest.mark.parametrize("kind", ["binary", "multiclass", "real"])
@pytest.mark.parametrize("block", [0, 4])
def test_permuting_keeps_every_label_of_its_part(kind: str, block: int) -> None:
    """Sessions of equal length: the labels of each part are the same ones, in other sessions."""
    task = make_task(kind, sessions=30, bars=(9, 9))
    done = PermuteLabels(draw=2, block=block).apply(task)
    assert done.panel is task.panel
    assert done.history == (PermuteLabels(draw=2, block=block).label,)
    for part in PARTS:
        rows = rows_of(task, part)
        assert counted(done.label.y[rows]) == counted(task.label.y[rows])
        before, after = (t.label.y[rows].reshape(-1, 9) for t in (task, done))
        assert not np.array_equal(before, after, equal_nan=True)
        # Whole sessions, at the same bars: each row of the table after is one of before.
        for session in after:
            assert any(np.array_equal(session, other, equal_nan=True) for other in before)


def test_permuting_ragged_sessions_invents_no_label() -> None:
    """A bar gets a label of a bar of the same index that has one, of its own part, or none."""
    task = make_task("real", sessions=60, bars=(5, 40))
    done = PermuteLabels(draw=1).apply(task)
    bar = task.panel.bar_of_row
    for part in PARTS:
        rows = rows_of(task, part)
        pool = {(b, v) for b, v in zip(bar[rows], task.label.y[rows], strict=True) if v == v}
        got = [(b, v) for b, v in zip(bar[rows], done.label.y[rows], strict=True) if v == v]
        assert set(got) <= pool
        assert len(set(got)) == len(got)  # real labels are distinct: none is given twice
        assert len(got) > 0.6 * len(pool)
    assert np.isnan(done.label.y[np.isnan(task.label.y)]).sum() > 0


def test_symbols_of_a_date_receive_the_same_donor_date() -> None:
    task = make_task("real", sessions=60, bars=(6, 6), symbols=3)
    done = PermuteLabels(draw=0).apply(task)
    y, z = (t.label.y.reshape(20, 3, 6) for t in (task, done))
    moved = 0
    for date in range(20):
        donors = {
            int(np.flatnonzero(y[:, symbol, 0] == z[date, symbol, 0])[0]) for symbol in range(3)
        }
        assert len(donors) == 1
        moved += donors != {date}
    assert moved > 10


def test_blocks_keep_labels_near() -> None:
    task = make_task("real", sessions=40, bars=(6, 6), validation=0)
    far, near = (PermuteLabels(draw=0, block=b).apply(task) for b in (0, 5))
    count = len(task.split.train)
    y = task.label.y.reshape(40, 6)[:count, 0]

    def distance(done: Task) -> np.ndarray:
        z = done.label.y.reshape(40, 6)[:count, 0]
        donor = np.array([int(np.flatnonzero(y == value)[0]) for value in z])
        return np.abs(donor - np.arange(count))

    assert distance(near).max() < 8
    assert distance(far).max() > 12


def test_draws_differ_and_come_again() -> None:
    task = make_task(sessions=30)
    one, again, other = (PermuteLabels(draw=d).apply(task) for d in (1, 1, 2))
    assert np.array_equal(one.label.y, again.label.y, equal_nan=True)
    assert not np.array_equal(one.label.y, other.label.y, equal_nan=True)


def test_a_part_of_one_date_goes_unlabelled() -> None:
    """It has nobody to exchange with; its own labels would be no null."""
    task = make_task(sessions=12)
    split = replace(task.split, validation=task.split.validation[:1])
    done = PermuteLabels().apply(replace(task, split=split))
    assert np.isnan(done.label.y[rows_of(done, "validation")]).all()
    assert len(done.train_rows) > 0


def planted_task(kind: str, sessions: int = 400, seed: int = 0) -> Task:
    """Labels that have nothing to do with the features; one feature is constant over a session."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(20, 41, sessions)
    x = rng.standard_normal((lengths.sum(), 5))
    x[:, 3] = np.repeat(rng.standard_normal(sessions), lengths)
    x[:, 4] = np.exp(3 * x[:, 4])  # a heavy tail
    z = rng.standard_normal(len(x))
    y = {"binary": (z > 0.6) * 1.0, "multiclass": np.digitize(z, [-0.5, 0.8]), "real": 3 + 2 * z}
    labels = y[kind].astype(float)
    labels[np.cumsum(lengths) - 1] = np.nan
    return Task(panel_of(x, lengths), label_of(labels, kind), split_of(sessions))


def strength(task: Task, planted: Task, f: np.ndarray, rows: np.ndarray) -> float:
    """What the best predictor of the planted label scores on the rows, in the dose's units."""
    y = planted.label.y[rows].astype(float)
    if task.label.kind == "real":
        return ic(f[rows], y)
    if task.label.kind == "binary":
        return auc(f[rows], y)
    known = ~np.isnan(planted.label.y) & ~np.isnan(f)
    codes = planted.label.y[known].astype(int)
    bounds = np.quantile(f[known], np.cumsum(np.bincount(codes) / known.sum())[:-1])
    said = np.searchsorted(bounds, f[rows], side="right")
    return auc_one_vs_rest(np.eye(3)[said], y)


@pytest.mark.parametrize("form", Form)
@pytest.mark.parametrize(
    ("kind", "dose"),
    [("binary", 0.56), ("binary", 0.8), ("multiclass", 0.62), ("real", 0.1), ("real", 0.5)],
)
def test_the_planted_signal_has_its_dose(kind: str, dose: float, form: Form) -> None:
    """On all rows, and on test sessions, within four standard errors of independent labels."""
    task = planted_task(kind)
    plant = PlantSignal(dose=dose, form=form, lag=3, draw=1)
    planted, f = plant.apply(task), plant.function(task)
    known = ~np.isnan(planted.label.y) & ~np.isnan(f)
    for rows in (np.flatnonzero(known), np.intersect1d(planted.test_rows, np.flatnonzero(known))):
        error = 1 / np.sqrt(len(rows)) if kind == "real" else 0.65 / np.sqrt(len(rows))
        assert strength(task, planted, f, rows) == pytest.approx(dose, abs=4 * error)


def test_f_is_the_best_predictor_in_its_form() -> None:
    task = planted_task("real", sessions=20)
    scaler = Scaler.fit(task.panel.values[task.train_rows], "standard")
    z = np.clip(scaler(task.panel.values), -BOUND, BOUND).astype(float)
    linear = PlantSignal(dose=0.5, draw=4).function(task)
    weights, *_ = np.linalg.lstsq(z, linear, rcond=None)
    assert z @ weights == pytest.approx(linear, abs=1e-3)
    used = np.abs(weights) > 1e-3
    assert used.sum() == 3
    assert not used[3]  # constant over a session: only many sessions could show it
    assert (np.abs(weights[used]) <= 1.001).all()
    assert (np.abs(weights[used]) >= 0.499).all()
    product = PlantSignal(dose=0.5, form=Form.INTERACTION, draw=4).function(task)
    pairs = [z[:, i] * z[:, j] for i in range(5) for j in range(i)]
    assert any(np.allclose(product, pair, atol=1e-4) for pair in pairs)
    lagged = PlantSignal(dose=0.5, form=Form.LAGGED, lag=3, draw=4).function(task)
    late = task.panel.bar_of_row >= 3
    assert np.isnan(lagged[~late]).all()
    # Sums of other rows may be taken in another order: equal but for the last bits.
    assert lagged[late] == pytest.approx(linear[np.flatnonzero(late) - 3], rel=1e-9, abs=1e-9)


def test_no_feature_alone_shows_the_interaction() -> None:
    task = planted_task("binary")
    planted = PlantSignal(dose=0.8, form=Form.INTERACTION, draw=1).apply(task)
    alone = [auc(task.panel.values[:, j], planted.label.y) for j in range(5)]
    assert np.abs(np.array(alone) - 0.5).max() < 0.03


@pytest.mark.parametrize("form", Form)
@pytest.mark.parametrize("kind", ["binary", "multiclass"])
def test_planting_keeps_prevalence_and_where_there_are_labels(kind: str, form: Form) -> None:
    task = planted_task(kind)
    plant = PlantSignal(dose=0.7, form=form, draw=1)
    planted, permuted = plant.apply(task), PermuteLabels(draw=1).apply(task)
    y = planted.label.y
    assert np.array_equal(np.isnan(y), np.isnan(permuted.label.y))
    known = ~np.isnan(y)
    before, after = (
        np.bincount(t.label.y[known].astype(int)) / known.sum() for t in (permuted, planted)
    )
    assert after == pytest.approx(before, abs=0.02)
    share = np.mean(y[known] != permuted.label.y[known])
    assert share < 0.4  # π = .4 are replaced, some by the class they had


def test_planting_a_real_label_keeps_its_mean_and_sd() -> None:
    task = planted_task("real")
    planted = PlantSignal(dose=0.3, draw=1).apply(task)
    assert np.nanmean(planted.label.y) == pytest.approx(np.nanmean(task.label.y), abs=0.05)
    assert np.nanstd(planted.label.y) == pytest.approx(np.nanstd(task.label.y), rel=0.02)


def test_the_full_dose_is_the_function_itself() -> None:
    task = planted_task("binary", sessions=60)
    plant = PlantSignal(dose=1.0, draw=1)
    planted, f = plant.apply(task), plant.function(task)
    assert auc(f, planted.label.y) == 1.0
    none = PlantSignal(dose=0.5, draw=1).apply(task)
    assert np.array_equal(none.label.y, PermuteLabels(draw=1).apply(task).label.y, equal_nan=True)


@pytest.mark.parametrize("scaling", ["standard", "robust", "none"])
def test_the_same_signal_is_planted_however_the_model_scales(scaling: str) -> None:
    task = planted_task("binary", sessions=30)
    plant = PlantSignal(dose=0.7, draw=2)
    ours = plant.apply(replace(task, scaling=scaling))
    assert np.array_equal(ours.label.y, plant.apply(task).label.y, equal_nan=True)


def test_planting_on_few_and_missing_features() -> None:
    task = planted_task("binary", sessions=30)
    buffer = task.panel.buffer.copy()
    buffer[:, 0] = np.nan
    panel = replace(task.panel, buffer=buffer, _on_device={})
    for form in Form:
        plant = PlantSignal(dose=0.9, form=form, draw=0)
        one = replace(task, panel=panel.select(["x1"]))
        assert auc(plant.function(one), plant.apply(one).label.y) > 0.8
        f = plant.function(replace(task, panel=panel))
        assert np.nanstd(f) > 0
    constant = replace(task, panel=panel.select(["x3"]))  # nothing livelier is there
    f = PlantSignal(dose=0.9).function(constant)
    assert np.std(f) > 0


@pytest.mark.parametrize("kind", ["binary", "multiclass", "real"])
def test_memorise_learns_and_scores_the_same_few_rows(kind: str) -> None:
    task = make_task(kind, sessions=30)
    few = Memorise(rows=12).apply(task)
    assert few.train_rows.tolist() == few.test_rows.tolist()
    assert few.labels == 12
    assert len(few.validation_rows) == 0
    assert set(few.train_rows) <= set(task.train_rows)
    assert np.array_equal(few.label.y, task.label.y, equal_nan=True)
    if kind != "real":
        classes, count = np.unique(task.label.y[few.train_rows], return_counts=True)
        assert len(set(count.tolist())) == 1
        assert len(classes) == (2 if kind == "binary" else 3)
    other = Memorise(rows=12, draw=1).apply(task)
    assert set(other.train_rows) != set(few.train_rows)


def test_memorise_purges_nothing() -> None:
    """Labels known days later reach into the other chosen sessions, which are scored as well."""
    task = make_task(sessions=20, bars=(10, 10))
    end = np.minimum(np.arange(task.panel.rows) + 25, task.panel.rows - 1)
    few = Memorise(rows=16).apply(replace(task, label=replace(task.label, end=end)))
    assert few.labels == 16
    assert few.train_rows.tolist() == few.test_rows.tolist()


def test_recent_sessions_keeps_the_latest_training_dates() -> None:
    task = make_task(sessions=60, symbols=3)
    few = RecentSessions(dates=4).apply(task)
    assert few.split.train.tolist() == task.split.train[-12:].tolist()
    for part in ("validation", "test"):
        assert np.array_equal(getattr(few.split, part), getattr(task.split, part))
    more = RecentSessions(dates=1000).apply(task)
    assert np.array_equal(more.split.train, task.split.train)
    assert few.scaler.centre != pytest.approx(task.scaler.centre)  # fitted on what is left


def test_fewer_test_dates_are_spread_over_the_test_part() -> None:
    task = make_task(sessions=90, symbols=3)
    few = FewerTestDates(dates=3).apply(task)
    dates = task.panel.clusters[task.split.test]
    assert np.unique(task.panel.clusters[few.split.test]).tolist() == [24, 26, 29]
    assert (dates.min(), dates.max()) == (24, 29)
    assert len(few.split.test) == 9
    for part in ("train", "validation"):
        assert np.array_equal(getattr(few.split, part), getattr(task.split, part))
    assert FewerTestDates(dates=6).apply(task).test_rows.tolist() == task.test_rows.tolist()


def test_only_the_named_features_are_left() -> None:
    task = make_task(features=4)
    few = OnlyFeatures(names=("x2", "x0")).apply(task)
    assert few.panel.features == ("x2", "x0")
    assert np.array_equal(few.panel.values, task.panel.values[:, [2, 0]])
    rows = task.test_rows
    assert few.inputs(rows) == pytest.approx(task.inputs(rows)[:, [2, 0]])
    with pytest.raises(ValueError, match="not in tuple"):
        OnlyFeatures(names=("absent",)).apply(task)


def test_another_label_is_asked_for() -> None:
    task = make_task()
    other = replace(label_of(1 - task.label.y), name="the reverse")
    both = replace(task, others=(other,))
    done = OtherLabel(name="the reverse").apply(both)
    assert done.label is other
    assert done.panel is task.panel
    with pytest.raises(KeyError):
        OtherLabel(name="unheard of").apply(both)


def test_features_are_scaled_anew_on_the_training_sessions() -> None:
    task = replace(make_task(sessions=20), scaling="none")
    done = Rescale(scaling="standard").apply(task)
    rows = rows_of(done, "train")
    assert done.inputs(rows).mean(0) == pytest.approx(np.zeros(3), abs=1e-5)
    assert done.inputs(rows).std(0) == pytest.approx(np.ones(3), abs=1e-5)
    assert np.array_equal(task.inputs(rows), task.panel.values[rows])
    (change,) = Rescale(scaling="standard").study_changes(task)
    assert change == Change(setting="scaling", before="none", after="standard")
