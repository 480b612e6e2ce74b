"""Position relative to the opening range."""

from __future__ import annotations

import polars as pl

from fireassay.data.features import Group, feature
from fireassay.data.features.expressions import (
    last_known,
    let,
    position_in_range,
    window_max,
    window_min,
)


@feature(
    "opening_range",
    group=Group.SESSION,
    needs=["high", "low", "close"],
    windows=(30,),
    source="Crabel (1990), Day Trading with Short Term Price Patterns and Opening Range Breakout",
)
def opening_range(window: int) -> pl.Expr:
    """Where the close lies relative to the range of the session's first w bars.

        (C_t − (H + L)/2) / (H − L),  H, L: extremes of the first w bars; beyond ± ½ it has broken out

    Null until the w-th bar, and where the range is 0. Misleads: after a quiet opening any move is a
    breakout.
    """
    complete = pl.col("bar") == window - 1
    high = last_known(pl.when(complete).then(window_max(pl.col("high"), window)))
    low = last_known(pl.when(complete).then(window_min(pl.col("low"), window)))
    return let(position_in_range, pl.col("close"), high, low)
