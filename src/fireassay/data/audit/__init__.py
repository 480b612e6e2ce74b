"""The audit: what is odd about the data, seen before anything is trained. One idea a file.

A check looks at the rows at one stage of their reading and gives notices: what, how many, where
first, what was done about it and what to do. Nothing is repaired; what is left out is counted.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

import polars as pl

from fireassay.data.bars import PRICE_COLUMNS
from fireassay.data.calendars import Schedule
from fireassay.data.clock import Step
from fireassay.data.layouts import Kind
from fireassay.data.sessions import ROW
from fireassay.data.settings import DataSettings
from fireassay.data.sources import Table
from fireassay.data.times import moment_text
from fireassay.findings import AuditItem
from fireassay.registry import Registry


class Stage(StrEnum):
    """When a check looks."""

    SOURCE = "source"
    """Rows read, in the order of the source."""

    SORTED = "sorted"
    """Rows sorted by symbol and time, with their sessions; null outside the calendar's hours."""

    BARS = "bars"
    """Bars in their sessions, with bar, slot and stale."""


class Action(StrEnum):
    """What was done about the rows noticed."""

    KEPT = "kept"
    FLAGGED = "flagged"
    DROPPED = "dropped"


@dataclass(frozen=True)
class Notice:
    """One thing noticed, and `[R]` which rows to leave out, where they are left out."""

    item: AuditItem
    drop: pl.Series | None = None


@dataclass(frozen=True)
class View:
    """What a check sees.

    Attributes
    ----------
    frame
        The rows, with `ROW`, symbol and time, and the columns of their stage.
    kind
        Whether the rows are bars or trade prints.
    table
        The table as it stands in its source, for the names of places.
    settings
        How the user wants it read.
    step
        Length of a bar; at the stages SORTED (of bars) and BARS.
    opening
        Local time of day at which slot 0 starts; at the stage BARS.
    schedule
        The exchange's sessions, if a calendar is used.
    zone
        The exchange's zone, if the times carry one.
    """

    frame: pl.DataFrame
    kind: Kind
    table: Table
    settings: DataSettings
    step: Step | None = None
    opening: dt.timedelta = dt.timedelta(0)
    schedule: Schedule | None = None
    zone: str | None = None

    @property
    def priced(self) -> bool:
        """Whether the rows have open, high, low and close."""
        return set(PRICE_COLUMNS) <= set(self.frame.columns)

    def notice(
        self,
        name: str,
        what: str,
        rows: pl.Series,
        action: Action,
        advice: str,
        example: Callable[[int], str] | None = None,
        *,
        count: int | None = None,
        share: float | None = None,
        grave: bool = False,
    ) -> Iterable[Notice]:
        """Give the notice of some rows, or nothing if there are none.

        Parameters
        ----------
        name
            The item's id.
        what
            What the rows are, in a clause.
        rows
            `[R]` which rows of the frame are meant.
        action, advice
            What was done about them, and what the user may do.
        example
            Tells about one row, given its index in the frame; by default symbol and time.
        count, share
            Of what is counted where that isn't the rows, and its share of what could be.
        grave
            Whether results on the data as it stands are wrong, however good they look.
        """
        marked = int(rows.sum() or 0)
        if not marked:
            return
        indices = rows.arg_true()
        first = int(indices[int(self.frame[ROW].gather(indices).arg_min() or 0)])
        part, inside = self.table.part_of(int(self.frame[ROW][first]))
        told = (example or self.moment)(first)
        if len(self.table.parts) > 1:
            told = f"{part.name}: {told}"
        item = AuditItem(
            id=name,
            what=what,
            count=marked if count is None else count,
            share=marked / self.frame.height if share is None else share,
            first_row=inside + 1,
            example=told,
            action=action,
            advice=advice,
            grave=grave and action is not Action.DROPPED,
        )
        yield Notice(item, rows if action is Action.DROPPED else None)

    def moment(self, row: int) -> str:
        """Return symbol and time of a row."""
        symbol, time = self.frame["symbol"][row], moment_text(self.frame["time"][row])
        return f"{symbol} {time}".strip()


@dataclass(frozen=True)
class Check:
    """One idea of the audit, and when it looks."""

    stage: Stage
    look: Callable[[View], Iterable[Notice]]


def by_gravity(items: Iterable[AuditItem]) -> tuple[AuditItem, ...]:
    """Return items as they are best read: grave ones, flagged, dropped, kept; larger shares first."""
    order = [Action.FLAGGED, Action.DROPPED, Action.KEPT]
    return tuple(
        sorted(items, key=lambda i: (not i.grave, order.index(Action(i.action)), -(i.share or 0.0)))
    )


AUDIT: Registry[Check] = Registry("audit check", "fireassay.data.audit")


def check(
    stage: Stage,
) -> Callable[[Callable[[View], Iterable[Notice]]], Callable[[View], Iterable[Notice]]]:
    """Return a decorator that registers a function as a check under its own name."""

    def register(look: Callable[[View], Iterable[Notice]]) -> Callable[[View], Iterable[Notice]]:
        AUDIT.add(look.__name__, Check(stage, look))
        return look

    return register


def examine(stage: Stage, view: View) -> tuple[pl.DataFrame, list[AuditItem]]:
    """Run the checks of a stage on the same rows.

    Returns
    -------
    pl.DataFrame
        The rows without those that a check leaves out.
    list
        What was noticed, in the order of the checks' names.
    """
    items: list[AuditItem] = []
    left_out: pl.Series | None = None
    for each in AUDIT.values():
        if each.stage is not stage:
            continue
        for notice in each.look(view):
            items.append(notice.item)
            if notice.drop is not None:
                left_out = notice.drop if left_out is None else left_out | notice.drop
    return view.frame if left_out is None else view.frame.filter(~left_out), items
