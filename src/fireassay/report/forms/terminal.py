"""Terminal: the summary first, nothing wider than 80 columns, colours only where they are shown."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from fireassay.findings import Diagnosis, Status
from fireassay.report.blocks import Entry, Inline, Line, Ref, Table
from fireassay.report.chart import Chart
from fireassay.report.cited import Cited, Source
from fireassay.report.figures.tracks import key, tracks
from fireassay.report.finding import Finding
from fireassay.report.forms import form
from fireassay.report.settings import Sign
from fireassay.report.story import ORDER, Story, tell
from fireassay.report.wording import clean

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.text import Text

WIDTH = 80
WIDEST = 120
"""Columns beyond which lines would be too long to read."""

MARKS = {Status.SUPPORTED: "■", Status.UNDECIDED: "◐", Status.EXCLUDED: "×"}
STYLES = {Status.SUPPORTED: "bold red", Status.UNDECIDED: "yellow", Status.EXCLUDED: "dim"}


@form("terminal")
def render(diagnosis: Diagnosis) -> str:
    """Return the report as plain text of 80 columns, without colours."""
    from rich.console import Console

    file = io.StringIO()
    console = Console(file=file, width=WIDTH, color_system=None, force_terminal=False)
    show(diagnosis, console)
    return "\n".join(line.rstrip() for line in file.getvalue().split("\n"))


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
    story = tell(diagnosis, Source(diagnosis))
    width = min(console.width, WIDEST)
    for part in _story(story):
        console.print(part, width=width, markup=False, emoji=False, highlight=False)


def _story(story: Story) -> Iterator[RenderableType]:
    yield _text(story.title, "bold")
    yield _text(" · ".join(_plain(entry.said) for entry in story.masthead), "dim")
    yield from _assessment(story)
    yield from _causes(story)
    if story.findings:
        yield _heading("Evidence")
    for finding in story.findings:
        if finding is not story.findings[0]:
            yield _text("")
        yield from _finding(finding)
    if story.not_measured:
        yield _heading("Not measured")
        for finding in story.not_measured:
            why = f"{finding.status.value}. {finding.reading or finding.caveat}"
            yield _hanging(f"{finding.number:>2}", _text(f"{finding.question} {why}"))
    yield from _changes(story)
    if story.next_steps:
        yield _heading("What to do next")
        for i, item in enumerate(story.next_steps, start=1):
            yield _hanging(f"{i}.", _line(item))
    if story.metrics_reading or story.heuristics:
        yield _heading("Reading the metrics")
        yield from (_line(item) for item in story.metrics_reading)
        if story.heuristics:
            yield _text("")
            for rule, here, trivial, _, cannot in story.heuristics.rows:
                yield _text(
                    f"“{_plain(rule)}”: here {_plain(here)}, without skill {_plain(trivial)}."
                )
                yield _hanging("", _text(f"Can't say: {_plain(cannot)}", "dim"))
    yield from _data(story)
    yield from _run(story)


def _assessment(story: Story) -> Iterator[RenderableType]:
    yield _heading("Assessment")
    yield from (_line(item) for item in story.assessment)
    if not story.assessment:
        yield _text("Nothing was concluded.")
    yield _text("")
    if not story.primary:
        yield _text("No primary cause was found.", "bold")
    for cause in story.primary:
        mark = MARKS[cause.status]
        yield _hanging(mark, _text(cause.title, "bold"), STYLES[cause.status])
        yield _hanging("", _line(cause.why))
        if cause.strength:
            yield _hanging("", _text(_plain(cause.strength), "dim"))


def _causes(story: Story) -> Iterator[RenderableType]:
    yield _heading("Causes")
    grid = _grid(11)
    for status in ORDER:
        names = [cause.title for cause in story.causes if cause.status is status]
        if names:
            label = _text(f"{MARKS[status]} {status.value}", STYLES[status])
            grid.add_row(label, _text("; ".join(names)))
    yield grid
    others = [c for c in story.causes if c.status is Status.SUPPORTED and not c.primary]
    for cause in others:
        yield _text("")
        yield _hanging(MARKS[cause.status], _text(cause.title, "bold"), STYLES[cause.status])
        yield _hanging("", _line(cause.why))


def _finding(finding: Finding) -> Iterator[RenderableType]:
    yield _hanging(f"{finding.number:>2}", _text(finding.question, "bold"))
    if finding.reading:
        yield _hanging("", _text(finding.reading))
    facts = [_plain(part) for part in (finding.result, finding.rests_on) if part]
    if facts:
        yield _hanging("", _text("; ".join(facts), "cyan"))
    if finding.seen_under:
        yield _hanging("", _text(f"Seen under: {_plain(finding.seen_under)}"))
    if finding.control:
        yield _hanging("", _text(f"Control: {finding.control}", "dim"))
    if finding.caveat:
        yield _hanging("", _text(f"Can't say: {finding.caveat}", "dim"))
    if finding.chart and finding.chart.plot.kind == "ladder":
        yield _hanging("", _ladder(finding.chart))


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
        grid.add_row(_text(track.name), _text(value), _text(track.drawing, "cyan"))
    return Group(grid, _text(_plain(tuple(key(chart))), "dim"))


def _changes(story: Story) -> Iterator[RenderableType]:
    if not (story.advice or story.applied):
        return
    yield _heading("What to change")
    for item in story.advice:
        yield _hanging("-", _text(item.title, "bold"))
        if item.why.text:
            yield _hanging("", _line(item.why))
        if item.outcome:
            yield _hanging("", _text(_plain(item.outcome), "cyan"))
    colours = {Sign.ADD: "green", Sign.REMOVE: "red", Sign.KEEP: "dim"}
    if story.edits.diff:
        yield _text("")
    for line in story.edits.diff:
        value = line.value.text if line.value else ""
        yield _hanging("", _text(f"{line.sign}{line.text}{value}", colours[line.sign]))
    if story.applied:
        yield _heading("What the changes did")
        yield _text(_plain(story.applied.outcome))
        if story.applied.table:
            yield _table(story.applied.table)


def _data(story: Story) -> Iterator[RenderableType]:
    yield _heading("The data")
    yield _facts(story.data.facts)
    if story.data.items is None:
        return
    for what, count, share, first, example, done, advice in story.data.items.rows:
        del first, example
        said = f"{_plain(what)}: {_plain(count)} ({_plain(share)}), {_plain(done)}. {_plain(advice)}"
        yield _hanging("-", _text(said))
    if story.data.items.note:
        yield _text(story.data.items.note, "dim")


def _run(story: Story) -> Iterator[RenderableType]:
    yield _heading("How it was run")
    yield _facts(story.run.facts)
    if story.run.note:
        yield _text(story.run.note)
    for text in story.run.not_afforded:
        yield _hanging("-", _text(f"not afforded: {text}"))


def _facts(entries: Iterable[Entry]) -> Text:
    return _text("; ".join(f"{entry.term} {_plain(entry.said)}" for entry in entries))


def _plain(parts: Inline) -> str:
    return "".join(
        str(part.number) if isinstance(part, Ref) else part.text if isinstance(part, Cited) else part
        for part in parts
    )


def _line(item: Line) -> Text:
    refs = ", ".join(str(ref.number) for ref in item.refs)
    text = _text(item.text)
    return text.append(f" [{refs}]", "dim") if refs else text


def _text(words: str, style: str = "") -> Text:
    """Return text that is never read as markup and folds where a word is too long."""
    from rich.text import Text

    return Text(clean(words).replace("\u00a0", " "), style=style, overflow="fold")


def _heading(words: str) -> Text:
    return _text("").append(f"\n{words}\n", "bold underline")


def _hanging(label: str, body: RenderableType, style: str = "dim") -> RenderableType:
    grid = _grid(3)
    grid.add_row(_text(label, style), body)
    return grid


def _grid(label_width: int) -> Any:
    from rich.table import Table as Grid

    grid = Grid.grid(padding=(0, 1, 0, 0), expand=True)
    grid.add_column(width=label_width, no_wrap=True)
    grid.add_column(ratio=1, overflow="fold")
    return grid


def _table(item: Table) -> RenderableType:
    from rich.table import Table as Grid

    grid = Grid(box=None, padding=(0, 2, 0, 0), show_edge=False, header_style="dim")
    for i, name in enumerate(item.head):
        numeric = i in item.numeric
        grid.add_column(_text(name), justify="right" if numeric else "left", overflow="fold")
    for row in item.rows:
        grid.add_row(*(_text(_plain(part)) for part in row))
    return grid
