"""Share of the session spent above the session VWAP."""

from __future__ import annotations

import polars as pl

from fireassay.data.features import Group, feature
from fireassay.data.features.expressions import VWAP, let, ratio, session_sum, side_of


@feature(
    "vwap_side_share",
    group=Group.VWAP,
    needs=["high", "low", "close", "volume"],
    source="Berkowitz, Logue and Noser (1988), The total cost of transactions on the NYSE, Journal "
    "of Finance 43",
)
def vwap_side_share() -> pl.Expr:
    """Bars above the session VWAP less bars below, as a share of the session so far.

        Σ_{i≤t} sign(C_i − V_i) / #{i ≤ t : V_i known}

    Misleads: it is a mean over the session, so late bars hardly move it.
    """
    return let(
        lambda side: ratio(session_sum(side), session_sum(side.is_not_null())),
        side_of(pl.col("close"), pl.col(VWAP)),
    )
