"""What each feature alone knows of the label, and whether it moves with it from bar to bar.

A feature that predicts the label follows a state of the market that lasts: one bar earlier it was
nearly as good, and its changes from one bar to the next say little of the label's changes, most of
which come from a bar that nobody has seen yet. A copy of the label, or of the outcome that decides
it, moves when the label moves. So two figures are given for each feature: its AUC, and the
correlation of its change since the bar before with the label's.

Where prices are known, a feature can also be held against the bars to come, whatever the label: does
it repeat a price or volume of a later bar that is nowhere in the bars so far, or go with the return
of the next bars more than any forecast does?
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from fireassay.arrays import Bool, Float, Int, bar_of_row, session_of_row
from fireassay.statistics.scores import midranks


@dataclass(frozen=True, eq=False)
class Alone:
    """Each feature against the label.

    Attributes
    ----------
    auc
        `[F]` larger of AUC and 1 − AUC for telling the label (of several classes the one that the
        feature tells best; of a real label its upper half); NaN where the feature doesn't vary.
    before
        `[F]` the same of the feature one bar earlier.
    change
        `[F]` correlation of the changes of feature (ranks) and label since the bar before, positive
        where they go together as the levels do; 0 where either never changes.
    labels
        Labels that they rest on.
    lasts
        Correlation of the label with the label of the bar before: high where outcomes overlap.
    """

    auc: Float
    before: Float
    change: Float
    labels: int
    lasts: float = 0.0


def alone(x: Float, y: Float, offsets: Int, *, classes: int) -> Alone:
    """Measure each feature against the label of its bar.

    Parameters
    ----------
    x
        `[R, F]` features, NaN where unknown.
    y
        `[R]` labels, NaN where missing.
    offsets
        `[S + 1]` row offsets of the sessions.
    classes
        C of a label 0 … C − 1; 0 for a real label.
    """
    if classes == 0:
        middle = np.nanmedian(y) if not np.isnan(y).all() else 0.0
        truths = [np.where(np.isnan(y), np.nan, y > middle)]
    else:
        wanted = [1] if classes == 2 else range(classes)
        truths = [np.where(np.isnan(y), np.nan, y == c) for c in wanted]
    # Rows whose bar before is in the same session.
    rows = np.flatnonzero((bar_of_row(offsets) > 0) & ~np.isnan(y))
    out = np.full((3, x.shape[1]), np.nan)
    for f in range(x.shape[1]):
        now, past = x[rows, f], x[rows - 1, f]
        known = ~(np.isnan(now) | np.isnan(past))
        if not known.any() or np.ptp(now[known]) == 0:
            continue
        ranks = midranks(x[:, f])
        found = []
        for truth in truths:
            label = truth[rows]
            first = _auc(now, label, known)
            difference = ranks[rows] - ranks[rows - 1]
            moved = np.sign(first - 0.5) * _correlation(difference, label - truth[rows - 1])
            found.append((abs(first - 0.5) + 0.5, abs(_auc(past, label, known) - 0.5) + 0.5, moved))
        out[:, f] = max(found, key=lambda each: np.nan_to_num(each[0]))
    lasts = max(_correlation(truth[rows], truth[rows - 1]) for truth in truths)
    return Alone(auc=out[0], before=out[1], change=out[2], labels=len(rows), lasts=lasts)


def _auc(values: Float, label: Float, known: Bool) -> float:
    """Return P(value of a positive > that of a negative) + ½ P(tie); NaN with one class only."""
    ranks, positive = midranks(values[known]), label[known] > 0.5
    ones = int(positive.sum())
    zeros = len(positive) - ones
    if not ones or not zeros:
        return float("nan")
    return float((ranks[positive].sum() - ones * (ones + 1) / 2) / (ones * zeros))


def _correlation(a: Float, b: Float) -> float:
    known = ~(np.isnan(a) | np.isnan(b))
    if known.sum() < 3:
        return 0.0
    a, b = a[known] - a[known].mean(), b[known] - b[known].mean()
    scale = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / scale if scale > 0 else 0.0


AHEAD = 5
"""Bars ahead that features are held against."""

REPEATED = 0.95
"""Share of the values to come that a feature repeats if it holds them."""

FORESEEN = 0.7
"""Correlation with the return to come that no forecast has: bounce alone gives at most ½."""

KNOWN = 10
"""Returns up to a bar that are taken out of a feature first: a centred mean is half of bars known."""

FEWEST = 100
"""Values to come that aren't in the bars so far, below which nothing is said."""


@dataclass(frozen=True)
class Foresight:
    """What a feature holds of bars to come.

    Attributes
    ----------
    feature
        Its column.
    what, bars
        The market column, or "return", and how many bars later.
    strength
        Share of the values repeated, or absolute correlation with the return.
    """

    feature: int
    what: str
    bars: int
    strength: float


def foresights(x: Float, prices: Mapping[str, Float], offsets: Int) -> list[Foresight]:
    """Return for each feature that holds a bar to come the one that it holds most of.

    Parameters
    ----------
    x
        `[R, F]` features, NaN where unknown.
    prices
        Market columns by name, `[R]`, known at the close of their bar.
    offsets
        `[S + 1]` row offsets of the sessions.
    """
    found: dict[int, Foresight] = {}
    for each in (*_repeated(x, prices, offsets), *_returns(x, prices, offsets)):
        best = found.get(each.feature)
        # Of equals the nearest: a close to come is the open of the bar after, too.
        if best is None or (each.strength, -each.bars) > (best.strength, -best.bars):
            found[each.feature] = each
    return [found[f] for f in sorted(found)]


def filled_ahead(close: Float, stale: Bool, offsets: Int) -> Bool:
    """Tell which bars hold the price of the next trade though nothing traded in them.

    Of bars whose trades before and after closed at different prices; none, unless more than half of
    those carry the later price.

    Parameters
    ----------
    close
        `[R]` price at the close of each bar.
    stale
        `[R]` bars in which nothing traded.
    offsets
        `[S + 1]` row offsets of the sessions.

    Returns
    -------
    `[R]` bars that nobody could have known when they ended.
    """
    rows, session = np.arange(len(close)), session_of_row(offsets)
    last = np.maximum.accumulate(np.where(stale, -1, rows))
    following = np.minimum.accumulate(np.where(stale, len(close), rows)[::-1])[::-1]
    inside = stale & (last >= offsets[:-1][session]) & (following < offsets[1:][session])
    at = np.flatnonzero(inside)
    telling = at[close[last[at]] != close[following[at]]]
    ahead = telling[close[telling] == close[following[telling]]]
    out = np.zeros(len(close), dtype=bool)
    if 2 * len(ahead) > len(telling):
        out[ahead] = True
    return out


def _ahead(values: Float, bars: int, offsets: Int) -> Float:
    """Return `[R]` the value some bars later (earlier if negative), NaN out of the session."""
    at = np.arange(len(values)) + bars
    session = session_of_row(offsets)
    inside = (at >= offsets[:-1][session]) & (at < offsets[1:][session])
    return np.where(inside, values[np.clip(at, 0, len(values) - 1)], np.nan)


def _repeated(x: Float, prices: Mapping[str, Float], offsets: Int) -> list[Foresight]:
    """Find features that equal a market column of a later bar, where nothing known equals it."""
    known = [_ahead(p, -back, offsets).astype(np.float32) for p in prices.values() for back in (0, 1)]
    found = []
    for name, price in prices.items():
        for bars in range(1, AHEAD + 1):
            later = _ahead(price, bars, offsets).astype(np.float32)
            news = ~np.isnan(later)
            for values in known:
                news &= ~_equal(values, later)
            rows = np.flatnonzero(news)
            if len(rows) < FEWEST:
                continue
            # A glance at a few rows spares the rest for features that repeat nothing.
            few = rows[:: -(-len(rows) // FEWEST)]
            likely = np.flatnonzero(_equal(x[few], later[few, None]).mean(0) > REPEATED / 2)
            share = _equal(x[np.ix_(rows, likely)], later[rows, None]).mean(0)
            found += [
                Foresight(int(f), name, bars, float(s))
                for f, s in zip(likely, share, strict=True)
                if s >= REPEATED
            ]
    return found


def _equal(a: Float, b: Float) -> Bool:
    """Tell where values are equal but for the rounding of single precision."""
    return np.abs(a - b) <= 3e-7 * np.abs(b)


def _returns(x: Float, prices: Mapping[str, Float], offsets: Int) -> list[Foresight]:
    """Find features that correlate with the log return of the next bars as no forecast does."""
    if "close" not in prices:
        return []
    with np.errstate(divide="ignore", invalid="ignore"):
        log = np.log(np.where(prices["close"] > 0, prices["close"], np.nan))
    z = standardised(beyond(standardised(x), log, offsets))
    found = []
    for bars in range(1, AHEAD + 1):
        move = standardised((_ahead(log, bars, offsets) - log)[:, None])[:, 0]
        has = move != 0
        if has.sum() < FEWEST:
            continue
        scale = np.sqrt((z[has] ** 2).sum(0) * (move[has] @ move[has]))
        strength = np.abs(z[has].T @ move[has]) / np.where(scale > 0, scale, np.inf)
        found += [
            Foresight(int(f), "return", bars, float(strength[f]))
            for f in np.flatnonzero(strength >= FORESEEN)
        ]
    return found


def beyond(z: Float, log: Float, offsets: Int) -> Float:
    """Return `[R, F]` what is left of features once the returns so far are taken out."""
    past = [_ahead(log, -lag, offsets) - _ahead(log, -lag - 1, offsets) for lag in range(KNOWN)]
    known = standardised(np.column_stack(past))
    return z - known @ np.linalg.lstsq(known, z, rcond=None)[0]


def standardised(values: Float) -> Float:
    """Return `[R, F]` values of mean 0 and variance 1, cut at 5; 0 where unknown or constant."""
    known = ~np.isnan(values)
    count = np.maximum(known.sum(0), 1)
    filled = np.where(known, values, 0.0)
    deviation = np.where(known, filled - filled.sum(0) / count, 0.0)
    sd = np.sqrt((deviation**2).sum(0) / count)
    return np.clip(deviation / np.where(sd > 0, sd, np.inf), -5, 5)
