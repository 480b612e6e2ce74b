"""Many hypotheses at once, and the best of many runs.

Westfall & Young's step-down max-T answers "which are real" for targets, horizons and features that
share their permutations: it knows how they correlate, so that sixty copies of one target cost no
more than one. Holm needs p-values only. Benjamini & Hochberg is for exploring: it bounds the share
of false finds, not the chance of one. `best_of` compares the best of N runs with the null of the
best of N.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from fireassay.arrays import Float
from fireassay.statistics.null import p_value


def holm(p: Float) -> Float:
    """Return `[H]` step-down Bonferroni p-values; Holm (1979), Scand. J. Stat. 6:65.

    NaN stay NaN and don't count as hypotheses.
    """
    known = np.flatnonzero(~np.isnan(p))
    order = known[np.argsort(p[known], kind="stable")]
    steps = np.arange(len(order), 0, -1) * p[order]
    out = np.full(len(p), np.nan)
    out[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return out


def benjamini_hochberg(p: Float) -> Float:
    """Return `[H]` q-values: the false discovery rate at which each would just be a find.

    Benjamini & Hochberg (1995), J. R. Stat. Soc. B 57:289; right under independence and positive
    dependence. NaN stay NaN and don't count as hypotheses.
    """
    known = np.flatnonzero(~np.isnan(p))
    order = known[np.argsort(p[known], kind="stable")]
    steps = len(order) / np.arange(1, len(order) + 1) * p[order]
    out = np.full(len(p), np.nan)
    out[order] = np.minimum(np.minimum.accumulate(steps[::-1])[::-1], 1.0)
    return out


@dataclass(frozen=True, eq=False)
class MaxT:
    """Result of the step-down max-T procedure.

    Attributes
    ----------
    p
        `[H]` p of each hypothesis alone.
    p_adjusted
        `[H]` p adjusted for all: rejecting those ≤ α makes any false find at most α likely.
    statistic
        `[H]` the observed score in standard deviations of its null.
    """

    p: Float
    p_adjusted: Float
    statistic: Float


def westfall_young(observed: Float, null: Float, *, two_sided: bool = False) -> MaxT:
    """Adjust for many hypotheses by joint permutation draws (step-down max-T).

    Parameters
    ----------
    observed
        `[H]` scores, large for an effect (a loss with its sign turned); NaN: not tested.
    null
        `[B, H]` scores of the same permutations for all hypotheses. NaN draws count against the
        hypothesis.
    two_sided
        Test the distance from the null's mean instead.

    Notes
    -----
    Scores are first standardised by the mean and deviation of their B + 1 values, the observed
    among them, so that under the null each is exchangeable with the observed one. Westfall & Young
    (1993), Resampling-Based Multiple Testing, algorithm 4.1; Ge, Dudoit & Speed (2003), Test 12:1.
    """
    values = np.vstack([observed[None], null]).astype(np.float64)
    tested = ~np.isnan(observed)
    with np.errstate(invalid="ignore"):
        deviation = values - _nan_mean(values)
        spread = np.sqrt(_nan_mean(deviation**2))
        # No variation: neither observed nor null says anything, all are tied.
        spread = np.where(spread > 1e-12 * np.abs(values).max(0, initial=1e-300), spread, np.inf)
        standard = deviation / spread
    if two_sided:
        standard = np.abs(standard)
    statistic = standard[0]
    draws = np.where(np.isnan(standard[1:]), np.inf, standard[1:])
    p = np.array([p_value(statistic[h], draws[:, h]) for h in range(len(observed))])
    order = np.flatnonzero(tested)[np.argsort(-statistic[tested], kind="stable")]
    adjusted = np.full(len(observed), np.nan)
    if len(order):
        # Row by row the maximum over the hypotheses not yet passed on the way down.
        running = np.maximum.accumulate(draws[:, order[::-1]], axis=1)[:, ::-1]
        steps = [p_value(statistic[h], running[:, k]) for k, h in enumerate(order)]
        adjusted[order] = np.maximum.accumulate(steps)
    return MaxT(p=p, p_adjusted=adjusted, statistic=np.where(tested, statistic, np.nan))


def _nan_mean(values: Float) -> Float:
    """Mean over draws of what is finite; 0 where nothing is."""
    finite = np.isfinite(values)
    return np.where(finite, values, 0).sum(0) / np.maximum(finite.sum(0), 1)


@dataclass(frozen=True, eq=False)
class BestOf:
    """The best of N runs beside what the best of N gets without skill.

    Attributes
    ----------
    index, value
        Which run is best, and its score.
    tried
        N, the runs with a score.
    chance
        Mean score of the best of N under the null.
    q95
        Its 95 % quantile: a best score has to pass it.
    p
        Of the best score.
    """

    index: int
    value: float
    tried: int
    chance: float
    q95: float
    p: float


def best_of(observed: Float, null: Float) -> BestOf:
    """Compare the best of N scores with the null distribution of the best of N.

    Parameters
    ----------
    observed
        `[N]` scores in the same unit, large is good; NaN for a run without a score.
    null
        `[B, N]` scores of all runs in the same permutations.

    Raises
    ------
    ValueError
        If no run has a score.
    """
    scored = np.flatnonzero(~np.isnan(observed))
    if not len(scored):
        raise ValueError("no run has a score")
    index = int(scored[np.argmax(observed[scored])])
    best = np.where(np.isnan(null[:, scored]), -np.inf, null[:, scored]).max(axis=1, initial=-np.inf)
    best = best[np.isfinite(best)]
    return BestOf(
        index=index,
        value=float(observed[index]),
        tried=len(scored),
        chance=float(best.mean()) if len(best) else math.nan,
        q95=float(np.quantile(best, 0.95)) if len(best) else math.nan,
        p=p_value(float(observed[index]), best),
    )
