"""Position relative to the previous session's range."""

from __future__ import annotations

import polars as pl

from fireassay.data.features import Group, feature
from fireassay.data.features.expressions import (
    let,
    position_in_range,
    prior_session,
    session_max,
    session_min,
)


@feature(
    "prior_range",
    group=Group.SESSION,
    needs=["high", "low", "close"],
    sessions_back=1,
    source="Brock, Lakonishok and LeBaron (1992), Simple technical trading rules and the stochastic "
    "properties of stock returns, Journal of Finance 47: trading-range breaks",
)
def prior_range() -> pl.Expr:
    """Where the close lies relative to the previous session's range.

        (C_t − (H + L)/2) / (H − L),  H, L: extremes of the previous session

    Null where that range is 0. Misleads: a split that isn't adjusted for puts it far outside.
    """
    high = prior_session(session_max(pl.col("high")))
    low = prior_session(session_min(pl.col("low")))
    return let(position_in_range, pl.col("close"), high, low)
