"""A Diagnosis arranged into what a person reads, in order, whatever the form.

The order is: the assessment in plain words with the primary causes; all causes at a glance; the
evidence, each finding with its control; the causes one by one; what to change, and what came of it;
what to do next; how to read the metrics; the data; how it was run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fireassay.causes import CAUSES, Side
from fireassay.findings import (
    Applied,
    Diagnosis,
    EvidenceStatus,
    Prescription,
    Sentence,
    Status,
)
from fireassay.report.appendix import DataView, RunView, data_view, moment, run_view
from fireassay.report.blocks import Entry, Inline, Line, Ref, Table
from fireassay.report.chart import Chart, Path
from fireassay.report.cited import Source
from fireassay.report.extracts import (
    LONG,
    MOST_ROWS,
    REST,
    alike,
    chained,
    changes,
    joined,
    outcome,
    records,
    table,
    walk,
)
from fireassay.report.finding import Finding, find, names_of
from fireassay.report.numerals import (
    EXACT,
    WHOLE_PERCENT,
)
from fireassay.report.settings import Edit, Edits, merge
from fireassay.report.traces import against_budget, training
from fireassay.report.wording import cell, clip, opened

ORDER = (Status.SUPPORTED, Status.UNDECIDED, Status.EXCLUDED)
"""The order in which causes are told."""

BUDGET: tuple[tuple[str, Path], ...] = (
    ("what a signal that matters pays for", ("information_budget",)),
)
"""What the KL stands beside."""

MOST_EPOCHS = 24
"""Rows of the table of metrics per epoch, spread evenly."""


@dataclass(frozen=True)
class CauseView:
    """One cause: what it is, what is said of it, and why."""

    id: str
    title: str
    side: Side
    status: Status
    primary: bool
    meaning: str
    established: str
    why: Line
    strength: Inline


@dataclass(frozen=True)
class Advice:
    """One prescription with its changes and, if it was run, what came of it."""

    title: str
    cause: CauseView
    why: Line
    changes: Table | None
    outcome: Inline


@dataclass(frozen=True)
class Trial:
    """The changed settings beside the settings as they were."""

    outcome: Inline
    table: Table | None


@dataclass(frozen=True)
class Story:
    """Everything that a report says, in order."""

    title: str
    masthead: tuple[Entry, ...]
    assessment: tuple[Line, ...]
    primary: tuple[CauseView, ...]
    causes: tuple[CauseView, ...]
    findings: tuple[Finding, ...]
    not_measured: tuple[Finding, ...]
    advice: tuple[Advice, ...]
    edits: Edits
    applied: Trial | None
    next_steps: tuple[Line, ...]
    metrics_reading: tuple[Line, ...]
    metrics: Table | None
    training: Chart | None
    paid: Chart | None
    heuristics: Table | None
    data: DataView
    run: RunView
    schema_version: str

    @property
    def sides(self) -> tuple[tuple[Side, tuple[CauseView, ...]], ...]:
        """The causes by the part of the question that they answer."""
        return tuple((s, tuple(c for c in self.causes if c.side is s)) for s in Side)


def by_reason(causes: Iterable[CauseView]) -> list[tuple[CauseView, ...]]:
    """Put causes of one status together of which the same is said, without a finding, at the end."""
    alone: list[tuple[CauseView, ...]] = []
    alike: dict[tuple[Status, str], list[CauseView]] = {}
    for cause in causes:
        if cause.why.refs or cause.strength or cause.primary:
            alone.append((cause,))
        else:
            alike.setdefault((cause.status, cause.why.text), []).append(cause)
    groups = sorted((tuple(group) for group in alike.values()), key=len)
    return [*alone, *groups]


def tell(diagnosis: Diagnosis, source: Source) -> Story:
    """Arrange a diagnosis for its readers.

    Parameters
    ----------
    diagnosis
        What is told.
    source
        The same, as the tree that its numbers are cited from.
    """
    measured = [k for k, e in diagnosis.evidence.items() if e.status is EvidenceStatus.MEASURED]
    rest = [k for k in diagnosis.evidence if k not in set(measured)]
    refs = {key: Ref(key, number) for number, key in enumerate((*measured, *rest), start=1)}
    causes = {id_: _cause(diagnosis, source, refs, id_) for id_ in CAUSES}
    findings = {key: find(diagnosis, source, key, refs[key].number) for key in refs}
    return Story(
        title=clip(diagnosis.title, 300),
        masthead=masthead(source),
        assessment=_lines(diagnosis.assessment, refs),
        primary=tuple(causes[c] for c in diagnosis.primary),
        causes=tuple(causes.values()),
        findings=tuple(findings[key] for key in measured),
        not_measured=tuple(findings[key] for key in rest),
        advice=tuple(
            _advice(source, p, i, causes[p.cause], refs)
            for i, p in enumerate(diagnosis.prescriptions)
        ),
        edits=_edits(diagnosis, source),
        applied=_applied(source, diagnosis.applied),
        next_steps=_lines(diagnosis.next_steps, refs),
        metrics_reading=_lines(diagnosis.metrics_reading, refs),
        metrics=_metrics(source, diagnosis.metrics),
        training=training(source, diagnosis.metrics),
        paid=against_budget(source, diagnosis.metrics, ("metrics",), BUDGET),
        heuristics=_heuristics(source, diagnosis),
        data=data_view(source, diagnosis.data_audit),
        run=run_view(source, diagnosis),
        schema_version=diagnosis.schema_version,
    )


def _lines(sentences: Iterable[Sentence], refs: Mapping[str, Ref]) -> tuple[Line, ...]:
    return tuple(Line(clip(s.text, LONG), tuple(refs[e] for e in s.evidence)) for s in sentences)


def masthead(source: Source) -> tuple[Entry, ...]:
    """Return what stands under a title: data, size, period, when it was made."""
    audit = source.tree["data_audit"]
    period = tuple(source.cite("data_audit", key) for key in ("first", "last") if audit.get(key))
    entries = [
        Entry("data", (source.cite("data_audit", "source"),)),
        Entry(
            "size",
            (
                source.cite("data_audit", "sessions"),
                " session, " if audit["sessions"] == 1 else " sessions, ",
                source.cite("data_audit", "rows"),
                " rows",
            ),
        ),
        Entry("period", joined(period, " to ")),
        Entry("made", (moment(source), ", fireassay ", source.cite("fireassay_version"))),
    ]
    return tuple(entry for entry in entries if entry.said)


def _cause(diagnosis: Diagnosis, source: Source, refs: Mapping[str, Ref], id_: str) -> CauseView:
    cause, verdict = CAUSES[id_], diagnosis.causes[id_]
    names = {name for key in verdict.evidence for name in names_of(diagnosis.evidence[key])}
    strength: list[Inline] = []
    if verdict.share is not None:
        share = source.cite("causes", id_, "share", style=WHOLE_PERCENT)
        strength.append((share, " of the missing learning restored."))
    if verdict.confidence is not None:
        right = source.cite("causes", id_, "confidence", style=WHOLE_PERCENT)
        strength.append(("Such verdicts were right in ", right, " of simulated cases."))
    return CauseView(
        id=id_,
        title=cause.title,
        side=cause.side,
        status=verdict.status,
        primary=id_ in diagnosis.primary,
        meaning=cause.meaning,
        established=cause.established,
        why=Line(opened(clip(verdict.why, LONG), names), tuple(refs[e] for e in verdict.evidence)),
        strength=chained(strength, " "),
    )


def _advice(
    source: Source, item: Prescription, index: int, cause: CauseView, refs: Mapping[str, Ref]
) -> Advice:
    at = ("prescriptions", index)
    return Advice(
        title=clip(item.title, 300),
        cause=cause,
        why=Line(clip(item.why, LONG), tuple(refs[e] for e in item.evidence)),
        changes=changes(source, (*at, "changes"), f"Settings changed: {clip(item.title, 120)}"),
        outcome=() if item.outcome is None else outcome(source, (*at, "outcome")),
    )


def _edits(diagnosis: Diagnosis, source: Source) -> Edits:
    """Return the changes to make: the applied ones if some were, else all that were prescribed."""
    places: list[Path] = (
        [("applied", "changes", i) for i in range(len(diagnosis.applied.changes))]
        if diagnosis.applied
        else [
            ("prescriptions", p, "changes", i)
            for p, item in enumerate(diagnosis.prescriptions)
            for i in range(len(item.changes))
        ]
    )
    return merge(
        Edit(
            setting=walk(source.tree, at)["setting"],
            before=source.cite(*at, "before", style=EXACT),
            after=source.cite(*at, "after", style=EXACT),
        )
        for at in places
    )


def _applied(source: Source, applied: Applied | None) -> Trial | None:
    if applied is None:
        return None
    rows = applied.rows[:MOST_ROWS]
    return Trial(
        outcome=outcome(source, ("applied", "outcome")),
        table=records(
            source,
            ("applied", "rows"),
            range(len(rows)),
            "Scores with the settings as they were and as changed",
            style=lambda i, _: alike(rows[i].values()),
            note=REST if len(applied.rows) > MOST_ROWS else "",
        ),
    )


def _metrics(source: Source, metrics: Sequence[Mapping[str, Any]]) -> Table | None:
    count = len(metrics)
    chosen = (
        range(count)
        if count <= MOST_EPOCHS
        else sorted({round(i * (count - 1) / (MOST_EPOCHS - 1)) for i in range(MOST_EPOCHS)})
    )
    note = "" if count <= MOST_EPOCHS else "Some epochs are left out; diagnosis.json has them all."
    columns: dict[str, list[Any]] = {}
    for row in metrics:
        for name, value in row.items():
            columns.setdefault(name, []).append(value)
    styles = {name: alike(values) for name, values in columns.items()}
    return records(
        source,
        ("metrics",),
        chosen,
        "The model's metrics per epoch",
        style=lambda _, name: styles[name],
        note=note,
    )


def _heuristics(source: Source, diagnosis: Diagnosis) -> Table | None:
    rows = tuple(
        (
            (cell(item.rule, 400),),
            (source.cite("heuristics", i, "value"),),
            (cell(item.trivial, 400),),
            (cell(item.says, 1_000),),
            (cell(item.cannot_say, 1_000),),
        )
        for i, item in enumerate(diagnosis.heuristics[:MOST_ROWS])
    )
    head = ("rule of thumb", "here", "without skill", "what it says", "what it can't say")
    return table("Rules of thumb, and what they can and can't say", head, rows, numeric=(1,))
