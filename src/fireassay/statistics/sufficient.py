"""What a ridge learner scores, refitted for every permutation, at about the cost of one fit.

Cross-validated over blocks of dates. In every fold and for every draw the features are standardised
on the training sessions, the penalty is chosen by cross-validation inside them, the learner is
fitted, and the held-out sessions are scored: the whole pipeline under each permutation. All of it
follows from per-session moments (`moments`), so that a thousand permutations cost one pass over the
data and some F × F algebra. Linear regression is a small penalty; a non-linear map of the features
(random convolutions, random Fourier features, leaves of trees) is just another matrix of features.

IC and R² come from the moments themselves. AUC needs the order of the predictions: a second pass
predicts for all draws at once and counts them in 1,024 bins of their z-scores, exact but for ties
inside a bin (measured error of an AUC: at most 1 % of the null's deviation, typically .1 %); the
observed AUC is computed from the predictions themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np

from fireassay.arrays import Bool, Float, Int, rows_of_sessions, session_of_row
from fireassay.statistics import scores
from fireassay.statistics.bootstrap import standard_error
from fireassay.statistics.exchange import Permutations
from fireassay.statistics.folds import Fold, group_sessions
from fireassay.statistics.moments import BINS, Crosses, Engine, Layout, NumpyEngine, Predictor
from fireassay.statistics.null import NullTest, p_value
from fireassay.statistics.ridge import Fit, Learner
from fireassay.statistics.scores import Score

PENALTIES = (1e-3, 1e-2, 1e-1, 1.0, 10.0)
"""Ridge penalties per row on standardised features: λ here is scikit-learn's alpha / rows."""


TOGETHER = 8
"""Targets whose predictions are counted in one pass over the data."""


@dataclass(frozen=True, eq=False)
class RidgeNull:
    """Observed and permuted held-out scores of a ridge learner for H targets.

    Attributes
    ----------
    score
        `[H]` the score of each target.
    observed, null
        `[H]`, `[B, H]`: means over folds weighted by held-out labels (R² pools the folds' errors).
    p
        `[H]` one-sided.
    penalty
        `[K, H]` the penalty that was chosen in each fold with the observed labels.
    predictions
        `[R, H]` held-out predictions with the observed labels, NaN outside the test parts; for AUC
        and IC in z-scores of the fold's training predictions, so that folds may be pooled.
    coef
        `[K, H, F]` what a unit of each feature adds to those predictions in each fold.
    se
        `[H]` standard error over dates of the held-out predictions' score.
    exact
        `[H]` whether the moments are those of the labelled bars in every draw (`moments`).
    """

    score: tuple[Score, ...]
    observed: Float
    null: Float
    p: Float
    penalty: Float
    predictions: Float
    coef: Float
    se: Float
    exact: Bool
    permutations: Permutations

    def test(self, target: int = 0) -> NullTest:
        """Return one target's score beside its null."""
        drawn = self.permutations
        return NullTest(
            observed=float(self.observed[target]),
            values=self.null[:, target],
            p=float(self.p[target]),
            kind=f"{drawn.kind}, the learner refitted each time",
            units=drawn.units,
            smallest_p=drawn.smallest_p,
            moved=drawn.moved,
            se=None if np.isnan(self.se[target]) else float(self.se[target]),
        )


def ridge_null(
    features: Iterable[Float],
    y: Float,
    permutations: Permutations,
    folds: Sequence[Fold],
    *,
    score: Score | Sequence[Score] = Score.IC,
    penalties: Sequence[float] = PENALTIES,
    standardise: bool = True,
    inner: Sequence[Fold] | None = None,
    share_rows: bool = False,
    engine: Engine | None = None,
    memory: int = 2**29,
    workers: int = 1,
    progress: Callable[[float], None] | None = None,
) -> RidgeNull:
    """Score a ridge learner with the observed labels and with each permutation's.

    Parameters
    ----------
    features
        The sessions' features `[T, F]` in order, finite; iterated two times or more, so a sequence
        or an object that starts again with each `iter`, not a generator.
    y
        `[R]` or `[R, H]` labels, NaN where missing; 0/1 where the score is AUC.
    permutations
        Of sessions (`exchange.permute_dates` or `rotate_dates`).
    folds
        Train and test sessions of each fold: `folds.session_folds`, or one walk-forward split.
    score
        AUC, IC or R²; one for all targets or one each.
    penalties
        Chosen from inside each training part by the squared error, for every draw anew.
    standardise
        Scale the features to unit variance on the training part; False takes them as they are.
    inner
        Folds for choosing the penalty, taken inside each training part; None: `folds` themselves,
        of which there must be three or more.
    share_rows
        Take the moments of the features from the bars that some draw labels for any target: with
        many targets whose labelled bars differ, much faster. See `moments`.
    engine
        Device that sums the moments; None: the host.
    memory
        Bytes that the moments of labels may take at a time; more draws are done in several passes.
    workers
        Threads that share the targets. Matrices are small: let each multiply alone (BLAS limited to
        one thread), or they wait for each other.
    progress
        Told which share of the work is done.

    Raises
    ------
    ValueError
        For other scores, permutations inside sessions, or features that don't fit.

    Notes
    -----
    The coefficients solve (Z'Z/n + λI) β = Z'(y − ȳ)/n over the training part, with an intercept.
    Hoerl & Kennard (1970), Technometrics 12:55.
    """
    y = np.asarray(y, dtype=np.float64).reshape(len(y), -1)
    targets = y.shape[1]
    kinds = (score,) * targets if isinstance(score, Score) else tuple(score)
    if set(kinds) - {Score.AUC, Score.IC, Score.R2}:
        raise ValueError("a ridge learner is scored by AUC, IC or R² here")
    engine = engine or NumpyEngine(workers)
    if inner is None:
        inner = folds
        if len(folds) < 3 and len(penalties) > 1:
            raise ValueError("give inner folds to choose the penalty from, or one penalty")
    total_sessions = len(permutations.offsets) - 1
    group, members = group_sessions(total_sessions, [*folds, *inner])
    first = np.asarray(next(iter(features)), dtype=np.float64)
    layout = Layout.of(y, permutations, group, shift=first.mean(axis=0), share_rows=share_rows)
    grams = engine.grams(features, layout)
    learner = Learner(layout, grams, members, len(folds), np.array(penalties), standardise)

    total = len(layout.donors)
    each = layout.groups * targets * len(layout.shift) * 8
    step = max(1, min(total, memory // each))
    values = np.empty((total, targets))
    done = 0
    for low in range(0, total, step):
        draws = slice(low, min(low + step, total))
        size = draws.stop - low
        crosses = engine.crosses(features, layout, draws)
        observed: list[list[Fit]] = []
        # As many targets together as leave room for their histograms and coefficients.
        room = memory // (len(folds) * size * (2 * BINS + len(layout.shift)) * 8)
        for chosen in _chunks(range(targets), max(1, min(room, TOGETHER))):
            with ThreadPoolExecutor(workers) as pool:
                fits = dict(
                    zip(chosen, pool.map(partial(_fits, learner, crosses), chosen), strict=True)
                )
            observed += [[fit.first() for fit in fits[h]] for h in chosen]
            values[draws, chosen] = _scores(engine, features, layout, draws, kinds, fits, folds)
            done += size * len(chosen)
            if progress is not None:
                progress(done / (total * targets))
        if low == 0:
            penalty = np.array([[fit.penalty[0] for fit in of_target] for of_target in observed]).T
            coef, start = _coefficients(layout, observed, kinds)
            predictions = _predict(features, layout, folds, coef, start)
    p = np.array([p_value(values[0, h], values[1:, h]) for h in range(targets)])
    takes_part = permutations.unit[session_of_row(layout.offsets)] >= 0
    se = np.empty(targets)
    for h, kind in enumerate(kinds):
        own = np.where(takes_part, y[:, h], np.nan)
        if kind is Score.AUC:
            values[0, h] = _observed_auc(predictions[:, h], own, layout.offsets, folds)
        se[h] = standard_error(predictions[:, h], own, layout.offsets, permutations.unit, score=kind)
    return RidgeNull(
        score=kinds,
        observed=values[0],
        null=values[1:],
        p=p,
        penalty=penalty,
        predictions=predictions,
        coef=coef,
        se=se,
        exact=layout.exact,
        permutations=permutations,
    )


def _from_moments(kind: Score, fits: Sequence[Fit]) -> Float:
    """Return `[J]` R² with the folds' errors pooled, or the mean IC weighted by labels.

    A constant prediction has IC 0.
    """
    n = np.stack([fit.n for fit in fits])
    if kind is Score.R2:
        total = (n * np.stack([fit.yy for fit in fits])).sum(0)
        missed = np.stack([fit.sse for fit in fits]).sum(0)
        return 1 - missed / np.where(total > 0, total, np.nan)
    scale = np.stack([np.sqrt(np.maximum(fit.pp * fit.yy, 0)) for fit in fits])
    each = np.stack([fit.py for fit in fits]) / np.where(scale > 0, scale, np.inf)
    return _weighted_mean(each, n)


def _weighted_mean(each: Float, weight: Float) -> Float:
    """Average over axis 0 what is defined; NaN where nothing is."""
    weight = np.where(np.isnan(each), 0.0, weight)
    total = weight.sum(0)
    return (np.nan_to_num(each) * weight).sum(0) / np.where(total > 0, total, np.nan)


def _mean_auc(counts: Float) -> Float:
    """Return `[J]` the folds' mean AUC weighted by labels, from `[K, J, 2, BINS]` counts."""
    zeros, ones = counts[:, :, 0], counts[:, :, 1]
    pairs = ones.sum(-1) * zeros.sum(-1)
    won = (ones * (np.cumsum(zeros, axis=-1) - zeros / 2)).sum(-1)
    return _weighted_mean(won / np.where(pairs > 0, pairs, np.nan), counts.sum((2, 3)))


def _chunks(items: range, size: int) -> Iterator[list[int]]:
    for low in range(0, len(items), size):
        yield list(items[low : low + size])


def _fits(learner: Learner, crosses: Crosses, target: int) -> list[Fit]:
    """Return one target's fit of each fold."""
    return [learner.fit(k, target, crosses) for k in range(len(learner.outer))]


def _scores(
    engine: Engine,
    features: Iterable[Float],
    layout: Layout,
    draws: slice,
    kinds: Sequence[Score],
    fits: Mapping[int, Sequence[Fit]],
    folds: Sequence[Fold],
) -> Float:
    """Return `[J, H']` the scores of some targets' fits; all AUC from one pass over the data."""
    out = np.empty((draws.stop - draws.start, len(fits)))
    counted = [h for h in fits if kinds[h] is Score.AUC]
    if counted:
        predictors = [
            [_predictor(fit, test) for fit, (_, test) in zip(fits[h], folds, strict=True)]
            for h in counted
        ]
        counts = engine.histograms(features, layout, draws, counted, predictors)
    for j, h in enumerate(fits):
        auc = kinds[h] is Score.AUC
        out[:, j] = _mean_auc(counts[counted.index(h)]) if auc else _from_moments(kinds[h], fits[h])
    return out


def _predictor(fit: Fit, test: Int) -> Predictor:
    return Predictor(np.asarray(test), fit.coef / fit.sd[:, None], (fit.start - fit.mean) / fit.sd)


def _coefficients(
    layout: Layout, fits: Sequence[Sequence[Fit]], kinds: Sequence[Score]
) -> tuple[Float, Float]:
    """Return `[K, H, F]` and `[K, H]` the first draw's learners, `fits[target][fold]`."""
    raw = np.array([kind is Score.R2 for kind in kinds])
    coef, start = [], []
    for of_fold in zip(*fits, strict=True):
        scale = np.where(raw, 1.0, [fit.sd[0] for fit in of_fold])
        origin = np.where(raw, -layout.centre, [fit.mean[0] for fit in of_fold])
        coef.append(np.stack([fit.coef[0] for fit in of_fold]) / scale[:, None])
        start.append((np.array([fit.start[0] for fit in of_fold]) - origin) / scale)
    return np.stack(coef), np.stack(start)


def _predict(
    features: Iterable[Float], layout: Layout, folds: Sequence[Fold], coef: Float, start: Float
) -> Float:
    """Return `[R, H]` held-out predictions."""
    out = np.full((int(layout.offsets[-1]), coef.shape[1]), np.nan)
    tested = [np.isin(np.arange(len(layout.group)), test) for _, test in folds]
    for s, x in layout.sessions(features):
        for k in range(len(folds)):
            if tested[k][s]:
                out[layout.offsets[s] : layout.offsets[s + 1]] = x @ coef[k].T + start[k]
    return out


def _observed_auc(predictions: Float, y: Float, offsets: Int, folds: Sequence[Fold]) -> float:
    """Return the folds' mean AUC weighted by labels, from the predictions themselves."""
    rows = [rows_of_sessions(offsets, np.asarray(test)) for _, test in folds]
    each = np.array([scores.auc(predictions[r], y[r]) for r in rows])
    return float(_weighted_mean(each, np.array([(~np.isnan(y[r])).sum() for r in rows], dtype=float)))
