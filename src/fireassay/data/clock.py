"""The clock of bars: how long a bar lasts, and which slot of the day each one is."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import polars as pl

from fireassay.arrays import Int
from fireassay.data.sessions import OPENED
from fireassay.data.times import wall_clock

MICROSECOND = dt.timedelta(microseconds=1)
DAY = 86_400_000_000

REGULAR_SHARE = 0.2
"""Share of steps between bars that must be equal for bars to count as of one length.

Illiquid markets have no bar where nothing traded, so the commonest step can be a minority of them.
"""

NICE = [dt.timedelta(seconds=s) for s in (1, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)]
"""Slot lengths for bars of irregular length."""


@dataclass(frozen=True)
class Step:
    """How long a bar lasts: the commonest step between bars, or for irregular ones a slot length."""

    length: dt.timedelta
    regular: bool

    @property
    def ticks(self) -> int:
        """The length in microseconds."""
        return self.length // MICROSECOND


def step_of(frame: pl.DataFrame) -> Step:
    """Tell the length of bars from the steps between them.

    Parameters
    ----------
    frame
        Rows with symbol and time, sorted by them, and session if sessions are known: then only
        steps inside sessions count.
    """
    steps = _steps(frame)
    if not len(steps):
        return Step(NICE[5], regular=False)
    lengths, counts = np.unique(steps, return_counts=True)
    best = int(np.argmax(counts))
    if counts[best] >= REGULAR_SHARE * len(steps):
        return Step(int(lengths[best]) * MICROSECOND, regular=True)
    return irregular_step(frame)


def irregular_step(frame: pl.DataFrame) -> Step:
    """Return the slot length for bars of irregular length: a round one that holds the median bar."""
    steps = _steps(frame)
    median = int(np.median(steps)) * MICROSECOND if len(steps) else NICE[5]
    return Step(next((slot for slot in NICE if slot >= median), NICE[-1]), regular=False)


def _steps(frame: pl.DataFrame) -> Int:
    """Steps between rows of one symbol and session, in microseconds; equal times are no step."""
    same = frame["symbol"].eq_missing(frame["symbol"].shift(1)).to_numpy()[1:]
    if "session" in frame.columns:
        same = same & (np.diff(frame["session"].to_numpy()) == 0)
    steps = np.diff(frame["time"].cast(pl.Int64).to_numpy())[same]
    return steps[steps > 0]


@dataclass(frozen=True)
class Slots:
    """The slot of every bar.

    Attributes
    ----------
    values
        `[R]` Int32: whole bars between the nominal open and the start of the bar, from 0.
    opening
        Local time of day, since midnight, at which slot 0 starts.
    """

    values: pl.Series
    opening: dt.timedelta


def slots(frame: pl.DataFrame, step: Step, zone: str | None = None) -> Slots:
    """Return the time of day of each bar as a whole number of bars since the nominal open.

    The nominal open is the commonest local time at which sessions open, so a slot is the same time
    of day in every session, also in one that opens late. Sessions that open earlier shift all slots
    so that none is negative.

    Parameters
    ----------
    frame
        Bars with time and session, sorted; with `OPENED` where a calendar tells it, else a session
        opens one step before its first bar's end.
    step
        Length of a bar.
    zone
        The exchange's zone, if the times carry another.
    """
    ticks = wall_clock(frame["time"], zone).cast(pl.Int64).to_numpy()
    session = frame["session"].to_numpy()
    first = np.r_[True, session[1:] != session[:-1]]
    starts = np.flatnonzero(first)
    if OPENED in frame.columns:
        opens = wall_clock(frame[OPENED].gather(starts), zone).cast(pl.Int64).to_numpy()
    elif step.regular:
        opens = ticks[starts] - step.ticks
    else:
        opens = ticks[starts] // step.ticks * step.ticks - step.ticks
    times_of_day, counts = np.unique(opens % DAY, return_counts=True)
    usual = int(times_of_day[np.argmax(counts)])
    # The nominal open next to the session's own, before or after it, also across midnight.
    late = (opens - usual + DAY // 2) % DAY - DAY // 2
    nominal = (opens - late)[np.cumsum(first) - 1]
    slot = -(-(ticks - nominal) // step.ticks) - 1
    earlier = min(int(slot.min()), 0)
    opening = (usual + earlier * step.ticks) % DAY
    values = pl.Series("slot", slot - earlier, dtype=pl.Int32)
    return Slots(values, opening * MICROSECOND)
