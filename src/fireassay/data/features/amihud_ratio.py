"""Amihud illiquidity against the session so far."""

from __future__ import annotations

import polars as pl

from fireassay.data.features import Group, feature
from fireassay.data.features.expressions import (
    RETURN,
    let,
    log_ratio,
    ratio,
    session_sum,
    window_sum,
)

LEAST = 5
"""Traded bars from which on the mean of the window is known."""


@feature(
    "amihud_ratio",
    group=Group.LIQUIDITY,
    needs=["close", "volume"],
    windows=(30,),
    source="Amihud (2002), Illiquidity and stock returns, Journal of Financial Markets 5",
)
def amihud_ratio(window: int) -> pl.Expr:
    """Price impact of a unit of money over w bars against that of the session so far.

        ln(A_w / A_session),  A = mean of |r_i| / (C_i v_i) over the bars that traded

    The ratio takes away the unit: A itself depends on currency and lot. Null with fewer than 5 traded
    bars in the window. Misleads: a bar of one lot that moves the price outweighs all others.
    """

    def against_session(impact: pl.Expr) -> pl.Expr:
        traded = impact.is_not_null().cast(pl.Float64)
        count = let(lambda n: pl.when(n >= LEAST).then(n), window_sum(traded, window))
        recent = ratio(window_sum(impact.fill_null(0.0), window), count)
        return log_ratio(recent, ratio(session_sum(impact), session_sum(traded)))

    money = pl.col("close") * pl.col("volume")
    return let(against_session, ratio(pl.col(RETURN).abs(), money))
