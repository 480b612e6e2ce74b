"""Trade prints that can't make a bar."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from fireassay.data.audit import Action, Notice, Stage, View, check
from fireassay.data.layouts import Kind


def _price_and_size(view: View, row: int) -> str:
    price, size = view.frame["price"][row], view.frame["size"][row]
    return f"{view.moment(row)}: {size} at {price}".replace(".0 at", " at")


@check(Stage.SOURCE)
def suspicious_prints(view: View) -> Iterable[Notice]:
    """Prints that the source itself marks as suspicious. They are left out of the bars."""
    if "suspicious" in view.frame.columns:
        yield from view.notice(
            "suspicious_prints",
            "trade prints that the source marks as suspicious",
            view.frame["suspicious"],
            Action.DROPPED,
            "They were left out of the bars. Without that column they would be part of them.",
            lambda row: _price_and_size(view, row),
        )


@check(Stage.SOURCE)
def impossible_prints(view: View) -> Iterable[Notice]:
    """Prints without a positive price and size: cancellations, markers, gaps in the record."""
    if view.kind is Kind.PRINTS:
        possible = (pl.col("price") > 0) & (pl.col("size") > 0)
        impossible = view.frame.select(~possible.fill_null(value=False)).to_series()
        yield from view.notice(
            "impossible_prints",
            "trade prints without a positive price and size",
            impossible,
            Action.DROPPED,
            "They were left out of the bars: nothing traded there.",
            lambda row: _price_and_size(view, row),
        )
