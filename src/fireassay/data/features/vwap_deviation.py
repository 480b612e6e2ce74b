"""Distance of the close from the session VWAP."""

from __future__ import annotations

import polars as pl

from fireassay.data.features import Group, feature
from fireassay.data.features.expressions import VWAP, log_ratio


@feature(
    "vwap_deviation",
    group=Group.VWAP,
    needs=["high", "low", "close", "volume"],
    source="Berkowitz, Logue and Noser (1988), The total cost of transactions on the NYSE, Journal "
    "of Finance 43",
)
def vwap_deviation() -> pl.Expr:
    """Log distance of the close from the VWAP of the session so far.

        ln(C_t / V_t),  V_t = Σ_{i≤t} p_i v_i / Σ_{i≤t} v_i

    Null until volume has traded. Misleads: early in the session V_t rests on few bars and hugs the
    price, so the same distance means more then.
    """
    return log_ratio(pl.col("close"), pl.col(VWAP))
