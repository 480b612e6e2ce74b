"""Bars since the open."""

from __future__ import annotations

import polars as pl

from fireassay.data.features import Group, feature


@feature(
    "session_bar",
    group=Group.SESSION,
    needs=[],
    lookback=1,
    source="Wood, McInish and Ord (1985), An investigation of transactions data for NYSE stocks, "
    "Journal of Finance 40",
)
def session_bar() -> pl.Expr:
    """Bars since the session's open.

        t − 1, from 0

    Misleads: anything with a time-of-day shape is predicted by it; a score that it carries alone is
    a profile, not an edge.
    """
    return pl.col("bar")
