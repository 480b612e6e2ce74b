"""How straight the price moved."""

from __future__ import annotations

import polars as pl

from fireassay.data.features import Group, feature
from fireassay.data.features.expressions import first_known, log_ratio, window_correlation


@feature(
    "trend_strength",
    group=Group.MOMENTUM,
    needs=["close"],
    lookback=lambda w: w,
    windows=(30,),
    source="Kendall and Stuart (1979), The Advanced Theory of Statistics 2: correlation with time",
)
def trend_strength(window: int) -> pl.Expr:
    """Correlation of the log price with time over w bars: +1 a straight rise, −1 a straight fall.

        corr(i, ln C_i)

    Null where the close was constant. Misleads: a random walk has large values too (spurious
    regression); half of its values exceed .67 in size.
    """
    price = log_ratio(pl.col("close"), first_known(pl.col("close")))
    return window_correlation(pl.col("bar").cast(pl.Float64), price, window)
