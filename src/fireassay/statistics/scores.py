"""Scores of predictions on rows, per session and over all rows.

Every function takes predictions and labels of the same rows, leaves out rows where either is NaN,
and returns NaN where the score isn't defined (one class only, no variation, no rows). All of them
pool: the rows of all sessions count alike, whatever their session. `per_session` gives the score of
each session alone. For the sums that let a score be resampled by session see `additive`.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from fireassay.arrays import AnyArray, Bool, Float, Int


class Score(StrEnum):
    """A score that resampling, nulls and intervals know by name.

    AUC and rank IC read only the order of the predictions; accuracy, balanced accuracy, F1, Brier
    score, NLL and ECE need the probability of class 1; R² and IC need a real prediction.
    """

    AUC = "AUC"
    ACCURACY = "accuracy"
    BALANCED_ACCURACY = "balanced accuracy"
    F1 = "F1"
    BRIER = "Brier score"
    NLL = "NLL"
    ECE = "ECE"
    R2 = "R²"
    IC = "IC"
    RANK_IC = "rank IC"
    AUC_ONE_VS_REST = "macro AUC"
    """Several classes: predictions are `[R, C]`, labels 0 … C − 1."""

    @property
    def higher_is_better(self) -> bool:
        """False for the losses: Brier score, NLL and ECE."""
        return self not in (Score.BRIER, Score.NLL, Score.ECE)

    @property
    def chance(self) -> float:
        """The value without skill where it doesn't depend on the labels; NaN where it does."""
        return _CHANCE.get(self, float("nan"))


_CHANCE = {
    Score.AUC: 0.5,
    Score.BALANCED_ACCURACY: 0.5,
    Score.R2: 0.0,
    Score.IC: 0.0,
    Score.RANK_IC: 0.0,
    Score.AUC_ONE_VS_REST: 0.5,
}


class Average(StrEnum):
    """How F1 of a two-class problem is averaged; libraries differ in their default."""

    BINARY = "binary"
    """F1 of class 1 alone."""

    MACRO = "macro"
    """The plain mean of both classes' F1."""

    WEIGHTED = "weighted"
    """The mean of both classes' F1, each weighted by its share of the labels."""


def scored_rows(pred: Float, y: Float) -> Bool:
    """Return `[R]` where there is a label and a prediction (of every class)."""
    missing = np.isnan(pred)
    return ~(np.isnan(y) | (missing.any(axis=1) if pred.ndim > 1 else missing))


def _known(pred: Float, y: Float) -> tuple[Float, Float]:
    """Return both as float64 without the rows where either is NaN."""
    pred, y = np.asarray(pred, dtype=np.float64), np.asarray(y, dtype=np.float64)
    keep = scored_rows(pred, y)
    return pred[keep], y[keep]


def midranks(values: Float) -> Float:
    """Return ranks from 1 along the last axis; tied values share the mean of their ranks.

    NaN keep NaN and take no rank.
    """
    values = np.asarray(values, dtype=np.float64)
    if values.ndim > 1:
        flat = values.reshape(-1, values.shape[-1])
        return np.stack([midranks(row) for row in flat]).reshape(values.shape)
    order = np.argsort(values)  # ties share their rank, so their order is free
    count = len(values) - int(np.isnan(values).sum())  # NaN sort last
    ordered = values[order[:count]]
    starts = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1])[:count])
    ranks = np.full(len(values), np.nan)
    if len(starts) == count:
        ranks[order[:count]] = np.arange(1.0, count + 1)
    else:
        sizes = np.diff(np.append(starts, count))
        ranks[order[:count]] = np.repeat(starts + (sizes + 1) / 2, sizes)
    return ranks


def auc(pred: Float, y: Float, weight: Float | None = None) -> float:
    """Area under the ROC curve: P(prediction of a positive > that of a negative) + ½ P(tie).

    Parameters
    ----------
    pred
        `[R]` any score that rises with the belief in class 1.
    y
        `[R]` 0, 1 or NaN.
    weight
        `[R]` non-negative weight of each row; None: 1.

    Notes
    -----
    Without weights, (U statistic) / (n₁ n₀) by midranks: Hanley & McNeil (1982), Radiology 143:29.
    """
    if weight is not None:
        return _weighted_auc(pred, y, weight)
    pred, y = _known(pred, y)
    positive = y > 0.5
    ones, zeros = int(positive.sum()), int((~positive).sum())
    if ones == 0 or zeros == 0:
        return float("nan")
    rank_sum = midranks(pred)[positive].sum()
    return float((rank_sum - ones * (ones + 1) / 2) / (ones * zeros))


def _weighted_auc(pred: Float, y: Float, weight: Float) -> float:
    keep = ~(np.isnan(pred) | np.isnan(y))
    pred, y, weight = pred[keep], y[keep], np.asarray(weight, dtype=np.float64)[keep]
    values, group = np.unique(pred, return_inverse=True)
    positive = y > 0.5
    ones = np.bincount(group[positive], weight[positive], minlength=len(values))
    zeros = np.bincount(group[~positive], weight[~positive], minlength=len(values))
    pairs = ones.sum() * zeros.sum()
    if pairs == 0:
        return float("nan")
    below = np.cumsum(zeros) - zeros
    return float((ones * (below + zeros / 2)).sum() / pairs)


def auc_one_vs_rest(prob: Float, y: Float) -> float:
    """Mean over classes of the AUC of that class against the rest (macro average).

    Parameters
    ----------
    prob
        `[R, C]` score of each class.
    y
        `[R]` class 0 … C − 1 or NaN. Classes without rows, or with all rows, are left out of the
        mean.
    """
    prob, y = _known(prob, y)
    each = [auc(prob[:, c], (y == c).astype(float)) for c in range(prob.shape[1])]
    defined = [value for value in each if not np.isnan(value)]
    return float(np.mean(defined)) if defined else float("nan")


@dataclass(frozen=True)
class Confusion:
    """Counts of a two-class decision: true and false positives, false and true negatives.

    Counts may be arrays of equal shape; the metrics then are arrays too.
    """

    tp: Float
    fp: Float
    fn: Float
    tn: Float

    @classmethod
    def of(cls, prob: Float, y: Float, threshold: float = 0.5) -> Confusion:
        """Count over `[R]` rows; the decision is class 1 where prob ≥ threshold."""
        prob, y = _known(prob, y)
        said, true = prob >= threshold, y > 0.5
        tp, fp, fn, tn = (
            np.asarray(cell.sum(), dtype=np.float64)
            for cell in (said & true, said & ~true, ~said & true, ~said & ~true)
        )
        return cls(tp, fp, fn, tn)

    @property
    def accuracy(self) -> Float:
        """(tp + tn) / n."""
        return _ratio(self.tp + self.tn, self.tp + self.fp + self.fn + self.tn)

    @property
    def balanced_accuracy(self) -> Float:
        """Mean of the two classes' recalls."""
        return (_ratio(self.tp, self.tp + self.fn) + _ratio(self.tn, self.tn + self.fp)) / 2

    def f1(self, average: Average = Average.BINARY) -> Float:
        """Harmonic mean of precision and recall; 0 where a class is never true and never said."""
        one = _f1(self.tp, self.fp, self.fn)
        if average is Average.BINARY:
            return one
        zero = _f1(self.tn, self.fn, self.fp)
        if average is Average.MACRO:
            return (one + zero) / 2
        positives, negatives = self.tp + self.fn, self.tn + self.fp
        return _ratio(positives * one + negatives * zero, positives + negatives)


def _ratio(numerator: AnyArray, denominator: AnyArray) -> Float:
    """Divide, with NaN where the denominator is 0."""
    return numerator / np.where(denominator == 0, np.nan, denominator)


def _f1(tp: Float, fp: Float, fn: Float) -> Float:
    empty = (tp + fp + fn) == 0
    value = np.where(empty, 0.0, 2 * tp / np.where(empty, 1.0, 2 * tp + fp + fn))
    return value[()]


def accuracy(prob: Float, y: Float, threshold: float = 0.5) -> float:
    """Share of rows whose decision (class 1 where prob ≥ threshold) is the label."""
    return float(Confusion.of(prob, y, threshold).accuracy)


def balanced_accuracy(prob: Float, y: Float, threshold: float = 0.5) -> float:
    """Mean of the two classes' recalls; ½ for any constant decision."""
    return float(Confusion.of(prob, y, threshold).balanced_accuracy)


def f1(prob: Float, y: Float, threshold: float = 0.5, average: Average = Average.BINARY) -> float:
    """F1 of the decisions, 2 tp / (2 tp + fp + fn) for class 1 unless averaged otherwise."""
    confusion = Confusion.of(prob, y, threshold)
    total = confusion.tp + confusion.fp + confusion.fn + confusion.tn
    return float(confusion.f1(average)) if total else float("nan")


def brier(prob: Float, y: Float) -> float:
    """Mean squared difference between probability and label; Brier (1950), Mon. Weather Rev. 78:1."""
    prob, y = _known(prob, y)
    return float(np.mean((prob - y) ** 2)) if len(y) else float("nan")


CLIP = 1e-7
"""Probabilities are kept this far from 0 and 1 in the NLL: float32 softmax saturates about there."""


def nll(prob: Float, y: Float) -> float:
    """Mean negative log likelihood in nats, probabilities clipped to [1e-7, 1 − 1e-7]."""
    prob, y = _known(prob, y)
    if not len(y):
        return float("nan")
    prob = np.clip(prob, CLIP, 1 - CLIP)
    return float(-np.mean(y * np.log(prob) + (1 - y) * np.log1p(-prob)))


@dataclass(frozen=True, eq=False)
class Reliability:
    """Predicted against observed frequency in bins of equal width over [0, 1].

    Attributes
    ----------
    low, high
        `[bins]` bounds; a bin holds low ≤ prob < high, the last one prob = 1 too.
    count
        `[bins]` rows.
    predicted, observed
        `[bins]` mean probability and share of positives; NaN in empty bins.
    """

    low: Float
    high: Float
    count: Int
    predicted: Float
    observed: Float

    @property
    def ece(self) -> float:
        """Expected calibration error: Σ count/n · abs(predicted − observed).

        Naeini, Cooper & Hauskrecht (2015), AAAI. It is never negative, so that sampling error
        alone makes it positive: about Σ_b sqrt(2 c_b p_b (1 − p_b) / π) / n for c_b independent
        rows in bin b.
        """
        filled = self.count > 0
        if not filled.any():
            return float("nan")
        gap = np.abs(self.predicted[filled] - self.observed[filled])
        return float((self.count[filled] * gap).sum() / self.count.sum())


def bin_of(prob: Float, bins: int) -> Int:
    """Return the index of each probability's bin among `bins` of equal width over [0, 1]."""
    return np.clip((prob * bins).astype(np.int64), 0, bins - 1)


def reliability(prob: Float, y: Float, bins: int = 10) -> Reliability:
    """Return the reliability table of probabilities of class 1."""
    prob, y = _known(prob, y)
    index = bin_of(prob, bins)
    count = np.bincount(index, minlength=bins)
    edges = np.linspace(0, 1, bins + 1)
    return Reliability(
        low=edges[:-1],
        high=edges[1:],
        count=count,
        predicted=_ratio(np.bincount(index, prob, minlength=bins), count),
        observed=_ratio(np.bincount(index, y, minlength=bins), count),
    )


def ece(prob: Float, y: Float, bins: int = 10) -> float:
    """Return the expected calibration error; see `Reliability.ece`."""
    return reliability(prob, y, bins).ece


def r2(pred: Float, y: Float, reference: float | None = None) -> float:
    """1 − Σ(y − pred)² / Σ(y − reference)².

    Parameters
    ----------
    reference
        The constant forecast to beat, such as the mean of the training labels; None: the mean of
        these labels, which no forecaster knew.
    """
    pred, y = _known(pred, y)
    if not len(y):
        return float("nan")
    centre = y.mean() if reference is None else reference
    total = ((y - centre) ** 2).sum()
    return float(1 - ((y - pred) ** 2).sum() / total) if total > 0 else float("nan")


def ic(pred: Float, y: Float) -> float:
    """Information coefficient: Pearson correlation of prediction and label."""
    pred, y = _known(pred, y)
    if len(y) < 2:
        return float("nan")
    a, b = pred - pred.mean(), y - y.mean()
    scale = np.sqrt((a @ a) * (b @ b))
    # A constant's rounding errors must not pass for variation.
    flat = np.ptp(pred) == 0 or np.ptp(y) == 0
    return float("nan") if flat or scale == 0 else float(a @ b / scale)


def rank_ic(pred: Float, y: Float) -> float:
    """Rank information coefficient: Spearman correlation, ties by midranks."""
    pred, y = _known(pred, y)
    return ic(midranks(pred), midranks(y)) if len(y) else float("nan")


def score(kind: Score, pred: Float, y: Float) -> float:
    """Return the score of that name over `[R]` rows, threshold ½ and 10 bins where they matter."""
    return _FUNCTIONS[kind](pred, y)


_FUNCTIONS: dict[Score, Callable[[Float, Float], float]] = {
    Score.AUC: auc,
    Score.ACCURACY: accuracy,
    Score.BALANCED_ACCURACY: balanced_accuracy,
    Score.F1: f1,
    Score.BRIER: brier,
    Score.NLL: nll,
    Score.ECE: ece,
    Score.R2: r2,
    Score.IC: ic,
    Score.RANK_IC: rank_ic,
    Score.AUC_ONE_VS_REST: auc_one_vs_rest,
}


def per_session(kind: Score, pred: Float, y: Float, offsets: Int) -> Float:
    """Return `[S]` the score of each session's rows alone; NaN where it isn't defined there."""
    bounds = itertools.pairwise(offsets)
    return np.array([score(kind, pred[low:high], y[low:high]) for low, high in bounds])
