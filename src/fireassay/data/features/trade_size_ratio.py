"""Size of trades against recent trades."""

from __future__ import annotations

import polars as pl

from fireassay.data.features import Group, feature
from fireassay.data.features.expressions import log_ratio, ratio, window_sum


@feature(
    "trade_size_ratio",
    group=Group.VOLUME,
    needs=["volume", "trades"],
    lookback=lambda w: w,
    windows=(30,),
    source="Easley and O'Hara (1987), Price, trade size, and information in securities markets, "
    "Journal of Financial Economics 19",
)
def trade_size_ratio(window: int) -> pl.Expr:
    """Mean size of the bar's trades against that of the last w bars.

        ln((v_t / n_t) / (Σ v_i / Σ n_i))

    Null where nothing traded. Misleads: large orders are split, so size tells less than it did.
    """
    volume, trades = pl.col("volume"), pl.col("trades")
    usual = ratio(window_sum(volume, window), window_sum(trades, window))
    return log_ratio(ratio(volume, trades), usual)
