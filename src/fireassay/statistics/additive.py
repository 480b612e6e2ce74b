"""Scores as functions of sums over bars, so that sessions can be resampled without the rows.

Six sums say all that most scores need of transformed predictions a and labels b (table `_transform`
below): n, Σa, Σb, Σa², Σb², Σab. They add over sessions, for the labels a session has (bootstrap:
weigh the sessions) as for those it is given (permutation: sum over pairs of sessions).

- AUC = ½ + C_ab / C_bb with a the prediction's rank in (0, 1), b the 0/1 label and C the centred
  sums: the slope of rank on label is the positives' mean rank minus the negatives'. Midranks make it
  right for ties. The rank is that among all observed rows, so it stays when labels move (exact), but
  not when sessions are drawn with replacement: there, histograms of the predictions per session are
  used instead (`Additive`).
- Rank IC: the correlation of such ranks; IC: of the values.
- Accuracy, balanced accuracy and F1: a is the decision, so Σab counts the true positives.
- NLL: a is the logit, with Σ ln(1 − p) in the place of Σa².

`Scope.WITHIN` centres the sums in each session before they are added, so that only the order of
bars inside their own session counts; levels that drift from session to session can't score.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from fireassay.arrays import Bool, Float, Int, session_of_row
from fireassay.statistics.scores import CLIP, Score, bin_of, midranks, score, scored_rows

Formula = Callable[[Float], Float]


class Scope(StrEnum):
    """Which comparisons count."""

    POOLED = "pooled over sessions"
    """Every bar against every bar, of any session: what `scores` computes."""

    WITHIN = "within sessions"
    """Bars of one session against each other: AUC, IC and rank IC only. The AUC is the mean of the
    sessions' AUCs, each weighted by n₁n₀/n (van Elteren); the IC correlates deviations from the
    session's mean."""


SUMS = 6
"""n, Σa, Σb, Σa² (or its substitute), Σb², Σab."""


@dataclass(frozen=True, eq=False)
class Terms:
    """What is summed over bars: `a` and its second term from predictions, `b` from labels.

    Attributes
    ----------
    a, a2, b
        `[R]`; NaN where there is no prediction (a, a2) or no label (b).
    """

    a: Float
    a2: Float
    b: Float


def terms(kind: Score, scope: Scope, pred: Float, y: Float, offsets: Int) -> Terms:
    """Transform predictions and labels into what the score sums.

    Raises
    ------
    ValueError
        If the score can't be had from six sums (ECE, macro AUC), or not within sessions.
    """
    if kind in (Score.ECE, Score.AUC_ONE_VS_REST):
        raise ValueError(f"the {kind} isn't a function of six sums of predictions and labels")
    if scope is Scope.WITHIN and kind not in _CENTRED:
        raise ValueError(f"{kind} isn't defined within sessions; AUC, IC and rank IC are")
    pred, y = np.asarray(pred, dtype=np.float64), np.asarray(y, dtype=np.float64)
    scored = scored_rows(pred, y)
    if kind is Score.AUC:
        a, b = _rank_share(pred, scored, offsets, scope), y
    elif kind is Score.RANK_IC:
        a = _rank_share(pred, scored, offsets, scope)
        b = _rank_share(y, scored, offsets, scope)
    elif kind is Score.IC:
        a, b = pred - _mean(pred[scored]), y - _mean(y[scored])
    elif kind in (Score.R2, Score.BRIER):
        # A shift common to both leaves their differences, and spares the sums cancellation.
        centre = _mean(y[scored])
        a, b = pred - centre, y - centre
    elif kind is Score.NLL:
        clipped = np.clip(pred, CLIP, 1 - CLIP)
        return Terms(np.log(clipped) - np.log1p(-clipped), np.log1p(-clipped), y)
    else:
        a, b = np.where(np.isnan(pred), np.nan, pred >= 0.5), y
    return Terms(a, a * a, b)


def _mean(values: Float) -> float:
    return float(values.mean()) if len(values) else 0.0


def _rank_share(values: Float, scored: Bool, offsets: Int, scope: Scope) -> Float:
    """Return `[R]` each value's place in (0, 1) among the scored rows, of its session or of all."""
    if scope is Scope.POOLED:
        return _place(values, values[scored])
    out = np.full(len(values), np.nan)
    for low, high in itertools.pairwise(offsets):
        part = values[low:high]
        out[low:high] = _place(part, part[scored[low:high]])
    return out


def _place(values: Float, among: Float) -> Float:
    """Return (number of `among` below + half of those equal) / n; (midrank − ½)/n for a member."""
    if not len(among):
        return np.full(len(values), np.nan)
    among = np.sort(among)
    below, upto = (np.searchsorted(among, values, side) for side in ("left", "right"))
    return np.where(np.isnan(values), np.nan, (below + upto) / (2 * len(among)))


def centred(sums: Float) -> Float:
    """Return `[..., 3]` Σ(a−ā)², Σ(b−b̄)², Σ(a−ā)(b−b̄) from `[..., 6]` raw sums."""
    n, a, b, aa, bb, ab = np.moveaxis(sums, -1, 0)
    share = 1 / np.where(n > 0, n, 1)
    return np.stack([aa - a * a * share, bb - b * b * share, ab - a * b * share], axis=-1)


def _quotient(numerator: Float, denominator: Float) -> Float:
    """Divide, with NaN where the denominator is 0 but for rounding."""
    return numerator / np.where(denominator > 1e-12, denominator, np.nan)


def _correlation(c: Float) -> Float:
    return _quotient(c[..., 2], np.sqrt(np.maximum(c[..., 0], 0) * np.maximum(c[..., 1], 0)))


_CENTRED: dict[Score, Formula] = {
    Score.AUC: lambda c: 0.5 + _quotient(c[..., 2], c[..., 1]),
    Score.IC: _correlation,
    Score.RANK_IC: _correlation,
}


def _recalls(m: Float) -> Float:
    n, a, b, _, _, ab = np.moveaxis(m, -1, 0)
    return (_quotient(ab, b) + _quotient(n - a - b + ab, n - b)) / 2


def _f1(m: Float) -> Float:
    n, a, b, ab = m[..., 0], m[..., 1], m[..., 2], m[..., 5]
    value = np.where(a + b > 0, 2 * ab / np.where(a + b > 0, a + b, 1), 0.0)
    return np.where(n > 0, value, np.nan)


_RAW: dict[Score, Formula] = {
    Score.ACCURACY: lambda m: _quotient(m[..., 0] - m[..., 1] - m[..., 2] + 2 * m[..., 5], m[..., 0]),
    Score.BALANCED_ACCURACY: _recalls,
    Score.F1: _f1,
    Score.BRIER: lambda m: _quotient(m[..., 3] - 2 * m[..., 5] + m[..., 4], m[..., 0]),
    Score.NLL: lambda m: -_quotient(m[..., 5] + m[..., 3], m[..., 0]),
    Score.R2: lambda m: 1 - _quotient(m[..., 3] - 2 * m[..., 5] + m[..., 4], centred(m)[..., 1]),
}


def formula(kind: Score, scope: Scope = Scope.POOLED) -> Formula:
    """Return the score as a function of sums: raw `[..., 6]` pooled, centred `[..., 3]` within."""
    if scope is Scope.WITHIN:
        return _CENTRED[kind]
    if kind in _CENTRED:
        of_centred = _CENTRED[kind]
        return lambda sums: of_centred(centred(sums))
    return _RAW[kind]


@dataclass(frozen=True, eq=False)
class Additive:
    """A score as a function of per-session sums, for any weights of the sessions.

    Attributes
    ----------
    sums
        `[S, K]` per session.
    of_sums
        `[..., K]` added sums → `[...]` score.
    value
        The score with all weights 1, from the rows themselves.
    correction
        `value` minus the score from the sums: 0 but for the AUC of more distinct predictions than
        bins, where it is below 1e-4; added to every replicate.
    """

    sums: Float
    of_sums: Formula
    value: float
    correction: float

    def __call__(self, weights: Float) -> Float:
        """Return `[...]` the scores with `[..., S]` non-negative weights of the sessions."""
        return self.of_sums(weights @ self.sums) + self.correction

    def without_each(self, clusters: Int) -> Float:
        """Return `[D]` the scores with the sessions of one cluster left out (the jackknife).

        Parameters
        ----------
        clusters
            `[S]` cluster of each session, 0 … D − 1.
        """
        each = np.zeros((int(clusters.max()) + 1, self.sums.shape[1]))
        np.add.at(each, clusters, self.sums)
        return self.of_sums(self.sums.sum(0) - each) + self.correction


BINS = 1024
"""Histogram bins of the AUC, of equal counts; coarser where sessions × bins would pass 2²³."""


def additive(
    kind: Score, pred: Float, y: Float, offsets: Int, scope: Scope = Scope.POOLED
) -> Additive:
    """Return the per-session sums of a score.

    Parameters
    ----------
    pred, y
        `[R]` predictions and labels, NaN where missing.
    offsets
        `[S + 1]` row offsets of the sessions.

    Notes
    -----
    Pooled rank IC keeps each row's rank among all rows whatever the weights; against ranking each
    resample again the difference is of second order in the IC (measured: below 2 % of the interval's
    width at IC .1).
    """
    pred, y = np.asarray(pred, dtype=np.float64), np.asarray(y, dtype=np.float64)
    scored = scored_rows(pred, y)
    session = session_of_row(offsets)[scored]
    if scope is Scope.POOLED and kind in _HISTOGRAMS:
        build = _HISTOGRAMS[kind]
        sums, of_sums = build(pred[scored], y[scored], session, len(offsets) - 1)
    else:
        t = terms(kind, scope, pred, y, offsets)
        a, a2, b = t.a[scored], t.a2[scored], t.b[scored]
        columns = (None, a, b, a2, b * b, a * b)
        sums = np.stack([np.bincount(session, c, len(offsets) - 1) for c in columns], axis=1)
        if scope is Scope.WITHIN:
            sums = centred(sums)
        of_sums = formula(kind, scope)
    from_sums = float(of_sums(sums.sum(0)))
    value = score(kind, pred, y) if scope is Scope.POOLED else from_sums
    return Additive(sums, of_sums, value, value - from_sums)


def _auc_sums(pred: Float, y: Float, session: Int, sessions: int) -> tuple[Float, Formula]:
    """Histogram positives and negatives of each session over bins of equal counts."""
    bins = int(min(BINS, max(64, 2**23 // max(2 * sessions, 1))))
    distinct, code = np.unique(pred, return_inverse=True)
    if len(distinct) <= bins:
        index, bins = code, max(len(distinct), 1)
    else:
        index = ((midranks(pred) - 0.5) * bins / len(pred)).astype(np.int64)
    cell = (session * 2 + (y > 0.5)) * bins + index
    sums = np.bincount(cell, minlength=sessions * 2 * bins).reshape(sessions, 2 * bins)

    def of_sums(m: Float) -> Float:
        zeros, ones = m[..., :bins], m[..., bins:]
        below = np.cumsum(zeros, axis=-1) - zeros / 2
        return _quotient((ones * below).sum(-1), ones.sum(-1) * zeros.sum(-1))

    return sums.astype(np.float64), of_sums


def _macro_auc_sums(pred: Float, y: Float, session: Int, sessions: int) -> tuple[Float, Formula]:
    """Lay the classes' histograms side by side."""
    parts = [
        _auc_sums(pred[:, c], (y == c).astype(float), session, sessions) for c in range(pred.shape[1])
    ]
    ends = np.cumsum([sums.shape[1] for sums, _ in parts])[:-1]

    def of_sums(m: Float) -> Float:
        pieces = np.split(m, ends, axis=-1)
        each = [of_class(piece) for piece, (_, of_class) in zip(pieces, parts, strict=True)]
        return mean_of_defined(np.stack(each, axis=-1))

    return np.concatenate([sums for sums, _ in parts], axis=1), of_sums


def mean_of_defined(values: Float) -> Float:
    """Return the mean over the last axis of what isn't NaN; NaN where all are."""
    known = ~np.isnan(values)
    return _quotient(np.where(known, values, 0).sum(-1), known.sum(-1).astype(float))


def _ece_sums(
    pred: Float, y: Float, session: Int, sessions: int, bins: int = 10
) -> tuple[Float, Formula]:
    cell = session * bins + bin_of(pred, bins)
    parts = [np.bincount(cell, c, sessions * bins).reshape(sessions, bins) for c in (None, pred, y)]

    def of_sums(m: Float) -> Float:
        count, predicted, observed = np.split(m, 3, axis=-1)
        return _quotient(np.abs(predicted - observed).sum(-1), count.sum(-1))

    return np.concatenate(parts, axis=1), of_sums


_HISTOGRAMS: dict[Score, Callable[[Float, Float, Int, int], tuple[Float, Formula]]] = {
    Score.AUC: _auc_sums,
    Score.AUC_ONE_VS_REST: _macro_auc_sums,
    Score.ECE: _ece_sums,
}
