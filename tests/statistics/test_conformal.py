"""Conformal sets over sessions: the formula, and the coverage that is promised."""

from __future__ import annotations

import math

import numpy as np
import pytest

from fireassay.statistics.conformal import (
    class_scores,
    class_sets,
    coverage_of_intervals,
    coverage_of_sets,
    real_scores,
    session_quantile,
)

ALPHA = 0.1


@pytest.mark.parametrize("n", [9, 19, 50, 99, 137])
def test_with_a_bar_a_session_it_is_the_usual_order_statistic(n: int) -> None:
    """The ⌈(n + 1)(1 − α)⌉-th smallest (Papadopoulos et al. 2002; Vovk et al. 2005)."""
    scores = np.random.default_rng(n).standard_normal(n)
    at = math.ceil(round((n + 1) * (1 - ALPHA), 9))
    assert session_quantile(scores, np.arange(n), ALPHA) == np.sort(scores)[at - 1]


def test_too_few_sessions_promise_nothing() -> None:
    scores = np.random.default_rng(0).standard_normal(800)
    assert session_quantile(scores, np.repeat(np.arange(8), 100), ALPHA) == math.inf
    assert session_quantile(scores[:200], np.zeros(200), ALPHA) == math.inf
    assert math.isfinite(session_quantile(scores, np.repeat(np.arange(10), 80), ALPHA))


def test_sessions_weigh_the_same_whatever_their_length() -> None:
    """The formula, term by term: F(q) reaches 1 − α at q and not before."""
    rng = np.random.default_rng(1)
    lengths = rng.integers(3, 60, 25)
    session = np.repeat(np.arange(25), lengths)
    scores = rng.standard_normal(len(session)) * (1 + session % 3)
    q = session_quantile(scores, session, ALPHA)

    def mass(at: float) -> float:
        return sum((scores[session == k] <= at).mean() for k in range(25)) / 26

    assert mass(q) >= 1 - ALPHA
    assert mass(np.nextafter(q, -np.inf)) < 1 - ALPHA
    twice = np.r_[scores, scores[session == 2]]
    assert session_quantile(twice, np.r_[session, np.full(lengths[2], 2)], ALPHA) == q


def test_sets_hold_what_scores_no_more_than_the_threshold() -> None:
    three = np.array([[0.7, 0.2, 0.1], [0.4, 0.35, 0.25]])
    assert class_scores(three, np.array([0, 2])) == pytest.approx([0.3, 0.75])
    assert class_sets(three, 0.66).tolist() == [[True, False, False], [True, True, False]]
    assert class_sets(np.array([[0.9]]), 0.2).tolist() == [[False, True]]
    assert class_scores(np.array([[0.9]]), np.array([0.0])) == pytest.approx([0.9])
    assert class_sets(three, math.inf).all()
    found = coverage_of_sets(three, np.array([0, 2]), 0.66, np.array([0, 1]), seed=0)
    assert (found.covered.value, found.size, found.single, found.empty) == (0.5, 1.5, 0.5, 0.0)


def test_intervals_are_as_wide_as_the_threshold_makes_them() -> None:
    mean, variance, y = np.zeros(4), np.array([1.0, 1, 4, 4]), np.array([0.5, 3, 3, 5])
    assert real_scores(mean, variance, y) == pytest.approx([0.5, 3, 1.5, 2.5])
    found = coverage_of_intervals(mean, variance, y, 2.0, np.array([0, 0, 0, 1]), seed=0)
    assert found.covered.value == pytest.approx((2 / 3 + 0) / 2)
    assert found.size == pytest.approx(4 * 1.5)


def simulated(rng: np.random.Generator, sessions: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Absolute errors of sessions of any length whose scales differ and whose bars hang together."""
    lengths = rng.integers(10, 100, sessions + 1)
    scale = np.exp(rng.standard_normal(sessions + 1) / 2)
    walk = [
        np.convolve(rng.standard_normal(n + 4), np.ones(5) / math.sqrt(5), "valid") for n in lengths
    ]
    scores = np.abs(np.concatenate([s * w for s, w in zip(scale, walk, strict=True)]))
    session = np.repeat(np.arange(sessions + 1), lengths)
    return scores, session, session < sessions


@pytest.mark.statistical
@pytest.mark.parametrize("sessions", [10, 20, 40, 80])
def test_a_new_session_is_covered_as_promised(sessions: int) -> None:
    """Pooled bars, as libraries for exchangeable rows count them, fall short."""
    rng = np.random.default_rng(sessions)
    ours, pooled = [], []
    for _ in range(2000):
        scores, session, known = simulated(rng, sessions)
        q = session_quantile(scores[known], session[known], ALPHA)
        n = int(known.sum())
        at = min(n, math.ceil((n + 1) * (1 - ALPHA)))
        ours.append((scores[~known] <= q).mean())
        pooled.append((scores[~known] <= np.sort(scores[known])[at - 1]).mean())
    error = np.std(ours) / math.sqrt(len(ours))
    assert np.mean(ours) > 1 - ALPHA - 3 * error
    # Never more than a session's weight, and the largest jump, above what is promised.
    assert np.mean(ours) < 1 - ALPHA + 1 / (sessions + 1) + 0.01
    if sessions == 10:
        assert np.mean(pooled) < 1 - ALPHA - 0.005
