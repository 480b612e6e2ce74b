"""Width of the Bollinger bands."""

from __future__ import annotations

import polars as pl

from fireassay.data.features import Group, feature
from fireassay.data.features.bollinger import relative_close
from fireassay.data.features.expressions import window_mean, window_variance


@feature(
    "bollinger_width",
    group=Group.MOMENTUM,
    needs=["close"],
    lookback=lambda w: w,
    windows=(20,),
    source="Bollinger (2001), Bollinger on Bollinger Bands",
)
def bollinger_width(window: int) -> pl.Expr:
    """Width of the bands of two standard deviations as a share of the mean close.

        4 sd / mean over the last w closes

    Misleads: a volatility that counts trends; high after any one-way move.
    """
    close = relative_close()
    return 4 * window_variance(close, window).sqrt() / (1 + window_mean(close, window))
