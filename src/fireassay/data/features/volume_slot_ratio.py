"""Volume of the bar against the same time of day."""

from __future__ import annotations

import polars as pl

from fireassay.data.features import Group, feature
from fireassay.data.features.expressions import PROFILE_SESSIONS, ratio, slot_mean


@feature(
    "volume_slot_ratio",
    group=Group.VOLUME,
    needs=["volume", "slot"],
    lookback=1,
    sessions_back=PROFILE_SESSIONS,
    source="Admati and Pfleiderer (1988), A theory of intraday patterns, Review of Financial "
    "Studies 1",
)
def volume_slot_ratio() -> pl.Expr:
    """Volume of the bar against its mean at this time of day.

        ln(1 + v_t / mean of v at the same slot over the last 20 earlier sessions, at least 5)

    Null where the profile is 0. Misleads: one block trade in an earlier session raises the profile of
    its slot for 20 sessions.
    """
    volume = pl.col("volume")
    return ratio(volume, slot_mean(volume)).log1p()
