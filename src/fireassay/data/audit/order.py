"""Rows that stand before an earlier one."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from fireassay.data.audit import Action, Notice, Stage, View, check


@check(Stage.SOURCE)
def out_of_order(view: View) -> Iterable[Notice]:
    """Rows whose time lies before that of the row above them, of the same symbol.

    They are put in order. A few can be late reports; a file that runs backwards is only written so;
    many in no order mean that the time column isn't the time.
    """
    frame = view.frame
    symbol, time = frame["symbol"], frame["time"]
    symbols = symbol.n_unique()
    same = symbol == symbol.shift(1)
    if int(same.not_().sum() or 0) + 1 == symbols:
        # Each symbol in one block: the row above is of the same symbol, but for the first.
        late = (same & (time < time.shift(1))).fill_null(value=False)
    else:
        earlier = pl.col("time") < pl.col("time").shift(1).over("symbol")
        late = frame.select(earlier.fill_null(value=False)).to_series()
    backwards = int(late.sum() or 0) > 0.9 * (frame.height - symbols)
    told = "The table runs backwards; it" if backwards else "The table"
    yield from view.notice(
        "out_of_order",
        "rows before the time of the row above them",
        late,
        Action.KEPT,
        f"{told} was sorted by time. Rows of equal time stay in the order of the source.",
    )
