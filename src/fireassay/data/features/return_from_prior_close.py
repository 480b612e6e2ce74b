"""Log return since the previous close."""

from __future__ import annotations

import polars as pl

from fireassay.data.features import Group, feature
from fireassay.data.features.expressions import log_ratio, prior_session


@feature(
    "return_from_prior_close",
    group=Group.SESSION,
    needs=["close"],
    sessions_back=1,
    source="Lou, Polk and Skouras (2019), A tug of war: overnight versus intraday expected returns, "
    "Journal of Financial Economics 134",
)
def return_from_prior_close() -> pl.Expr:
    """Log return since the previous session's close: the day's change as screens show it.

        ln(C_t / C_prev)

    Misleads: a split or a dividend that isn't adjusted for enters every bar of its session.
    """
    return log_ratio(pl.col("close"), prior_session(pl.col("close")))
