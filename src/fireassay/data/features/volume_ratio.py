"""Volume of the bar against recent bars."""

from __future__ import annotations

import polars as pl

from fireassay.data.features import Group, feature
from fireassay.data.features.expressions import ratio, window_mean


@feature(
    "volume_ratio",
    group=Group.VOLUME,
    needs=["volume"],
    lookback=lambda w: w,
    windows=(20,),
    source="Karpoff (1987), The relation between price changes and trading volume: a survey, Journal "
    "of Financial and Quantitative Analysis 22",
)
def volume_ratio(window: int) -> pl.Expr:
    """Volume of the bar against the mean of the last w bars.

        ln(1 + v_t / ((1/w) Σ v_i))

    Null where nothing traded in the window. Misleads: volume falls and rises with the time of day, so
    it is high at every close.
    """
    volume = pl.col("volume")
    return ratio(volume, window_mean(volume, window)).log1p()
