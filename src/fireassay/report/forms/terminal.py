"""Terminal: the summary first, nothing wider than 80 columns, colours only where they are shown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fireassay.findings import Diagnosis, Status
from fireassay.report.chart import Chart
from fireassay.report.cited import Source
from fireassay.report.figures.tracks import key, tracks
from fireassay.report.finding import Finding
from fireassay.report.forms import form
from fireassay.report.printing import (
    Wide,
    columns,
    facts,
    hanging,
    heading,
    line,
    plain,
    printed,
    show_all,
    table,
    words,
)
from fireassay.report.records import arranged
from fireassay.report.settings import Sign
from fireassay.report.story import ORDER, Story, tell

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

QUIET = ("own columns", "nothing noticed by")
"""Readings that a terminal leaves to the written reports."""

MOST_LEFT = 4
"""Causes that weren't examined and are named one by one; more of them are not."""

MARKS = {Status.SUPPORTED: "■", Status.UNDECIDED: "◐", Status.EXCLUDED: "×"}
STYLES = {Status.SUPPORTED: "bold red", Status.UNDECIDED: "yellow", Status.EXCLUDED: "dim"}


@form("terminal")
def render(diagnosis: Diagnosis) -> str:
    """Return the report as plain text of 80 columns, without colours."""
    return printed(_story(tell(diagnosis, Source(diagnosis))))


def show(diagnosis: Diagnosis, console: Console | None = None) -> None:
    """Print the report to a terminal, in colour where it has colours.

    Parameters
    ----------
    diagnosis
        What to print.
    console
        Where to; standard output if not given. At most 120 of its columns are used.
    """
    if console is None:
        from rich.console import Console

        console = Console()
    show_all(_story(tell(diagnosis, Source(diagnosis))), console)


def _story(story: Story) -> Iterator[RenderableType]:
    yield words(story.title, "bold")
    yield words(" · ".join(plain(entry.said) for entry in story.masthead), "dim")
    yield from _assessment(story)
    yield from _causes(story)
    if story.findings:
        yield heading("Evidence")
    for finding in story.findings:
        if finding is not story.findings[0]:
            yield words("")
        yield from _finding(finding)
    if story.not_measured:
        yield heading("Not measured")
        for finding in story.not_measured:
            why = f"{finding.status.value}. {finding.reading or finding.caveat}"
            yield hanging(f"{finding.number:>2}", words(f"{finding.question} {why}"))
    yield from _changes(story)
    if story.next_steps:
        yield heading("What to do next")
        for i, item in enumerate(story.next_steps, start=1):
            yield hanging(f"{i}.", line(item))
    if story.metrics_reading or story.heuristics:
        yield heading("Reading the metrics")
        yield from (line(item) for item in story.metrics_reading)
        if story.heuristics:
            yield words("")
            for rule, here, trivial, _, cannot in story.heuristics.rows:
                yield words(f"“{plain(rule)}”: here {plain(here)}, without skill {plain(trivial)}.")
                yield hanging("", words(f"Can't say: {plain(cannot)}", "dim"))
    yield from _data(story)
    yield from _run(story)


def _assessment(story: Story) -> Iterator[RenderableType]:
    yield heading("Assessment")
    yield from (line(item) for item in story.assessment)
    if not story.assessment:
        yield words("Nothing was concluded.")
    yield words("")
    if not story.primary:
        yield words("No primary cause was found.", "bold")
    for cause in story.primary:
        mark = MARKS[cause.status]
        yield hanging(mark, words(cause.title, "bold"), STYLES[cause.status])
        yield hanging("", line(cause.why))
        if cause.strength:
            yield hanging("", words(plain(cause.strength), "dim"))


def _causes(story: Story) -> Iterator[RenderableType]:
    yield heading("Causes")
    grid = columns(11)
    for status in ORDER:
        found = [cause for cause in story.causes if cause.status is status]
        names = [cause.title for cause in found if cause.why.refs]
        left = [cause.title for cause in found if not cause.why.refs]
        if len(left) > MOST_LEFT:
            left = ["all others: not examined"]
        if found:
            label = words(f"{MARKS[status]} {status.value}", STYLES[status])
            grid.add_row(label, words("; ".join((*names, *left))))
    yield grid
    others = [c for c in story.causes if c.status is Status.SUPPORTED and not c.primary]
    for cause in others:
        yield words("")
        yield hanging(MARKS[cause.status], words(cause.title, "bold"), STYLES[cause.status])
        yield hanging("", line(cause.why))


def _finding(finding: Finding) -> Iterator[RenderableType]:
    yield hanging(f"{finding.number:>2}", words(finding.question, "bold"))
    if finding.reading:
        yield hanging("", words(finding.reading))
    results = [plain(part) for part in (finding.result, finding.rests_on) if part]
    if results:
        yield hanging("", words("; ".join(results), "cyan"))
    if finding.seen_under:
        yield hanging("", words(f"Seen under: {plain(finding.seen_under)}"))
    if finding.control:
        yield hanging("", words(f"Control: {finding.control}", "dim"))
    if finding.caveat:
        yield hanging("", words(f"Can't say: {finding.caveat}", "dim"))
    if finding.table:
        yield hanging("", Wide(arranged(finding.table)))
    if finding.chart and finding.chart.plot.kind == "ladder":
        yield hanging("", _ladder(finding.chart))


def _ladder(chart: Chart) -> RenderableType:
    """Return the rows of a ladder, each with its value and its interval drawn to scale."""
    from rich.console import Group
    from rich.table import Table as Grid

    grid = Grid.grid(padding=(0, 2, 0, 0))
    grid.add_column(max_width=28, overflow="fold")
    grid.add_column(justify="right", no_wrap=True)
    grid.add_column(no_wrap=True)
    for track in tracks(chart):
        value = track.value.text if track.value else ""
        grid.add_row(words(track.name), words(value), words(track.drawing, "cyan"))
    return Group(grid, words(plain(tuple(key(chart))), "dim"))


def _changes(story: Story) -> Iterator[RenderableType]:
    if not (story.advice or story.applied):
        return
    yield heading("What to change")
    for item in story.advice:
        yield hanging("-", words(item.title, "bold"))
        if item.why.text:
            yield hanging("", line(item.why))
        if item.outcome:
            yield hanging("", words(plain(item.outcome), "cyan"))
    colours = {Sign.ADD: "green", Sign.REMOVE: "red", Sign.KEEP: "dim"}
    if story.edits.diff:
        yield words("")
    for edit in story.edits.diff:
        value = edit.value.text if edit.value else ""
        yield hanging("", words(f"{edit.sign}{edit.text}{value}", colours[edit.sign]))
    if story.applied:
        yield heading("What the changes did")
        yield words(plain(story.applied.outcome))
        if story.applied.table:
            yield table(story.applied.table)


def _data(story: Story) -> Iterator[RenderableType]:
    yield heading("The data")
    yield facts(story.data.facts)
    if story.data.readings:
        read = {plain(name): plain(value) for name, value in story.data.readings.rows}
        told = [f"{name}: {read[name]}" for name in read if name not in QUIET and read[name]]
        yield words(f"read as {'; '.join(told)}", "dim")
    if story.data.items is None:
        return
    for what, count, share, first, example, done, advice in story.data.items.rows:
        del first, example
        said = f"{plain(what)}: {plain(count)} ({plain(share)}), {plain(done)}. {plain(advice)}"
        yield hanging("-", words(said))
    if story.data.items.note:
        yield words(story.data.items.note, "dim")


def _run(story: Story) -> Iterator[RenderableType]:
    yield heading("How it was run")
    yield facts(story.run.facts)
    if story.run.note:
        yield words(story.run.note)
    for text in story.run.not_afforded:
        yield hanging("-", words(f"not afforded: {text}"))
