"""Money flow index."""

from __future__ import annotations

import polars as pl

from fireassay.data.features import Group, feature
from fireassay.data.features.expressions import TYPICAL, lag, let, ratio, side_of, window_sum


@feature(
    "money_flow_index",
    group=Group.MOMENTUM,
    needs=["high", "low", "close", "volume"],
    lookback=lambda w: w + 1,
    windows=(14,),
    source="Quong and Soudack (1989), Volume-weighted RSI: money flow, Technical Analysis of Stocks "
    "& Commodities 7",
)
def money_flow_index(window: int) -> pl.Expr:
    """Share of the money traded over w bars that went into bars whose typical price rose, 0 to 100.

        100 P / (P + N),  P, N: Σ p_i v_i over bars with p_i above, below p_{i−1}; p = (H + L + C) / 3

    Null where no bar with volume moved. Misleads: money buys and sells in every bar; the sign is the
    price's.
    """
    price = pl.col(TYPICAL)
    money = price * pl.col("volume")
    signed = money * side_of(price, lag(price))
    return 100 * let(
        lambda rose, fell: ratio(rose, rose + fell),
        window_sum(signed.clip(lower_bound=0.0), window),
        window_sum((-signed).clip(lower_bound=0.0), window),
    )
