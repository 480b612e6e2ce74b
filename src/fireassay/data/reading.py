"""The steps from rows to bars: order, stamp, sessions, aggregation, index; what each did is told."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from fireassay.data import aggregate, clock, index, sessions
from fireassay.data.audit import Stage, View, examine
from fireassay.data.layouts import Kind
from fireassay.data.rows import KEY
from fireassay.data.rules import ByColumn, TimeBars, duration_text
from fireassay.data.settings import DataSettings, Stamp
from fireassay.errors import DataError, SettingError
from fireassay.findings import AuditItem, Value

NO_ROWS = "Give a table with rows."

LEAST_SESSIONS = 2
LEAST_BARS = 1.5
"""Bars that a session must have on average: below, there is nothing inside a session to learn."""


@dataclass(frozen=True)
class State:
    """Rows on their way to bars, what was read and noticed so far, and how many sessions it takes."""

    view: View
    readings: Mapping[str, Value]
    items: tuple[AuditItem, ...] = ()
    least_sessions: int = LEAST_SESSIONS

    @property
    def step(self) -> clock.Step:
        """Length of a bar."""
        assert self.view.step is not None
        return self.view.step

    def over(self, frame: pl.DataFrame, **changes: Any) -> State:
        """Return the state with other rows, and other fields of the view."""
        return replace(self, view=replace(self.view, frame=frame, **changes))

    def reading(self, **readings: Value) -> State:
        """Return the state with more said about how it was read."""
        named = {name.replace("_", " "): value for name, value in readings.items()}
        return replace(self, readings={**self.readings, **named})

    def examined(self, stage: Stage) -> State:
        """Run the audit's checks of a stage; leaves out the rows that they leave out."""
        frame, items = examine(stage, self.view)
        return replace(self.over(frame), items=(*self.items, *items))


def ordered(state: State) -> State:
    """Sort by symbol, then time; equal ones stay in the order of the source."""
    frame = state.view.frame
    if not frame.height:
        raise DataError(
            "no row is left", where=state.view.table.where(), fix=_left_out(state) or NO_ROWS
        )
    symbol, time = frame["symbol"], frame["time"]
    before = symbol.shift(1)
    sound = (symbol > before) | ((symbol == before) & (time >= time.shift(1)))
    if sound.fill_null(value=True).all():
        return state
    return state.over(frame.sort("symbol", "time", maintain_order=True))


def stamped(state: State) -> State:
    """Move times from the start of bars to their end, where they are the start."""
    view = state.view
    if view.kind is Kind.PRINTS:
        return state
    step = clock.step_of(view.frame)
    if view.settings.stamp is Stamp.END:
        return state.over(view.frame, step=step).reading(stamp="end of the bar")
    if not step.regular:
        raise SettingError(
            "bars of irregular length tell no end by their start",
            where=view.table.where(),
            fix="Give the times of their ends.",
        )
    moved = view.frame.with_columns(pl.col("time") + step.length)
    told = f"start of the bar; {duration_text(step.length)}, the commonest step, was added"
    return state.over(moved, step=step).reading(stamp=told)


def divided(state: State) -> State:
    """Give every row its session, and leave out the dates that the user doesn't want."""
    view, settings = state.view, state.view.settings
    rule = settings.session_rule
    if isinstance(rule, ByColumn):
        rule = ByColumn(KEY)
    divided = sessions.assign(view.frame, rule, view.kind, view.schedule)
    told = divided.reading.replace(KEY, getattr(settings.session_rule, "column", ""))
    frame = divided.frame.drop(KEY, strict=False)
    if settings.start is not None or settings.end is not None:
        first, last = settings.start or dt.date.min, settings.end or dt.date.max
        frame = frame.filter(pl.col("date").is_between(first, last))
        if not frame.height:
            there = f"{divided.frame['date'].min()!s} to {divided.frame['date'].max()!s}"
            raise DataError(
                f"no session from {settings.start or 'the first'} to {settings.end or 'the last'}",
                where=view.table.where(),
                fix=f"The data holds {there}.",
            )
        told += f"; from {settings.start or 'the first'} to {settings.end or 'the last'}"
    return state.over(frame).reading(sessions=told)


def made(state: State) -> State:
    """Make bars of trade prints."""
    view = state.view
    if not view.frame.height:
        raise DataError("no row is left", where=view.table.where(), fix=_left_out(state) or NO_ROWS)
    rule = view.settings.bar_rule
    if view.kind is Kind.BARS:
        if view.settings.bars != DataSettings.model_fields["bars"].default:
            raise SettingError(
                f"bars {rule} are made of trade prints, and this table holds bars",
                where=view.table.where(),
                fix="Leave --bars out, or give the prints.",
            )
        return state.over(view.frame, step=clock.step_of(view.frame))
    frame = aggregate.bars(view.frame, rule)
    if isinstance(rule, TimeBars):
        step, end = clock.Step(rule.every, regular=True), "its interval"
    else:
        step, end = clock.irregular_step(frame), "its last print"
    return state.over(frame, step=step, kind=Kind.BARS).reading(
        bars=f"{rule}, made of {view.frame.height:,} trade prints",
        stamp=f"end of the bar: that of {end}",
    )


def indexed(state: State) -> State:
    """Add session, bar, slot and stale."""
    state = numbered(state)
    frame, step = state.view.frame, state.step
    slots = clock.slots(frame, step, state.view.zone)
    stale, told = index.stale(frame)
    length = duration_text(step.length)
    indexed = state.over(frame.with_columns(slots.values, stale), opening=slots.opening)
    return indexed.reading(
        bar_length=length if step.regular else f"irregular; slots of {length}",
        stale_bars=told,
        vwap_price=_vwap_price(frame),
    )


def numbered(state: State) -> State:
    """Number sessions and bars from 0, and see that there are enough of both.

    Raises
    ------
    DataError
        If there is no bar, a session has hardly more than one, or there is only one session.
    """
    frame, lengths = index.numbered(state.view.frame)
    where = state.view.table.where()
    if not len(lengths):
        raise DataError("no bar is left", where=where, fix=_left_out(state) or NO_ROWS)
    told = f"divided by: {state.readings['sessions']}"
    if len(lengths) < state.least_sessions:
        raise DataError(
            f"one session only ({frame.height} bars; {told})",
            where=where,
            fix=f"Give more dates: two at least, many to find anything.{_left_out(state, ' ')}",
        )
    if lengths.mean() < LEAST_BARS:
        raise DataError(
            f"sessions of one bar ({len(lengths)} sessions, {frame.height} bars; {told})",
            where=where,
            fix="What is learned lies inside sessions: give intraday bars, or longer sessions "
            f"(gap:2d makes weeks of daily bars, column:NAME takes yours).{_left_out(state, ' ')}",
        )
    return state.over(frame)


def _vwap_price(frame: pl.DataFrame) -> str:
    if "vwap" in frame.columns:
        return "traded VWAP of each bar"
    if {"high", "low", "close", "volume"} <= set(frame.columns):
        return "typical price (high + low + close) / 3"
    return "none"


def _left_out(state: State, before: str = "") -> str:
    """Say which rows were left out, after `before`; nothing if none were."""
    dropped = [f"{item.count} {item.what}" for item in state.items if item.action == "dropped"]
    return f"{before}Left out: {'; '.join(dropped)}." if dropped else ""
