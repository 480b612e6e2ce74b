"""The last pages of a report: what the data is, and how the diagnosis was made."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from fireassay.findings import DataAudit, Diagnosis
from fireassay.report.blocks import Entry, Inline, Table
from fireassay.report.chart import Chart
from fireassay.report.cited import Cited, Source
from fireassay.report.extracts import LONG, MOST_ROWS, REST, joined, mapping, table
from fireassay.report.numerals import AUTO, DURATION, EXACT, PERCENT
from fireassay.report.wording import cell, clip

MOST_SYMBOLS = 12
"""Symbols that a report names."""


@dataclass(frozen=True)
class DataView:
    """What the data is, how it was read, what was noticed."""

    facts: tuple[Entry, ...]
    readings: Table | None
    items: Table | None
    calendar: Chart | None


@dataclass(frozen=True)
class RunView:
    """How the diagnosis was made and what it couldn't afford."""

    facts: tuple[Entry, ...]
    not_afforded: tuple[str, ...]
    note: str
    environment: Table | None
    study: Table | None


def moment(source: Source) -> str | Cited:
    """Return when the diagnosis was made, to the minute if it can be read as a time."""
    try:
        made = datetime.fromisoformat(source.tree["created"])
    except ValueError:
        return source.cite("created")
    return f"{made:%Y-%m-%d %H:%M}" + (f" {made.tzname()}" if made.tzinfo else "")


def data_view(source: Source, audit: DataAudit) -> DataView:
    """Arrange the data audit, which stands at `data_audit` of the source."""
    at = "data_audit"
    named = [i for i, symbol in enumerate(audit.symbols) if symbol]
    symbols = tuple(source.cite(at, "symbols", i) for i in named[:MOST_SYMBOLS])
    more: Inline = (" and others",) if len(named) > len(symbols) else ()
    period = tuple(source.cite(at, key) for key in ("first", "last") if getattr(audit, key))
    facts = [
        Entry("source", (source.cite(at, "source"),)),
        Entry("rows", (source.cite(at, "rows"),)),
        Entry("sessions", (source.cite(at, "sessions"),)),
        Entry("symbols", joined(symbols, ", ") + more),
        Entry("period", joined(period, " to ")),
    ]
    shown = audit.items[:MOST_ROWS]
    rows = tuple(
        (
            (cell(item.what),),
            (source.cite(at, "items", i, "count"),),
            (source.cite(at, "items", i, "share", style=PERCENT),),
            (source.cite(at, "items", i, "first_row"),),
            (cell(item.example),),
            (cell(item.action),),
            (cell(item.advice, 400),),
        )
        for i, item in enumerate(shown)
    )
    return DataView(
        facts=tuple(entry for entry in facts if entry.said),
        readings=mapping(source, (at, "readings"), "How the data was read", AUTO),
        items=table(
            "What was noticed in the data before anything was trained",
            ("noticed", "count", "share", "first row", "example", "done", "advice"),
            rows,
            numeric=(1, 2, 3),
            note=REST if len(audit.items) > MOST_ROWS else "",
        ),
        calendar=None if audit.calendar is None else Chart(audit.calendar, source, (at, "calendar")),
    )


def run_view(source: Source, diagnosis: Diagnosis) -> RunView:
    """Arrange budget, environment and study."""
    budget, at = diagnosis.budget, "budget"
    facts = [Entry("time spent", (source.cite(at, "spent_s", style=DURATION),))]
    if budget.limit_s is not None:
        facts.append(Entry("time allowed", (source.cite(at, "limit_s", style=DURATION),)))
    facts.append(Entry("trials", (source.cite(at, "trials"),)))
    if budget.training_runs is not None:
        cost = source.cite(at, "training_runs")
        facts.append(Entry("cost", (cost, " training runs of the model")))
    facts += [
        Entry("made", (moment(source),)),
        Entry("fireassay", (source.cite("fireassay_version"),)),
    ]
    return RunView(
        facts=tuple(facts),
        not_afforded=tuple(clip(text, 400) for text in budget.not_afforded[:MOST_ROWS]),
        note=clip(budget.note, LONG),
        environment=mapping(source, ("environment",), "Environment", AUTO),
        study=mapping(source, ("study",), "The study: every setting that the run used", EXACT),
    )
