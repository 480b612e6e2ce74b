"""Named measures of predictions: the columns of a run's history."""

from __future__ import annotations

import numpy as np

from fireassay.arrays import Float
from fireassay.data.task import Kind
from fireassay.statistics import scores
from fireassay.statistics.calibration import ece
from fireassay.statistics.scores import Score

HEADLINE: dict[Kind, Score] = {"binary": Score.AUC, "multiclass": Score.AUC, "real": Score.RANK_IC}
"""The threshold-free score by which learning is judged (multiclass: the mean one-against-rest)."""


def headline(kind: Kind, mean: Float, y: Float) -> float:
    """Return the headline score of predictions `[n, C]` against labels `[n]`."""
    if kind == "real":
        return scores.rank_ic(mean[:, 0], y)
    return scores.auc(mean[:, 0], y) if kind == "binary" else scores.auc_one_vs_rest(mean, y)


def measures(kind: Kind, mean: Float, y: Float) -> dict[str, float]:
    """Return the measures of predictions `[n, C]` against labels `[n]`, by name.

    NLL in nats; accuracy and F1 at the threshold ½ (multiclass: the likeliest class, F1 the mean
    over classes); ECE in ten bins of equal mass, of several classes that of the likeliest.
    """
    if kind == "real":
        pred = mean[:, 0]
        return {
            "r2": scores.r2(pred, y),
            "ic": scores.ic(pred, y),
            "rank_ic": scores.rank_ic(pred, y),
        }
    if kind == "binary":
        prob = mean[:, 0]
        return {
            "nll": scores.nll(prob, y),
            "auc": scores.auc(prob, y),
            "accuracy": scores.accuracy(prob, y),
            "f1": scores.f1(prob, y),
            "brier": scores.brier(prob, y),
            "ece": ece(mean, y),
            "positive_share": float((prob >= 0.5).mean()),
        }
    code = y.astype(np.int64)
    truth = np.eye(mean.shape[1])[code]
    chosen = np.eye(mean.shape[1])[mean.argmax(1)]
    each_f1 = [scores.f1(chosen[:, c], truth[:, c]) for c in range(mean.shape[1])]
    return {
        "nll": float(-np.log(np.clip(mean[np.arange(len(y)), code], scores.CLIP, 1)).mean()),
        "auc": scores.auc_one_vs_rest(mean, y),
        "accuracy": float((mean.argmax(1) == code).mean()),
        "f1": float(np.mean(each_f1)),
        "brier": float(((mean - truth) ** 2).sum(1).mean()),
        "ece": ece(mean, y),
    }
