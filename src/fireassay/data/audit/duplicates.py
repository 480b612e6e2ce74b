"""Bars that stand in the table more than once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

import numpy as np
import polars as pl

from fireassay.arrays import Int
from fireassay.data.audit import Action, Notice, Stage, View, check
from fireassay.data.layouts import Kind
from fireassay.data.sessions import ROW
from fireassay.errors import DataError

SEVERAL_SYMBOLS = 0.2
"""Share of conflicting bars, without a symbol column, that only several instruments explain."""


@check(Stage.SORTED)
def duplicates(view: View) -> Iterable[Notice]:
    """Bars of the same symbol and time as another one, with the same values or with others.

    Of equal ones the first stays, of differing ones the last: a vendor appends corrections. Trade
    prints may well be equal, so they are not looked at.
    """
    if view.kind is not Kind.BARS:
        return
    frame = view.frame
    symbol, time = frame["symbol"], frame["time"]
    again = symbol.eq_missing(symbol.shift(1)) & (time == time.shift(1)).fill_null(value=False)
    if not again.any():
        return
    runs = (again | again.shift(-1, fill_value=False)).arg_true().to_numpy()
    values = frame[runs.tolist()].drop(ROW)
    repeated = runs[~values.select(pl.struct(pl.all()).is_first_distinct()).to_series().to_numpy()]
    yield from view.notice(
        "duplicates",
        "bars that repeat another bar exactly",
        _marked(frame, repeated),
        Action.DROPPED,
        "One of each was kept. Check how the table was put together: files may overlap.",
    )
    left = np.setdiff1d(runs, repeated)
    last = frame[left.tolist()].select(pl.struct("symbol", "time").is_last_distinct())
    conflicting = left[~last.to_series().to_numpy()]
    if len(conflicting) > SEVERAL_SYMBOLS * frame.height and symbol.n_unique() == 1:
        row = int(frame[ROW].gather(left).to_numpy().min())
        fix = 'Several instruments in one table need a symbol column: [columns] symbol = "…".'
        if (time.dt.time() == dt.time()).all():
            fix = 'The times hold dates alone: name the clock too: [columns] date = "…", clock = "…".'
        raise DataError(
            f"{len(conflicting)} of {frame.height} bars share their time with a bar of other values",
            where=view.table.where("", row),
            fix=fix,
        )
    yield from view.notice(
        "conflicting_duplicates",
        "bars of the same time as a later row with other values",
        _marked(frame, conflicting),
        Action.DROPPED,
        "The last of each was kept, as a correction would be. See which one is right.",
    )


def _marked(frame: pl.DataFrame, rows: Int) -> pl.Series:
    mask = np.zeros(frame.height, dtype=bool)
    mask[rows] = True
    return pl.Series(mask)
