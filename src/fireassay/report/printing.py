"""What a report in a terminal is made of: text, headings, hanging lines, tables.

Everything is at most as wide as the terminal, and no text is read as markup or as an escape.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fireassay.report.blocks import Entry, Inline, Line, Ref, Table
from fireassay.report.cited import Cited
from fireassay.report.records import Records
from fireassay.report.wording import clean

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
    from rich.text import Text

WIDTH = 80
WIDEST = 120
"""Columns beyond which lines would be too long to read."""


def printed(parts: Iterable[RenderableType]) -> str:
    """Return the parts as plain text of 80 columns, without colours."""
    from rich.console import Console

    file = io.StringIO()
    show_all(parts, Console(file=file, width=WIDTH, color_system=None, force_terminal=False))
    return "\n".join(line.rstrip() for line in file.getvalue().split("\n"))


def show_all(parts: Iterable[RenderableType], console: Console) -> None:
    """Print the parts, using at most 120 columns of the console."""
    width = min(console.width, WIDEST)
    for part in parts:
        console.print(part, width=width, markup=False, emoji=False, highlight=False)


def words(text: str, style: str = "") -> Text:
    """Return text that is never read as markup and folds where a word is too long."""
    from rich.text import Text

    return Text(clean(text).replace("\u00a0", " "), style=style, overflow="fold")


def plain(parts: Inline) -> str:
    """Return a run of text, numbers and references as it reads."""
    return "".join(
        str(part.number) if isinstance(part, Ref) else part.text if isinstance(part, Cited) else part
        for part in parts
    )


def facts(entries: Iterable[Entry]) -> Text:
    """Return terms and what is said of them, one after the other."""
    return words("; ".join(f"{entry.term} {plain(entry.said)}" for entry in entries))


def line(item: Line) -> Text:
    """Return a sentence with the numbers of the findings that it rests on."""
    refs = ", ".join(str(ref.number) for ref in item.refs)
    text = words(item.text)
    return text.append(f" [{refs}]", "dim") if refs else text


def heading(text: str) -> Text:
    """Return a heading between empty lines."""
    return words("").append(f"\n{text}\n", "bold underline")


def hanging(label: str, body: RenderableType, style: str = "dim") -> RenderableType:
    """Return a body that stands right of a short label."""
    grid = columns(3)
    grid.add_row(words(label, style), body)
    return grid


def columns(label_width: int) -> Any:
    """Return a grid of a column of labels and one that takes the rest."""
    from rich.table import Table as Grid

    grid = Grid.grid(padding=(0, 1, 0, 0), expand=True)
    grid.add_column(width=label_width, no_wrap=True)
    grid.add_column(ratio=1, overflow="fold")
    return grid


def table(item: Table) -> RenderableType:
    """Return a table; the name of a column of numbers may take two lines."""
    from rich.table import Table as Grid

    grid = Grid(box=None, padding=(0, 2, 0, 0), show_edge=False, header_style="dim")
    for i, name in enumerate(item.head):
        numeric = i in item.numeric
        head = words(name)
        if numeric:
            head.plain = "\n".join(head.plain.rsplit(" ", 1))
        grid.add_column(head, justify="right" if numeric else "left", overflow="fold")
    for row in item.rows:
        grid.add_row(*(words(plain(part)) for part in row))
    return grid


@dataclass(frozen=True)
class Wide:
    """A wide table in a narrow place: the columns of numbers that fit, remarks below their row.

    Attributes
    ----------
    item
        The table, arranged.
    most
        Rows that are shown.
    """

    item: Records
    most: int = 24

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Lay the table out for the width there is."""
        from rich.cells import cell_len
        from rich.padding import Padding

        rows = [(g, cells, remark) for g in self.item.groups for cells, remark in g.rows][: self.most]
        shown = [[clean(plain(cell)) for cell in cells] for _, cells, _ in rows]
        heads = [clean(name).rsplit(" ", 1) for name in self.item.head]
        widths = [
            max(*map(cell_len, head), *(cell_len(row[i]) for row in shown))
            for i, head in enumerate(heads)
        ]
        widths[0] = min(widths[0], options.max_width // 2)
        chosen, used = [0], widths[0]
        numbers = sorted(self.item.numeric - {0})
        for i in numbers:
            if used + 1 + widths[i] > options.max_width:
                break
            chosen.append(i)
            used += 1 + widths[i]
        tall = max(len(heads[i]) for i in chosen)
        places = [widths[i] for i in chosen]
        for k in range(tall):
            cells = [([""] * (tall - len(heads[i])) + heads[i])[k] for i in chosen]
            yield words(_aligned(cells, places), "dim")
        last = None
        for (group, _, remark), row in zip(rows, shown, strict=True):
            if group is not last and group.name:
                yield words(plain(group.name), "bold")
            last = group
            yield words(_aligned([row[i] for i in chosen], places))
            if remark:
                yield Padding(words(plain(remark), "dim"), (0, 0, 0, 2))
        source = self.item.table
        if len(source.rows) > self.most or len(chosen) <= len(numbers) or source.note:
            yield words("More of this table is in report.html and diagnosis.json.", "dim")


def _aligned(cells: Sequence[str], widths: Sequence[int]) -> str:
    """Return cells in one line, the first at the left and numbers at the right."""
    from rich.cells import cell_len, set_cell_size

    first, *rest = zip(cells, widths, strict=True)
    out = [set_cell_size(*first)]
    out += [" " * (width - cell_len(cell)) + cell for cell, width in rest]
    return " ".join(out)
