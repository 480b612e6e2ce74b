"""The session null: fast path against relabelling, p-values, detectable effects, false positives."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from fireassay.statistics import scores
from fireassay.statistics.additive import Scope, additive
from fireassay.statistics.exchange import Permutations, permute_dates, rotate_bars, rotate_dates
from fireassay.statistics.null import NullTest, detectable, heldout_null, p_value
from fireassay.statistics.scores import Score
from tests.statistics import worlds

REAL = (Score.R2, Score.IC, Score.RANK_IC)
SUMMED = [kind for kind in Score if kind not in (Score.ECE, Score.AUC_ONE_VS_REST)]


def prediction(world: worlds.World, kind: Score) -> tuple[np.ndarray, np.ndarray]:
    x = world.x[:, 0]
    prob = 1 / (1 + np.exp(-x - 0.2))
    return (0.1 * x, world.z) if kind in REAL else (prob, world.y)


def relabelled(
    kind: Score, scope: Scope, pred: np.ndarray, y: np.ndarray, drawn: Permutations
) -> list:
    """Score every draw from its own relabelled rows: the slow twin."""
    return [
        additive(kind, pred, drawn.labels(y, b), drawn.offsets, scope).value
        for b in range(drawn.draws)
    ]


@pytest.mark.parametrize("kind", SUMMED)
def test_values_are_those_of_relabelled_rows(kind: Score) -> None:
    world = worlds.ar_overlap(np.random.default_rng(0), sessions=12, bars=30, horizon=5)
    pred, y = prediction(world, kind)
    drawn = permute_dates(world.offsets, world.clusters, 20, seed=0)
    test = heldout_null(
        pred, y, world.offsets, world.clusters, seed=0, score=kind, permutations=drawn
    )
    assert test.observed == pytest.approx(scores.score(kind, pred, y))
    np.testing.assert_allclose(
        test.values, relabelled(kind, Scope.POOLED, pred, y, drawn), rtol=1e-10
    )


@pytest.mark.parametrize("kind", [Score.AUC, Score.IC, Score.RANK_IC])
def test_values_within_sessions(kind: Score) -> None:
    world = worlds.ar_overlap(np.random.default_rng(1), sessions=10, bars=30, horizon=5)
    pred, y = prediction(world, kind)
    drawn = permute_dates(world.offsets, world.clusters, 20, seed=0)
    test = heldout_null(
        pred,
        y,
        world.offsets,
        world.clusters,
        seed=0,
        score=kind,
        scope=Scope.WITHIN,
        permutations=drawn,
    )
    np.testing.assert_allclose(
        test.values, relabelled(kind, Scope.WITHIN, pred, y, drawn), rtol=1e-10
    )


@pytest.mark.parametrize("kind", [Score.BRIER, Score.NLL, Score.R2, Score.IC, Score.F1])
def test_values_with_unequal_lengths_symbols_and_holes(kind: Score) -> None:
    """Dropped bars, absent donors and missing predictions, where the score needs no ranks."""
    rng = np.random.default_rng(2)
    world = worlds.ar_overlap(rng, lengths=rng.integers(8, 40, 12), horizon=5)
    pred, y = prediction(world, kind)
    pred, y = pred.copy(), y.copy()
    pred[rng.random(len(y)) < 0.05] = np.nan
    y[rng.random(len(y)) < 0.2] = np.nan
    clusters, symbols = np.r_[np.arange(7), np.arange(5)], np.repeat([0, 1], [7, 5])
    drawn = permute_dates(world.offsets, clusters, 30, seed=0, symbols=symbols)
    assert (drawn.donors == -1).any()
    test = heldout_null(pred, y, world.offsets, clusters, seed=0, score=kind, permutations=drawn)
    np.testing.assert_allclose(test.values, relabelled(kind, Scope.POOLED, pred, y, drawn), rtol=1e-9)


def test_several_classes() -> None:
    world = worlds.ar_overlap(np.random.default_rng(9), sessions=12, bars=30, features=3, horizon=5)
    y = np.where(np.isnan(world.z), np.nan, np.digitize(world.z, [-1.0, 1.0]))
    drawn = permute_dates(world.offsets, world.clusters, 20, seed=0)
    test = heldout_null(
        world.x, y, world.offsets, world.clusters,
        seed=0, score=Score.AUC_ONE_VS_REST, permutations=drawn,
    )  # fmt: skip
    assert test.observed == pytest.approx(scores.auc_one_vs_rest(world.x, y))
    expected = [scores.auc_one_vs_rest(world.x, drawn.labels(y, b)) for b in range(20)]
    np.testing.assert_allclose(test.values, expected)
    alone = heldout_null(
        world.x, y, world.offsets, world.clusters, 99, seed=0, score=Score.AUC_ONE_VS_REST
    )
    assert alone.units == 12


def test_ranks_stay_when_bars_are_dropped() -> None:
    """The null's AUC is ½ + mean rank of positives − of negatives, ranks among observed rows."""
    rng = np.random.default_rng(3)
    world = worlds.ar_overlap(rng, lengths=rng.integers(20, 60, 30), horizon=5)
    pred, y = world.x[:, 0], world.y
    drawn = permute_dates(world.offsets, world.clusters, 100, seed=0)
    test = heldout_null(pred, y, world.offsets, world.clusters, seed=0, permutations=drawn)
    observed_rows = ~np.isnan(y)
    place = np.array([(pred[observed_rows] < v).mean() for v in pred])
    place += 0.5 * np.array([(pred[observed_rows] == v).mean() for v in pred])
    for b in range(5):
        labels = drawn.labels(y, b)
        by_hand = 0.5 + place[labels == 1].mean() - place[labels == 0].mean()
        assert test.values[b] == pytest.approx(by_hand)
    again = relabelled(Score.AUC, Scope.POOLED, pred, y, drawn)
    # Ranking again changes each value by little beside the null's own scatter.
    assert np.std(test.values - again) < 0.1 * np.std(again)


@pytest.mark.parametrize("scope", list(Scope))
def test_values_of_labels_turned_inside_sessions(scope: Scope) -> None:
    world = worlds.ar_overlap(np.random.default_rng(4), sessions=8, bars=30, horizon=5)
    drawn = rotate_bars(world.offsets, world.clusters, 20, seed=0, labelled=~np.isnan(world.y))
    test = heldout_null(
        world.x[:, 0], world.y, world.offsets, world.clusters, seed=0, scope=scope, permutations=drawn
    )
    expected = relabelled(Score.AUC, scope, world.x[:, 0], world.y, drawn)
    np.testing.assert_allclose(test.values, expected, rtol=1e-10)


def test_many_sessions_go_through_the_pair_matrix_in_slabs() -> None:
    world = worlds.coin(np.random.default_rng(5), sessions=1500, bars=6)
    drawn = permute_dates(world.offsets, world.clusters, 700, seed=0)
    test = heldout_null(
        world.x[:, 0], world.y, world.offsets, world.clusters, seed=0, permutations=drawn
    )
    for b in (0, 699):
        expected = scores.auc(world.x[:, 0], drawn.labels(world.y, b))
        assert test.values[b] == pytest.approx(expected)


def test_few_sessions_are_tested_exactly() -> None:
    """With 4 sessions the p is the share of all 24 arrangements that reach the observed score."""
    offsets = np.arange(0, 41, 10)
    rng = np.random.default_rng(0)
    x = np.repeat([0.0, 1, 2, 3], 10) + 0.1 * rng.standard_normal(40)
    z = np.repeat([0.0, 1, 2, 3], 10) + 0.1 * rng.standard_normal(40)
    test = heldout_null(x, z, offsets, np.arange(4), seed=0, score=Score.IC)
    assert len(test.values) == 23
    assert test.p == test.smallest_p == pytest.approx(1 / 24)


def test_a_loss_is_tested_for_being_small() -> None:
    world = worlds.ar_overlap(np.random.default_rng(6), sessions=30, bars=30, horizon=3)
    good = np.where(world.z > 0, 0.6, 0.4)
    test = heldout_null(good, world.y, world.offsets, world.clusters, 199, seed=0, score=Score.BRIER)
    assert test.p == 1 / 200
    assert test.observed < test.chance


def test_sessions_without_scores_are_no_units() -> None:
    world = worlds.coin(np.random.default_rng(7), sessions=10, bars=20)
    pred = world.x[:, 0].copy()
    pred[:80] = np.nan
    y = world.y.copy()
    y[-20:] = np.nan
    assert heldout_null(pred, y, world.offsets, world.clusters, 99, seed=0).units == 5


def test_p_value_counts_ties_and_missing_draws() -> None:
    assert p_value(1.0, np.array([0.0, 1.0, 2.0])) == 0.75
    assert p_value(1.0, np.array([0.0, 1.0 - 1e-12, np.nan])) == 0.75
    assert np.isnan(p_value(np.nan, np.zeros(3)))
    assert p_value(3.0, np.zeros(0)) == 1.0


def test_detectable_effect() -> None:
    assert detectable(1.0) == pytest.approx(2.4865, abs=1e-4)
    # One-sided z test with that effect: power .8 at .05.
    assert stats.norm.sf(stats.norm.ppf(0.95) - detectable(1.0)) == pytest.approx(0.8)
    assert detectable(2.0, alpha=0.01, power=0.9) == pytest.approx(2 * (2.3263 + 1.2816), abs=1e-3)


def test_summary_for_a_report() -> None:
    values = np.random.default_rng(0).normal(0.5, 0.01, 4000)
    null = NullTest(0.52, values, 0.02, "labels of whole sessions permuted", 60, 1 / 4001)
    shown = null.to_finding()
    assert len(shown.values) == 500
    assert shown.draws == 4000
    assert (shown.mean, shown.sd) == (null.chance, null.sd)
    assert shown.q95 == pytest.approx(np.quantile(values, 0.95))
    assert null.mde() == pytest.approx(2.4865 * values.std(ddof=1), rel=1e-4)
    empty = NullTest(np.nan, np.empty(0), np.nan, "none", 0, 1.0)
    assert empty.to_finding().mean is None


def false_positives(count: int, seed: int, test) -> float:
    return float(np.mean([test(np.random.default_rng((seed, i)), i) <= 0.05 for i in range(count)]))


def test_noise_is_rarely_called_signal() -> None:
    def p(rng: np.random.Generator, i: int) -> float:
        world = worlds.ar_overlap(rng, sessions=30, bars=40)
        return heldout_null(world.x[:, 0], world.y, world.offsets, world.clusters, 99, seed=i).p

    # 300 data sets: a true 5 % stays below 9 % with probability .998.
    assert false_positives(300, 1, p) <= 0.09


def test_rotating_dates_runs_through_the_same_path() -> None:
    world = worlds.ar_overlap(np.random.default_rng(8), sessions=20, bars=30, horizon=5)
    drawn = rotate_dates(world.offsets, world.clusters, 99, seed=0)
    test = heldout_null(
        world.x[:, 0], world.y, world.offsets, world.clusters, seed=0, permutations=drawn
    )
    assert len(test.values) == 19
    assert test.smallest_p == 1 / 20
