"""The rows of a foreign table under canonical names, checked value by value, in their own order."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import polars as pl

from fireassay.data import times, values
from fireassay.data.bars import INDEX_COLUMNS, MARKET_COLUMNS
from fireassay.data.calendars import Schedule, schedule
from fireassay.data.layouts import CLOCK, Kind, Layout
from fireassay.data.rules import ByCalendar, ByColumn, SessionRule
from fireassay.data.sessions import ROW, session_column
from fireassay.data.settings import DataSettings
from fireassay.data.sources import Table
from fireassay.errors import DataError, listed, nearest
from fireassay.findings import Value

TAKEN = frozenset((*INDEX_COLUMNS, *MARKET_COLUMNS))
FIRST_DAY = (dt.date(2000, 1, 1) - dt.date(1970, 1, 1)).days
"""Date of the first session where the table tells none, in days."""

KEY = "fireassay:session"
"""The user's session column, until sessions are numbered."""


@dataclass(frozen=True)
class Rows:
    """Rows under canonical names.

    Attributes
    ----------
    frame
        Columns `ROW`, symbol, time; market columns, or price, size and suspicious; `KEY` if the
        rule is a column; the user's own columns.
    readings
        How they were read, for the audit.
    schedule
        The exchange's sessions, if the rule is a calendar.
    """

    frame: pl.DataFrame
    readings: dict[str, Value]
    schedule: Schedule | None


def canonical(table: Table, layout: Layout, settings: DataSettings) -> Rows:
    """Return the rows of a table under canonical names.

    Raises
    ------
    DataError
        If a time, a number or a symbol can't be read or is missing where it is needed (names file,
        column and row), or a symbol asked for isn't there.
    """
    rule = settings.session_rule
    columns: dict[str, pl.Series] = {}
    consumed = set(layout.columns.values())
    if isinstance(rule, ByColumn):
        columns[KEY] = _session_key(table, rule)
        consumed.add(rule.column)
    symbols = layout.columns.get("symbol")
    if symbols is None:
        columns["symbol"] = pl.Series([""], dtype=pl.String).new_from_index(0, table.frame.height)
    else:
        columns["symbol"] = values.text(table, symbols)
    moments, plan = _times(table, layout, settings, rule, columns)
    columns["time"] = moments.values
    readings: dict[str, Value] = {"times": moments.reading}
    wanted = ("price", "size") if layout.kind is Kind.PRINTS else MARKET_COLUMNS
    for name in wanted:
        if name in layout.columns:
            columns[name] = values.number(table, layout.columns[name])
    if layout.kind is Kind.PRINTS:
        if "suspicious" in layout.columns:
            columns["suspicious"] = values.flag(table, layout.columns["suspicious"])
        left = [c for c in table.frame.columns if c not in consumed]
        if left:
            readings["columns left out"] = f"{', '.join(left)} (bars of prints don't carry them)"
    else:
        own, renamed = _own(table, consumed, moments.values)
        columns |= own
        if renamed:
            readings["columns renamed"] = renamed
    row = pl.Series(ROW, np.arange(table.frame.height), dtype=pl.Int64)
    frame = pl.DataFrame([row, *(series.alias(name) for name, series in columns.items())])
    return Rows(_only(frame, settings.symbols, table), readings, plan)


def _session_key(table: Table, rule: ByColumn) -> pl.Series:
    key = session_column(table.frame, rule.column, table.where())
    if key.null_count():
        row = int(key.is_null().arg_max() or 0)
        raise DataError(
            "the session is missing",
            where=table.where(rule.column, row),
            fix="Fill it, or leave the row out.",
        )
    return key


def _times(
    table: Table,
    layout: Layout,
    settings: DataSettings,
    rule: SessionRule,
    columns: dict[str, pl.Series],
) -> tuple[times.Times, Schedule | None]:
    """Read the times, in the exchange's zone where a calendar tells it and the user doesn't."""
    named = layout.columns
    by_calendar = isinstance(rule, ByCalendar)
    if "time" in named:
        moments = times.parse(table, (named["time"],), settings.timezone, convertible=by_calendar)
    elif "date" in named:
        pair = (named["date"], named[CLOCK])
        moments = times.parse(table, pair, settings.timezone, convertible=by_calendar)
    else:
        return _invented(table, columns[KEY], columns["symbol"]), None
    if not isinstance(rule, ByCalendar):
        return moments, None
    dates = moments.values.dt.date()
    first, last = dates.min(), dates.max()
    assert isinstance(first, dt.date)
    assert isinstance(last, dt.date)
    plan = schedule(rule.name, first, last)
    return (moments if settings.timezone else moments.into(plan.zone)), plan


def _invented(table: Table, key: pl.Series, symbol: pl.Series) -> times.Times:
    """Number the rows of each session where there is no time: their order is all that is known."""
    run = pl.struct("symbol", "key").rle_id()
    frame = pl.DataFrame({"key": key, "symbol": symbol}).with_columns(run.alias("run"))
    runs = frame.with_row_index("row").group_by("run", maintain_order=True).first()
    again = runs.select(~pl.struct("symbol", "key").is_first_distinct()).to_series()
    if again.any():
        row = int(runs["row"].filter(again)[0])
        raise DataError(
            f"session {key[row]} starts again here, and no time tells the order of rows",
            where=table.where(key.name, row),
            fix="Put the rows of a session together, or add a column of times.",
        )
    bar = frame.select(pl.int_range(pl.len()).over("run")).to_series()
    longest = int(bar.to_numpy().max()) + 1
    step = min(60_000_000, 86_400_000_000 // (longest + 1))
    if key.dtype == pl.Date:
        day = key.cast(pl.Datetime("us"))
    else:
        order = pl.col("key").unique(maintain_order=True)
        rank = frame.select(order).with_row_index("day")
        days = frame.join(rank, on="key", how="left", maintain_order="left")["day"]
        day = ((days.cast(pl.Int64) + FIRST_DAY) * 86_400_000_000).cast(pl.Datetime("us"))
    moments = day + ((bar + 1) * step).cast(pl.Duration("us"))
    told = "none: rows in the order of the source; clock and dates are made up"
    return times.Times(moments, told if key.dtype != pl.Date else f"{told} from the session column")


def _own(table: Table, consumed: set[str], moments: pl.Series) -> tuple[dict[str, pl.Series], str]:
    """Return the user's own columns; those called like a canonical one get another name."""
    own, renamed = {}, []
    for series in table.frame.iter_columns():
        if series.name in consumed:
            continue
        name = series.name
        while name in TAKEN or name in own:
            name = f"source_{name}"
        if name != series.name:
            renamed.append(f"{series.name} → {name}")
        own[name] = times.like(series, moments)
    return own, ", ".join(renamed)


def _only(frame: pl.DataFrame, symbols: tuple[str, ...], table: Table) -> pl.DataFrame:
    if not symbols:
        return frame
    there = frame["symbol"].unique().sort().to_list()
    for symbol in symbols:
        if symbol not in there:
            near = nearest(symbol, there)
            fix = f"Did you mean {' or '.join(near)}?" if near else f"Symbols: {listed(there)}."
            if there == [""]:
                fix = "The table names none: leave the symbols out, or name their column."
            raise DataError(f"there is no symbol {symbol!r}", where=table.where(), fix=fix)
    return frame.filter(pl.col("symbol").is_in(symbols))
