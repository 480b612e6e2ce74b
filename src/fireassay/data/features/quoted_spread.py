"""Quoted spread."""

from __future__ import annotations

import polars as pl

from fireassay.data.features import Group, feature


@feature(
    "quoted_spread",
    group=Group.LIQUIDITY,
    needs=["bid", "ask"],
    lookback=1,
    source="Huang and Stoll (1996), Dealer versus auction markets, Journal of Financial Economics 41",
)
def quoted_spread() -> pl.Expr:
    """Quoted spread at the bar's end as a share of the mid.

        (a_t − b_t) / ((a_t + b_t) / 2)

    Misleads: a snapshot; nobody need have traded at it.
    """
    bid, ask = pl.col("bid"), pl.col("ask")
    return 2 * (ask - bid) / (ask + bid)
