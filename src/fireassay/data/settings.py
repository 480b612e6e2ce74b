"""How a table is to be read: `DataSettings`, the `[data]` part of a study."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from fireassay.data.rules import BarRule, SessionRule, bar_rule, session_rule
from fireassay.errors import SettingError, unknown_name


class Stamp(StrEnum):
    """Which moment of a bar its time in the source is."""

    END = "end"
    START = "start"


class Stale(StrEnum):
    """What is done with bars in which nothing traded."""

    KEEP = "keep"
    DROP = "drop"


class DataSettings(BaseModel):
    """Where bars come from and how they are read.

    Every field is a key of the study's `[data]` table and a flag of the command line. A value that
    isn't possible raises SettingError, told so that it can be mended.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    location: str = Field(
        default="",
        description=(
            "CSV or Parquet file, glob or folder; SQL URL (with a query); or sim:NAME. "
            "Empty when a dataframe is given."
        ),
    )
    query: str | None = Field(
        default=None, description="SQL query whose rows are the table, when location is a SQL URL."
    )
    layout: str = Field(
        default="auto",
        description="How columns are named in the source: auto, or the name of a known layout.",
    )
    columns: dict[str, str] = Field(
        default_factory=dict,
        description=(
            "Canonical name = column of the source, for headers that no layout knows: "
            'time = "when", close = "px".'
        ),
    )
    timezone: str | None = Field(
        default=None,
        description=(
            "Zone of the times (Europe/Moscow): times with a zone are converted to it, times "
            "without one are read in it. Unset: the calendar's zone, else as in the source."
        ),
    )
    stamp: Stamp = Field(
        default=Stamp.END, description="Whether a bar's time in the source is its end or its start."
    )
    bars: str = Field(
        default="time:1m",
        description="Bars made of trade prints: time:1m, volume:10000 or dollar:1000000.",
    )
    sessions: str = Field(
        default="auto",
        description=(
            "What a session is: calendar:XNYS, gap:60m, column:NAME, 24/7, or auto (a gap of more "
            "than 3 hours; calendar days where that makes sessions longer than 2 days)."
        ),
    )
    stale: Stale = Field(default=Stale.KEEP, description="Keep or drop bars in which nothing traded.")
    symbols: tuple[str, ...] = Field(default=(), description="Only these symbols. Empty: all.")
    start: dt.date | None = Field(default=None, description="Only sessions from this date on.")
    end: dt.date | None = Field(default=None, description="Only sessions up to this date, included.")

    @field_validator("sessions")
    @classmethod
    def _sessions(cls, value: str) -> str:
        return str(session_rule(value))

    @field_validator("bars")
    @classmethod
    def _bars(cls, value: str) -> str:
        return str(bar_rule(value))

    @field_validator("timezone")
    @classmethod
    def _timezone(cls, value: str | None) -> str | None:
        if value is None or value in zoneinfo.available_timezones():
            return value
        raise unknown_name("time zone", value, zoneinfo.available_timezones())

    @model_validator(mode="after")
    def _dates(self) -> DataSettings:
        if self.start is not None and self.end is not None and self.start > self.end:
            raise SettingError(f"start {self.start} lies after end {self.end}", fix="Swap them.")
        return self

    @property
    def session_rule(self) -> SessionRule:
        """`sessions` as a type."""
        return session_rule(self.sessions)

    @property
    def bar_rule(self) -> BarRule:
        """`bars` as a type."""
        return bar_rule(self.bars)


class SplitSettings(BaseModel):
    """How sessions are divided: walk-forward, whole dates, test last."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    test: float = Field(0.3, gt=0, lt=1, description="Share of the dates, the last ones, for test.")
    validation: float = Field(
        0.1, ge=0, lt=1, description="Share of the dates, those before the test, for early stopping."
    )
    embargo: int | None = Field(
        None,
        ge=0,
        description="Dates left out between the parts. Unset: 1; none with fewer than 20 dates.",
    )
