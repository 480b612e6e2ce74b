"""The values of a figure as tables, for people who can't see it or want the numbers."""

from __future__ import annotations

from fireassay.findings import Series
from fireassay.report.blocks import Inline, Table
from fireassay.report.chart import Chart
from fireassay.report.figures.thin import stride
from fireassay.report.wording import cell

MOST_ROWS = 40
MOST_COLUMNS = 14
THINNED = "Some rows are left out; diagnosis.json has them all."


def tables(chart: Chart) -> list[Table]:
    """Return tables of the series (one, if they share x), of the matrix and of the marks."""
    plot = chart.plot
    alike = len({s.x for s in plot.series}) == 1 and len(plot.series) <= 6
    groups = [list(range(len(plot.series)))] if alike else [[i] for i in range(len(plot.series))]
    out = [_series(chart, group) for group in groups[:MOST_COLUMNS]]
    if plot.matrix is not None:
        out.append(_matrix(chart))
    if plot.marks:
        out.append(_marks(chart))
    return [table for table in out if table.rows]


def _series(chart: Chart, group: list[int]) -> Table:
    plot = chart.plot
    series = [plot.series[i] for i in group]
    count = max(max(len(s.x), len(s.y), len(s.low)) for s in series)
    has_x = any(s.x for s in series)
    head = [cell(plot.x_label, 60) or "x"] if has_x else ["draw"]
    columns: list[tuple[int, str]] = []
    for i, item in zip(group, series, strict=True):
        name = cell(item.name or plot.y_label, 60) or "y"
        for part in ("y", "low", "high"):
            if getattr(item, part):
                columns.append((i, part))
                head.append(name if part == "y" else f"{name}, {part}")
    chosen = stride(range(count), MOST_ROWS)
    rows: list[tuple[Inline, ...]] = []
    for j in chosen:
        # The order of draws means nothing, so their rows are named by a dash, not a number.
        first: Inline = ("–",) if not has_x else _x(chart, group, series, j)
        rows.append((first, *(_value(chart, i, part, j) for i, part in columns)))
    note = THINNED if count > len(chosen) else ""
    numeric = frozenset(range(1, len(head)))
    names = ", ".join(cell(s.name, 60) for s in series if s.name)
    return Table(names or cell(plot.title, 120), tuple(head), tuple(rows), numeric, note)


def _x(chart: Chart, group: list[int], series: list[Series], j: int) -> Inline:
    for i, item in zip(group, series, strict=True):
        if j < len(item.x):
            return (chart.cite("series", i, "x", j),)
    return ()


def _value(chart: Chart, i: int, part: str, j: int) -> Inline:
    values = getattr(chart.plot.series[i], part)
    return (chart.cite("series", i, part, j),) if j < len(values) else ()


def _matrix(chart: Chart) -> Table:
    matrix = chart.plot.matrix
    assert matrix is not None
    rows = stride(range(len(matrix.rows)), MOST_ROWS)
    columns = stride(range(len(matrix.columns)), MOST_COLUMNS)
    cells: list[tuple[Inline, ...]] = []
    for i in rows:
        line: list[Inline] = [(cell(matrix.rows[i], 80),)]
        for j in columns:
            known = i < len(matrix.values) and j < len(matrix.values[i])
            text = matrix.text[i][j] if i < len(matrix.text) and j < len(matrix.text[i]) else ""
            value: Inline = (chart.cite("matrix", "values", i, j),) if known else ()
            line.append((*value, f" {cell(text, 20)}") if text else value)
        cells.append(tuple(line))
    cut = len(rows) < len(matrix.rows) or len(columns) < len(matrix.columns)
    head = ("row", *(cell(matrix.columns[j], 40) for j in columns))
    caption = cell(matrix.value_label or chart.plot.title, 120)
    return Table(caption, head, tuple(cells), frozenset(range(1, len(head))), THINNED if cut else "")


def _marks(chart: Chart) -> Table:
    rows = tuple(
        ((cell(mark.label, 80),), (chart.cite("marks", i, "value"),))
        for i, mark in enumerate(chart.plot.marks[:MOST_ROWS])
    )
    return Table("Reference lines", ("line", "value"), rows, frozenset({1}))
