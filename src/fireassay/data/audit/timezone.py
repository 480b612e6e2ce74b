"""Signs that the times are in another zone than the one they are read in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

import numpy as np
import polars as pl

from fireassay.arrays import Int
from fireassay.data.audit import Action, Notice, Stage, View, check
from fireassay.data.sessions import locate, scheduled
from fireassay.data.times import wall_clock, zone_of

HOUR = 3_600_000_000
DAY = 24 * HOUR
SAMPLE = 20_000
"""Rows on which shifts are tried."""

NOTABLE = 0.2
"""Share of rows that a shift must bring into the exchange's hours to be told."""

LEAST_SESSIONS = 10
"""Sessions that summer and winter need each before their opens are compared."""

NIGHT = (21, 6)
"""Hours, local, in which a market with sessions shorter than half a day doesn't trade most."""


@check(Stage.SORTED)
def shifted_hours(view: View) -> Iterable[Notice]:
    """Rows that would lie in the exchange's hours if all times were some hours earlier or later."""
    if view.schedule is None:
        return
    outside = view.frame["session"].is_null()
    ticks = view.frame["time"].cast(pl.Int64).to_numpy()
    ticks = ticks[:: max(1, len(ticks) // SAMPLE)]
    hours = scheduled(view.schedule, zone_of(view.frame["time"]))
    shares = {
        shift: float(locate(hours, ticks + shift * HOUR, view.kind)[1].mean())
        for shift in range(-14, 15)
    }
    best = max(shares, key=lambda shift: (shares[shift], -abs(shift)))
    if shares[best] - shares[0] < NOTABLE:
        return
    yield from view.notice(
        "shifted_hours",
        f"rows outside the hours of {view.schedule.name} as their times stand",
        outside,
        Action.FLAGGED,
        f"Moved by {best:+d} h, {shares[best]:.0%} would lie in its hours, not {shares[0]:.0%}: "
        "the times seem to be in another zone. Set timezone to the zone that they are written in.",
        grave=True,
    )


@check(Stage.BARS)
def moving_open(view: View) -> Iterable[Notice]:
    """Sessions that open an hour earlier or later in winter than in summer."""
    starts, local = _starts(view)
    if not len(starts) or _typical_length(view) > 0.8 * DAY:
        return
    open_at = local.gather(starts).cast(pl.Int64).to_numpy() % DAY
    month = local.gather(starts).dt.month().to_numpy()
    # Months in which clocks stand alike everywhere that they are changed (north; south reversed).
    summer, winter = (month >= 5) & (month <= 9), (month >= 11) | (month <= 2)
    if min(summer.sum(), winter.sum()) < LEAST_SESSIONS:
        return
    moved = float(np.median(open_at[winter]) - np.median(open_at[summer]))
    if abs(abs(moved) - HOUR) > HOUR / 12:
        return
    mask = np.zeros(view.frame.height, dtype=bool)
    mask[starts[winter]] = True
    yield from view.notice(
        "moving_open",
        f"sessions of the winter months, which open {abs(moved) / HOUR:.0f} h "
        f"{'later' if moved > 0 else 'earlier'} than those of summer",
        pl.Series(mask),
        Action.FLAGGED,
        "The times seem to be in UTC or another zone without clock changes. Give them their zone, "
        "and the exchange's as timezone; else a slot is another time of day in winter.",
        share=float(winter.mean()),
    )


@check(Stage.BARS)
def traded_at_night(view: View) -> Iterable[Notice]:
    """Bars between 21:00 and 06:00, when they hold most of the volume of a market with nights."""
    if "volume" not in view.frame.columns or _typical_length(view) > DAY / 2:
        return
    hour = wall_clock(view.frame["time"] - dt.timedelta(microseconds=1), view.zone).dt.hour()
    night = (hour >= NIGHT[0]) | (hour < NIGHT[1])
    volume = view.frame["volume"].fill_null(0.0)
    total = float(volume.sum() or 0.0)
    share = float((volume * night).sum() or 0.0) / total if total > 0 else 0.0
    if share <= 0.5:
        return
    yield from view.notice(
        "traded_at_night",
        f"bars between {NIGHT[0]}:00 and 0{NIGHT[1]}:00, with {share:.0%} of the volume",
        night,
        Action.FLAGGED,
        "The times seem to be in another zone than the exchange's. Set timezone.",
    )


def _starts(view: View) -> tuple[Int, pl.Series]:
    """Return the first row of each session, and local times of all rows."""
    session = view.frame["session"].to_numpy()
    starts = np.flatnonzero(np.r_[True, session[1:] != session[:-1]])
    return starts, wall_clock(view.frame["time"], view.zone)


def _typical_length(view: View) -> float:
    """Median length of a session, first to last bar, in microseconds."""
    starts, local = _starts(view)
    ticks = local.cast(pl.Int64).to_numpy()
    ends = np.r_[starts[1:], len(ticks)] - 1
    return float(np.median(ticks[ends] - ticks[starts]))
