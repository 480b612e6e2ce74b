"""Jumps between sessions that look like splits."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

import numpy as np
import polars as pl

from fireassay.arrays import Float, Int
from fireassay.data.audit import Action, Notice, Stage, View, check

SPLITS = tuple(Fraction(n) for n in (2, 3, 4, 5, 6, 7, 8, 10, 15, 20, 25, 30, 40, 50, 100))
"""New shares for one old share in common splits, or old ones for a new one in reverse splits."""

UNEVEN = (Fraction(3, 2), Fraction(4, 3), Fraction(5, 4), Fraction(5, 2))
"""Further splits; nobody joins four shares into three."""

ABNORMAL = 8.0
"""Moves of the nights around (robust standard deviations) that a split exceeds."""

LEAST = 0.18
"""Log ratio that it exceeds in any case: just below 5:4."""

NIGHTS = 61
"""Nights, centred, that tell what is a normal move: in a crisis much more is."""

NEAR = (0.03, 0.05)
"""Bounds of the distance between the log ratio and the split's: the night's own move beside it."""

HUGE = 1.0
"""Log ratio beyond which only a split explains a jump, so that the distance may be `FAR`."""

FAR = 0.15


@check(Stage.BARS)
def split_like_jumps(view: View) -> Iterable[Notice]:
    """Sessions whose first price stands to the last close before nearly as in a split.

    A split is the ratio of small whole numbers, far beyond the moves of other nights. Unadjusted
    prices make an overnight return of −50 % out of a 2:1 split, and such a feature outlier.
    """
    if not {"open", "close"} <= set(view.frame.columns):
        return
    rows, before, after = _overnight(view.frame)
    if not len(rows):
        return
    log_ratio = np.log(after / before)
    scale = _scale(view.frame["symbol"].gather(rows), log_ratio)
    ratio, distance = _nearest(log_ratio)
    near = np.where(np.abs(log_ratio) > HUGE, FAR, np.clip(3 * scale, *NEAR))
    split = (distance <= near) & (np.abs(log_ratio) > np.maximum(ABNORMAL * scale, LEAST))
    mask = np.zeros(view.frame.height, dtype=bool)
    mask[rows[split]] = True
    at = {int(row): i for i, row in enumerate(rows)}

    def jump(row: int) -> str:
        i = at[row]
        new, old = ratio[i].numerator, ratio[i].denominator
        kind = f"{new}:{old} split" if log_ratio[i] < 0 else f"{old}:{new} reverse split"
        return f"{view.moment(row)}: {before[i]:g} → {after[i]:g}, as in a {kind}"

    yield from view.notice(
        "split_like_jumps",
        "sessions that start as after a split",
        pl.Series(mask),
        Action.FLAGGED,
        "Prices seem not to be adjusted. Features inside sessions aren't touched; overnight gaps and "
        "levels across sessions are. Use adjusted prices, or start after the last split.",
        jump,
        share=float(split.mean()),
    )


def _overnight(frame: pl.DataFrame) -> tuple[Int, Float, Float]:
    """Return first rows of sessions, the last known close before them, and their first price."""
    session = frame["session"].to_numpy()
    starts = np.flatnonzero(np.r_[True, session[1:] != session[:-1]])[1:]
    # The last close that is a price, of the same symbol; a session can end in missing ones.
    close = pl.when(pl.col("close") > 0).then(pl.col("close")).forward_fill().over("symbol").shift(1)
    prior = frame.select(close.cast(pl.Float64)).to_series().to_numpy()[starts]
    first = frame["open"].gather(starts).to_numpy()
    symbol = frame["symbol"]
    same = symbol.gather(starts).eq_missing(symbol.gather(starts - 1)).to_numpy()
    with np.errstate(invalid="ignore"):
        usable = same & (prior > 0) & (first > 0)
    return starts[usable], prior[usable], first[usable]


def _nearest(log_ratio: Float) -> tuple[list[Fraction], Float]:
    """Return for each jump the nearest split, down, or reverse split, up, and the log distance."""
    candidates = (*SPLITS, *UNEVEN)
    known = np.log([float(ratio) for ratio in candidates])
    distance = np.abs(np.abs(log_ratio)[:, None] - known)
    distance[log_ratio > 0, len(SPLITS) :] = np.inf
    best = distance.argmin(1)
    return [candidates[i] for i in best], distance[np.arange(len(best)), best]


def _scale(symbol: pl.Series, moves: Float) -> Float:
    """`[n]` robust standard deviation of the nights around each, within its symbol: 1.4826 · MAD."""
    magnitude = pl.col("move").abs()
    around = magnitude.rolling_median(NIGHTS, min_samples=1, center=True).over("symbol")
    nights = pl.DataFrame({"symbol": symbol, "move": moves})
    return 1.4826 * nights.select(around).to_series().to_numpy()
