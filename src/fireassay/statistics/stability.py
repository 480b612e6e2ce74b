"""Does what is learned early hold late? The relation between features and label, period by period.

The dates are cut in two. A ridge learner is fitted in each period and scored in both: in its own by
cross-validation over dates, in the other as it is. What the own fit is ahead of the foreign one,

    D = ½ [(early|early − late→early) + (late|late − early→late)],

is about 0 as long as the relation stays, and large where it flips, fades or ends. Several cuts are
tried; under the null the dates are permuted over the periods, everything is fitted again, and the
largest D of all cuts is compared (max-T).

That null takes dates for exchangeable. Where features grow livelier over time they aren't, though
the relation stays: the quiet period's fit is the poorer one, and D above 0 (measured: 15 % of such
worlds at a nominal 5 %). So the coefficients have to differ as well, by a Wald test whose variance
is that of the dates' own scores, period by period. Coefficients alone won't do either: they change
with the unit of a feature, D doesn't.

Features and label are taken as deviations from their session's mean. So a class prior that drifts,
or levels that wander from session to session, aren't taken for a changing relation; relations
between sessions' levels aren't seen.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fireassay.arrays import Float, Int, session_of_row
from fireassay.statistics.multiplicity import westfall_young

PENALTY = 0.1
"""Ridge penalty per row on features of about unit variance."""

STEADY = 0.01
"""The same where coefficients are compared."""

UNITS_EACH = 8
"""Units for each coefficient that is compared."""

FOLDS = 3
CUTS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
"""Shares of the dates at which the periods part."""

MOST_FEATURES = 12
"""Features (values or absolute values) that enter: those whose per-date association is largest."""

GLANCE = 199
"""Draws that come first: where they leave p above HOPELESS, the rest isn't drawn."""

HOPELESS = 0.2

VARIES = 1e-6
"""Standard deviation within sessions from which a feature of about unit variance varies."""

MOST_UNITS = 120
"""Blocks of neighbouring dates that are permuted; each is one date where there are fewer."""


@dataclass(frozen=True, eq=False)
class Stability:
    """The D of each cut, and its null.

    Attributes
    ----------
    cuts
        `[m]` share of the units before each cut.
    value
        `[m]` D in units of the IC.
    null
        `[B, m]` D with permuted dates.
    p
        `[m]` the larger of that of D, adjusted over the cuts by max-T, and that of the coefficients,
        by Bonferroni.
    scores
        `[m, 4]` IC of early|early, late→early, late|late, early→late.
    se
        Jackknife standard error of D over the units, at the best cut: where a relation changes, D
        scatters more than where dates are permuted.
    units
        Blocks of dates that are permuted.
    features
        Columns of the features that entered, values and absolute values alike.
    """

    cuts: Float
    value: Float
    null: Float
    p: Float
    scores: Float
    se: float
    units: int
    features: Int

    @property
    def best(self) -> int:
        """The cut with the largest D in standard deviations of its null."""
        return _best(self.value, self.null)

    @property
    def chance(self) -> float:
        """Mean of the null at the best cut."""
        return float(self.null[:, self.best].mean())

    def mde(self, level: float = 0.05) -> float:
        """Return the D − chance found in 80 % of such data at a level, cuts accounted for."""
        sd = _spread(self.null)
        t = ((self.null - self.null.mean(0)) / sd).max(axis=1)
        return float(np.quantile(t, 1 - level) * sd[self.best] + 0.8416 * self.se)


def _best(value: Float, null: Float) -> int:
    return int(np.argmax((value - null.mean(0)) / _spread(null)))


def _spread(null: Float) -> Float:
    return np.maximum(null.std(axis=0, ddof=1), 1e-12)


@dataclass(frozen=True, eq=False)
class _Moments:
    """Per unit: `g [U, F, F]`, `c [U, F]`, `yy [U]`, `n [U]` of deviations from session means."""

    g: Float
    c: Float
    yy: Float
    n: Float


def relation_stability(
    x: Float,
    y: Float,
    offsets: Int,
    clusters: Int,
    *,
    draws: int = 999,
    seed: int,
    cuts: Sequence[float] = CUTS,
) -> Stability | None:
    """Compare fits within periods with fits across them, at each cut.

    Parameters
    ----------
    x
        `[R, F]` features on comparable scales, without NaN.
    y
        `[R]` labels (0/1 or real), NaN where missing.
    offsets, clusters
        `[S + 1]` row offsets; `[S]` index of each session's date.
    draws
        Permutations of the dates; 199 where those leave p above .2.
    cuts
        Shares of the dates at which the periods part.

    Returns
    -------
    Stability
        None with fewer than 20 dates, or if nothing varies.
    """
    known = np.flatnonzero(~np.isnan(y))
    session = session_of_row(offsets)[known]
    dates, date = np.unique(np.asarray(clusters)[session], return_inverse=True)
    if len(dates) < 20:
        return None
    unit = date * min(MOST_UNITS, len(dates)) // len(dates)
    z = np.concatenate([x[known], np.abs(x[known])], axis=1)
    z, target = _deviations(z, session), _deviations(y[known][:, None], session)[:, 0]
    order = np.argsort(unit, kind="stable")
    z, target, unit = z[order], target[order].astype(z.dtype), unit[order]
    starts = np.searchsorted(unit, np.arange(int(unit[-1]) + 2))
    spread = z.std(axis=0)
    if not (spread > VARIES).any() or not target.any():
        return None
    chosen = _strongest(z, target, starts, spread)
    moments = _moments(z[:, chosen] / spread[chosen], target, starts)
    count = len(moments.n)
    rng = np.random.default_rng(seed)
    order = np.vstack([np.arange(count), rng.permuted(np.tile(np.arange(count), (draws, 1)), axis=1)])
    at = [int(np.clip(round(cut * count), FOLDS + 1, count - FOLDS - 1)) for cut in cuts]

    def drawn(part: slice) -> Float:
        return np.stack([_cut_scores(moments, order[part], cut) for cut in at], axis=1)

    # Stopping where p is large doesn't make others smaller: Besag & Clifford (1991), Biometrika 78.
    scores = drawn(slice(0, GLANCE + 1))
    d = _ahead(scores)
    if draws > GLANCE and westfall_young(d[0], d[1:]).p_adjusted.min() <= HOPELESS:
        scores = np.concatenate([scores, drawn(slice(GLANCE + 1, None))])
        d = _ahead(scores)
    left_out = 1 - np.eye(count)
    as_is = np.tile(np.arange(count), (count, 1))
    without = _ahead(_cut_scores(moments, as_is, at[_best(d[0], d[1:])], left_out))
    return Stability(
        cuts=np.array(at) / count,
        value=d[0],
        null=d[1:],
        p=np.maximum(
            westfall_young(d[0], d[1:]).p_adjusted,
            np.minimum(len(at) * np.array([_wald(moments, cut) for cut in at]), 1.0),
        ),
        scores=scores[0],
        se=float(np.sqrt((count - 1) * without.var())),
        units=count,
        features=np.unique(chosen % x.shape[1]),
    )


def _ahead(scores: Float) -> Float:
    """Return `[B + 1, m]` D from the four scores."""
    return (scores[..., 0] - scores[..., 1] + scores[..., 2] - scores[..., 3]) / 2


def _deviations(values: Float, session: Int) -> Float:
    """Return `[n, F]` values less their session's mean; rows of a session lie together."""
    starts = np.flatnonzero(np.r_[True, session[1:] != session[:-1]])
    sizes = np.diff(np.r_[starts, len(session)])
    means = np.add.reduceat(values, starts, axis=0) / sizes[:, None]
    return values - np.repeat(means, sizes, axis=0)


def _strongest(z: Float, target: Float, starts: Int, spread: Float) -> Int:
    """Return the columns with the largest sum of squared associations over units.

    The sum doesn't depend on the order of the units, so the choice is the same in every permutation.
    """
    spans = itertools.pairwise(starts.tolist())
    squares = sum((target[a:b] @ z[a:b]) ** 2 for a, b in spans)
    strength = np.where(spread > VARIES, squares / np.maximum(spread, VARIES) ** 2, -1.0)
    order = np.argsort(-strength, kind="stable")[:MOST_FEATURES]
    return np.sort(order[strength[order] >= 0])


def _moments(z: Float, target: Float, starts: Int) -> _Moments:
    """Sum the moments of each unit's rows."""
    z, target = z.astype(np.float64), target.astype(np.float64)
    spans = [slice(a, b) for a, b in itertools.pairwise(starts.tolist())]
    return _Moments(
        g=np.stack([z[s].T @ z[s] for s in spans]),
        c=np.stack([z[s].T @ target[s] for s in spans]),
        yy=np.array([target[s] @ target[s] for s in spans]),
        n=np.array([float(s.stop - s.start) for s in spans]),
    )


def _cut_scores(m: _Moments, order: Int, cut: int, weight: Float | None = None) -> Float:
    """Return `[B + 1, 4]` the scores of both periods' fits in both, for each order of the units.

    `weight [B + 1, U]` leaves units out where it is 0.
    """
    draws, count = order.shape
    early = np.zeros((draws, count))
    np.put_along_axis(early, order[:, :cut], 1.0, axis=1)
    fold = np.empty((draws, count), dtype=np.int64)
    np.put_along_axis(fold, order, np.arange(count)[None] % FOLDS, axis=1)
    out = []
    kept = np.ones_like(early) if weight is None else weight
    for part, other in ((early * kept, (1 - early) * kept), ((1 - early) * kept, early * kept)):
        own = _across(m, [(part * (fold != k), part * (fold == k)) for k in range(FOLDS)])
        foreign = _across(m, [(other, part)])
        out += [own, foreign]
    return np.stack(out, axis=1)


def _wald(m: _Moments, cut: int) -> float:
    """Return p that the coefficients before and after a cut are the same.

    The variance is the sandwich of the units' scores (White (1980), Econometrica 48:817, by cluster),
    and the statistic's distribution Hotelling's, since units are few.
    """
    from scipy.special import fdtrc

    count = len(m.n)
    used = np.sort(np.argsort(-(m.c**2).sum(0), kind="stable")[: max(1, count // UNITS_EACH)])
    g, c = m.g[:, used[:, None], used], m.c[:, used]
    difference, variance = np.zeros(len(used)), np.zeros((len(used), len(used)))
    for sign, part in ((1, slice(0, cut)), (-1, slice(cut, None))):
        total, units = g[part].sum(0), len(m.n[part])
        inverse = np.linalg.inv(total + STEADY * m.n[part].sum() * np.eye(len(used)))
        w = inverse @ c[part].sum(0)
        scores = c[part] - g[part] @ w
        difference += sign * w
        variance += inverse @ (scores.T @ scores) @ inverse * units / (units - 1)
    # A value and its absolute value are one feature where the sign never changes.
    size, axes = np.linalg.eigh(variance)
    free = size > 1e-9 * size[-1]
    squared = float(((axes[:, free].T @ difference) ** 2 / size[free]).sum())
    k, freedom = int(free.sum()), count - 2
    return float(fdtrc(k, freedom - k + 1, squared * (freedom - k + 1) / (freedom * k)))


def _across(m: _Moments, folds: Sequence[tuple[Float, Float]]) -> Float:
    """Return `[B]` IC of fits on one set of units for another, pooled over folds."""
    draws, width = len(folds[0][0]), m.c.shape[1]
    flat = m.g.reshape(len(m.n), -1)
    py, pp, yy = np.zeros(draws), np.zeros(draws), np.zeros(draws)
    for fit, test in folds:
        n = np.maximum(fit @ m.n, 1.0)
        gram = (fit @ flat).reshape(draws, width, width) / n[:, None, None]
        w = np.linalg.solve(gram + PENALTY * np.eye(width), (fit @ m.c / n[:, None])[..., None])[
            ..., 0
        ]
        held = (test @ flat).reshape(draws, width, width)
        py += (w * (test @ m.c)).sum(1)
        pp += np.einsum("bf,bfg,bg->b", w, held, w, optimize=True)
        yy += test @ m.yy
    return py / np.sqrt(np.maximum(pp * yy, 1e-300))
