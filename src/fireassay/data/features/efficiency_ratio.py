"""Kaufman's efficiency ratio."""

from __future__ import annotations

import polars as pl

from fireassay.data.features import Group, feature
from fireassay.data.features.expressions import RETURN, lag, log_ratio, ratio, window_sum


@feature(
    "efficiency_ratio",
    group=Group.DEPENDENCE,
    needs=["close"],
    lookback=lambda w: w + 1,
    windows=(30,),
    source="Kaufman (1995), Smarter Trading: the efficiency ratio",
)
def efficiency_ratio(window: int) -> pl.Expr:
    """Net move over w bars as a share of the way travelled: 1 straight, 0 back where it began.

        |ln(C_t / C_{t−w})| / Σ |r_i|

    Null without movement. Misleads: near 1 where one bar of the window moved and the rest were stale.
    """
    close = pl.col("close")
    net = log_ratio(close, lag(close, window)).abs()
    return ratio(net, window_sum(pl.col(RETURN).abs(), window)).clip(upper_bound=1.0)
