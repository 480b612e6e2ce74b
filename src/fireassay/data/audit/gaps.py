"""Bars and sessions that aren't there."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import polars as pl

from fireassay.data.audit import Action, Notice, Stage, View, check
from fireassay.data.sessions import PAUSED, RESUMED, ROW
from fireassay.data.times import moment_text
from fireassay.findings import AuditItem


@check(Stage.BARS)
def gaps(view: View) -> Iterable[Notice]:
    """Bars missing between two bars of a session, breaks of the exchange aside.

    Markets where nothing traded write no bar; so do feeds that failed. A return over a gap is not a
    return of one bar.
    """
    if view.step is None or not view.step.regular:
        return
    frame = view.frame
    ticks = frame["time"].cast(pl.Int64).to_numpy()
    same = np.r_[False, np.diff(frame["session"].to_numpy()) == 0]
    between = np.r_[0, np.diff(ticks)]
    if PAUSED in frame.columns and frame[PAUSED].null_count() < frame.height:
        never = np.iinfo(np.int64).max
        pause = frame[PAUSED].cast(pl.Int64).fill_null(never).to_numpy()
        resume = frame[RESUMED].cast(pl.Int64).fill_null(never).to_numpy()
        across = (np.r_[never, ticks[:-1]] <= pause) & (ticks > resume)
        between = between - np.where(across, resume - pause, 0)
    missing = np.where(same, np.maximum(np.rint(between / view.step.ticks) - 1, 0), 0)
    total = int(missing.sum())

    def hole(row: int) -> str:
        before = moment_text(frame["time"][row - 1])
        return f"{view.moment(row)}: {int(missing[row])} bars missing since {before}"

    yield from view.notice(
        "gaps",
        "bars missing inside sessions",
        pl.Series(missing > 0),
        Action.KEPT,
        "Nothing was filled. Bars are counted, not minutes: a horizon of 5 can span more time here.",
        hole,
        count=total,
        share=total / (total + frame.height),
    )


@check(Stage.BARS)
def missing_sessions(view: View) -> Iterable[Notice]:
    """Sessions of the calendar, between a symbol's first and last, of which there is no bar."""
    if view.schedule is None:
        return
    days = view.frame.group_by("symbol", "date", maintain_order=True).agg(pl.col(ROW).first())
    absent: list[str] = []
    scheduled, first_row = 0, None
    for (symbol,), own in days.group_by("symbol", maintain_order=True):
        dates = own["date"]
        expected = view.schedule.within(dates[0], dates[-1])["date"]
        holes = expected.filter(~expected.is_in(dates.to_list()))
        scheduled += len(expected)
        absent += [f"{symbol} {day}".strip() for day in holes]
        if len(holes) and first_row is None:
            after = own.filter(pl.col("date") > holes[0])[ROW][0]
            first_row = view.table.part_of(int(after))[1] + 1
    if absent:
        yield Notice(
            AuditItem(
                id="missing_sessions",
                what=f"sessions of {view.schedule.name} without a bar",
                count=len(absent),
                share=len(absent) / scheduled,
                first_row=first_row,
                example=", ".join(absent[:3]),
                action=Action.KEPT,
                advice="Fetch them again. Overnight returns and profiles skip over them.",
            )
        )
