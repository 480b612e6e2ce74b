"""Ridge learners of many labels against scikit-learn's, fitted one by one."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.preprocessing import StandardScaler

from fireassay.statistics import scores
from fireassay.statistics.closed_form import CHUNK, column_scores, fit_predict, fit_subsets
from fireassay.statistics.scores import Score


def data(rows: int = 3000, features: int = 6) -> np.ndarray:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((rows, features)) * rng.uniform(0.1, 5, features) + rng.uniform(-1, 1)
    x[:, -1] = 4.0  # a constant
    return x.astype(np.float32)


def slow(x: np.ndarray, y: np.ndarray, held: np.ndarray, penalty: float) -> np.ndarray:
    scaler = StandardScaler().fit(x)
    model = Ridge(alpha=penalty * len(x)).fit(scaler.transform(x), y)
    return model.predict(scaler.transform(held))


def test_each_column_is_a_ridge_fit_of_its_own() -> None:
    x = data(CHUNK + 2000)
    rng = np.random.default_rng(1)
    y = x[:, :3] @ rng.standard_normal((3, 4)) + rng.standard_normal((len(x), 4))
    fit, held = np.arange(CHUNK + 1000), np.arange(CHUNK + 1000, len(x))
    found = fit_predict(lambda rows: x[rows], fit, y[fit], held, penalty=0.3)
    for j in range(4):
        expected = slow(x[fit], y[fit, j], x[held], 0.3)
        assert np.corrcoef(found[:, j], expected)[0, 1] > 1 - 1e-6
        assert found[:, j].std() == pytest.approx(expected.std(), rel=1e-3)


def test_a_column_learns_from_its_own_labels_alone() -> None:
    x = data()
    y = np.column_stack([x[:, 0] + 3.0, x[:, 0] + 3.0]).astype(float)
    fit, held = np.arange(2000), np.arange(2000, 3000)
    y[1000:2000, 1] = np.nan
    found = fit_predict(lambda rows: x[rows], fit, y[fit], held)
    assert np.corrcoef(found.T)[0, 1] > 0.99


def test_subsets_are_fits_on_their_rows_alone() -> None:
    x = data()
    rng = np.random.default_rng(2)
    y = (x[:, :2] @ rng.standard_normal((2, 2)) + rng.standard_normal((len(x), 2))) + 5.0
    fit, held = np.arange(2000), np.arange(2000, 3000)
    block = fit * 4 // 2000
    subsets = [np.array([1]), np.array([0, 3]), np.arange(4)]
    found = fit_subsets(lambda rows: x[rows], fit, y[fit], block, subsets, held, penalty=0.2)
    for j, subset in enumerate(subsets):
        rows = fit[np.isin(block, subset)]
        for c in range(2):
            alone = fit_predict(lambda rows: x[rows], rows, y[rows, c : c + 1], held, penalty=0.2)
            # Both up to a constant: one centres labels over all rows, the other over the subset's.
            expected = alone[:, 0] - alone[:, 0].mean()
            assert found[:, j, c] - found[:, j, c].mean() == pytest.approx(expected, abs=2e-3)


def test_scores_of_columns() -> None:
    rng = np.random.default_rng(3)
    for rows in (500, 30_000):
        y = (rng.random((rows, 2)) < 0.4).astype(float)
        y[::7, 0] = np.nan
        pred = (np.nan_to_num(y) * 0.3 + rng.standard_normal((rows, 2))).astype(np.float32)
        found = column_scores(Score.AUC, pred, y)
        exact = [scores.score(Score.AUC, pred[:, j].astype(float), y[:, j]) for j in range(2)]
        assert found == pytest.approx(exact, abs=1e-3)
    found = column_scores(Score.RANK_IC, pred, y)
    assert found[1] == pytest.approx(scores.rank_ic(pred[:, 1].astype(float), y[:, 1]))
    with pytest.raises(ValueError, match="isn't computed"):
        column_scores(Score.R2, pred, y)
