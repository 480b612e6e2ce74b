"""Recent volume against the volume before."""

from __future__ import annotations

import polars as pl

from fireassay.data.features import Group, feature
from fireassay.data.features.expressions import log_ratio, window_mean

LONG = 6
"""The long window in short ones."""


@feature(
    "volume_trend",
    group=Group.VOLUME,
    needs=["volume"],
    lookback=lambda w: LONG * w,
    windows=(5,),
    source="Gervais, Kaniel and Mingelgrin (2001), The high-volume return premium, Journal of "
    "Finance 56",
)
def volume_trend(window: int) -> pl.Expr:
    """Mean volume of the last w bars against that of the last 6 w: is activity rising.

        ln((1/w) Σ_w v_i / ((1/6w) Σ_{6w} v_i))

    Null where nothing traded. Misleads: it follows the time-of-day shape of volume.
    """
    volume = pl.col("volume")
    return log_ratio(window_mean(volume, window), window_mean(volume, LONG * window))
