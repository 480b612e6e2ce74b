"""What features tell of a label at every lag between the two, and which lag tells most.

The score at lag b is that of a ridge learner which is given the features of the bar b bars *later*
than the label's (earlier where b is negative), inside the session. It is fitted on every other date
and scored on the dates between, on bars so far from their session's ends that every lag is scored on
the same ones; so lags can be compared in pairs.

Two things are asked of a lag. Is its score more than chance? Labels of whole test dates are
exchanged under the fixed predictions of all lags, p by step-down max-T. Is it more than another
lag's? The jackknife pseudo-values of the two scores are subtracted date by date and signs are
flipped, the same signs for all lags that are compared, so that the largest is corrected for their
number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from fireassay.arrays import Bool, Float, Int, bar_of_row, rows_of_sessions, session_of_row
from fireassay.statistics.additive import additive
from fireassay.statistics.exchange import permute_dates
from fireassay.statistics.multiplicity import westfall_young
from fireassay.statistics.null import heldout_null, p_value
from fireassay.statistics.scores import Score, score

PENALTY = 0.1
"""Ridge penalty per row on features of about unit variance."""


@dataclass(frozen=True)
class Above:
    """The lag of some candidates that scores most above the best of some others.

    Attributes
    ----------
    lag, reference
        The candidate, and the best of the others.
    value
        Score at the one less score at the other.
    p
        One-sided, that it is above, corrected for the number of candidates.
    se
        Standard error of the difference over dates.
    mde
        Difference that would be found in 80 % of such data at the level asked for, so corrected.
    """

    lag: int
    reference: int
    value: float
    p: float
    se: float
    mde: float


@dataclass(frozen=True, eq=False)
class LagScan:
    """Held-out scores by lag.

    Attributes
    ----------
    lags
        `[n]` −reach … reach; lag b: features b bars later than the label's bar.
    value
        `[n]` scores.
    null_mean, null_sd
        `[n]` of the scores with exchanged label dates.
    p
        `[n]` one-sided, for a score above chance at this or any lag (max-T).
    units
        Dates that are scored.
    labels
        Labels that are scored.
    """

    kind: Score
    lags: Int
    value: Float
    null_mean: Float
    null_sd: Float
    p: Float
    units: int
    labels: int
    _bars: _Bars = field(repr=False)
    _pseudo: Float = field(repr=False)

    @property
    def reach(self) -> int:
        """The largest lag."""
        return int(self.lags[-1])

    def at(self, lag: int) -> float:
        """Return the score at a lag."""
        return float(self.value[lag + self.reach])

    def p_at(self, lag: int) -> float:
        """Return p of the score at a lag."""
        return float(self.p[lag + self.reach])

    def best(self, lags: Sequence[int]) -> int:
        """Return the lag of those given that scores most."""
        return max(lags, key=self.at)

    def above(
        self,
        candidates: Sequence[int],
        others: Sequence[int],
        draws: int = 999,
        *,
        seed: int,
        level: float = 0.05,
    ) -> Above:
        """Compare the candidates with the best of the other lags, date by date.

        Parameters
        ----------
        candidates, others
            Lags.
        draws
            Draws of signs.
        level
            At which the MDE is stated.

        Raises
        ------
        ValueError
            If there is no candidate or no other.
        """
        reference = self.best(others)
        at = np.array(candidates) + self.reach
        gain = self._pseudo[:, at] - self._pseudo[:, [reference + self.reach]]
        count = len(gain)
        mean = gain.mean(0)
        scale = np.maximum(np.sqrt((gain**2).mean(0)), 1e-12)
        signs = 1.0 - 2.0 * np.random.default_rng(seed).integers(0, 2, (draws, count))
        flipped = (signs @ (gain / scale) / count).max(axis=1)
        top = int(np.argmax(mean / scale))
        spread = np.maximum(gain.std(axis=0, ddof=1), 1e-12)
        se = spread / np.sqrt(count)
        t = (signs @ ((gain - mean) / spread) / np.sqrt(count)).max(axis=1)
        return Above(
            lag=int(candidates[top]),
            reference=reference,
            value=self.at(int(candidates[top])) - self.at(reference),
            p=p_value(float(mean[top] / scale[top]), flipped),
            se=float(se[top]),
            mde=float((np.quantile(t, 1 - level) + 0.8416) * np.median(se)),
        )

    def adds(self, lag: int, later: Sequence[int]) -> float:
        """Return the most that the features of one of the later lags add to those of `lag`."""
        alone = self.at(lag)
        joint = [self._bars.value(self.kind, (lag, b)) for b in later]
        return max((value - alone for value in joint), default=0.0)


@dataclass(frozen=True, eq=False)
class _Bars:
    """Bars that every lag can be had for, and the ridge learner on them."""

    x: Float
    y: Float
    fit: Int
    test: Int

    def predict(self, lags: tuple[int, ...]) -> Float:
        """Return predictions of the test bars from the features at the lags given."""
        x = np.concatenate([self.x[self.fit + b] for b in lags], axis=1)
        y = self.y[self.fit].astype(x.dtype)
        mean = x.mean(0)
        x = x - mean
        gram = x.T @ x / len(x) + PENALTY * np.eye(x.shape[1], dtype=x.dtype)
        w = np.linalg.solve(gram, x.T @ (y - y.mean()) / len(x))
        tested = np.concatenate([self.x[self.test + b] for b in lags], axis=1)
        return (tested - mean) @ w

    def value(self, kind: Score, lags: tuple[int, ...]) -> float:
        """Return the score of the features at the lags given."""
        return score(kind, self.predict(lags), self.y[self.test])


def reach_of(lengths: Int, most: int = 15) -> int:
    """Return the largest lag that leaves a third of a typical session's bars to be scored."""
    return min(most, (int(np.median(lengths)) - 1) // 3) if len(lengths) else 0


def scan_lags(
    x: Float,
    y: Float,
    offsets: Int,
    clusters: Int,
    *,
    reach: int,
    kind: Score,
    seed: int,
    draws: int = 999,
    symbols: Int | None = None,
    eligible: Bool | None = None,
    block: int | None = None,
) -> LagScan | None:
    """Score a ridge learner at every lag from −reach to reach.

    Parameters
    ----------
    x
        `[R, F]` features on comparable scales, without NaN; their absolute values enter too.
    y
        `[R]` labels, NaN where missing.
    offsets, clusters
        `[S + 1]` row offsets; `[S]` index of each session's date.
    reach
        Largest lag, from 1 (`reach_of`).
    kind
        AUC for a label of 0 and 1, else rank IC or IC.
    draws
        Exchanges behind the p.
    symbols
        `[S]` which symbol each session is, where a date has several.
    eligible
        `[S]` False leaves a session out.
    block
        Exchange within blocks of about so many scored dates (every other date), against slow drift.

    Returns
    -------
    LagScan
        None if there are fewer than 6 dates to fit or to score, or if labels or features don't vary.
    """
    use = np.ones(len(offsets) - 1, dtype=bool) if eligible is None else eligible
    bar, session = bar_of_row(offsets), session_of_row(offsets)
    inside = (bar >= reach) & (bar < np.diff(offsets)[session] - reach)
    core = inside & use[session] & ~np.isnan(y)
    dates, place = np.unique(np.asarray(clusters)[session[core]], return_inverse=True)
    rows = np.flatnonzero(core)
    fit, test = rows[place % 2 == 0], rows[place % 2 == 1]
    if len(dates) // 2 < 6 or not all(np.ptp(y[part]) > 0 for part in (fit, test)):
        return None
    if not (np.ptp(x[fit], axis=0) > 0).any():
        return None
    bars = _Bars(np.concatenate([x, np.abs(x)], axis=1), y, fit, test)
    # The scored sessions alone, so that the null's cost is theirs.
    scored = np.unique(session[test])
    alone = rows_of_sessions(offsets, scored)
    at = np.searchsorted(alone, test)
    begins = np.r_[0, np.cumsum(np.diff(offsets)[scored])].astype(np.int64)
    labels = np.full(len(alone), np.nan)
    labels[at] = y[test]
    permutations = permute_dates(
        begins,
        np.asarray(clusters)[scored],
        draws,
        seed=seed,
        block=block,
        symbols=None if symbols is None else symbols[scored],
    )
    _, date = np.unique(np.asarray(clusters)[scored], return_inverse=True)
    count = int(date.max()) + 1
    lags = np.arange(-reach, reach + 1)
    value, null = np.empty(len(lags)), np.empty((permutations.draws, len(lags)))
    pseudo = np.empty((count, len(lags)))
    for i, lag in enumerate(lags.tolist()):
        pred = np.full(len(alone), np.nan)
        pred[at] = bars.predict((lag,))
        drawn = heldout_null(
            pred, labels, begins, scored, seed=seed, score=kind, permutations=permutations
        )
        value[i], null[:, i] = drawn.observed, drawn.values
        without = additive(kind, pred, labels, begins).without_each(date)
        pseudo[:, i] = count * drawn.observed - (count - 1) * without
    return LagScan(
        kind=kind,
        lags=lags,
        value=value,
        null_mean=np.nanmean(null, axis=0),
        null_sd=np.nanstd(null, axis=0, ddof=1),
        p=westfall_young(value, null).p_adjusted,
        units=count,
        labels=len(test),
        _bars=bars,
        _pseudo=pseudo,
    )
