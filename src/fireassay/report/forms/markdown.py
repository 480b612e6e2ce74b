"""Markdown: for a pull request, an issue or a notebook's cell; complete in words and tables."""

from __future__ import annotations

import re
from collections.abc import Iterable

from fireassay.findings import Diagnosis, Status
from fireassay.report.blocks import Entry, Inline, Line, Ref, Table
from fireassay.report.chart import Chart
from fireassay.report.cited import Cited, Source
from fireassay.report.figures.tabulate import tables
from fireassay.report.finding import Finding
from fireassay.report.forms import form
from fireassay.report.settings import DiffLine
from fireassay.report.story import ORDER, CauseView, Story, by_reason, tell
from fireassay.report.wording import cell, clean, clip

MARKS = {Status.SUPPORTED: "■", Status.UNDECIDED: "◐", Status.EXCLUDED: "×"}

MOST_ROWS = 20
"""Rows up to which a figure is given as a table."""

_SPECIAL = re.compile(r"([\\`*_{}\[\]|~$])")
_LINK = re.compile(r"(?i)\b(https?|ftp|mailto)(:)|\b(www)(\.)")
_BLOCK = re.compile(r"^(\s*)([-+](?=[\s-]|$)|#(?=#*(?:\s|$))|=(?==*\s*$)|\d+(?=[.)](?:\s|$)))")


def escape(text: str) -> str:
    r"""Return text that Markdown shows as it is: no markup, link, mention or reference acts.

    >>> escape("a|b <script> *x* @you")
    'a\\|b &lt;script&gt; \\*x\\* @&#8203;you'
    """
    text = clean(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    # A zero-width space keeps GitHub from turning names, numbers and addresses into links.
    text = re.sub(r"(@|#)(?=\w)", r"\1&#8203;", text)
    text = _SPECIAL.sub(r"\\\1", text)
    text = _BLOCK.sub(r"\1&#8203;\2", text)
    return _LINK.sub(lambda m: f"{m[1] or m[3]}&#8203;{m[2] or m[4]}", text)


def inline(parts: Inline) -> str:
    """Return a run of text, numbers and references."""
    out: list[str] = []
    for part in parts:
        if isinstance(part, Ref):
            out.append(str(part.number))
        else:
            out.append(escape(part.text if isinstance(part, Cited) else part))
    return "".join(out)


@form("markdown", file="report.md")
def render(diagnosis: Diagnosis) -> str:
    """Return the report as GitHub-flavoured Markdown."""
    story = tell(diagnosis, Source(diagnosis))
    blocks = [f"# {escape(story.title)}", _entries(story.masthead, " · ")]
    blocks += _assessment(story)
    blocks += _evidence(story)
    blocks += ["## Causes", _causes(story.causes)]
    blocks += _changes(story)
    if story.next_steps:
        steps = (f"{i}. {_line(item)}" for i, item in enumerate(story.next_steps, start=1))
        blocks += ["## What to do next", "\n".join(steps)]
    blocks += _metrics(story)
    blocks += _data(story)
    blocks += _run(story)
    blocks.append(
        "Every number here stands, unrounded, in diagnosis.json "
        f"(schema {escape(story.schema_version)})."
    )
    return "\n\n".join(block for block in blocks if block) + "\n"


def _assessment(story: Story) -> list[str]:
    out = ["## Assessment"]
    out += [_line(item) for item in story.assessment] or ["Nothing was concluded."]
    if not story.primary:
        return [*out, "No primary cause was found."]
    out.append("**Primary cause**" if len(story.primary) == 1 else "**Primary causes**")
    out.append("\n".join(f"- {_primary(cause)}" for cause in story.primary))
    return out


def _primary(cause: CauseView) -> str:
    said = f"{MARKS[cause.status]} **{escape(cause.title)}**: {_line(cause.why)}"
    return f"{said} {inline(cause.strength)}" if cause.strength else said


def _line(item: Line) -> str:
    return escape(item.text) + _refs(item.refs)


def _refs(refs: Iterable[Ref]) -> str:
    numbers = [str(ref.number) for ref in refs]
    word = "finding" if len(numbers) == 1 else "findings"
    return f" ({word} {', '.join(numbers)})" if numbers else ""


def _evidence(story: Story) -> list[str]:
    out = ["## Evidence"] if story.findings or story.not_measured else []
    for finding in story.findings:
        out += _finding(finding)
    if story.not_measured:
        out.append("### What was not measured")
        rows = tuple(
            (
                (str(f.number),),
                (cell(f.question, 400),),
                (f.status.value,),
                (cell(f.reading or f.caveat, 400),),
            )
            for f in story.not_measured
        )
        out.append(table(Table("", ("finding", "question", "status", "why"), rows)))
    return out


def _finding(finding: Finding) -> list[str]:
    out = [f"### {finding.number}. {escape(finding.question)}"]
    if finding.reading:
        out.append(f"**{escape(finding.reading)}**")
    facts = [
        ("Experiment", escape(finding.experiment)),
        ("Control", escape(finding.control)),
        ("Rests on", inline(finding.rests_on)),
        ("Seen under", inline(finding.seen_under)),
        ("Can't say", escape(finding.caveat)),
        ("Bears on", "; ".join(_bearings(finding))),
        ("Recorded as", f"{escape(finding.id)}, check {escape(finding.check)}"),
    ]
    out.append("\n".join(f"- {name}: {said}" for name, said in facts if said))
    if finding.numbers:
        out.append(table(finding.numbers))
    if finding.table:
        out.append(table(finding.table))
    if finding.chart:
        out += _figure(finding.chart)
    return out


def _bearings(finding: Finding) -> Iterable[str]:
    for bearing in finding.bears_on:
        said = f"{escape(bearing.title)} ({MARKS[bearing.status]} {bearing.status.value}"
        if bearing.illustrates:
            said += ", a symptom"
        if bearing.share:
            said += f", {inline((bearing.share,))} of the missing learning restored"
        yield f"{said})" + (f": {escape(bearing.note)}" if bearing.note else "")


def _figure(chart: Chart) -> list[str]:
    """Return a figure's values where they are few or named; long series are in the JSON."""
    named = chart.plot.matrix is not None or any(
        isinstance(x, str) for s in chart.plot.series for x in s.x
    )
    shown = [t for t in tables(chart) if named or len(t.rows) <= MOST_ROWS]
    if not shown or (not chart.plot.series and chart.plot.matrix is None):
        return []
    parts = [table(t) for t in shown]
    note = [escape(clip(chart.plot.note, 600))] if chart.plot.note else []
    summary = escape(clip(chart.plot.title or chart.plot.kind, 300))
    return [f"<details><summary>{summary}</summary>", *parts, *note, "</details>"]


def _causes(causes: Iterable[CauseView]) -> str:
    ranked = sorted(causes, key=lambda c: (ORDER.index(c.status), not c.primary))
    rows: list[str] = ["| cause | | verdict | why |", "| --- | --- | --- | --- |"]
    for status in ORDER:
        for alike in by_reason(cause for cause in ranked if cause.status is status):
            cause = alike[0]
            why = _line(cause.why) + (f" {inline(cause.strength)}" if cause.strength else "")
            names = "; ".join(escape(one.title) for one in alike)
            sides = ", ".join(dict.fromkeys(one.side.value for one in alike))
            named = f"**{names}**" if cause.primary else names
            rows.append(f"| {named} | {sides} | {MARKS[status]} {status.value} | {why} |")
    return "\n".join(rows)


def _changes(story: Story) -> list[str]:
    out = ["## What to change"] if story.advice or story.applied else []
    for item in story.advice:
        out.append(f"### {escape(item.title)}")
        out.append(_line(item.why))
        out.append(f"Because of: {escape(item.cause.title)} ({item.cause.status.value}).")
        if item.changes:
            out.append(table(item.changes))
        out.append(inline(item.outcome))
    if story.edits.diff:
        heading = "Changes applied" if story.applied else "All changes together"
        out += [f"### {heading}", _fence("diff", story.edits.diff, signed=True)]
        out += ["For study.toml:", _fence("toml", story.edits.toml, signed=False)]
    if story.edits.conflicts:
        names = ", ".join(escape(name) for name in story.edits.conflicts)
        out.append(f"Two prescriptions differ about {names}; the first one's value is taken.")
    if story.applied:
        out += ["### What they did", inline(story.applied.outcome)]
        if story.applied.table:
            out.append(table(story.applied.table))
    return out


def _fence(language: str, lines: Iterable[DiffLine], *, signed: bool) -> str:
    text = "\n".join(
        (line.sign if signed else "") + clean(line.text) + (line.value.text if line.value else "")
        for line in lines
    )
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def _metrics(story: Story) -> list[str]:
    if not (story.metrics_reading or story.heuristics or story.metrics):
        return []
    out = ["## Reading the metrics", *(_line(item) for item in story.metrics_reading)]
    if story.heuristics:
        out += ["### Rules of thumb", table(story.heuristics)]
    if story.metrics:
        out += ["<details><summary>The model's metrics per epoch</summary>"]
        out += [table(story.metrics), "</details>"]
    if story.paid:
        out += _figure(story.paid)
    return out


def _data(story: Story) -> list[str]:
    out = ["## The data", _entries(story.data.facts, "\n")]
    if story.data.items:
        out += ["### What was noticed before anything was trained", table(story.data.items)]
    if story.data.readings:
        out += ["### How it was read", table(story.data.readings)]
    return out


def _run(story: Story) -> list[str]:
    out = ["## How it was run", _entries(story.run.facts, "\n"), escape(story.run.note)]
    if story.run.not_afforded:
        out.append("Not afforded:")
        out.append("\n".join(f"- {escape(text)}" for text in story.run.not_afforded))
    for part in (story.run.study, story.run.environment):
        if part:
            out += [f"<details><summary>{escape(part.caption)}</summary>", table(part), "</details>"]
    return out


def _entries(entries: Iterable[Entry], separator: str) -> str:
    lead = "- " if separator == "\n" else ""
    return separator.join(f"{lead}{entry.term}: {inline(entry.said)}" for entry in entries)


def table(item: Table) -> str:
    """Return a table with numbers at the right, and its note below it."""
    head = " | ".join(escape(name) for name in item.head)
    rule = " | ".join("--:" if i in item.numeric else "---" for i in range(len(item.head)))
    rows = ("| " + " | ".join(inline(c) for c in row) + " |" for row in item.rows)
    text = "\n".join((f"| {head} |", f"| {rule} |", *rows))
    return f"{text}\n\n{item.note}" if item.note else text
