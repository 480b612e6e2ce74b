"""Stochastic oscillator."""

from __future__ import annotations

import polars as pl

from fireassay.data.features import Group, feature
from fireassay.data.features.expressions import ratio, window_max, window_min


@feature(
    "stochastic",
    group=Group.MOMENTUM,
    needs=["high", "low", "close"],
    lookback=lambda w: w,
    windows=(14, 60),
    source="Lane (1984), Lane's stochastics, Technical Analysis of Stocks & Commodities 2",
)
def stochastic(window: int) -> pl.Expr:
    """Where the close lies in the range of the last w bars, from 0 to 100.

        100 (C_t − min L_i) / (max H_i − min L_i)

    Null where the window has no range. Misleads: on a range of one tick it is 0 or 100.
    """
    low = window_min(pl.col("low"), window)
    return 100 * ratio(pl.col("close") - low, window_max(pl.col("high"), window) - low)
