"""Distance of the close from the session VWAP in units of volatility."""

from __future__ import annotations

import polars as pl

from fireassay.data.features import Group, feature
from fireassay.data.features.expressions import (
    RETURN,
    VWAP,
    log_ratio,
    ratio,
    session_sum,
)


@feature(
    "vwap_deviation_scaled",
    group=Group.VWAP,
    needs=["high", "low", "close", "volume"],
    source="Berkowitz, Logue and Noser (1988), The total cost of transactions on the NYSE, Journal "
    "of Finance 43",
)
def vwap_deviation_scaled() -> pl.Expr:
    """Distance from the session VWAP in units of how far this session's price has wandered.

        ln(C_t / V_t) / √(Σ_{i≤t} r_i²)

    Null until the price has moved. Misleads: bounce inflates the denominator in a quiet session.
    """
    wandered = session_sum(pl.col(RETURN).pow(2)).sqrt()
    return ratio(log_ratio(pl.col("close"), pl.col(VWAP)), wandered)
