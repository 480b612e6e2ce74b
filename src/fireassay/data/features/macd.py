"""Moving average convergence and divergence."""

from __future__ import annotations

import polars as pl

from fireassay.data.features import Group, feature
from fireassay.data.features.expressions import smoothed

FAST, SLOW = 12, 26


def macd_line() -> pl.Expr:
    """EMA_12 − EMA_26 of the close, in units of the price."""
    close = pl.col("close")
    fast = smoothed(close, FAST, 2 / (FAST + 1))
    slow = smoothed(close, SLOW, 2 / (SLOW + 1))
    return pl.when(pl.col("bar") >= SLOW - 1).then(fast - slow)


@feature(
    "macd",
    group=Group.MOMENTUM,
    needs=["close"],
    source="Appel (1979), The Moving Average Convergence-Divergence Method",
)
def macd() -> pl.Expr:
    """Fast less slow exponential mean of the close, as a share of the close.

        (EMA_12 − EMA_26) / C_t

    The means start at the session's open, each seeded with the plain mean of its first bars.
    Misleads: a smoothed return over some 20 bars, late by as much.
    """
    return macd_line() / pl.col("close")
