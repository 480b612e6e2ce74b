"""What held-out predictions score when there is nothing to find: the session null, p and MDE.

The predictions stay, whole label sessions are exchanged (`exchange`). For predictions made by a
model that was fitted on other sessions this is a valid test of the model as it stands; a null that
also refits the model is in `sufficient` (ridge learners) or is made by training on
`Permutations.labels`.

Thousands of permutations cost a table look-up: the score needs only sums over bars
(`additive.terms`), and those for session i's predictions with session j's labels are one matrix
product for all pairs (i, j).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from fireassay import findings
from fireassay.arrays import Float, Int, bar_of_row, session_of_row
from fireassay.statistics.additive import (
    SUMS,
    Scope,
    Terms,
    centred,
    formula,
    mean_of_defined,
    terms,
)
from fireassay.statistics.exchange import Permutations, labelled_stretch, permute_dates
from fireassay.statistics.scores import Score, scored_rows


def p_value(observed: float, null: Float) -> float:
    """Return (1 + #{null ≥ observed}) / (B + 1), one-sided for large values.

    Ties count, those within rounding too; so do null values that are NaN. Phipson & Smyth (2010),
    Stat. Appl. Genet. Mol. Biol. 9:39.
    """
    if math.isnan(observed):
        return math.nan
    slack = 1e-9 * max(abs(observed), 1e-3)
    reached = int((~(null < observed - slack)).sum())
    return (1 + reached) / (len(null) + 1)


def detectable(sd: float, alpha: float = 0.05, power: float = 0.8) -> float:
    """Return the minimal detectable effect (z₁₋α + z_power) · sd: 2.49 · sd as it stands.

    Parameters
    ----------
    sd
        Standard deviation of the score under the null, from the session null: a formula for
        independent rows is several times too small.
    """
    from scipy.special import ndtri

    return float((ndtri(1 - alpha) + ndtri(power)) * sd)


@dataclass(frozen=True, eq=False)
class NullTest:
    """An observed score beside its null distribution.

    Attributes
    ----------
    observed
        The score with the labels as they are.
    values
        `[B]` the scores with exchanged labels.
    p
        One-sided, for a score better than the null's.
    kind
        What was exchanged, in words.
    units
        Number of exchangeable units.
    smallest_p
        What p can't fall below with so many draws and units.
    moved
        Share of the units that get another unit's labels in a draw (`Permutations.moved`).
    se
        Standard error of the score over dates for one fitted predictor, where the null refits it and
        so scatters more; None: that of the null.
    """

    observed: float
    values: Float
    p: float
    kind: str
    units: int
    smallest_p: float
    moved: float = 1.0
    se: float | None = None

    @cached_property
    def chance(self) -> float:
        """Mean of the null: what this predictor gets without skill on these sessions."""
        return float(np.nanmean(self.values)) if np.isfinite(self.values).any() else math.nan

    @cached_property
    def sd(self) -> float:
        """Standard deviation SE₀ of the null."""
        known = self.values[np.isfinite(self.values)]
        return float(known.std(ddof=1)) if len(known) > 1 else math.nan

    def mde(self, alpha: float = 0.05, power: float = 0.8) -> float:
        """Return the minimal detectable effect, as the true score's distance from no skill.

        (z₁₋α · SE₀ + z_power · SE) / `moved`: the score has to pass the null's quantile, from where
        its own scatter takes it. Units that keep their labels in a draw (one in m, in parts of m)
        hold that part of an effect in the null too, so of an effect δ only `moved` · δ stands out.
        """
        if self.moved <= 0:
            return math.inf
        own = self.sd if self.se is None else self.se
        return (detectable(self.sd, alpha, 0.5) + detectable(own, 0.5, power)) / self.moved

    def to_finding(self, keep: int = 500) -> findings.Null:
        """Return the null for a report, with at most `keep` of its draws, evenly thinned."""
        known = np.sort(self.values[np.isfinite(self.values)])
        thin = known[np.linspace(0, len(known) - 1, min(keep, len(known))).round().astype(int)]
        q05, q95 = np.quantile(known, [0.05, 0.95]) if len(known) else (math.nan, math.nan)
        return findings.Null(
            kind=self.kind,
            draws=len(self.values),
            mean=self.chance,
            sd=self.sd,
            q05=float(q05),
            q95=float(q95),
            values=tuple(thin.tolist()),
        )


def heldout_null(
    pred: Float,
    y: Float,
    offsets: Int,
    clusters: Int,
    draws: int = 999,
    *,
    seed: int,
    score: Score = Score.AUC,
    scope: Scope = Scope.POOLED,
    block: int | None = None,
    symbols: Int | None = None,
    permutations: Permutations | None = None,
) -> NullTest:
    """Test fixed predictions of held-out sessions against exchanged label sessions.

    Parameters
    ----------
    pred, y
        `[R]` predictions and labels, NaN where missing (`[R, C]` predictions for the macro AUC).
        Rows of sessions that are not to be scored have NaN predictions.
    offsets, clusters
        `[S + 1]` row offsets; `[S]` index of each session's date.
    draws
        B: 199 or 999 put .05 on the grid of p.
    score, scope
        Any but the ECE; losses are tested for being small.
    block
        Exchange only within blocks of about this many neighbouring dates, against slow drift.
    symbols
        `[S]` which symbol each session is, where a date has several.
    permutations
        Use these instead (then draws, seed, block and symbols are not read): shared draws make the
        nulls of several predictors or targets joint, as `multiplicity` needs them.

    Notes
    -----
    Where every donor has the bars that it is asked for, the null's pooled AUC is exactly the AUC of
    the exchanged labels. Where bars are dropped, a prediction keeps its rank among all observed
    rows; the observed AUC is exact in any case.
    """
    if permutations is None:
        scored = scored_rows(pred, y)
        eligible = np.add.reduceat(np.r_[scored, False], offsets[:-1]) > 0
        eligible &= np.diff(offsets) > 0
        permutations = permute_dates(
            offsets, clusters, draws, seed=seed, block=block, symbols=symbols, eligible=eligible
        )
    if score is Score.AUC_ONE_VS_REST:
        each = [
            _scores(Score.AUC, scope, prob, np.where(np.isnan(y), np.nan, y == c), permutations)
            for c, prob in enumerate(np.where(scored_rows(pred, y)[:, None], pred, np.nan).T)
        ]
        drawn = mean_of_defined(np.stack(each, axis=-1))
    else:
        drawn = _scores(score, scope, pred, y, permutations)
    observed, values = float(drawn[0]), drawn[1:]
    sign = 1 if score.higher_is_better else -1
    return NullTest(
        observed=observed,
        values=values,
        p=max(p_value(sign * observed, sign * values), 1 / permutations.distinct),
        kind=permutations.kind,
        units=permutations.units,
        smallest_p=permutations.smallest_p,
        moved=permutations.moved,
    )


def _scores(score: Score, scope: Scope, pred: Float, y: Float, permutations: Permutations) -> Float:
    """Return `[B + 1]` the score with the labels as they are, then with each draw's."""
    offsets = permutations.offsets
    parts, of_sums = terms(score, scope, pred, y, offsets), formula(score, scope)
    sessions = np.arange(len(offsets) - 1)
    own = replace(permutations, donors=sessions[None], shifts=None)
    return np.concatenate(
        [of_sums(exchanged_sums(parts, drawn, scope)) for drawn in (own, permutations)]
    )


def exchanged_sums(parts: Terms, permutations: Permutations, scope: Scope) -> Float:
    """Return the sums for every draw: `[B, 6]` raw when pooled, `[B, 3]` centred within sessions."""
    if permutations.shifts is not None:
        return _rotated_sums(parts, permutations, scope)
    offsets = permutations.offsets
    left, right = _padded_terms(parts, offsets)
    donors = permutations.donors
    width = SUMS if scope is Scope.POOLED else 3
    total = np.zeros((len(donors), width))
    sessions = len(offsets) - 1
    # A slab of the S × S pair matrix at a time bounds memory; small slabs suit small problems.
    slab = max(1, min(sessions, 2**19 // max(sessions, 1), 2**19 // max(len(donors), 1)))
    for low in range(0, sessions, slab):
        rows = slice(low, min(low + slab, sessions))
        pairs = _pair_sums(left[:, rows], right)
        if scope is Scope.WITHIN:
            pairs = centred(pairs)
        donor = donors[:, rows]
        if (donor < 0).any():
            # A session without a donor adds nothing: send it to an appended column of zeros.
            pairs = np.concatenate([pairs, np.zeros_like(pairs[:, :1])], axis=1)
        total += pairs[np.arange(donor.shape[1]), donor].sum(1)
    return total


def _padded_terms(parts: Terms, offsets: Int) -> tuple[Float, Float]:
    """Return `[3, S, T]` (has a, a, a2) and (has b, b, b²), zero where there is no bar or value."""
    shape = (3, len(offsets) - 1, int(np.diff(offsets).max(initial=1)))
    session, bar = session_of_row(offsets), bar_of_row(offsets)
    padded = []
    for first, second in ((parts.a, parts.a2), (parts.b, parts.b * parts.b)):
        out = np.zeros(shape)
        known = ~np.isnan(first)
        for k, values in enumerate((known, first, second)):
            out[k, session[known], bar[known]] = values[known]
        padded.append(out)
    return padded[0], padded[1]


def _pair_sums(left: Float, right: Float) -> Float:
    """Return `[i, j, 6]` the sums over bars of session i's predictions with session j's labels."""
    has_a, a, a2 = left
    has_b, b, bb = right.transpose(0, 2, 1)
    products = (has_a @ has_b, a @ has_b, has_a @ b, a2 @ has_b, has_a @ bb, a @ b)
    return np.stack(products, axis=-1)


def _rotated_sums(parts: Terms, permutations: Permutations, scope: Scope) -> Float:
    """Do so for labels turned inside each session: one table of all its shifts per session."""
    offsets, shifts = permutations.offsets, permutations.shifts
    assert shifts is not None
    first, length = labelled_stretch(~np.isnan(parts.b), offsets)
    total = np.zeros((len(shifts), SUMS if scope is Scope.POOLED else 3))
    for s in np.flatnonzero(length > 0):
        rows = slice(offsets[s] + first[s], offsets[s] + first[s] + length[s])
        alone = np.array([0, length[s]])
        left, right = _padded_terms(Terms(parts.a[rows], parts.a2[rows], parts.b[rows]), alone)
        # Row k of the table: labels turned by k bars.
        turns = (np.arange(length[s]) + np.arange(length[s])[:, None]) % length[s]
        table = _pair_sums(left, right[:, 0, turns])[0]
        if scope is Scope.WITHIN:
            table = centred(table)
        total += table[shifts[:, s]]
    return total
