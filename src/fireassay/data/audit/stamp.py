"""Signs that the times are the starts of bars although they are read as their ends."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import polars as pl

from fireassay.data.audit import Action, Notice, Stage, View, check
from fireassay.data.calendars import Schedule
from fireassay.data.layouts import Kind
from fireassay.data.sessions import scheduled
from fireassay.data.settings import Stamp
from fireassay.data.times import wall_clock, zone_of

HALF_HOUR = 1_800_000_000
DAY = 48 * HALF_HOUR

ADVICE = (
    "The times seem to be the starts of bars: each bar is known one bar later than its time says, "
    "and a session's first bar counts as before its open. Set stamp = start."
)


@check(Stage.SORTED)
def stamped_at_start(view: View) -> Iterable[Notice]:
    """Bars that end at or just before the open while none ends at the close, by the calendar."""
    if not _readable(view) or view.schedule is None or view.step is None:
        return
    hours = _within(view, view.schedule)
    ticks = view.frame["time"].cast(pl.Int64).to_numpy()
    opens, closes = (hours[c].cast(pl.Int64).to_numpy() for c in ("open", "close"))
    if not len(opens):
        return
    following = opens[np.minimum(np.searchsorted(opens, ticks, side="left"), len(opens) - 1)]
    early = (ticks <= following) & (ticks > following - view.step.ticks)
    opened = len(np.unique(following[early])) / len(opens)
    closed = len(np.intersect1d(ticks, closes)) / len(closes)
    if opened >= 0.5 and closed <= 0.05:
        yield from view.notice(
            "stamped_at_start",
            f"bars that end before the open of {view.schedule.name}, while hardly any ends at its "
            "close",
            pl.Series(early),
            Action.FLAGGED,
            ADVICE,
        )


@check(Stage.BARS)
def stamped_on_the_hour(view: View) -> Iterable[Notice]:
    """First bars that end at a full half hour while last bars end one bar before one."""
    if not _readable(view) or view.schedule is not None or view.step is None:
        return
    step = view.step.ticks
    if not view.step.regular or step >= HALF_HOUR or HALF_HOUR % step:
        return
    session = view.frame["session"].to_numpy()
    ticks = wall_clock(view.frame["time"], view.zone).cast(pl.Int64).to_numpy() % DAY
    first = np.r_[True, session[1:] != session[:-1]]
    last = np.r_[first[1:], True]
    started, share_first = _commonest(ticks[first])
    ended, share_last = _commonest(ticks[last])
    on_the_hour = started % HALF_HOUR == 0 and (ended + step) % HALF_HOUR == 0
    if on_the_hour and min(share_first, share_last) >= 0.5 and (ended - started) % DAY < 0.8 * DAY:
        yield from view.notice(
            "stamped_at_start",
            "first bars that end at a full half hour, while the last end one bar before one",
            pl.Series(first & (ticks == started)),
            Action.FLAGGED,
            ADVICE,
            share=share_first,
        )


def _readable(view: View) -> bool:
    return view.kind is Kind.BARS and view.settings.stamp is Stamp.END


def _within(view: View, schedule: Schedule) -> pl.DataFrame:
    hours = scheduled(schedule, zone_of(view.frame["time"]))
    first, last = view.frame["time"].min(), view.frame["time"].max()
    return hours.filter((pl.col("open") >= first) & (pl.col("open") <= last))


def _commonest(values: np.ndarray[tuple[int], np.dtype[np.int64]]) -> tuple[int, float]:
    found, counts = np.unique(values, return_counts=True)
    best = int(np.argmax(counts))
    return int(found[best]), float(counts[best] / len(values))
