"""Rogers and Satchell's volatility."""

from __future__ import annotations

import polars as pl

from fireassay.data.features import Group, feature
from fireassay.data.features.expressions import log_ratio, window_mean


def rogers_satchell_term() -> pl.Expr:
    """ln(H/C) ln(H/O) + ln(L/C) ln(L/O) of every bar."""
    opened, high, low, close = (pl.col(c) for c in ("open", "high", "low", "close"))
    up = log_ratio(high, close) * log_ratio(high, opened)
    down = log_ratio(low, close) * log_ratio(low, opened)
    return up + down


@feature(
    "rogers_satchell",
    group=Group.VOLATILITY,
    needs=["open", "high", "low", "close"],
    lookback=lambda w: w,
    windows=(30,),
    source="Rogers and Satchell (1991), Estimating variance from high, low and closing prices, "
    "Annals of Applied Probability 1",
)
def rogers_satchell(window: int) -> pl.Expr:
    """Volatility per bar from the bars' extremes, whatever the drift.

        √((1/w) Σ [ln(H_i/C_i) ln(H_i/O_i) + ln(L_i/C_i) ln(L_i/O_i)])

    Misleads: 0 for bars that run straight from one end to the other, and for bars of one trade.
    """
    return window_mean(rogers_satchell_term(), window).clip(lower_bound=0.0).sqrt()
