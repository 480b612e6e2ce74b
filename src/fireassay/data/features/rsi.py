"""Relative strength index."""

from __future__ import annotations

import polars as pl

from fireassay.data.features import Group, feature
from fireassay.data.features.expressions import lag, let, ratio, smoothed


@feature(
    "rsi",
    group=Group.MOMENTUM,
    needs=["close"],
    windows=(14,),
    source="Wilder (1978), New Concepts in Technical Trading Systems",
)
def rsi(window: int) -> pl.Expr:
    """Share of rises in the smoothed moves of the session, from 0 to 100.

        100 U / (U + D),  U, D: Wilder means (weight 1/w) of rises and falls of the close

    The means start at the session's open, seeded with the plain mean of the first w moves. Null
    without movement. Misleads: a bounded rewriting of the recent return; extremes persist in trends.
    """
    moved = pl.col("close") - lag(pl.col("close"))
    return 100 * let(
        lambda rise, fall: ratio(rise, rise + fall),
        smoothed(moved.clip(lower_bound=0.0), window, 1 / window),
        smoothed((-moved).clip(lower_bound=0.0), window, 1 / window),
    )
