"""Share of the session that has passed."""

from __future__ import annotations

import polars as pl

from fireassay.data.features import Group, feature
from fireassay.data.features.expressions import prior_session, ratio, session_max


@feature(
    "session_progress",
    group=Group.SESSION,
    needs=["slot"],
    sessions_back=1,
    source="Wood, McInish and Ord (1985), An investigation of transactions data for NYSE stocks, "
    "Journal of Finance 40",
)
def session_progress() -> pl.Expr:
    """Time of day as a share of the length of the session before.

        slot_t / last slot of the previous session

    The session's own length isn't known before it ends. Null in the first session. Misleads: exceeds
    1 after a session that closed early.
    """
    slot = pl.col("slot").cast(pl.Float64)
    return ratio(slot, prior_session(session_max(slot)))
