"""Volatility against that of the same time of day."""

from __future__ import annotations

import polars as pl

from fireassay.data.features import Group, feature
from fireassay.data.features.expressions import (
    PROFILE_SESSIONS,
    log_ratio,
    realised_volatility,
    slot_mean,
)


@feature(
    "volatility_slot_ratio",
    group=Group.VOLATILITY,
    needs=["close", "slot"],
    lookback=lambda w: w + 1,
    windows=(10,),
    sessions_back=PROFILE_SESSIONS,
    source="Andersen and Bollerslev (1997), Intraday periodicity and volatility persistence in "
    "financial markets, Journal of Empirical Finance 4",
)
def volatility_slot_ratio(window: int) -> pl.Expr:
    """Volatility of the last w bars against its mean at this time of day: is it unusual for the hour.

        ln(RV_t / mean of RV at the same slot over the last 20 earlier sessions, at least 5)

    Null without movement. Misleads: a profile of few or of quiet sessions makes any day look wild.
    """
    volatility = realised_volatility(window)
    return log_ratio(volatility, slot_mean(volatility))
