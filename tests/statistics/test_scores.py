"""Scores against scikit-learn, SciPy and direct counting."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats
import sklearn.metrics as sk
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from fireassay.statistics import scores
from fireassay.statistics.scores import Average, Score


def sample(seed: int, rows: int = 300, ties: bool = True) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    prob = rng.random(rows)
    if ties:
        prob = np.round(prob, 1)
    return prob, (rng.random(rows) < 0.3 + 0.4 * prob).astype(float)


@given(arrays(float, st.integers(2, 40), elements=st.integers(0, 5).map(float)), st.data())
def test_auc_counts_pairs(pred: np.ndarray, data: st.DataObject) -> None:
    y = np.array(data.draw(st.lists(st.booleans(), min_size=len(pred), max_size=len(pred)))) * 1.0
    ones, zeros = pred[y == 1], pred[y == 0]
    pairs = (ones[:, None] > zeros) + 0.5 * (ones[:, None] == zeros)
    expected = pairs.mean() if pairs.size else np.nan
    assert scores.auc(pred, y) == pytest.approx(expected, nan_ok=True)


def test_weighted_auc_equals_repeating_rows() -> None:
    prob, y = sample(0)
    weight = np.random.default_rng(1).integers(0, 4, len(y))
    repeated = scores.auc(np.repeat(prob, weight), np.repeat(y, weight))
    assert scores.auc(prob, y, weight.astype(float)) == pytest.approx(repeated)
    assert scores.auc(prob, y, weight.astype(float)) == pytest.approx(
        sk.roc_auc_score(y, prob, sample_weight=weight)
    )
    assert np.isnan(scores.auc(prob, np.ones_like(y), np.ones_like(y)))


@given(arrays(float, st.integers(0, 30), elements=st.integers(-3, 3).map(float) | st.just(np.nan)))
def test_midranks_are_scipys(values: np.ndarray) -> None:
    expected = scipy.stats.rankdata(values, nan_policy="omit") if len(values) else values
    np.testing.assert_array_equal(scores.midranks(values), expected)


def test_midranks_along_the_last_axis() -> None:
    values = np.random.default_rng(0).integers(0, 4, (3, 7)).astype(float)
    np.testing.assert_array_equal(scores.midranks(values), scipy.stats.rankdata(values, axis=1))


@pytest.mark.parametrize("seed", range(3))
def test_values_are_sklearns(seed: int) -> None:
    prob, y = sample(seed)
    said = prob >= 0.5
    inner = np.clip(prob, 1e-7, 1 - 1e-7)
    expected = {
        Score.AUC: sk.roc_auc_score(y, prob),
        Score.ACCURACY: sk.accuracy_score(y, said),
        Score.BALANCED_ACCURACY: sk.balanced_accuracy_score(y, said),
        Score.F1: sk.f1_score(y, said),
        Score.BRIER: sk.brier_score_loss(y, prob),
        Score.NLL: sk.log_loss(y, inner),
        Score.R2: sk.r2_score(y, prob),
        Score.IC: scipy.stats.pearsonr(prob, y).statistic,
        Score.RANK_IC: scipy.stats.spearmanr(prob, y).statistic,
    }
    for kind, value in expected.items():
        assert scores.score(kind, prob, y) == pytest.approx(value), kind
    for average in (Average.MACRO, Average.WEIGHTED):
        ours = scores.f1(prob, y, average=average)
        assert ours == pytest.approx(sk.f1_score(y, said, average=average.value))


def test_r2_against_a_reference_known_beforehand() -> None:
    prob, y = sample(0)
    expected = 1 - ((y - prob) ** 2).sum() / ((y - 0.4) ** 2).sum()
    assert scores.r2(prob, y, reference=0.4) == pytest.approx(expected)


def test_one_vs_rest_is_sklearns() -> None:
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, 200).astype(float)
    prob = rng.dirichlet(np.ones(3), 200)
    assert scores.auc_one_vs_rest(prob, y) == pytest.approx(
        sk.roc_auc_score(y, prob, multi_class="ovr")
    )
    y[:10] = np.nan
    prob[10:20, 1] = np.nan
    assert scores.score(Score.AUC_ONE_VS_REST, prob, y) == pytest.approx(
        sk.roc_auc_score(y[20:], prob[20:], multi_class="ovr")
    )


def test_reliability_and_ece_by_hand() -> None:
    prob = np.array([0.05, 0.15, 0.15, 1.0, np.nan])
    y = np.array([0.0, 1.0, 0.0, 1.0, 1.0])
    table = scores.reliability(prob, y)
    assert table.count.tolist() == [1, 2, 0, 0, 0, 0, 0, 0, 0, 1]
    np.testing.assert_allclose(table.observed[[0, 1, 9]], [0, 0.5, 1])
    assert scores.ece(prob, y) == pytest.approx((1 * 0.05 + 2 * 0.35 + 0) / 4)


@pytest.mark.parametrize("kind", [kind for kind in Score if kind is not Score.AUC_ONE_VS_REST])
def test_rows_with_a_missing_value_are_left_out(kind: Score) -> None:
    prob, y = sample(5)
    holed, gone = prob.copy(), y.copy()
    holed[::7], gone[::5] = np.nan, np.nan
    keep = ~(np.isnan(holed) | np.isnan(gone))
    assert scores.score(kind, holed, gone) == pytest.approx(scores.score(kind, prob[keep], y[keep]))
    assert np.isnan(scores.score(kind, np.full(4, np.nan), np.ones(4)))


ORDINARY = [k for k in Score if not np.isnan(k.chance) and k is not Score.AUC_ONE_VS_REST]


@pytest.mark.parametrize("kind", ORDINARY)
def test_chance_is_what_a_useless_prediction_gets(kind: Score) -> None:
    y = np.random.default_rng(0).random(20_000)
    if kind in (Score.AUC, Score.BALANCED_ACCURACY):
        y = (y < 0.4).astype(float)
    useless = np.random.default_rng(1).random(20_000)
    useless = np.full(20_000, y.mean()) if kind is Score.R2 else useless
    assert scores.score(kind, useless, y) == pytest.approx(kind.chance, abs=0.02)


def test_a_constant_prediction_has_no_correlation() -> None:
    y = np.arange(10.0)
    assert np.isnan(scores.ic(np.full(10, 0.1), y))
    assert np.isnan(scores.rank_ic(np.full(10, 0.1), y))
    assert scores.auc(np.full(10, 0.1), (y > 4).astype(float)) == 0.5


def test_per_session_is_the_score_of_each_part() -> None:
    prob, y = sample(2)
    offsets = np.array([0, 100, 100, 300])
    each = scores.per_session(Score.AUC, prob, y, offsets)
    assert each[0] == scores.auc(prob[:100], y[:100])
    assert np.isnan(each[1])
    assert each[2] == scores.auc(prob[100:], y[100:])
