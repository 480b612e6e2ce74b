"""Label clustering: closed forms, independent implementations, size under overlap alone."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from fireassay.statistics.clustering import (
    OverlappingNoise,
    autocorrelation,
    effective_labels,
    entropy,
    label_clustering,
    runs_test,
    shared_between_sessions,
)
from tests.statistics import worlds


def test_entropy() -> None:
    assert entropy(np.array([0.0, 1, 0, 1, np.nan])) == pytest.approx(math.log(2))
    assert entropy(np.array([1.0, 1])) == 0
    assert entropy(np.array([0.0, 1, 2, 2])) == pytest.approx(1.5 * math.log(2))


@pytest.mark.parametrize("values", [[0, 0, 0, 1, 1], [0, 0, 1, 1, 2, 2], [0, 1, 2, 3]])
def test_mean_and_variance_of_runs_by_enumeration(values: list[int]) -> None:
    """All orders of a short session, and the z that they give."""
    orders = set(itertools.permutations(values))
    counts = [1 + sum(a != b for a, b in itertools.pairwise(order)) for order in orders]
    found = [runs_test(np.array(order, float), np.array([0, len(values)])) for order in orders]
    assert found[0].expected == pytest.approx(np.mean(counts))
    assert [f.runs for f in found] == counts
    if np.std(counts) > 0:
        assert found[0].z == pytest.approx((counts[0] - np.mean(counts)) / np.std(counts))


def test_runs_do_not_cross_sessions_and_pass_over_gaps() -> None:
    y = np.array([1, 1, np.nan, 1, 0, 0, np.nan, np.nan, 0, 1], dtype=float)
    assert runs_test(y, np.array([0, 10])).runs == 3
    assert runs_test(y, np.array([0, 5, 10])).runs == 4
    assert math.isnan(runs_test(np.ones(5), np.array([0, 5])).z)


def test_autocorrelation_by_hand() -> None:
    rng = np.random.default_rng(0)
    y = rng.standard_normal(60)
    y[::7] = np.nan
    offsets = np.array([0, 25, 60])
    mean, variance = np.nanmean(y), np.nanvar(y)
    found = autocorrelation(y, offsets, 40)
    for lag in (1, 3, 20):
        pairs = np.concatenate(
            [(y[a:b] - mean)[lag:] * (y[a:b] - mean)[:-lag] for a, b in ((0, 25), (25, 60))]
        )
        assert found[lag - 1] == pytest.approx(np.nanmean(pairs) / variance)
    assert np.isnan(found[35:]).all()
    assert np.isnan(autocorrelation(np.full(10, np.nan), np.array([0, 10]), 2)).all()


def test_overlap_of_noise_follows_the_arcsine_law() -> None:
    """Sums of h independent returns correlate by 1 − k/h, their signs by 2/π · arcsin of that."""
    rng = np.random.default_rng(0)
    offsets = np.arange(0, 400_001, 400)
    z = OverlappingNoise(rng.standard_normal(400_000), offsets, np.arange(1000), 12).draw(rng)
    coins = (rng.random(400_000) < 0.5).astype(float)
    signs = OverlappingNoise(coins, offsets, np.arange(1000), 12).draw(rng)
    lags = np.arange(1, 15)
    expected = np.maximum(1 - lags / 12, 0)
    np.testing.assert_allclose(autocorrelation(z, offsets, 14), expected, atol=0.02)
    law = 2 / np.pi * np.arcsin(expected)
    np.testing.assert_allclose(autocorrelation(signs, offsets, 14), law, atol=0.02)


def test_noise_keeps_values_and_gaps() -> None:
    rng = np.random.default_rng(1)
    y = (rng.random(300) < 0.3).astype(float)
    y[rng.random(300) < 0.1] = np.nan
    noise = OverlappingNoise(y, np.array([0, 100, 300]), np.arange(2), 5).draw(rng)
    np.testing.assert_array_equal(np.isnan(noise), np.isnan(y))
    np.testing.assert_array_equal(np.sort(noise), np.sort(y))


def test_symbols_of_a_date_share_their_noise() -> None:
    world = worlds.symbols(np.random.default_rng(5), dates=300)
    shared = shared_between_sessions(world.z, world.offsets, world.clusters)
    assert shared == pytest.approx(0.7, abs=0.05)
    assert shared_between_sessions(world.z[:400], world.offsets[:11], world.clusters[:10]) == 0
    signs = shared_between_sessions(world.y, world.offsets, world.clusters)
    assert signs == pytest.approx(2 / np.pi * np.arcsin(0.7), abs=0.05)
    drawn = OverlappingNoise(world.y, world.offsets, world.clusters, 12).draw(
        np.random.default_rng(0)
    )
    again = shared_between_sessions(drawn, world.offsets, world.clusters)
    assert again == pytest.approx(signs, abs=0.07)


def test_effective_labels() -> None:
    rng = np.random.default_rng(2)
    offsets, clusters = np.arange(0, 300_001, 100), np.arange(3000)
    independent = (rng.random(300_000) < 0.4).astype(float)
    assert effective_labels(independent, offsets, clusters) == pytest.approx(300_000, rel=0.1)
    overlapping = OverlappingNoise(independent, offsets, clusters, 10).draw(rng)
    # Inside sessions of 100 bars: 1 + 2 Σ (1 − k/100) 2/π arcsin(1 − k/10), for prevalence near ½.
    k = np.arange(1, 10)
    deff = 1 + 2 * ((1 - k / 100) * 2 / np.pi * np.arcsin(1 - k / 10)).sum()
    assert effective_labels(overlapping, offsets, clusters) == pytest.approx(300_000 / deff, rel=0.1)
    whole = np.repeat((rng.random(3000) < 0.5).astype(float), 100)
    assert effective_labels(whole, offsets, clusters) == pytest.approx(3000, rel=0.02)
    # Ten copies of each session on one date are one date.
    copies = np.tile(overlapping[:30_000], 10)
    few = effective_labels(copies, offsets, np.tile(np.arange(300), 10))
    assert few == pytest.approx(effective_labels(overlapping[:30_000], offsets[:301], clusters[:300]))
    assert effective_labels(np.array([np.nan, 1.0]), np.array([0, 2]), np.array([0])) == 1
    assert math.isnan(effective_labels(np.ones(10), np.array([0, 5, 10]), np.arange(2)))


def test_summary_of_overlapping_labels() -> None:
    world = worlds.ar_overlap(np.random.default_rng(11))
    found = label_clustering(world.y, world.offsets, world.clusters, horizon=12, seed=0)
    assert found.labels == 60 * 66
    assert found.positive_rate == pytest.approx(np.nanmean(world.y))
    assert found.runs.p < 1e-6
    assert found.p_overlap > 0.01
    assert found.effective < 60 * 66 / 4
    assert found.autocorrelation[0] == pytest.approx(found.overlap_mean[0], abs=0.05)
    # As independent labels (horizon 1) they would be far too clustered.
    alone = label_clustering(world.y, world.offsets, world.clusters, horizon=1, seed=0)
    assert alone.p_overlap == 1 / 100
    assert alone.p_lags[0] == 1 / 100
    real = label_clustering(world.z, world.offsets, world.clusters, horizon=12, seed=0)
    assert math.isnan(real.entropy)
    assert real.p_overlap > 0.01


@pytest.mark.parametrize("count", [60, pytest.param(1000, marks=pytest.mark.statistical)])
def test_overlap_alone_is_rarely_called_clustering(count: int) -> None:
    runs, overlap, lag = [], [], []
    for i in range(count):
        rng = np.random.default_rng((4, i))
        world, coins = worlds.ar_overlap(rng, 20, 40), worlds.coin(rng, 20, 40)
        found = label_clustering(
            world.y, world.offsets, world.clusters, horizon=12, lags=15, draws=99, seed=i
        )
        overlap.append(found.p_overlap <= 0.05)
        lag.append(found.p_lags.min() <= 0.05)
        runs.append(runs_test(coins.y, coins.offsets).p <= 0.05)
    margin = 3 * math.sqrt(0.05 * 0.95 / count)
    for hits in (runs, overlap, lag):
        assert abs(np.mean(hits) - 0.05) <= max(margin, 0.015)
