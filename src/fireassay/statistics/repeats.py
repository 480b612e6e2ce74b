"""Do sessions or rows of one part stand in another, value by value?

Rows are compared by a hash of their features and label; equal rows have equal hashes, and others
have them with a probability of about 2⁻⁶⁴ a pair. Where features take few values rows are equal by
chance, so every share has one beside it: how many rows of the training dates stand in another
training date. A session is a twin of another if nine in ten of its rows are those of the other at the
same bars, and enough of its rows differ from each other for that not to be chance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fireassay.arrays import Bool, Float, Int, bar_of_row, session_of_row

TWIN = 0.9
"""Share of a session's rows that stand at the same bars of its twin."""

DIFFERENT = (10, 0.5)
"""Rows that differ from each other, at least, in number and as a share, in a session with a twin."""

MOST_PAIRS = 20_000_000
"""Pairs of equal rows beyond which values are too few to tell twins."""

Hashes = npt.NDArray[np.uint64]


@dataclass(frozen=True, eq=False)
class Repeats:
    """What of the held-out sessions stands in the fitted ones.

    Attributes
    ----------
    rows
        Held-out rows that count: labelled, traded, and unlike the row before.
    repeated
        `[rows']` those that stand in a fitted session with the same label.
    share, by_chance
        Share of held-out rows that do, and of fitted rows that stand in another fitted date.
    twins
        `[n, 2]` held-out sessions and the fitted session that each repeats.
    """

    rows: int
    repeated: Int
    share: float
    by_chance: float
    twins: Int


def hash_rows(x: Float, y: Float) -> Hashes:
    """Return `[R]` hashes of features and label in single precision; NaN equals NaN, −0 equals 0."""
    hashes = np.full(len(x), 0x9E3779B97F4A7C15, dtype=np.uint64)
    for column in (*x.T, y):
        values = np.ascontiguousarray(column, dtype=np.float32) + np.float32(0)
        values[np.isnan(values)] = np.nan
        hashes ^= values.view(np.uint32).astype(np.uint64)
        # The mixing of SplitMix64: Steele, Lea & Flood (2014), OOPSLA, 453.
        for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
            hashes ^= hashes >> np.uint64(shift)
            hashes *= np.uint64(factor)
        hashes ^= hashes >> np.uint64(31)
    return hashes


def find_repeats(
    x: Float, y: Float, offsets: Int, clusters: Int, fitted: Int, held: Int, *, skip: Bool
) -> Repeats:
    """Look for rows and sessions of the held-out part in the fitted one.

    Parameters
    ----------
    x, y
        `[R, F]` features; `[R]` labels, NaN where missing: such rows don't count.
    offsets, clusters
        `[S + 1]` row offsets; `[S]` index of each session's date.
    fitted, held
        Sessions that are learned from, and that are scored.
    skip
        `[R]` rows that don't count: bars in which nothing traded.
    """
    session, bar = session_of_row(offsets), bar_of_row(offsets)
    key = hash_rows(x, y)
    features = hash_rows(x, np.zeros(len(x)))
    same = np.r_[False, features[1:] == features[:-1]] & (bar > 0)
    counts = ~(np.isnan(y) | skip | same)
    part = np.zeros(len(offsets) - 1, dtype=np.int8)
    part[fitted], part[held] = 1, 2
    known = np.flatnonzero(counts & (part[session] == 1))
    asked = np.flatnonzero(counts & (part[session] == 2))
    order = known[np.argsort(key[known], kind="stable")]
    donors = key[order]
    low, high = (np.searchsorted(donors, key[asked], side) for side in ("left", "right"))
    repeated = asked[high > low]
    return Repeats(
        rows=len(asked),
        repeated=repeated,
        share=len(repeated) / max(len(asked), 1),
        by_chance=_on_other_dates(donors, np.asarray(clusters)[session[order]]),
        twins=_twins(key, session, bar, asked, order, low, high),
    )


def _on_other_dates(donors: Hashes, date: Int) -> float:
    """Return the share of rows, sorted by hash, whose hash stands on two dates or more."""
    if not len(donors):
        return 0.0
    starts = np.flatnonzero(np.r_[True, donors[1:] != donors[:-1]])
    sizes = np.diff(np.r_[starts, len(donors)])
    several = np.maximum.reduceat(date, starts) > np.minimum.reduceat(date, starts)
    return float(sizes[several].sum() / len(donors))


def _twins(key: Hashes, session: Int, bar: Int, asked: Int, order: Int, low: Int, high: Int) -> Int:
    """Return `[n, 2]` held-out sessions with the fitted session that holds most of their rows."""
    size = high - low
    if not 0 < size.sum() <= MOST_PAIRS:
        return np.empty((0, 2), dtype=np.int64)
    row = np.repeat(asked, size)
    within = np.arange(int(size.sum())) - np.repeat(np.cumsum(size) - size, size)
    donor = order[np.repeat(low, size) + within]
    aligned = bar[row] == bar[donor]
    total = np.bincount(session[asked])
    sessions = int(session[-1]) + 1
    codes, matched = np.unique(
        session[row[aligned]] * sessions + session[donor[aligned]], return_counts=True
    )
    enough = matched >= TWIN * total[codes // sessions]
    best: dict[int, tuple[int, int]] = {}
    for code, count in zip(codes[enough].tolist(), matched[enough].tolist(), strict=True):
        s, d = divmod(code, sessions)
        if count > best.get(s, (0, 0))[1]:
            best[s] = d, count
    found = []
    starts = np.searchsorted(session[asked], np.arange(len(total) + 1))
    for s, (d, _) in sorted(best.items()):
        distinct = len(np.unique(key[asked[starts[s] : starts[s + 1]]]))
        if distinct >= max(DIFFERENT[0], DIFFERENT[1] * total[s]):
            found.append((s, d))
    return np.array(found, dtype=np.int64).reshape(-1, 2)
