"""Corrections for many hypotheses: published procedures, family-wise error, power."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from fireassay.statistics.multiplicity import benjamini_hochberg, best_of, holm, westfall_young
from fireassay.statistics.null import p_value

PROBABILITIES = st.lists(st.floats(1e-6, 1), min_size=1, max_size=12).map(np.array)


def test_holm_by_hand() -> None:
    np.testing.assert_allclose(holm(np.array([0.01, 0.04, 0.03, 0.005])), [0.03, 0.06, 0.06, 0.02])
    np.testing.assert_allclose(holm(np.array([0.02, np.nan, 0.04])), [0.04, np.nan, 0.04])


@given(PROBABILITIES)
def test_benjamini_hochberg_is_scipys(p: np.ndarray) -> None:
    np.testing.assert_allclose(benjamini_hochberg(p), stats.false_discovery_control(p))


@given(PROBABILITIES)
def test_holm_lies_between_no_correction_and_bonferroni(p: np.ndarray) -> None:
    adjusted = holm(p)
    assert (adjusted >= p - 1e-15).all()
    assert (adjusted <= np.minimum(len(p) * p, 1) + 1e-12).all()


def slow_step_down(observed: np.ndarray, null: np.ndarray) -> np.ndarray:
    """Westfall & Young's algorithm 4.1, written as it is told."""
    values = np.vstack([observed, null])
    z = (values - values.mean(0)) / values.std(0)
    order = np.argsort(-z[0])
    adjusted, worst = np.empty(len(observed)), 0.0
    for k, h in enumerate(order):
        worst = max(worst, p_value(z[0, h], z[1:, order[k:]].max(1)))
        adjusted[h] = worst
    return adjusted


@pytest.mark.parametrize("seed", range(5))
def test_step_down_is_the_published_algorithm(seed: int) -> None:
    rng = np.random.default_rng(seed)
    null = rng.standard_normal((99, 8)) * np.arange(1, 9)
    observed = rng.standard_normal(8) * np.arange(1, 9) + np.r_[3, 0, 0, 12, 0, 0, 0, 0]
    found = westfall_young(observed, null)
    np.testing.assert_allclose(found.p_adjusted, slow_step_down(observed, null))
    np.testing.assert_allclose(found.p, [p_value(observed[h], null[:, h]) for h in range(8)])


def test_copies_of_one_hypothesis_cost_nothing() -> None:
    rng = np.random.default_rng(0)
    null, observed = rng.standard_normal((199, 1)), np.array([2.4])
    alone = westfall_young(observed, null)
    copies = westfall_young(np.repeat(observed, 60), np.repeat(null, 60, axis=1))
    np.testing.assert_allclose(copies.p_adjusted, alone.p[0])


def test_untested_and_constant_hypotheses() -> None:
    rng = np.random.default_rng(0)
    null = np.column_stack([rng.standard_normal(99), np.full(99, 0.5), np.full(99, np.nan)])
    found = westfall_young(np.array([5.0, 0.5, np.nan]), null)
    assert found.p_adjusted[0] == pytest.approx(0.01)
    assert found.p_adjusted[1] == 1.0
    assert np.isnan(found.p_adjusted[2])
    assert np.isnan(found.statistic[2])
    assert np.isnan(westfall_young(np.array([np.nan]), np.zeros((9, 1))).p_adjusted[0])


def test_two_sided() -> None:
    rng = np.random.default_rng(0)
    null = rng.standard_normal((199, 2))
    observed = np.array([-5.0, 0.1])
    assert westfall_young(observed, null).p[0] == 1.0
    assert westfall_young(observed, null, two_sided=True).p[0] == 1 / 200


def correlated(
    rng: np.random.Generator, rows: int, targets: int = 60, rho: float = 0.6
) -> np.ndarray:
    common = rng.standard_normal((rows, targets // 10))
    own = rng.standard_normal((rows, targets))
    return np.sqrt(rho) * np.repeat(common, 10, axis=1) + np.sqrt(1 - rho) * own


@pytest.mark.parametrize("count", [300, pytest.param(4000, marks=pytest.mark.statistical)])
def test_family_wise_error_and_power(count: int) -> None:
    """60 correlated targets: error ≤ 6 % under the global null; finds what Bonferroni finds."""
    false = np.zeros(3)
    for i in range(count):
        rng = np.random.default_rng((1, i))
        drawn = correlated(rng, 200)
        found = westfall_young(drawn[0], drawn[1:])
        false += [
            (found.p_adjusted <= 0.05).any(),
            (holm(stats.norm.sf(drawn[0])) <= 0.05).any(),
            (found.p <= 0.05).any(),
        ]
    max_t, by_holm, uncorrected = false / count
    margin = 2 * np.sqrt(0.05 * 0.95 / count)
    assert max_t <= (0.06 if count > 1000 else 0.05 + margin)
    assert max_t >= by_holm - margin
    assert uncorrected > 0.5


def test_finds_no_less_than_bonferroni() -> None:
    """With 999 draws Bonferroni's p can reach .05 for 50 hypotheses; max-T finds at least as many."""
    ours, theirs = 0, 0
    for i in range(60):
        rng = np.random.default_rng((2, i))
        drawn = correlated(rng, 1000, targets=40)
        drawn[0, :10] += 3.0
        found = westfall_young(drawn[0], drawn[1:])
        ours += int((found.p_adjusted[:10] <= 0.05).sum())
        theirs += int((np.minimum(found.p[:10] * 40, 1) <= 0.05).sum())
    assert ours > theirs
    assert theirs > 50


def test_best_of_many() -> None:
    rng = np.random.default_rng(0)
    null = rng.standard_normal((999, 20))
    lucky = best_of(np.r_[2.0, np.full(18, -1.0), np.nan], np.c_[null[:, :19], np.full(999, np.nan)])
    assert (lucky.index, lucky.tried) == (0, 19)
    expected_maximum = null[:, :19].max(1)
    assert lucky.chance == pytest.approx(expected_maximum.mean())
    assert lucky.p == p_value(2.0, expected_maximum)
    assert p_value(2.0, null[:, 0]) < 0.05 < lucky.p
    with pytest.raises(ValueError, match="no run"):
        best_of(np.array([np.nan]), np.zeros((3, 1)))


def test_best_of_noise_is_rarely_a_find() -> None:
    hits = []
    for i in range(400):
        drawn = correlated(np.random.default_rng((3, i)), 100, targets=20)
        hits.append(best_of(drawn[0], drawn[1:]).p <= 0.05)
    assert np.mean(hits) <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 400)
