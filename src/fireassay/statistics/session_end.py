"""What features know of a session's end while the session still runs.

Figures of a whole day (its return, range, volume, close) are joined to the bars of that same day by
mistake, where those of the day before were meant. Bar by bar such a feature tells little: it is the
same from the open to the close. Over sessions it gives itself away: it goes up and down with a figure
that nobody can know before the last bar.

Two tests. A feature that is constant within sessions is held against the sessions' own figures: ranks
of the changes from one session to the next, since levels of prices go together anyway. Any other is
held against the return from its bar to the session's end, once the returns so far are taken out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from fireassay.arrays import Float, Int, bar_of_row, session_of_row
from fireassay.statistics.copies import FORESEEN, beyond, standardised
from fireassay.statistics.scores import midranks

LEAST_SESSIONS, LEAST_BARS = 40, 3
"""Sessions from which something is said, and bars that they have at least."""

HELD = 0.98
"""Rank correlation of a feature's changes with those of a session's figure that it holds."""

OPEN, KNOWN_AT_OPEN = "the open", 0.95
"""Rank correlation with the open's changes from which a figure is as good as known at the open."""


@dataclass(frozen=True)
class Hindsight:
    """What a feature holds of its session's end.

    Attributes
    ----------
    feature
        Its column.
    what
        The session's figure, in words.
    strength
        Rank correlation of the changes, or correlation with the return to come.
    constant
        Whether it is the same over each session.
    """

    feature: int
    what: str
    strength: float
    constant: bool


def hindsights(
    x: Float, prices: Mapping[str, Float], y: Float, offsets: Int, series: Int
) -> list[Hindsight]:
    """Return for each feature that holds its session's end what it holds most of.

    Parameters
    ----------
    x
        `[R, F]` features, NaN where unknown.
    prices
        Market columns by name, `[R]`, known at the close of their bar; any of open, high, low, close
        and volume, or none.
    y
        `[R]` labels, NaN where missing: their mean is a figure of the session, too.
    offsets
        `[S + 1]` row offsets of the sessions, in order of time within a series.
    series
        `[S]` which symbol a session is of: changes are those within one.
    """
    lengths = np.diff(offsets)
    if (lengths >= LEAST_BARS).sum() < LEAST_SESSIONS:
        return []
    level = _constant(x, offsets)
    same = np.array([not np.isnan(row).all() for row in level.T])
    found = _held(level, np.flatnonzero(same), _figures(prices, y, offsets), offsets, series)
    found += _to_the_end(x, np.flatnonzero(~same), prices, offsets)
    return sorted(found, key=lambda each: each.feature)


def _constant(x: Float, offsets: Int) -> Float:
    """Return `[S, F]` the value of features that never change within a session, else NaN."""
    filled = np.where(np.isnan(x), -np.inf, x)
    top = np.maximum.reduceat(filled, offsets[:-1])
    low = np.minimum.reduceat(np.where(np.isnan(x), np.inf, x), offsets[:-1])
    moves = (top > low) & (np.diff(offsets) >= LEAST_BARS)[:, None]
    level = np.where(np.isfinite(top), top, np.nan).astype(np.float64)
    level[:, moves.any(0)] = np.nan
    return level


def _figures(prices: Mapping[str, Float], y: Float, offsets: Int) -> dict[str, Float]:
    """Return `[S]` figures that are known at the end of a session, by their name in words."""
    first, last = offsets[:-1], offsets[1:] - 1
    session = session_of_row(offsets)
    labelled = ~np.isnan(y)
    count = np.bincount(session[labelled], minlength=len(first))
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.bincount(session[labelled], y[labelled], len(first)) / count
        found: dict[str, Float] = {"the mean label": mean}
        if "close" in prices:
            close = prices["close"]
            begin = prices["open"][first] if "open" in prices else close[first]
            found["the close"] = close[last]
            found["the return from open to close"] = np.log(close[last] / begin)
            squares = np.r_[0.0, np.diff(np.log(close))] ** 2
            squares[first] = 0
            found["the realised variance"] = np.add.reduceat(squares, first)
        if "high" in prices and "low" in prices:
            high = np.maximum.reduceat(prices["high"], first)
            low = np.minimum.reduceat(prices["low"], first)
            found |= {"the high": high, "the low": low, "the range": np.log(high / low)}
        if "volume" in prices:
            volume = np.add.reduceat(prices["volume"], first)
            found["the volume"] = np.log(np.where(volume > 0, volume, np.nan))
            if "close" in prices:
                traded = np.add.reduceat(prices["close"] * prices["volume"], first)
                found["the average price"] = traded / volume
        if "close" in prices:
            found[OPEN] = begin
    return found


def _held(
    level: Float, which: Int, figures: dict[str, Float], offsets: Int, series: Int
) -> list[Hindsight]:
    """Find constant features whose changes go with those of a session's figure."""
    long = np.diff(offsets) >= LEAST_BARS
    pairs = np.flatnonzero((series[1:] == series[:-1]) & long[1:] & long[:-1]) + 1
    changes = {name: values[pairs] - values[pairs - 1] for name, values in figures.items()}
    opened = changes.pop(OPEN, None)
    if opened is not None:
        changes = {
            name: change
            for name, change in changes.items()
            if abs(_rank_correlation(opened, change)) < KNOWN_AT_OPEN
        }
    found = []
    for f in which:
        own = level[pairs, f] - level[pairs - 1, f]
        strengths = {name: abs(_rank_correlation(own, c)) for name, c in changes.items()}
        best = max(strengths, key=lambda name: strengths[name], default="")
        if best and strengths[best] >= HELD:
            found.append(Hindsight(int(f), best, strengths[best], constant=True))
    return found


def _to_the_end(x: Float, which: Int, prices: Mapping[str, Float], offsets: Int) -> list[Hindsight]:
    """Find features that correlate with the return to the session's end as no forecast does."""
    if "close" not in prices or not len(which):
        return []
    with np.errstate(divide="ignore", invalid="ignore"):
        log = np.log(np.where(prices["close"] > 0, prices["close"], np.nan))
    session, lengths = session_of_row(offsets), np.diff(offsets)
    early = (2 * bar_of_row(offsets) < lengths[session]) & (lengths[session] >= LEAST_BARS)
    z = beyond(standardised(x[:, which]), log, offsets)[early]
    left = standardised((log[offsets[1:] - 1][session] - log)[:, None])[early, 0]
    scale = np.sqrt((z**2).sum(0) * (left @ left))
    strength = np.abs(z.T @ left) / np.where(scale > 0, scale, np.inf)
    what = "the return to the session's end"
    return [
        Hindsight(int(which[i]), what, float(strength[i]), constant=False)
        for i in np.flatnonzero(strength >= FORESEEN)
    ]


def _rank_correlation(a: Float, b: Float) -> float:
    """Return Spearman's correlation of the pairs that are known; 0 with too few of them."""
    known = ~(np.isnan(a) | np.isnan(b))
    if known.sum() < LEAST_SESSIONS - 1:
        return 0.0
    a, b = (midranks(v[known]) for v in (a, b))
    a, b = a - a.mean(), b - b.mean()
    scale = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / scale if scale > 0 else 0.0
