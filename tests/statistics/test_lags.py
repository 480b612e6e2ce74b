"""Scores by lag against scikit-learn on shifted tables; lags are told apart no more often than α."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.metrics import roc_auc_score

from fireassay.statistics.bootstrap import paired_difference
from fireassay.statistics.lags import PENALTY, LagScan, reach_of, scan_lags
from fireassay.statistics.scores import Score
from tests.statistics import worlds


def follows(
    rng: np.random.Generator, lag: int, *, sessions: int = 40, phi: float = 0.0, strength: float = 1.0
) -> worlds.World:
    """A label of each bar that follows the features `lag` bars later, in sessions of 40 bars."""
    lengths = np.full(sessions, 40)
    x = worlds.by_session(lengths, lambda n: worlds.ar(rng, (n, 3), phi))
    z = np.full(len(x), np.nan)
    offsets = worlds.offsets_of(lengths)
    for low, high in itertools.pairwise(offsets):
        rows = np.arange(low, high)
        known = rows[(rows + lag >= low) & (rows + lag < high)]
        z[known] = strength * x[known + lag, 0] + rng.standard_normal(len(known))
    return worlds.World(x, worlds.binary(z), z, offsets, np.arange(sessions))


def scanned(world: worlds.World, reach: int = 5, kind: Score = Score.AUC, **more: object) -> LagScan:
    y = world.y if kind is Score.AUC else world.z
    found = scan_lags(
        world.x, y, world.offsets, world.clusters, reach=reach, kind=kind, seed=0, **more
    )
    assert found is not None
    return found


@pytest.mark.parametrize("lag", [-2, 0, 3])
def test_a_lags_score_is_that_of_ridge_on_the_shifted_table(lag: int) -> None:
    world = follows(np.random.default_rng(0), 1)
    reach, columns = 5, np.concatenate([world.x, np.abs(world.x)], axis=1)
    fit_x, fit_y, test_x, test_y = [], [], [], []
    for s, (low, high) in enumerate(itertools.pairwise(world.offsets)):
        for row in range(low + reach, high - reach):
            (fit_x if s % 2 == 0 else test_x).append(columns[row + lag])
            (fit_y if s % 2 == 0 else test_y).append(world.y[row])
    ridge = Ridge(alpha=PENALTY * len(fit_x)).fit(fit_x, fit_y)
    expected = roc_auc_score(test_y, ridge.predict(test_x))
    found = scanned(world)
    assert found.at(lag) == pytest.approx(expected, abs=1e-12)
    assert found.labels == len(test_y)
    assert found.units == 20


def test_two_lags_are_compared_as_two_predictors_are() -> None:
    world = follows(np.random.default_rng(1), 0, phi=0.8, strength=0.5)
    found = scanned(world)
    above = found.above([0], [2], seed=0)
    fit, test = (
        np.flatnonzero(np.isin(np.arange(len(world.x)) % 40, range(5, 35)) & even)
        for even in ((np.arange(len(world.x)) // 40) % 2 == k for k in (0, 1))
    )
    columns = np.concatenate([world.x, np.abs(world.x)], axis=1)
    preds = []
    for lag in (0, 2):
        ridge = Ridge(alpha=PENALTY * len(fit)).fit(columns[fit + lag], world.y[fit])
        pred = np.full(len(world.x), np.nan)
        pred[test] = ridge.predict(columns[test + lag])
        preds.append(pred)
    twin = paired_difference(*preds, world.y, world.offsets, world.clusters, seed=0)
    assert above.value == pytest.approx(twin.value, abs=1e-12)
    assert above.se == pytest.approx(twin.se, rel=1e-6)
    assert above.p == pytest.approx(twin.p, abs=0.03)


@pytest.mark.parametrize("lag", [-4, -1, 0, 2, 5])
@pytest.mark.parametrize("kind", [Score.AUC, Score.RANK_IC])
def test_the_peak_is_where_the_label_follows(lag: int, kind: Score) -> None:
    found = scanned(follows(np.random.default_rng(2), lag), kind=kind)
    every = found.lags.tolist()
    assert found.best(every) == lag
    assert found.p_at(lag) <= 0.01
    others = [b for b in every if b != lag]
    above = found.above([lag], others, seed=0)
    assert (above.lag, above.p) == (lag, 0.001)
    assert found.above(others, [lag], seed=0).p > 0.9


def test_what_a_later_bar_adds() -> None:
    """A label that is the sum of two bars needs both; one that follows a bar needs no other."""
    rng = np.random.default_rng(3)
    world = follows(rng, 1, sessions=60)
    alone = scanned(world)
    assert abs(alone.adds(1, [2, 3])) < 0.02
    z = world.z + np.r_[world.x[2:, 0], np.nan, np.nan]
    both = scanned(worlds.World(world.x, worlds.binary(z), z, world.offsets, world.clusters))
    assert both.adds(1, [2, 3]) > 0.1


def test_bars_near_the_ends_and_left_out_sessions_do_not_count() -> None:
    world = follows(np.random.default_rng(4), 2)
    eligible = np.ones(40, dtype=bool)
    eligible[30:] = False
    y = world.y.copy()
    bar = np.arange(len(y)) % 40
    y[(bar < 5) | (bar >= 35)] = 1 - y[(bar < 5) | (bar >= 35)]
    y[30 * 40 :] = np.nan
    changed = worlds.World(world.x, y, world.z, world.offsets, world.clusters)
    np.testing.assert_array_equal(scanned(changed).value, scanned(world, eligible=eligible).value)


def test_too_little_is_told_apart_from_nothing() -> None:
    world = follows(np.random.default_rng(5), 0, sessions=8)
    assert (
        scan_lags(world.x, world.y, world.offsets, world.clusters, reach=5, kind=Score.AUC, seed=0)
        is None
    )
    assert [reach_of(np.array([n])) for n in (3, 7, 40, 390)] == [0, 2, 13, 15]


def false_peaks(count: int, *, start: int = 0, draws: int = 199) -> dict[str, float]:
    """Share of worlds where a lag without anything is said to beat chance, or one lag the others."""
    beyond, better = [], []
    for i in range(start, start + count):
        rng = np.random.default_rng((6, i))
        noise = worlds.ar_overlap(rng, sessions=40, bars=40, features=3, horizon=5)
        beyond.append(scanned(noise, draws=draws).p.min() <= 0.05)
        # A label that follows bars 0 and 1 alike: neither lag scores above the other.
        world = follows(rng, 0, strength=0.4)
        z = world.z + 0.4 * np.r_[world.x[1:, 0], 0.0]
        alike = worlds.World(world.x, worlds.binary(z), z, world.offsets, world.clusters)
        better.append(scanned(alike, draws=19).above([1], [0], seed=i).p <= 0.05)
    return {"beyond chance": float(np.mean(beyond)), "above another lag": float(np.mean(better))}


def test_noise_rarely_peaks() -> None:
    """A true 5 % is found in more than 5 of 16 with probability .0001."""
    assert max(false_peaks(16, draws=59).values()) <= 5 / 16


@pytest.mark.statistical
def test_size_of_peaks() -> None:
    """5 %, give or take 2.5 times the sampling error of 600 worlds."""
    found = false_peaks(600, start=1000)
    assert 0.028 <= found["beyond chance"] <= 0.075
    assert 0.028 <= found["above another lag"] <= 0.075
