"""Feature–label association against SciPy, scikit-learn and relabelled rows."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import mutual_info_score

from fireassay.statistics.association import FEATURE_BINS, Measure, associate
from fireassay.statistics.exchange import permute_dates, rotate_bars
from fireassay.statistics.multiplicity import westfall_young
from tests.statistics import worlds


def eighths(x: np.ndarray) -> np.ndarray:
    return ((stats.rankdata(x) - 0.5) / len(x) * FEATURE_BINS).astype(int)


def by_rows(measure: Measure, x: np.ndarray, y: np.ndarray) -> float:
    """The measure on labelled rows; ranks and bins are those of all given rows."""
    rows = ~np.isnan(y)
    if measure is Measure.PEARSON:
        return stats.pearsonr(x[rows], y[rows]).statistic
    if measure is Measure.RANK:
        return stats.pearsonr(stats.rankdata(x)[rows], y[rows]).statistic
    return mutual_info_score(eighths(x)[rows], y[rows])


@pytest.mark.parametrize("measure", list(Measure))
def test_every_draw_is_that_of_its_rows(measure: Measure) -> None:
    rng = np.random.default_rng(0)
    world = worlds.ar_overlap(rng, lengths=rng.integers(12, 40, 15), features=3, horizon=4)
    drawn = permute_dates(world.offsets, world.clusters, 30, seed=0)
    found = associate(world.x, world.y, drawn, measures=[measure])[measure]
    null = np.array(
        [[by_rows(measure, x, drawn.labels(world.y, b)) for x in world.x.T] for b in range(30)]
    )
    observed = np.array([by_rows(measure, x, world.y) for x in world.x.T])
    bias = null.mean(0) if measure is Measure.MUTUAL_INFORMATION else 0
    np.testing.assert_allclose(found.value, observed - bias, atol=1e-12)
    np.testing.assert_allclose(found.null_mean, null.mean(0), atol=1e-12)
    np.testing.assert_allclose(found.null_sd, null.std(0, ddof=1), atol=1e-12)
    two_sided = measure is not Measure.MUTUAL_INFORMATION
    expected = westfall_young(observed, null, two_sided=two_sided)
    np.testing.assert_allclose(found.p_adjusted, expected.p_adjusted)


def test_rank_correlation_of_a_real_label_is_spearmans() -> None:
    world = worlds.ar_overlap(np.random.default_rng(1), 10, 20, 2, horizon=4)
    z = np.nan_to_num(world.z)
    drawn = permute_dates(world.offsets, world.clusters, 9, seed=0)
    found = associate(world.x, z, drawn)
    expected = [stats.spearmanr(x, z).statistic for x in world.x.T]
    np.testing.assert_allclose(found[Measure.RANK].value, expected)
    thirds = np.digitize(z, np.quantile(z, [1 / 3, 2 / 3]))
    expected = [mutual_info_score(eighths(x), thirds) for x in world.x.T]
    information = found[Measure.MUTUAL_INFORMATION]
    np.testing.assert_allclose(information.value + information.null_mean, expected, atol=5e-3)


def test_single_precision_is_close() -> None:
    rng = np.random.default_rng(2)
    world = worlds.coin(rng, sessions=300, bars=100, features=100)
    x = (world.x * 100 + 1e4).astype(np.float32)
    many = permute_dates(world.offsets, world.clusters, 199, seed=0)
    few = permute_dates(world.offsets, world.clusters, 20, seed=0)
    assert x.size * 200 > 5e8 > x.size * 21
    for measure in (Measure.PEARSON, Measure.MUTUAL_INFORMATION):
        single = associate(x, world.y, many, measures=[measure])[measure]
        double = associate(x, world.y, few, measures=[measure])[measure]
        # What is subtracted from the mutual information differs with the draws.
        bias = [a.null_mean * (measure is Measure.MUTUAL_INFORMATION) for a in (single, double)]
        np.testing.assert_allclose(single.value + bias[0], double.value + bias[1], atol=2e-6)


def test_what_each_measure_sees() -> None:
    rng = np.random.default_rng(3)
    rows, bars = 4000, 50
    x = rng.standard_normal((rows, 6))
    y = ((np.abs(x[:, 0]) > 0.67) ^ (rng.random(rows) < 0.1)).astype(float)
    linear = (x[:, 1] + rng.standard_normal(rows) > 0).astype(float)
    xor = ((x[:, 2] > 0) ^ (x[:, 3] > 0)).astype(float)
    drawn = permute_dates(np.arange(0, rows + 1, bars), np.arange(rows // bars), 199, seed=0)
    even, straight, mixed = (associate(x, label, drawn) for label in (y, linear, xor))
    assert even[Measure.MUTUAL_INFORMATION].p_adjusted[0] <= 0.01
    assert even[Measure.MUTUAL_INFORMATION].order[0] == 0
    assert even[Measure.PEARSON].p_adjusted[0] > 0.05
    assert all(a.p_adjusted[1] <= 0.01 and a.order[0] == 1 for a in straight.values())
    assert all(a.p_adjusted.min() > 0.05 for a in mixed.values())


def test_the_time_of_day_is_no_association() -> None:
    """Feature and label both follow the clock: correlated, and so are all permutations."""
    rng = np.random.default_rng(4)
    sessions, bars = 40, 50
    clock = np.tile(np.linspace(-1, 1, bars), sessions)
    x = (clock + 0.5 * rng.standard_normal(sessions * bars))[:, None]
    y = (rng.random(sessions * bars) < 0.5 + 0.3 * clock).astype(float)
    drawn = permute_dates(np.arange(0, len(y) + 1, bars), np.arange(sessions), 199, seed=0)
    found = associate(x, y, drawn)
    assert found[Measure.PEARSON].value[0] > 0.2
    assert all(a.p[0] > 0.05 for a in found.values())


def test_missing_constant_and_tied_values() -> None:
    rng = np.random.default_rng(5)
    x = rng.standard_normal((400, 4))
    x[:, 1] = 3.0
    x[:, 2] = np.nan
    x[::3, 3] = np.nan
    y = rng.integers(0, 2, 400).astype(float)
    drawn = permute_dates(np.arange(0, 401, 20), np.arange(20), 19, seed=0)
    for measure, found in associate(x, y, drawn).items():
        assert np.isnan(found.value[[1, 2]]).all(), measure
        assert np.isfinite(found.value[[0, 3]]).all()
        assert np.isnan(found.p[[1, 2]]).all()
        assert np.isnan(found.p_adjusted[[1, 2]]).all()
        assert set(found.order[:2]) == {0, 3}
    filled = np.where(np.isnan(x[:, 3]), np.nanmean(x[:, 3]), x[:, 3])
    pearson = associate(x, y, drawn)[Measure.PEARSON]
    assert pearson.value[3] == pytest.approx(stats.pearsonr(filled, y).statistic)
    assert np.isnan(associate(x, np.ones(400), drawn)[Measure.PEARSON].value).all()


def test_labels_turned_inside_sessions_are_refused() -> None:
    offsets, y = np.array([0, 5, 10]), np.zeros(10)
    drawn = rotate_bars(offsets, np.arange(2), 5, seed=0, labelled=~np.isnan(y))
    with pytest.raises(ValueError, match="between sessions"):
        associate(np.zeros((10, 1)), y, drawn)


def test_noise_is_rarely_associated() -> None:
    """The smallest adjusted p of 12 features, where single bars would be called in most draws."""
    hits = dict.fromkeys(Measure, 0)
    for i in range(150):
        world = worlds.ar_overlap(np.random.default_rng((6, i)), 25, 30, 12)
        drawn = permute_dates(world.offsets, world.clusters, 99, seed=i)
        for measure, found in associate(world.x, world.y, drawn).items():
            hits[measure] += bool(found.p_adjusted.min() <= 0.05)
    # 150 data sets: a true 5 % stays below 11 % with probability .998.
    assert max(hits.values()) <= 0.11 * 150
