"""Range of the bar."""

from __future__ import annotations

import polars as pl

from fireassay.data.features import Group, feature
from fireassay.data.features.expressions import log_ratio


@feature(
    "bar_range",
    group=Group.VOLATILITY,
    needs=["high", "low"],
    lookback=1,
    source="Alizadeh, Brandt and Diebold (2002), Range-based estimation of stochastic volatility "
    "models, Journal of Finance 57",
)
def bar_range() -> pl.Expr:
    """Log range of the bar: how far apart were its extremes.

        ln(H_t / L_t)

    Misleads: 0 for a bar of one trade; it counts the spread.
    """
    return log_ratio(pl.col("high"), pl.col("low"))
