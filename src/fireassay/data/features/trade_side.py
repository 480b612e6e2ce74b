"""Side of the quotes that trades were on."""

from __future__ import annotations

import polars as pl

from fireassay.data.features import Group, feature
from fireassay.data.features.expressions import ratio, side_of, window_sum


@feature(
    "trade_side",
    group=Group.FLOW,
    needs=["close", "volume", "bid", "ask"],
    lookback=lambda w: w,
    windows=(20,),
    source="Lee and Ready (1991), Inferring trade direction from intraday data, Journal of Finance "
    "46: the quote test, on bars",
)
def trade_side(window: int) -> pl.Expr:
    """Volume of bars that closed above the mid less volume of those below, as a share.

        Σ v_i sign(C_i − m_i) / Σ v_i,  m_i = (a_i + b_i) / 2

    Null where nothing traded. Misleads: quotes stamped after the last trade shift the mid.
    """
    volume = pl.col("volume")
    side = side_of(pl.col("close"), (pl.col("bid") + pl.col("ask")) / 2)
    return ratio(window_sum(side * volume, window), window_sum(volume, window))
