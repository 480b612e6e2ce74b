"""Order-flow imbalance from the best quotes."""

from __future__ import annotations

import polars as pl

from fireassay.data.features import Group, feature
from fireassay.data.features.expressions import lag, window_mean


@feature(
    "quote_flow",
    group=Group.FLOW,
    needs=["bid", "ask"],
    lookback=lambda w: w + 1,
    windows=(20,),
    source="Cont, Kukanov and Stoikov (2014), The price impact of order book events, Journal of "
    "Financial Econometrics 12; with unit sizes, since bars carry none",
)
def quote_flow(window: int) -> pl.Expr:
    """Moves of the best quotes up less moves down over w bars.

        (1/2w) Σ [sign(b_i − b_{i−1}) + sign(a_i − a_{i−1})]

    Misleads: without sizes it sees price moves of the quotes only, not what is queued behind them.
    """
    bid, ask = pl.col("bid"), pl.col("ask")
    moved = (bid - lag(bid)).sign() + (ask - lag(ask)).sign()
    return window_mean(moved, window) / 2
