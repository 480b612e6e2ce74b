"""Times of a foreign table, whatever they are written as, read into one column.

| written as | read as |
| --- | --- |
| datetime column, naive | naive: exchange local time, or the zone that `timezone` names |
| datetime column or text with a zone | the same moment in the target zone |
| whole numbers of 1970-2100 in s, ms, us or ns | moments since 1970-01-01 UTC |
| 20160104, 201601041001, 20160104100100 | calendar date and clock |
| date column and clock column (`20160104`, `100100`) | calendar date and clock |
| ISO text, `04.01.2016 10:01`, `01/04/2016 3:30 PM` | calendar date and clock |

The target zone is `timezone` if the user gives it, else the exchange calendar's (`Times.into`), else
the one that the times carry. Text that mixes zones, or times with and without one, is refused:
nothing tells what its rows mean.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import polars as pl

from fireassay.data.sources import Table
from fireassay.data.timetext import DATE, MICROSECONDS, MOMENT, clocks, dates, moments
from fireassay.errors import DataError

_EPOCHS = {"s": 1e0, "ms": 1e3, "us": 1e6, "ns": 1e9}
_EPOCH_SECONDS = (315_532_800, 4_102_444_800)  # 1980-01-01 and 2100-01-01
_DIGITS = {8: "yyyymmdd", 12: "yyyymmddHHMM", 14: "yyyymmddHHMMSS"}


@dataclass(frozen=True)
class Times:
    """Times of all rows.

    Attributes
    ----------
    values
        `[R]` Datetime[us], naive or with a zone; no nulls.
    reading
        How they were read, for the audit.
    """

    values: pl.Series
    reading: str

    @property
    def zone(self) -> str | None:
        """The zone that the times carry."""
        return zone_of(self.values)

    def into(self, zone: str) -> Times:
        """Return the same moments in another zone; naive times stay as they are."""
        if self.zone is None or self.zone == zone:
            return self
        converted = self.values.dt.convert_time_zone(zone)
        return Times(converted, f"{self.reading}, converted to {zone}")


def zone_of(times: pl.Series) -> str | None:
    """Return the zone of a column of datetimes, None if they are naive."""
    return times.dtype.time_zone if isinstance(times.dtype, pl.Datetime) else None


def parse(
    table: Table, columns: tuple[str, ...], timezone: str | None = None, *, convertible: bool = False
) -> Times:
    """Read the times of a table.

    Parameters
    ----------
    table
        The table as it stands in its source.
    columns
        The time column; or the date column and the clock column.
    timezone
        Zone that the user gives: naive times are read in it, others converted to it.
    convertible
        Whether the times will be converted to the zone of a calendar, so that several may stand
        beside each other.

    Raises
    ------
    DataError
        If a time is missing or can't be read, or zones are mixed; names file, column and row.
    """
    column = columns[-1]
    mixable = convertible or timezone is not None
    if len(columns) == 2 and not _is_whole(table.frame[columns[1]]):
        raw, written = _date_and_clock(table, *columns), "date and clock"
    else:
        raw, written = _moments(table, column, mixable=mixable)
    missing = raw.is_null()
    if missing.any():
        raise _unreadable(table, columns, int(missing.arg_max() or 0))
    zone = zone_of(raw)
    raw = raw.cast(pl.Datetime("us", zone))
    if zone is not None:
        times = Times(raw, f"{written} in {zone}")
        return times if timezone is None else times.into(timezone)
    if timezone is None:
        return Times(raw, f"{written} without a zone, read as exchange local time")
    return Times(_localised(table, column, raw, timezone), f"{written}, read in {timezone}")


def like(values: pl.Series, times: pl.Series) -> pl.Series:
    """Return another column of moments in the zone of `times`; one of another kind as it is.

    Text counts as moments if every value reads as one, in the way that the times themselves are
    written: with a zone or without.
    """
    zone, read = zone_of(times), values
    if values.dtype == pl.String and values.null_count() < len(values):
        table = Table.of(values.to_frame(), "")
        try:
            read = moments(table, values.name, values, mixable=zone is not None)
        except DataError:
            return values
    comparable = isinstance(read.dtype, pl.Datetime) and (zone_of(read) is None) == (zone is None)
    if not comparable or read.null_count() > values.null_count():
        return values
    read = read.alias(values.name).cast(pl.Datetime("us", zone_of(read)))
    return read if zone is None else read.dt.convert_time_zone(zone)


def _moments(table: Table, column: str, *, mixable: bool) -> tuple[pl.Series, str]:
    """Read one column that holds whole moments; null where a value can't be read."""
    raw = table.frame[column]
    dtype = raw.dtype
    if isinstance(dtype, pl.Datetime):
        return raw, "datetimes"
    if dtype == pl.Date:
        return raw.cast(MOMENT), "dates"
    if dtype.is_numeric():
        return _from_numbers(table, column, raw)
    if dtype in (pl.Categorical, pl.Enum):
        raw = raw.cast(pl.String)
    if raw.dtype != pl.String:
        raise DataError(
            f"{dtype} is no time", where=table.where(column), fix="Name a column of times."
        )
    if raw.null_count() == 0 and raw.str.contains(r"^\d+$").all():
        return _from_numbers(table, column, raw.cast(pl.Int64, strict=False))
    return moments(table, column, raw, mixable=mixable), "text"


def _from_numbers(table: Table, column: str, raw: pl.Series) -> tuple[pl.Series, str]:
    """Read epochs, or dates and clocks written as one number."""
    known = raw.drop_nulls()
    known = known.filter(known.is_finite()) if known.dtype.is_float() else known
    if known.is_empty():
        return pl.Series(column, [None] * len(raw), dtype=MOMENT), "numbers"
    middle = float(np.partition(known.cast(pl.Float64).to_numpy(), len(known) // 2)[len(known) // 2])
    for unit, per_second in _EPOCHS.items():
        low, high = (bound * per_second for bound in _EPOCH_SECONDS)
        if low <= middle < high:
            valid = raw.is_between(low, high).fill_null(value=False)
            scaled = _microseconds(raw, per_second)
            known = pl.select(pl.when(valid).then(scaled)).to_series().cast(MOMENT)
            return known.dt.replace_time_zone("UTC"), f"epoch {unit}"
    digits = len(str(int(middle)))
    if digits in _DIGITS and not raw.dtype.is_float():
        text = raw.cast(pl.String)
        spaced = text.str.replace(r"^(\d{8})(\d{2})(\d{2})(\d{2})?$", "$1 $2:$3:$4")
        return moments(table, column, spaced.str.strip_suffix(":")), _DIGITS[digits]
    raise DataError(
        f"{middle:.15g} is no time that can be told (epoch s, ms, us, ns of 1980-2100 or yyyymmdd)",
        where=table.where(column),
        fix="Name another column, or write the times as ISO text.",
    )


def _microseconds(raw: pl.Series, per_second: float) -> pl.Series:
    if raw.dtype.is_float():
        # Rounded: a double holds an epoch in seconds to a quarter of a microsecond only.
        return (raw * (MICROSECONDS / per_second)).round().cast(pl.Int64, strict=False)
    whole = raw.cast(pl.Int64)
    if per_second > MICROSECONDS:
        return whole // int(per_second / MICROSECONDS)
    return whole * int(MICROSECONDS / per_second)


def _is_whole(clock: pl.Series) -> bool:
    """Tell whether a column beside a date column holds whole moments and not times of day."""
    if isinstance(clock.dtype, pl.Datetime):
        return True
    known = clock.drop_nulls()
    if known.dtype != pl.String or known.is_empty():
        return False
    return bool(known.head(1).str.contains(rf"^\s*(?:{DATE})[T ]").all())


def _date_and_clock(table: Table, date_column: str, clock_column: str) -> pl.Series:
    """Read a date column and a clock column; null where either can't be read."""
    days, clock = table.frame[date_column], table.frame[clock_column]
    if isinstance(days.dtype, pl.Datetime):
        days = days.dt.date()
    elif days.dtype != pl.Date:
        width = 6 if days.dtype.is_integer() else 0
        text = days.cast(pl.String).str.strip_chars().str.zfill(width)
        days = dates(table, date_column, text.str.extract(rf"^({DATE})", 1))
    if clock.dtype == pl.Time:
        since = clock.cast(pl.Int64) // 1000
    elif isinstance(clock.dtype, pl.Duration):
        since = clock.dt.total_microseconds()
    else:
        if clock.dtype.is_integer():
            hours_and_minutes = not clock.is_between(2360, 10**9).any()
            clock = clock.cast(pl.String).str.zfill(4 if hours_and_minutes else 6)
        text = clock.cast(pl.String).str.to_uppercase()
        half = text.str.extract(r"([AP]M)$", 1)
        since = clocks(text.str.strip_suffix("AM").str.strip_suffix("PM"), half)
    return days.cast(MOMENT) + since.cast(pl.Duration("us"))


def _localised(table: Table, column: str, naive: pl.Series, zone: str) -> pl.Series:
    """Read naive times in a zone; the hour that a clock change repeats is taken as the first."""
    times = naive.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    if times.null_count():
        row = int(times.is_null().arg_max() or 0)
        raise DataError(
            f"{naive[row]} doesn't exist in {zone}: the clock skips it",
            where=table.where(column, row),
            fix="Set timezone to the zone that the times are written in.",
        )
    return times


def _unreadable(table: Table, columns: tuple[str, ...], row: int) -> DataError:
    values = [table.frame[column][row] for column in columns]
    where = table.where(" and ".join(columns), row)
    if any(value is None for value in values):
        return DataError("the time is missing", where=where, fix="Fill it, or leave the row out.")
    shown = " ".join(str(value) for value in values)
    return DataError(
        f"{shown[:60]!r} is no time that can be read",
        where=where,
        fix="Write it as 2016-01-31 09:30:00, or leave the row out.",
    )


def wall_clock(times: pl.Series, zone: str | None = None) -> pl.Series:
    """Return the naive local time of day and date that clocks show at the exchange.

    Parameters
    ----------
    times
        `[R]` Datetime[us]; naive ones are local already.
    zone
        The exchange's zone, if it isn't that of the times.
    """
    if zone_of(times) is not None:
        if zone is not None:
            times = times.dt.convert_time_zone(zone)
        return times.dt.replace_time_zone(None)
    return times


def just_before(times: pl.Series) -> pl.Series:
    """Return the last moment before each time: the end of a bar at midnight is of the day before."""
    return times - dt.timedelta(microseconds=1)


def moment_text(moment: object) -> str:
    """Return a moment as the audit writes it: to the second, or to the millisecond if finer."""
    if not isinstance(moment, dt.datetime):
        return str(moment)
    return moment.isoformat(sep=" ", timespec="milliseconds" if moment.microsecond else "seconds")
