"""Distance from the session's high."""

from __future__ import annotations

import polars as pl

from fireassay.data.features import Group, feature
from fireassay.data.features.expressions import log_ratio, session_max


@feature(
    "drawdown",
    group=Group.RETURN,
    needs=["high", "close"],
    source="Magdon-Ismail and Atiya (2004), Maximum drawdown, Risk 17",
)
def drawdown() -> pl.Expr:
    """Log distance of the close from the highest price of the session so far; at most 0.

        ln(C_t / max_{i≤t} H_i)

    Misleads: it can only grow with the time that the session has had, so it partly tells the time.
    """
    return log_ratio(pl.col("close"), session_max(pl.col("high")))
