"""Sessions: which rows belong together, by calendar, pause, column or day.

A bar belongs to the session in which it ends: open < end ≤ close. A trade print belongs to the one
in which it happens: open ≤ time < close, so the bar that it makes ends inside.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import polars as pl

from fireassay.arrays import Bool, Int
from fireassay.data.calendars import Schedule
from fireassay.data.layouts import Kind
from fireassay.data.rules import Auto, ByCalendar, ByColumn, ByDay, ByGap, SessionRule, duration_text
from fireassay.data.times import just_before, moment_text, wall_clock, zone_of
from fireassay.errors import DataError, nearest

ROW = "fireassay:row"
"""Index of a row in the table of its source, from 0."""

OPENED = "fireassay:opened"
CLOSED = "fireassay:closed"
PAUSED = "fireassay:paused"
RESUMED = "fireassay:resumed"
HOURS = (OPENED, CLOSED, PAUSED, RESUMED)
"""When the row's session opened, closed, paused and resumed; only where a calendar tells it."""

PAUSE = dt.timedelta(hours=3)
"""A longer gap ends a session under the rule `auto`."""

LONGEST = dt.timedelta(days=2)
"""Sessions longer than this show under `auto` that the market never closes."""

LONGEST_SHARE = 0.1
"""Share of rows in sessions longer than `LONGEST` from which on days are sessions."""


@dataclass(frozen=True)
class Sessions:
    """Rows with their sessions.

    Attributes
    ----------
    frame
        The rows, sorted by symbol and time, with `session` (from 0, in order; null outside the
        calendar's hours) and `date`; with a calendar also the columns `HOURS`.
    reading
        The rule as it was applied, for the audit.
    """

    frame: pl.DataFrame
    reading: str


def assign(
    frame: pl.DataFrame, rule: SessionRule, kind: Kind, schedule: Schedule | None = None
) -> Sessions:
    """Give every row its session.

    Parameters
    ----------
    frame
        Rows with symbol and time, sorted by them.
    rule
        What a session is.
    kind
        Whether a row's time is the end of a bar or the moment of a trade.
    schedule
        The exchange's sessions, for `ByCalendar`.

    Raises
    ------
    DataError
        If the rule's column isn't there or holds a null, or no row lies in the calendar's hours.
    """
    moment = just_before(frame["time"]) if kind is Kind.BARS else frame["time"]
    moment = wall_clock(moment)
    match rule:
        case ByCalendar():
            assert schedule is not None
            return _by_calendar(frame, kind, schedule)
        case ByDay():
            days = moment.dt.date()
            return Sessions(_numbered(frame, days, days), "24/7: calendar days")
        case ByColumn(column):
            return _by_column(frame, column, moment)
        case ByGap(gap):
            changed = _pauses(frame, gap)
            return Sessions(
                _dated(frame, changed, moment), f"a gap of more than {duration_text(gap)}"
            )
        case Auto():
            return _auto(frame, moment)


def _auto(frame: pl.DataFrame, moment: pl.Series) -> Sessions:
    changed = _pauses(frame, PAUSE)
    starts = np.flatnonzero(changed)
    ends = np.r_[starts[1:], len(changed)] - 1
    ticks = frame["time"].cast(pl.Int64).to_numpy()
    long = (ticks[ends] - ticks[starts]) > LONGEST / dt.timedelta(microseconds=1)
    if (long * (ends - starts + 1)).sum() > LONGEST_SHARE * len(changed):
        days = moment.dt.date()
        told = "auto: calendar days, since gaps alone made sessions longer than 2 days"
        return Sessions(_numbered(frame, days, days), told)
    return Sessions(
        _dated(frame, changed, moment), f"auto: a gap of more than {duration_text(PAUSE)}"
    )


def _pauses(frame: pl.DataFrame, gap: dt.timedelta) -> Bool:
    """`[R]` True at the first row of a symbol and after a gap."""
    ticks = frame["time"].cast(pl.Int64).to_numpy()
    new = _changes(frame["symbol"])
    new[1:] |= np.diff(ticks) > gap / dt.timedelta(microseconds=1)
    return new


def _changes(values: pl.Series) -> Bool:
    """`[R]` True where a value differs from the one before, and at the first row."""
    # Missing on both sides is no change, hence the comparison that knows nulls.
    return values.ne_missing(values.shift(1)).to_numpy().copy() | (np.arange(len(values)) == 0)


def _numbered(frame: pl.DataFrame, key: pl.Series, date: pl.Series) -> pl.DataFrame:
    """Number the runs of equal keys inside a symbol."""
    changed = _changes(frame["symbol"]) | _changes(key)
    session = pl.Series("session", np.cumsum(changed) - 1, dtype=pl.Int32)
    return frame.with_columns(session, date.alias("date"))


def _dated(frame: pl.DataFrame, changed: Bool, moment: pl.Series) -> pl.DataFrame:
    """Number sessions by their first rows; a session's date is that of its last row.

    The trading day of a session that starts in the evening is the day on which it ends.
    """
    starts = np.flatnonzero(changed)
    ends = np.r_[starts[1:], len(changed)] - 1
    dates = moment.gather(ends).dt.date()
    session = np.cumsum(changed) - 1
    return frame.with_columns(
        pl.Series("session", session, dtype=pl.Int32), dates.gather(session).alias("date")
    )


def _by_column(frame: pl.DataFrame, column: str, moment: pl.Series) -> Sessions:
    values = frame[column]
    changed = _changes(frame["symbol"]) | _changes(values)
    dated = _dated(frame, changed, moment)
    if values.dtype == pl.Date:
        dated = dated.with_columns(values.alias("date"))
    return Sessions(dated, f"a new session wherever column {column} changes")


def session_column(frame: pl.DataFrame, column: str, where: str) -> pl.Series:
    """Return the column that names the sessions; raises DataError if it isn't there."""
    if column in frame.columns:
        return frame[column]
    near = nearest(column, frame.columns)
    found = f"Columns found: {', '.join(frame.columns[:30])}."
    raise DataError(
        f"there is no column {column!r} for the sessions",
        where=where,
        fix=f"Did you mean {' or '.join(near)}?" if near else found,
    )


def _by_calendar(frame: pl.DataFrame, kind: Kind, schedule: Schedule) -> Sessions:
    hours = scheduled(schedule, zone_of(frame["time"]))
    ticks = frame["time"].cast(pl.Int64).to_numpy()
    index, inside = locate(hours, ticks, kind)
    if not inside.any():
        first, last = moment_text(frame["time"].min()), moment_text(frame["time"].max())
        raise DataError(
            f"no row lies in the hours of {schedule.name} ({first} to {last})",
            fix="Check calendar, timezone and stamp.",
        )
    rows = pl.Series(np.where(inside, index, 0))
    columns = [hours["open"].gather(rows).alias(OPENED), hours["close"].gather(rows).alias(CLOSED)]
    if hours["break_start"].null_count() < hours.height:
        columns.append(hours["break_start"].gather(rows).alias(PAUSED))
        columns.append(hours["break_end"].gather(rows).alias(RESUMED))
    kept = np.flatnonzero(inside)
    new_symbol = (frame["symbol"] != frame["symbol"].shift(1)).fill_null(value=True).to_numpy()
    # Sessions of a symbol are told apart by date, those of two symbols by where the symbol changes.
    key = np.cumsum(new_symbol) * hours.height + index
    changed = np.zeros(len(ticks), dtype=bool)
    changed[kept] = np.r_[True, np.diff(key[kept]) != 0]
    number = pl.Series(np.cumsum(changed) - 1, dtype=pl.Int32)
    within = pl.Series(inside)
    date = hours["date"].gather(rows)
    frame = frame.with_columns(
        *columns,
        pl.when(within).then(number).alias("session"),
        pl.when(within).then(date).otherwise(pl.col("time").dt.date()).alias("date"),
    )
    return Sessions(frame, f"calendar {schedule.name}")


def scheduled(schedule: Schedule, zone: str | None) -> pl.DataFrame:
    """Return the schedule with its moments in a zone, or as naive local times where it is None."""
    moments = pl.col("open", "close", "break_start", "break_end")
    if zone is not None:
        return schedule.table.with_columns(moments.dt.convert_time_zone(zone))
    local = moments.dt.convert_time_zone(schedule.zone).dt.replace_time_zone(None)
    return schedule.table.with_columns(local)


def locate(hours: pl.DataFrame, ticks: Int, kind: Kind) -> tuple[Int, Bool]:
    """Return the last session that opened before each moment, and whether it was trading then.

    Parameters
    ----------
    hours
        One row a session, sorted by open, in the zone of the moments (`scheduled`).
    ticks
        `[R]` microseconds of the moments.
    kind
        Bars end inside open < t ≤ close, prints happen in open ≤ t < close.
    """
    bars = kind is Kind.BARS
    opens = hours["open"].cast(pl.Int64).to_numpy()
    index = np.searchsorted(opens, ticks, side="left" if bars else "right") - 1
    at = np.maximum(index, 0)
    closes = hours["close"].cast(pl.Int64).to_numpy()[at]
    inside = (index >= 0) & ((ticks <= closes) if bars else (ticks < closes))
    if hours["break_start"].null_count() < hours.height:
        pauses = hours["break_start"].cast(pl.Int64).fill_null(np.iinfo(np.int64).max)
        resumes = hours["break_end"].cast(pl.Int64).fill_null(np.iinfo(np.int64).min)
        pause, resume = pauses.to_numpy()[at], resumes.to_numpy()[at]
        resting = (ticks > pause) & (ticks <= resume) if bars else (ticks >= pause) & (ticks < resume)
        inside &= ~resting
    return at, inside
