"""Abdi and Ranaldo's close-high-low spread."""

from __future__ import annotations

import polars as pl

from fireassay.data.features import Group, feature
from fireassay.data.features.expressions import lag, window_mean


@feature(
    "abdi_ranaldo",
    group=Group.LIQUIDITY,
    needs=["high", "low", "close"],
    lookback=lambda w: w + 1,
    windows=(30,),
    source="Abdi and Ranaldo (2017), A simple estimation of bid-ask spreads from daily close, high, "
    "and low prices, Review of Financial Studies 30",
)
def abdi_ranaldo(window: int) -> pl.Expr:
    """Spread, as a share of the price, from the close between two mid-ranges.

        2 √max(0, (1/w) Σ (c_{i−1} − η_{i−1})(c_{i−1} − η_i)),  c = ln C,  η = (ln H + ln L) / 2

    Misleads: made for daily bars; few trades per bar bias it.
    """
    close, middle = pl.col("close").log(), (pl.col("high").log() + pl.col("low").log()) / 2
    product = (lag(close) - lag(middle)) * (lag(close) - middle)
    return 2 * window_mean(product, window).clip(lower_bound=0.0).sqrt()
