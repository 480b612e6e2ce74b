"""Distance from the session's low."""

from __future__ import annotations

import polars as pl

from fireassay.data.features import Group, feature
from fireassay.data.features.expressions import log_ratio, session_min


@feature(
    "runup",
    group=Group.RETURN,
    needs=["low", "close"],
    source="Magdon-Ismail and Atiya (2004), Maximum drawdown, Risk 17: mirrored",
)
def runup() -> pl.Expr:
    """Log distance of the close from the lowest price of the session so far; at least 0.

        ln(C_t / min_{i≤t} L_i)

    Misleads: it can only grow with the time that the session has had, so it partly tells the time.
    """
    return log_ratio(pl.col("close"), session_min(pl.col("low")))
