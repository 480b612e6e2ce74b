"""Share of bars in which nothing traded."""

from __future__ import annotations

import polars as pl

from fireassay.data.features import Group, feature
from fireassay.data.features.expressions import window_mean


@feature(
    "stale_share",
    group=Group.VOLUME,
    needs=["stale"],
    lookback=lambda w: w,
    windows=(30,),
    source="Bandi, Kolokolov, Pirino and Renò (2020), Zeros, Management Science 66",
)
def stale_share(window: int) -> pl.Expr:
    """Share of the last w bars in which nothing traded.

        (1/w) Σ 1[bar i is stale]

    Misleads: where it is high, most other features are made of few trades.
    """
    return window_mean(pl.col("stale").cast(pl.Float64), window)
