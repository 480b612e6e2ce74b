"""Dates, clocks and zones as text, read for whole columns at once; what can't be read is null."""

from __future__ import annotations

import polars as pl

from fireassay.data.sources import Table
from fireassay.errors import DataError

MOMENT = pl.Datetime("us")
MICROSECONDS = 1_000_000
DAY = 86_400 * MICROSECONDS

DATE = r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{8}|\d{6}|\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d{2})"
"""Pattern of a date as it is commonly written."""

_COLONS = r"\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?"
_ZONE = r"(?:[Zz]|UTC|GMT)?(?:[+-]\d{2}(?::?\d{2})?)?"
_MOMENT = (
    rf"^\s*(?P<date>{DATE})(?:(?:\s*[T ;_,]\s*)(?P<clock>{_COLONS}|\d{{6}}(?:\.\d+)?|\d{{4}})"
    rf"\s*(?P<half>[AaPp]\.?[Mm]\.?)?)?\s*(?P<zone>{_ZONE})\s*$"
)
_CLOCK = r"^(?P<h>\d{1,2}):?(?P<m>\d{2})(?::?(?P<s>\d{2}))?(?:[.,](?P<f>\d+))?$"

_FAST = ("%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f")
"""Commonest ways, tried first because they need no pattern matching."""


def moments(table: Table, column: str, raw: pl.Series, *, mixable: bool = False) -> pl.Series:
    """Read whole moments from text.

    Parameters
    ----------
    table, column
        Where the text stands, for errors.
    raw
        `[R]` String.
    mixable
        Whether the moments will be converted to one zone: only then may zones differ.

    Returns
    -------
    pl.Series
        `[R]` Datetime[us]; naive, or in UTC or the one fixed zone of the text. Null where the text
        can't be read.

    Raises
    ------
    DataError
        If zones are mixed, or no row tells day from month.
    """
    for way in _FAST:
        quick = raw.str.to_datetime(way, time_unit="us", strict=False)
        if quick.null_count() == raw.null_count():
            return quick
    parts = raw.str.extract_groups(_MOMENT).struct.unnest()
    days = dates(table, column, parts["date"])
    clock = clocks(parts["clock"], parts["half"])
    # A date without a clock is midnight; a clock that can't be read makes the row unreadable.
    clock = pl.select(pl.when(parts["clock"].is_not_null()).then(clock).otherwise(0)).to_series()
    since_1970 = days.cast(MOMENT).cast(pl.Int64) + clock
    zones = parts["zone"].replace("", None)
    if zones.null_count() == len(zones):
        return since_1970.cast(MOMENT)
    offset = _offsets(zones)
    _refuse_mixed(table, column, raw, offset, mixable=mixable)
    utc = (since_1970 - offset).cast(MOMENT).dt.replace_time_zone("UTC")
    kept = None if mixable else _fixed_zone(offset)
    return utc.dt.convert_time_zone(kept) if kept else utc


def dates(table: Table, column: str, text: pl.Series) -> pl.Series:
    """Read dates; the order of day and month is told by a value over 12, or raises DataError."""
    even = text.str.replace_all(r"[/.]", "-")
    year_first = pl.select(pl.when(even.str.contains(r"^\d{4}-")).then(even)).to_series()
    iso = year_first.str.to_date("%Y-%m-%d", strict=False)
    if text.str.contains(r"^\d+$").any():
        digits = even.str.to_date("%Y%m%d", strict=False)
        iso = iso.fill_null(digits).fill_null(_short(even, "%y%m%d"))
    left = text.filter(iso.is_null() & text.is_not_null())
    if left.is_empty():
        return iso
    groups = left.str.extract_groups(r"^(\d{1,2})([-/.])(\d{1,2})[-/.](\d+)$").struct.unnest()
    first, mark, second, year = groups.iter_columns()
    day_first = (first.cast(pl.Int32) > 12).any() or bool((mark == ".").any())
    month_first = (second.cast(pl.Int32) > 12).any() and not day_first
    if first.null_count() < len(first) and not day_first and not month_first:
        row = int((iso.is_null() & text.is_not_null()).arg_max() or 0)
        raise DataError(
            f"{text[row]!r} may be day first or month first, and no row tells which",
            where=table.where(column, row),
            fix="Write dates as 2016-01-31.",
        )
    order = "%d-%m" if day_first else "%m-%d"
    long_year = year.str.len_chars().max() == 4
    return iso.fill_null(even.str.to_date(f"{order}-%{'Y' if long_year else 'y'}", strict=False))


def _short(text: pl.Series, way: str) -> pl.Series:
    six = pl.select(pl.when(text.str.len_chars() == 6).then(text)).to_series()
    return six.str.to_date(way, strict=False)


def clocks(text: pl.Series, half: pl.Series | None = None) -> pl.Series:
    """Read times of day as microseconds since midnight; 24:00 is the day's end."""
    parts = text.str.strip_chars().str.extract_groups(_CLOCK).struct.unnest()
    hour, minute, second = (parts[name].cast(pl.Int64) for name in "hms")
    second = second.fill_null(0)
    fraction = parts["f"].str.slice(0, 6).str.pad_end(6, "0").cast(pl.Int64).fill_null(0)
    if half is not None and half.null_count() < len(half):
        afternoon = half.str.to_lowercase().str.starts_with("p")
        told = afternoon.is_not_null()
        hour = pl.select(
            pl.when(told & hour.is_between(1, 12))
            .then(hour % 12 + 12 * afternoon.cast(pl.Int64))
            .when(told.not_())
            .then(hour)
        ).to_series()
    total = ((hour * 60 + minute) * 60 + second) * MICROSECONDS + fraction
    valid = (minute < 60) & (second < 60) & (total <= DAY)
    return pl.select(pl.when(valid).then(total)).to_series()


def _offsets(zones: pl.Series) -> pl.Series:
    """Read `Z`, `UTC`, `+03:00`, `+0300` or `+03` as microseconds east of UTC; null without zone."""
    parts = zones.str.extract_groups(r"([+-])(\d{2}):?(\d{2})?$").struct.unnest()
    sign, hours, minutes = parts.iter_columns()
    east = (hours.cast(pl.Int64) * 60 + minutes.cast(pl.Int64).fill_null(0)) * 60 * MICROSECONDS
    signed = pl.when(sign == "-").then(-east).otherwise(east).fill_null(0)
    return pl.select(pl.when(zones.is_not_null()).then(signed)).to_series()


def _refuse_mixed(
    table: Table, column: str, raw: pl.Series, offset: pl.Series, *, mixable: bool
) -> None:
    """Raise DataError where zones are mixed and nothing tells what the rows mean."""
    told = raw.is_not_null()
    first = int(told.arg_max() or 0)
    if offset.filter(told).null_count():
        odd = told & (offset.is_null() != (offset[first] is None))
        what, fix = "times with and without a zone", "Write all of them with one, or none."
    elif not mixable:
        odd = told & (offset != offset[first])
        what, fix = "times of several zones", "Set timezone to the exchange's, to convert them."
    else:
        return
    if odd.any():
        row = int(odd.arg_max() or 0)
        raise DataError(
            f"{what}: {raw[first]!r} in row {first + 1}, {raw[row]!r} here",
            where=table.where(column, row),
            fix=fix,
        )


def _fixed_zone(offset: pl.Series) -> str | None:
    """Return the zone of a constant offset in whole hours; None stays with UTC."""
    hours, rest = divmod(int(offset.drop_nulls()[0]), 3600 * MICROSECONDS)
    # The sign of these names is west of Greenwich: Etc/GMT-3 is +03:00.
    return None if rest or hours == 0 or not -12 <= hours <= 14 else f"Etc/GMT{-hours:+d}"
