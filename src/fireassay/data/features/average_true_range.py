"""Average true range."""

from __future__ import annotations

import polars as pl

from fireassay.data.features import Group, feature
from fireassay.data.features.expressions import lag, smoothed


@feature(
    "average_true_range",
    group=Group.MOMENTUM,
    needs=["high", "low", "close"],
    windows=(14,),
    source="Wilder (1978), New Concepts in Technical Trading Systems",
)
def average_true_range(window: int) -> pl.Expr:
    """Wilder mean of the true range as a share of the close.

        ATR_w / C_t,  true range = max(H_i, C_{i−1}) − min(L_i, C_{i−1})

    Starts at the session's second bar (the first has no close before it), seeded with the plain mean
    of the first w ranges. Misleads: a volatility that counts the spread.
    """
    before = lag(pl.col("close"))
    known = before.is_not_null()
    top = pl.when(known).then(pl.max_horizontal(pl.col("high"), before))
    bottom = pl.when(known).then(pl.min_horizontal(pl.col("low"), before))
    return smoothed(top - bottom, window, 1 / window) / pl.col("close")
