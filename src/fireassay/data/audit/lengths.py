"""Sessions that are shorter than usual, or that divide a day."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import polars as pl

from fireassay.data.audit import Action, Notice, Stage, View, check
from fireassay.data.times import moment_text

SHORT = 0.6
"""Share of the usual number of bars below which a session is short."""


@check(Stage.BARS)
def early_closes(view: View) -> Iterable[Notice]:
    """Sessions that end early: by the calendar, or without one by their number of bars."""
    frame = view.frame
    session = frame["session"].to_numpy()
    last = np.r_[session[1:] != session[:-1], True]
    lengths = np.diff(np.r_[-1, np.flatnonzero(last)])
    if view.schedule is not None:
        early = view.schedule.table.filter(pl.col("early"))["date"]
        short = frame["date"].gather(np.flatnonzero(last)).is_in(early.to_list()).to_numpy()
        what = f"sessions that {view.schedule.name} closed early"
    else:
        short = lengths < SHORT * float(np.median(lengths))
        what = f"sessions with fewer than {SHORT:.0%} of the usual bars"
    mask = np.zeros(frame.height, dtype=bool)
    mask[np.flatnonzero(last)[short]] = True
    told = dict(zip(np.flatnonzero(last).tolist(), lengths.tolist(), strict=True))
    yield from view.notice(
        "early_closes",
        what,
        pl.Series(mask),
        Action.KEPT,
        "Sessions may be of any length; bars before an early end simply have less future.",
        lambda row: f"{view.moment(row)} is the last of {told[row]} bars",
        share=float(short.mean()),
    )


@check(Stage.BARS)
def divided_days(view: View) -> Iterable[Notice]:
    """Sessions that start on the date of the symbol's session before."""
    if view.schedule is not None:
        return
    frame = view.frame
    session, date, symbol = frame["session"], frame["date"], frame["symbol"]
    again = (session != session.shift(1)) & (date == date.shift(1)) & (symbol == symbol.shift(1))
    yield from view.notice(
        "divided_days",
        "sessions that start on the date of the one before",
        again.fill_null(value=False),
        Action.KEPT,
        "A pause divides the day. Where it should not, use a longer gap or a calendar. Sessions of "
        "one date are one cluster in every interval and permutation.",
        lambda row: f"{view.moment(row)} after {moment_text(frame['time'][row - 1])}",
        share=float(again.sum() or 0) / max(session.n_unique(), 1),
    )
