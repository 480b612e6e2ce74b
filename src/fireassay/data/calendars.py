"""Exchange calendars: when each session of an exchange opened, paused and closed.

The times are those of `exchange_calendars`: early closes, late opens, holidays and lunch breaks
included.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import lru_cache

import polars as pl

from fireassay.errors import DataError, unknown_name

MARGIN = dt.timedelta(days=10)
"""Asked for beyond the data's dates, so that a session is there even when the data has none."""


@dataclass(frozen=True)
class Schedule:
    """Sessions of an exchange.

    Attributes
    ----------
    name
        The calendar's name, such as XNYS.
    zone
        The exchange's time zone.
    table
        One row a session: date; open, close, break_start and break_end as Datetime[us, UTC] (the
        breaks null where there is none); early, whether it closed before its usual time.
    """

    name: str
    zone: str
    table: pl.DataFrame

    def within(self, first: dt.date, last: dt.date) -> pl.DataFrame:
        """Return the sessions dated from `first` to `last`, both included."""
        return self.table.filter(pl.col("date").is_between(first, last))


@lru_cache(maxsize=16)
def schedule(name: str, first: dt.date, last: dt.date) -> Schedule:
    """Return the sessions of an exchange from `first` to `last` and some days around.

    Raises
    ------
    SettingError
        If there is no calendar of that name; names the nearest.
    DataError
        If the calendar doesn't reach back, or ahead, to those dates.
    """
    import exchange_calendars as xc

    if name not in xc.get_calendar_names():
        raise unknown_name("calendar", name, xc.get_calendar_names())
    calendar = None
    for margin in (MARGIN, dt.timedelta(0)):
        try:
            calendar = xc.get_calendar(name, start=str(first - margin), end=str(last + margin))
            break
        except (ValueError, OverflowError, xc.errors.CalendarError) as error:
            cause = str(error).splitlines()[0].rstrip(".")
    if calendar is None:
        raise DataError(
            f"calendar {name} doesn't cover {first} to {last}: {cause}",
            fix="Use sessions = gap:60m, or only the dates that it covers (start, end).",
        )
    table = calendar.schedule
    columns = {"date": pl.Series(table.index.to_numpy()).cast(pl.Date)}
    for column in ("open", "close", "break_start", "break_end"):
        moments = pl.Series(table[column].dt.tz_convert(None).to_numpy())
        columns[column] = moments.cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    early = set(calendar.early_closes.date)
    columns["early"] = columns["date"].is_in(list(early))
    return Schedule(name, str(calendar.tz), pl.DataFrame(columns).sort("open"))
