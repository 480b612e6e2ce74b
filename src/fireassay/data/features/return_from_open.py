"""Log return since the session's open."""

from __future__ import annotations

import polars as pl

from fireassay.data.features import Group, feature
from fireassay.data.features.expressions import first_known, log_ratio


@feature(
    "return_from_open",
    group=Group.RETURN,
    needs=["open", "close"],
    source="Gao, Han, Li and Zhou (2018), Market intraday momentum, Journal of Financial Economics "
    "129",
)
def return_from_open() -> pl.Expr:
    """Log return since the session's first open: where does the session stand.

        ln(C_t / O_1)

    Misleads: its spread grows through the session, so a level means more in the morning than in the
    afternoon.
    """
    return log_ratio(pl.col("close"), first_known(pl.col("open")))
