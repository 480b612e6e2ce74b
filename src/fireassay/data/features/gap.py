"""Gap at the open."""

from __future__ import annotations

import polars as pl

from fireassay.data.features import Group, feature
from fireassay.data.features.expressions import first_known, log_ratio, prior_session


@feature(
    "gap",
    group=Group.SESSION,
    needs=["open", "close"],
    sessions_back=1,
    source="Lou, Polk and Skouras (2019), A tug of war: overnight versus intraday expected returns, "
    "Journal of Financial Economics 134",
)
def gap() -> pl.Expr:
    """Log return from the previous session's close to this session's open.

        ln(O_1 / C_prev)

    Constant within the session. Misleads: a split or a dividend that isn't adjusted for is a gap;
    one value per session gives as few observations as there are sessions.
    """
    return log_ratio(first_known(pl.col("open")), prior_session(pl.col("close")))
