"""Drift of the session VWAP."""

from __future__ import annotations

import polars as pl

from fireassay.data.features import Group, feature
from fireassay.data.features.expressions import VWAP, lag, log_ratio


@feature(
    "vwap_slope",
    group=Group.VWAP,
    needs=["high", "low", "close", "volume"],
    windows=(5, 20),
    source="Berkowitz, Logue and Noser (1988), The total cost of transactions on the NYSE, Journal "
    "of Finance 43",
)
def vwap_slope(window: int) -> pl.Expr:
    """Log change of the session VWAP over w bars: which way has volume pulled it.

        ln(V_t / V_{t−w})

    Misleads: V is a mean over the session, so its slope dies away as the session grows, whatever the
    price does.
    """
    vwap = pl.col(VWAP)
    return log_ratio(vwap, lag(vwap, window))
