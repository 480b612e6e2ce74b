"""Scores from per-session sums are the scores of the rows that those sessions have."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from fireassay.arrays import rows_of_sessions
from fireassay.statistics import additive as ad
from fireassay.statistics import scores
from fireassay.statistics.additive import Scope, additive
from fireassay.statistics.scores import Score

OFFSETS = np.array([0, 50, 50, 120, 200, 260, 333])


def sample(rows: int = 333, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Probabilities, binary and real labels, with holes in each."""
    rng = np.random.default_rng(seed)
    prob = rng.beta(2, 2, rows)
    z = prob - 0.5 + rng.standard_normal(rows)
    y = (z > 0).astype(float)
    prob[rng.random(rows) < 0.05] = np.nan
    hole = rng.random(rows) < 0.1
    y[hole] = z[hole] = np.nan
    return prob, y, z


def several_classes(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Scores of three classes and the class, with holes in each."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 3, 333).astype(float)
    prob = rng.random((333, 3)) + 0.3 * (y[:, None] == np.arange(3))
    prob[rng.random(333) < 0.05, 1] = np.nan
    y[rng.random(333) < 0.1] = np.nan
    return prob, y


def labels_for(kind: Score, y: np.ndarray, z: np.ndarray) -> np.ndarray:
    return z if kind in (Score.R2, Score.IC, Score.RANK_IC) else y


ONE = [kind for kind in Score if kind is not Score.AUC_ONE_VS_REST]
EXACT = [kind for kind in ONE if kind is not Score.RANK_IC]


@pytest.mark.parametrize("kind", ONE)
def test_unit_weights_give_the_score(kind: Score) -> None:
    prob, y, z = sample()
    label = labels_for(kind, y, z)
    parts = additive(kind, prob, label, OFFSETS)
    assert parts.value == pytest.approx(scores.score(kind, prob, label))
    assert parts.correction == pytest.approx(0, abs=1e-12)
    assert parts(np.ones(6)) == pytest.approx(parts.value)


@pytest.mark.parametrize("kind", EXACT)
def test_weights_equal_repeating_sessions(kind: Score) -> None:
    prob, y, z = sample(seed=1)
    label = labels_for(kind, y, z)
    drawn = np.array([0, 0, 2, 3, 3, 5])
    rows = rows_of_sessions(OFFSETS, drawn)
    weights = np.bincount(drawn, minlength=6).astype(float)
    expected = scores.score(kind, prob[rows], label[rows])
    assert additive(kind, prob, label, OFFSETS)(weights) == pytest.approx(expected)


def test_macro_auc_of_several_classes() -> None:
    prob, y = several_classes()
    parts = additive(Score.AUC_ONE_VS_REST, prob, y, OFFSETS)
    assert parts.value == pytest.approx(scores.auc_one_vs_rest(prob, y))
    drawn = np.array([0, 0, 2, 3, 3, 5])
    rows = rows_of_sessions(OFFSETS, drawn)
    weights = np.bincount(drawn, minlength=6).astype(float)
    assert parts(weights) == pytest.approx(scores.auc_one_vs_rest(prob[rows], y[rows]))


def test_binned_auc_of_many_values_is_close() -> None:
    rng = np.random.default_rng(0)
    rows, sessions = 60_000, 50
    y = (rng.random(rows) < 0.3).astype(float)
    pred = rng.standard_t(2, rows) + 0.5 * y
    offsets = np.linspace(0, rows, sessions + 1).astype(int)
    parts = additive(Score.AUC, pred, y, offsets)
    assert abs(parts.correction) < 1e-4
    weights = rng.multinomial(sessions, np.ones(sessions) / sessions, 3)
    for weight in weights:
        expected = scores.auc(pred, y, np.repeat(weight.astype(float), np.diff(offsets)))
        assert parts(weight) == pytest.approx(expected, abs=2e-6)


def test_fixed_ranks_are_close_to_ranking_again() -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal(4_000)
    z = 0.1 * x + rng.standard_normal(4_000)
    offsets = np.arange(0, 4_001, 100)
    parts = additive(Score.RANK_IC, x, z, offsets)
    drawn = rng.integers(0, 40, (60, 40))
    fixed = [parts(np.bincount(d, minlength=40)) for d in drawn]
    again = [scores.rank_ic(x[r], z[r]) for r in (rows_of_sessions(offsets, d) for d in drawn)]
    assert np.std(np.subtract(fixed, again)) < 0.02 * 3.92 * np.std(again)


@pytest.mark.parametrize("kind", [Score.AUC, Score.IC, Score.RANK_IC])
def test_within_sessions_is_a_weighted_mean_of_sessions(kind: Score) -> None:
    prob, y, z = sample(seed=3)
    label = labels_for(kind, y, z)
    known = ~(np.isnan(prob) | np.isnan(label))
    pairs = [
        (prob[low:high][known[low:high]], label[low:high][known[low:high]])
        for low, high in itertools.pairwise(OFFSETS)
        if high > low
    ]
    if kind is Score.AUC:
        weight = [b.sum() * (1 - b).sum() / len(b) for _, b in pairs]
        expected = np.average([scores.auc(a, b) for a, b in pairs], weights=weight)
    else:
        if kind is Score.RANK_IC:
            pairs = [
                ((scores.midranks(a) - 0.5) / len(a), (scores.midranks(b) - 0.5) / len(b))
                for a, b in pairs
            ]
        a = np.concatenate([a - a.mean() for a, _ in pairs])
        b = np.concatenate([b - b.mean() for _, b in pairs])
        expected = a @ b / np.sqrt(a @ a * (b @ b))
    assert additive(kind, prob, label, OFFSETS, Scope.WITHIN).value == pytest.approx(expected)


def test_leaving_each_cluster_out() -> None:
    prob, y, _ = sample(seed=4)
    clusters = np.array([0, 0, 1, 2, 2, 3])
    parts = additive(Score.AUC, prob, y, OFFSETS)
    for cluster in range(4):
        rows = rows_of_sessions(OFFSETS, np.flatnonzero(clusters != cluster))
        assert parts.without_each(clusters)[cluster] == pytest.approx(scores.auc(prob[rows], y[rows]))


def test_what_can_not_be_summed_is_said() -> None:
    prob, y, _ = sample()
    with pytest.raises(ValueError, match="ECE"):
        ad.terms(Score.ECE, Scope.POOLED, prob, y, OFFSETS)
    with pytest.raises(ValueError, match="macro AUC"):
        ad.terms(Score.AUC_ONE_VS_REST, Scope.POOLED, *several_classes(), OFFSETS)
    with pytest.raises(ValueError, match="within sessions"):
        ad.terms(Score.NLL, Scope.WITHIN, prob, y, OFFSETS)
