"""Rules as types: where a session ends, and when trade prints have made a bar; how each is written.

A rule is written as a short text (`gap:60m`, `volume:10000`) in a study, on the command line and in
Python alike; `session_rule` and `bar_rule` read it once, and the rest of the code sees types.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from fireassay.errors import SettingError

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0}


def duration(text: str) -> dt.timedelta:
    """Read a duration such as `500ms`, `30s`, `1m`, `3h` or `1d`; raises SettingError."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(ms|s|min|m|h|d)", text.strip().lower())
    seconds = float(match[1]) * _UNITS[match[2]] if match else 0.0
    if not 0 < seconds < 1e9:
        raise SettingError(
            f"{text!r} is not a duration", fix="Write a number and a unit: 30s, 1m, 3h or 1d."
        )
    return dt.timedelta(seconds=seconds)


def duration_text(value: dt.timedelta) -> str:
    """Write a duration in its largest whole unit: 60 s is `1m`."""
    seconds = value.total_seconds()
    for unit in ("d", "h", "m", "s"):
        if seconds >= _UNITS[unit] and seconds % _UNITS[unit] == 0:
            return f"{seconds / _UNITS[unit]:.0f}{unit}"
    return f"{seconds * 1000:.15g}ms"


@dataclass(frozen=True)
class ByCalendar:
    """Sessions of an exchange: `calendar:XNYS`; bars outside its hours are dropped and counted."""

    name: str

    def __str__(self) -> str:
        return f"calendar:{self.name}"


@dataclass(frozen=True)
class ByGap:
    """A new session after a pause longer than `gap`: `gap:60m`."""

    gap: dt.timedelta

    def __str__(self) -> str:
        return f"gap:{duration_text(self.gap)}"


@dataclass(frozen=True)
class ByColumn:
    """A new session wherever the column's value changes: `column:session`."""

    column: str

    def __str__(self) -> str:
        return f"column:{self.column}"


@dataclass(frozen=True)
class ByDay:
    """Every calendar day is a session, for markets that never close: `24/7`."""

    def __str__(self) -> str:
        return "24/7"


@dataclass(frozen=True)
class Auto:
    """A gap of more than 3 hours; calendar days where that makes sessions longer than 2 days."""

    def __str__(self) -> str:
        return "auto"


SessionRule = ByCalendar | ByGap | ByColumn | ByDay | Auto


def session_rule(text: str) -> SessionRule:
    """Read a session rule; raises SettingError that lists the ways to write one."""
    kind, _, value = text.strip().partition(":")
    value = value.strip()
    match kind.strip().lower():
        case "auto" if not value:
            return Auto()
        case "24/7" if not value:
            return ByDay()
        case "calendar" if value:
            return ByCalendar(value)
        case "gap" if value:
            return ByGap(duration(value))
        case "column" if value:
            return ByColumn(value)
    raise SettingError(
        f"unknown session rule {text!r}",
        fix="Write auto, calendar:XNYS, gap:60m, column:NAME or 24/7.",
    )


@dataclass(frozen=True)
class TimeBars:
    """A bar every so often: `time:1m`."""

    every: dt.timedelta

    def __str__(self) -> str:
        return f"time:{duration_text(self.every)}"


@dataclass(frozen=True)
class VolumeBars:
    """A bar each time that so much volume has traded in the session: `volume:10000`."""

    size: float

    def __str__(self) -> str:
        return f"volume:{self.size:.15g}"


@dataclass(frozen=True)
class DollarBars:
    """A bar each time that so much value (price times size) has traded: `dollar:1000000`."""

    size: float

    def __str__(self) -> str:
        return f"dollar:{self.size:.15g}"


BarRule = TimeBars | VolumeBars | DollarBars


def bar_rule(text: str) -> BarRule:
    """Read a bar rule; raises SettingError that lists the ways to write one."""
    kind, _, value = text.strip().partition(":")
    value = value.strip()
    match kind.strip().lower():
        case "time" if value:
            every = duration(value)
            if every <= dt.timedelta(days=1):
                return TimeBars(every)
        case "volume" if _is_size(value):
            return VolumeBars(float(value))
        case "dollar" if _is_size(value):
            return DollarBars(float(value))
    raise SettingError(
        f"unknown bar rule {text!r}",
        fix="Write time:1m (a day at most), volume:10000 or dollar:1000000.",
    )


def _is_size(text: str) -> bool:
    try:
        return 0 < float(text) < float("inf")
    except ValueError:
        return False
