"""Volume of the session so far against earlier sessions."""

from __future__ import annotations

import polars as pl

from fireassay.data.features import Group, feature
from fireassay.data.features.expressions import PROFILE_SESSIONS, log_ratio, session_sum, slot_mean


@feature(
    "session_volume_ratio",
    group=Group.VOLUME,
    needs=["volume", "slot"],
    sessions_back=PROFILE_SESSIONS,
    source="Admati and Pfleiderer (1988), A theory of intraday patterns, Review of Financial "
    "Studies 1",
)
def session_volume_ratio() -> pl.Expr:
    """Volume of the session so far against what earlier sessions had traded by this time.

        ln(Σ_{i≤t} v_i / mean of the same over the last 20 earlier sessions, at least 5)

    Null until volume has traded. Misleads: it hardly moves late in the session, so it tells days
    apart rather than bars.
    """
    traded = session_sum(pl.col("volume"))
    return log_ratio(traded, slot_mean(traded))
