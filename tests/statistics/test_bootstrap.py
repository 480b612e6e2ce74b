"""Intervals over dates and paired differences: values, coverage, size."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from fireassay.statistics import scores
from fireassay.statistics.additive import Scope
from fireassay.statistics.bootstrap import mean_interval, paired_difference, session_bootstrap
from fireassay.statistics.scores import Score
from tests.statistics import worlds


def effect(rng: np.random.Generator, sessions: int, size: float) -> tuple[worlds.World, np.ndarray]:
    """A world whose outcome follows two features, by an amount that differs by session."""
    world = worlds.ar_overlap(rng, sessions, features=2)
    strength = np.repeat(size * (1 + 0.5 * rng.standard_normal(sessions)), 78)
    return world, world.z / np.sqrt(12) + strength * world.x.sum(1)


@pytest.mark.parametrize("kind", [kind for kind in Score if kind is not Score.AUC_ONE_VS_REST])
def test_value_is_the_score_and_lies_inside(kind: Score) -> None:
    world, z = effect(np.random.default_rng(0), 20, 0.3)
    y = z if kind in (Score.R2, Score.IC, Score.RANK_IC) else worlds.binary(z)
    pred = 1 / (1 + np.exp(-world.x[:, 0]))
    found = session_bootstrap(pred, y, world.offsets, world.clusters, seed=0, score=kind)
    assert found.value == pytest.approx(scores.score(kind, pred, y))
    assert found.low < found.value < found.high
    assert found.units == 20
    assert found.interval.low == found.low


def test_mean_interval_is_close_to_students() -> None:
    values = np.r_[np.random.default_rng(0).standard_normal(40), np.nan]
    found = mean_interval(values, 9999, seed=0)
    low, high = stats.t.interval(0.95, 39, np.nanmean(values), stats.sem(values, nan_policy="omit"))
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.03)
    assert found.units == 40


def test_a_date_is_one_unit() -> None:
    """Four copies of each session on one date are worth no more than one."""
    world, z = effect(np.random.default_rng(1), 25, 0.3)
    y, x = worlds.binary(z), world.x[:, 0]
    once = session_bootstrap(x, y, world.offsets, world.clusters, seed=0)
    offsets = np.arange(0, 78 * 100 + 1, 78)
    four = session_bootstrap(np.tile(x, 4), np.tile(y, 4), offsets, np.tile(np.arange(25), 4), seed=0)
    assert four.units == 25
    assert four.se == pytest.approx(once.se, rel=1e-6)


def test_too_few_dates_have_no_interval() -> None:
    world = worlds.coin(np.random.default_rng(0), sessions=2)
    found = session_bootstrap(world.x[:, 0], world.y, world.offsets, world.clusters, seed=0)
    assert np.isnan(found.low)
    assert not np.isnan(found.value)
    nothing = session_bootstrap(np.full(156, np.nan), world.y, world.offsets, world.clusters, seed=0)
    assert np.isnan(nothing.value)
    assert nothing.units == 0


def test_bounds_of_the_score_are_kept() -> None:
    world = worlds.coin(np.random.default_rng(0), sessions=4, bars=20)
    pred = world.y + 0.6 * np.random.default_rng(1).standard_normal(80)
    found = session_bootstrap(pred, world.y, world.offsets, world.clusters, seed=0)
    assert found.high == 1.0


def test_difference_of_a_prediction_and_itself_is_nothing() -> None:
    world = worlds.coin(np.random.default_rng(0))
    x = world.x[:, 0]
    same = paired_difference(x, x, world.y, world.offsets, world.clusters, seed=0)
    assert (same.value, same.low, same.high, same.p) == (0, 0, 0, 1)


def test_difference_is_signed_so_that_better_is_positive() -> None:
    world, z = effect(np.random.default_rng(2), 30, 0.5)
    y = worlds.binary(z)
    good = 1 / (1 + np.exp(-0.5 * world.x.sum(1)))
    bad = np.full(len(y), 0.5) + 1e-3 * np.random.default_rng(0).standard_normal(len(y))
    for kind in (Score.AUC, Score.NLL):
        gain = paired_difference(good, bad, y, world.offsets, world.clusters, seed=0, score=kind)
        assert gain.low > 0
        assert gain.p < 0.01
        loss = paired_difference(bad, good, y, world.offsets, world.clusters, seed=0, score=kind)
        assert loss.p > 0.99
        assert loss.p_two_sided < 0.02
        assert loss.value == pytest.approx(-gain.value)


def test_difference_between_two_labels() -> None:
    world, z = effect(np.random.default_rng(3), 30, 0.5)
    noise = worlds.coin(np.random.default_rng(4), sessions=30).y
    y, x = worlds.binary(z), world.x[:, 0]
    found = paired_difference(x, x, y, world.offsets, world.clusters, seed=0, baseline_y=noise)
    known = ~np.isnan(y)
    assert found.value == pytest.approx(
        scores.auc(x[known], y[known]) - scores.auc(x[known], noise[known])
    )
    assert found.p < 0.01


def test_several_classes() -> None:
    world, z = effect(np.random.default_rng(6), 20, 0.5)
    y = np.where(np.isnan(z), np.nan, np.digitize(z, [-0.5, 0.5]))
    signal = world.x.sum(1)
    prob = np.column_stack([-signal, -np.abs(signal), signal])
    args = (y, world.offsets, world.clusters)
    found = session_bootstrap(prob, *args, seed=0, score=Score.AUC_ONE_VS_REST)
    assert found.value == pytest.approx(scores.auc_one_vs_rest(prob, y))
    assert found.low < found.value < found.high
    noise = np.random.default_rng(0).random(prob.shape)
    noise[:30, 1] = np.nan
    gain = paired_difference(prob, noise, *args, seed=0, score=Score.AUC_ONE_VS_REST)
    assert gain.value == pytest.approx(
        scores.auc_one_vs_rest(prob[30:], y[30:]) - scores.auc_one_vs_rest(noise[30:], y[30:])
    )
    assert gain.p < 0.01


def test_within_sessions() -> None:
    world, z = effect(np.random.default_rng(5), 20, 0.3)
    shifted = world.x[:, 0] + np.repeat(100.0 * np.arange(20), 78)
    args = (worlds.binary(z), world.offsets, world.clusters)
    plain = session_bootstrap(world.x[:, 0], *args, seed=0, scope=Scope.WITHIN)
    moved = session_bootstrap(shifted, *args, seed=0, scope=Scope.WITHIN)
    assert plain.value == pytest.approx(moved.value)


@pytest.mark.statistical
@pytest.mark.parametrize("sessions", [10, 20, 30])
@pytest.mark.parametrize("kind", [Score.AUC, Score.IC, Score.ACCURACY, Score.NLL])
def test_coverage(sessions: int, kind: Score) -> None:
    def one(rng: np.random.Generator, count: int) -> tuple:
        world, z = effect(rng, count, 0.3)
        x = world.x[:, 0]
        pred = x if kind is Score.IC else 1 / (1 + np.exp(-0.5 * x))
        return pred, z if kind is Score.IC else worlds.binary(z), world

    pred, y, _ = one(np.random.default_rng(99), 20_000)
    truth = scores.score(kind, pred, y)
    hits = []
    for i in range(1000):
        pred, y, world = one(np.random.default_rng((sessions, i)), sessions)
        found = session_bootstrap(pred, y, world.offsets, world.clusters, 599, seed=i, score=kind)
        hits.append(found.low <= truth <= found.high)
    # The sampling error of 1,000 data sets is ± 1.4 %.
    assert 0.915 <= np.mean(hits) <= 0.985


@pytest.mark.statistical
@pytest.mark.parametrize("sessions", [8, 20, 40])
@pytest.mark.parametrize("size", [0.0, 0.3])
def test_size_of_the_difference(sessions: int, size: float) -> None:
    """Two features that are worth the same."""
    one, two = [], []
    for i in range(1000):
        world, z = effect(np.random.default_rng((sessions, i)), sessions, size)
        found = paired_difference(
            world.x[:, 0], world.x[:, 1], worlds.binary(z), world.offsets, world.clusters, 399, seed=i
        )
        one.append(found.p <= 0.05)
        two.append(found.p_two_sided <= 0.05)
    assert 0.03 <= np.mean(one) <= 0.07
    assert 0.03 <= np.mean(two) <= 0.07
