"""Sample sizes, power curves and learning curves against closed forms and simulations."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from fireassay.statistics.power import (
    independent_labels,
    learning_curve,
    power_curve,
    sessions_needed,
)


def test_independent_label_counts_of_the_literature() -> None:
    assert independent_labels(accuracy=0.52) == pytest.approx(4_900, rel=0.005)
    assert independent_labels(accuracy=0.51) == pytest.approx(19_600, rel=0.005)
    assert independent_labels(ic=0.02) == pytest.approx(19_600, rel=0.005)
    assert independent_labels(ic=0.01) == pytest.approx(78_500, rel=0.005)
    with pytest.raises(ValueError, match="either"):
        independent_labels()
    with pytest.raises(ValueError, match="either"):
        independent_labels(ic=0.1, accuracy=0.6)


def test_those_counts_have_that_power() -> None:
    n = independent_labels(accuracy=0.52)
    reject = stats.binom(n, 0.5).ppf(0.975)
    assert stats.binom(n, 0.52).sf(reject) == pytest.approx(0.8, abs=0.02)


def test_sessions_scale_with_the_square_of_the_effect() -> None:
    # The effect that 60 sessions can just detect needs 60; half of it four times as many.
    assert sessions_needed(2.4865, 1.0, 60) in (60, 61)
    assert sessions_needed(0.02, 0.05, 60) == pytest.approx(60 * (2.4865 * 0.05 / 0.02) ** 2, abs=1)
    assert sessions_needed(0.5, 1.0, 100) == pytest.approx(4 * sessions_needed(1.0, 1.0, 100), abs=4)


def found(rng: np.random.Generator, doses: np.ndarray, trials: int, dose80: float) -> np.ndarray:
    z = stats.norm.ppf(0.05) + (stats.norm.ppf(0.8) - stats.norm.ppf(0.05)) * doses / dose80
    return rng.binomial(trials, stats.norm.cdf(z))


def test_power_curve_recovers_the_dose() -> None:
    doses = np.array([0.5, 1, 1.5, 2, 3, 4])
    curve = power_curve(doses, np.full(6, 4000), found(np.random.default_rng(0), doses, 4000, 2.2))
    assert curve.dose80 == pytest.approx(2.2, rel=0.03)
    assert curve.shape == pytest.approx(1.0, abs=0.1)
    assert curve(np.array([0.0, curve.dose80])) == pytest.approx([0.05, 0.8])
    assert (np.diff(curve(np.linspace(0, 5, 30))) > 0).all()


def test_power_curve_interval_covers() -> None:
    doses, hits = np.array([0.5, 1, 2, 3, 4]), []
    for i in range(100):
        curve = power_curve(doses, np.full(5, 12), found(np.random.default_rng(i), doses, 12, 2.2))
        hits.append(curve.low <= 2.2 <= curve.high)
    assert np.mean(hits) >= 0.9


def test_power_curve_without_a_find_has_no_upper_bound() -> None:
    doses = np.array([1.0, 2, 3])
    never = power_curve(doses, np.full(3, 5), np.zeros(3))
    assert never.high == math.inf
    assert never.dose80 > 3
    assert never.interval.high is None
    always = power_curve(doses, np.full(3, 5), np.full(3, 5))
    assert always.low == 0.0
    assert always.dose80 < 1
    with pytest.raises(ValueError, match="positive dose"):
        power_curve(np.zeros(2), np.ones(2), np.ones(2))


SIZES = np.array([20.0, 40, 80, 160, 320])


def truth(n: np.ndarray) -> np.ndarray:
    return 0.60 - 0.4 * n**-0.5


def noisy_draws(rng: np.random.Generator, error: float, draws: int = 300) -> np.ndarray:
    """Scores with errors that the sizes share by half, and bootstrap draws around them."""
    covariance = error**2 * (0.5 * np.eye(5) + 0.5)
    scores = rng.multivariate_normal(truth(SIZES), covariance)
    return rng.multivariate_normal(scores, covariance, draws)


def test_learning_curve_of_exact_scores() -> None:
    draws = truth(SIZES) + 1e-6 * np.random.default_rng(0).standard_normal((200, 5))
    curve = learning_curve(SIZES, draws, np.array([1280.0]), seed=0)
    at = list(curve.sizes)
    assert curve.fitted[at.index(1280)] == pytest.approx(truth(np.array([1280.0]))[0], abs=2e-3)
    assert curve.ceiling[0] == pytest.approx(0.60, abs=0.01)
    expected = truth(np.array([640.0])) - truth(np.array([320.0]))
    assert curve.doubling[0] == pytest.approx(expected[0], rel=0.1)


def test_learning_curve_covers_what_more_sessions_give() -> None:
    hits, doubling = [], []
    for i in range(100):
        draws = noisy_draws(np.random.default_rng(i), 0.008)
        curve = learning_curve(SIZES, draws, np.array([1280.0]), seed=i)
        k = list(curve.sizes).index(1280)
        hits.append(curve.low[k] <= truth(np.array([1280.0]))[0] <= curve.high[k])
        gain = truth(np.array([640.0]))[0] - truth(np.array([320.0]))[0]
        doubling.append(curve.doubling[1] <= gain <= curve.doubling[2])
    assert np.mean(hits) >= 0.9
    assert np.mean(doubling) >= 0.9


def test_noise_tells_little_about_more_sessions() -> None:
    sharp = learning_curve(
        SIZES, noisy_draws(np.random.default_rng(0), 0.001), np.array([5000.0]), seed=0
    )
    vague = learning_curve(
        SIZES, noisy_draws(np.random.default_rng(0), 0.03), np.array([5000.0]), seed=0
    )
    width = [c.high[-1] - c.low[-1] for c in (sharp, vague)]
    assert width[1] > 5 * width[0]
    # Beyond the data an interval only grows.
    spread = vague.high - vague.low
    assert spread[-1] > spread[list(vague.sizes).index(320)]


def test_learning_curve_keeps_to_possible_scores() -> None:
    rising = np.array([0.90, 0.93, 0.96, 0.99, 0.999]) + 1e-3 * np.random.default_rng(
        0
    ).standard_normal((50, 5))
    curve = learning_curve(SIZES, rising, np.array([1e6]), seed=0)
    assert curve.high.max() <= 1.0
    falling = learning_curve(SIZES, rising[:, ::-1], np.array([1e6]), seed=0)
    # More sessions are never said to harm: a falling curve is fitted as a flat one.
    assert falling.doubling[0] == 0.0
    with pytest.raises(ValueError, match="three sizes"):
        learning_curve(SIZES[:2], rising[:, :2], np.array([100.0]), seed=0)
