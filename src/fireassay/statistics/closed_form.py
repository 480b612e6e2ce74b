"""Ridge learners of many label columns at once: one decomposition, however many labels there are.

What a learner finds of a planted effect takes hundreds of fits that differ in their labels alone. The
features' covariance is summed once; a column of labels then costs its products with the features, a
few multiplications for each penalty, and a prediction of the held-out rows. Rows come in chunks, so
that wide maps of the features never stand in memory as a whole.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from fireassay.arrays import Float, Int
from fireassay.statistics.moments import BINS, bin_of_z
from fireassay.statistics.scores import Score, auc, rank_ic

Columns = Callable[[Int], Float]
"""Returns `[n, F]` float32 features of the rows given, without NaN."""

PENALTY = 0.1
"""Ridge penalty per row on features of unit variance."""

CHUNK = 20_000
"""Rows at a time."""


def fit_predict(columns: Columns, fit: Int, y: Float, held: Int, penalty: float = PENALTY) -> Float:
    """Fit a ridge learner to each column of labels and predict held-out rows.

    Parameters
    ----------
    columns
        The features of any rows.
    fit, held
        Rows to learn from, `[n]`, and to predict, `[m]`.
    y
        `[n, J]` labels of the rows `fit`; NaN: that column doesn't learn from the row.
    penalty
        Per row, on features scaled to unit variance over the rows `fit`.

    Returns
    -------
    `[m, J]` float32 predictions, as deviations from a constant: enough for scores of order.

    Notes
    -----
    The covariance is that of all rows `fit`, also for columns in which some lack a label.
    """
    known = ~np.isnan(y)
    count = np.maximum(known.sum(0), 1)
    target = np.where(known, y - np.nansum(y, axis=0) / count, 0.0).astype(np.float32)
    sums = _sums(columns, fit, target)
    # The labels are centred over their own rows, so the features' mean drops out but for those rows.
    xy = (sums.xy - sums.mean[:, None] * sums.y) / count
    return _predict(columns, held, sums.mean, _solve(sums, xy, penalty))


def fit_subsets(
    columns: Columns,
    fit: Int,
    y: Float,
    block: Int,
    subsets: Sequence[Int],
    held: Int,
    penalty: float = PENALTY,
) -> Float:
    """Fit a ridge learner to each of some subsets of blocks of rows, and predict held-out rows.

    Parameters
    ----------
    columns, fit, held, penalty
        As in `fit_predict`.
    y
        `[n, C]` labels of the rows `fit`, none missing.
    block
        `[n]` block of each row.
    subsets
        Blocks of each subset.

    Returns
    -------
    `[m, J, C]` float32 predictions of the learners of J subsets, as deviations from the mean label.
    """
    target = (y - y.mean(axis=0)).astype(np.float32)
    each = {b: _sums(columns, fit[block == b], target[block == b]) for b in np.unique(block).tolist()}
    weights, offsets = [], []
    for subset in subsets:
        sums = _Sums.add([each[b] for b in subset.tolist() if b in each])
        xy = sums.xy / sums.n - np.outer(sums.mean, sums.y / sums.n)
        w = _solve(sums, xy, penalty)
        weights.append(w)
        offsets.append(sums.mean @ w - sums.y / sums.n)
    zero = np.zeros(weights[0].shape[0])
    out = _predict(columns, held, zero, np.concatenate(weights, axis=1)) - np.concatenate(offsets)
    return out.reshape(len(held), len(subsets), y.shape[1])


@dataclass(frozen=True, eq=False)
class _Sums:
    """Over some rows: their number, Σx `[F]`, XᵀX `[F, F]`, XᵀY `[F, J]`, Σy `[J]`."""

    n: int
    x: Float
    xx: Float
    xy: Float
    y: Float

    @classmethod
    def add(cls, parts: Sequence[_Sums]) -> _Sums:
        return cls(
            n=sum(p.n for p in parts),
            x=np.sum([p.x for p in parts], axis=0),
            xx=np.sum([p.xx for p in parts], axis=0),
            xy=np.sum([p.xy for p in parts], axis=0),
            y=np.sum([p.y for p in parts], axis=0),
        )

    @property
    def mean(self) -> Float:
        return self.x / max(self.n, 1)


def _sums(columns: Columns, rows: Int, target: Float) -> _Sums:
    width = columns(rows[:1]).shape[1]
    x, xx = np.zeros(width), np.zeros((width, width))
    xy = np.zeros((width, target.shape[1]))
    for low in range(0, len(rows), CHUNK):
        part = slice(low, low + CHUNK)
        values = columns(rows[part])
        x += values.sum(0, dtype=np.float64)
        xx += values.T @ values
        xy += values.T @ target[part]
    return _Sums(len(rows), x, xx, xy, target.sum(0, dtype=np.float64))


def _solve(sums: _Sums, xy: Float, penalty: float) -> Float:
    """Return `[F, J]` coefficients; a feature that doesn't vary gets none."""
    mean = sums.mean
    covariance = sums.xx / max(sums.n, 1) - np.outer(mean, mean)
    sd = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    # Single precision leaves this much of a constant's square.
    varies = sd > 1e-3 * np.maximum(np.abs(mean), 1e-6)
    scale = np.where(varies, 1 / np.maximum(sd, 1e-30), 0.0)[:, None]
    gram = covariance * scale * scale.T + penalty * np.eye(len(mean))
    solved: Float = np.linalg.solve(gram, xy * scale) * scale
    return solved


def _predict(columns: Columns, rows: Int, mean: Float, w: Float) -> Float:
    out = np.empty((len(rows), w.shape[1]), dtype=np.float32)
    centre, w = mean.astype(np.float32), w.astype(np.float32)
    for low in range(0, len(rows), CHUNK):
        part = slice(low, low + CHUNK)
        out[part] = (columns(rows[part]) - centre) @ w
    return out


def column_scores(kind: Score, pred: Float, y: Float) -> Float:
    """Return `[J]` the AUC (0/1 labels) or rank IC of each column; NaN labels don't count.

    AUC is counted in 1,024 bins of the predictions' z-scores: off by less than .001.

    Raises
    ------
    ValueError
        For another score.
    """
    if kind not in (Score.AUC, Score.RANK_IC):
        raise ValueError(f"{kind} isn't computed here")
    return np.array([_one(kind, p, label) for p, label in zip(pred.T, y.T, strict=True)])


def _one(kind: Score, pred: Float, y: Float) -> float:
    known = ~np.isnan(y)
    pred, y = pred[known], y[known]
    if kind is Score.RANK_IC:
        return rank_ic(pred.astype(np.float64), y)
    if len(y) < 10 * BINS:
        return auc(pred.astype(np.float64), y)
    z = (pred - pred.mean()) / max(float(pred.std()), 1e-30)
    cell = bin_of_z(z).astype(np.int64) + BINS * (y > 0.5)
    zeros, ones = np.bincount(cell, minlength=2 * BINS).reshape(2, BINS).astype(np.float64)
    won = (ones * (np.cumsum(zeros) - zeros / 2)).sum()
    return float(won / max(zeros.sum() * ones.sum(), 1.0))
