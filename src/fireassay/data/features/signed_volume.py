"""Tick-rule signed volume."""

from __future__ import annotations

import polars as pl

from fireassay.data.features import Group, feature
from fireassay.data.features.expressions import SIDE, ratio, window_sum


@feature(
    "signed_volume",
    group=Group.FLOW,
    needs=["close", "volume"],
    windows=(10, 30),
    source="Lee and Ready (1991), Inferring trade direction from intraday data, Journal of Finance "
    "46: the tick test, on bars",
)
def signed_volume(window: int) -> pl.Expr:
    """Volume of bars that rose less volume of bars that fell, as a share of the volume of w bars.

        Σ s_i v_i / Σ v_i,  s_i the sign of the last price change of the session

    Null where nothing traded. Misleads: a bar's volume is not all on one side; the tick rule on bars
    is coarse.
    """
    volume = pl.col("volume")
    return ratio(window_sum(pl.col(SIDE) * volume, window), window_sum(volume, window))
