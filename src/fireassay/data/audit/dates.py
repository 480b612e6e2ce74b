"""Dates on which the bars can't have been seen."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from fireassay.data.audit import Action, Notice, Stage, View, check
from fireassay.data.times import wall_clock

AHEAD = dt.timedelta(days=1)
"""No clock on earth is ahead of UTC by more."""

EPOCH = dt.date(1970, 1, 1)


@check(Stage.BARS)
def future_dates(view: View) -> Iterable[Notice]:
    """Bars later than now: the year is wrong, or the data is made up."""
    now = dt.datetime.now(dt.UTC).replace(tzinfo=None)
    later = wall_clock(view.frame["time"], view.zone) > now + AHEAD
    yield from view.notice(
        "future_dates",
        f"bars later than now ({now:%Y-%m-%d})",
        later,
        Action.FLAGGED,
        "Nobody has seen them yet: see how dates and years are written, or set end.",
    )


@check(Stage.BARS)
def epoch_dates(view: View) -> Iterable[Notice]:
    """Bars of 1970-01-01, where numbers land that were read in too small a unit."""
    yield from view.notice(
        "epoch_dates",
        "bars dated 1970-01-01, where clocks of computers start",
        wall_clock(view.frame["time"], view.zone).dt.date() == EPOCH,
        Action.FLAGGED,
        "Their times seem to be epochs that were read in the wrong unit. See how they were written.",
    )
