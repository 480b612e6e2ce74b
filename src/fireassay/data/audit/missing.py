"""Bars with a missing price or volume."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from fireassay.data.audit import Action, Notice, Stage, View, check
from fireassay.data.bars import MARKET_COLUMNS
from fireassay.data.layouts import Kind


@check(Stage.SOURCE)
def missing_values(view: View) -> Iterable[Notice]:
    """Bars that lack a price, volume or quote which the table has a column for.

    They stay, and nothing is filled in: what needs the value is unknown there.
    """
    if view.kind is not Kind.BARS:
        return
    columns = [c for c in MARKET_COLUMNS if c in view.frame.columns]
    if not columns:
        return

    def lacking(row: int) -> str:
        lacks = ", ".join(c for c in columns if view.frame[c][row] is None)
        return f"{view.moment(row)} lacks {lacks}"

    missing = view.frame.select(pl.any_horizontal(pl.col(columns).is_null())).to_series()
    yield from view.notice(
        "missing_values",
        "bars that lack a price, volume or quote",
        missing,
        Action.FLAGGED,
        "Features and targets that need the value are unknown there; nothing is filled in.",
        lacking,
    )
