"""Heat maps: targets × horizons × skips with their significance; sessions × bars of the audit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from fireassay.findings import Matrix, Plot
from fireassay.report.chart import Chart
from fireassay.report.figures import frame
from fireassay.report.figures.frame import Look
from fireassay.report.figures.scales import category, numbers, power_label
from fireassay.report.figures.svg import WIDTH, Picture, Words, fit, measure, num, plain
from fireassay.report.numerals import Style, decimals_for

LEVELS = 7
MOST_ROWS = 60
MOST_COLUMNS = 40
GRID = (110, 48)
"""Cells of a calendar at most, across and up; a cell then stands for the mean of several."""

Values = Sequence[Sequence[float | None]]


@dataclass(frozen=True)
class Shade:
    """From values to one of `LEVELS` colours; about `middle`, if there is one, in both directions."""

    low: float
    high: float
    middle: float | None = None

    def level(self, value: float) -> str:
        """Return the class of the colour for a value."""
        if self.middle is not None:
            reach = max(self.high - self.middle, self.middle - self.low) or 1.0
            share = 0.5 + (value - self.middle) / reach / 2
        else:
            # One value everywhere is neither little nor much.
            share = (value - self.low) / (self.high - self.low) if self.high > self.low else 0.3
        step = min(max(int(share * LEVELS), 0), LEVELS - 1)
        return f"{'q' if self.middle is None else 'd'}{step}"


def shade(plot: Plot, values: Values) -> Shade:
    """Return the colours for a plot's values; a mark on "value" is their middle."""
    found = numbers(v for row in values for v in row) or [0.0, 1.0]
    middle = next((m.value for m in plot.marks if m.axis == "value"), None)
    if middle is not None and not math.isfinite(middle):
        middle = None
    return Shade(min(found), max(found), middle)


def draw_map(chart: Chart) -> Picture:
    """Draw a cell with its value and mark of significance for each row and column."""
    plot = chart.plot
    matrix = plot.matrix or Matrix(rows=(), columns=(), values=())
    rows, columns = matrix.rows[:MOST_ROWS], matrix.columns[:MOST_COLUMNS]
    picture = Picture()
    gutter = min(max((measure(r) for r in rows), default=0.0) + 10, 170.0)
    step = (WIDTH - gutter) / max(len(columns), 1)
    wide = max((measure(c) for c in columns), default=0.0)
    turned = wide > step - 3
    top = frame.heading(picture, (), plot.y_label)
    top += min(wide, 90.0) + 8 if turned else 17.0
    height = 22.0 if len(rows) <= 30 else 15.0
    for j, name in enumerate(columns):
        x = gutter + (j + 0.5) * step
        if turned:
            picture.text(x + 4, top - 5, fit(name, 90), "tick", turn=-90)
        else:
            picture.text(x, top - 5, name, "tick", anchor="middle")
    colours = shade(plot, matrix.values)
    # One style for the whole map, so that its numbers can be compared at a glance.
    style = decimals_for((colours.high - colours.low) / 2, ())
    for i, name in enumerate(rows):
        y = top + i * height
        picture.text(gutter - 7, y + height / 2 + 4, fit(name, gutter - 8), "rowlabel", anchor="end")
        for j in range(len(columns)):
            box = (gutter + j * step, y, step, height)
            _cell(picture, chart, matrix, (i, j), box, colours, style)
    if not rows or not columns:
        frame.empty(picture, gutter, top, 40)
    bottom = top + max(len(rows) * height, 40)
    label = plot.x_label
    if label:
        picture.text((gutter + WIDTH) / 2, bottom + 15, fit(label, WIDTH), "label", anchor="middle")
        bottom += 18
    picture.height = _scale_bar(picture, matrix, colours, gutter, bottom + 8)
    return picture


def is_cut(plot: Plot) -> bool:
    """Whether a map has more rows or columns than are drawn."""
    matrix = plot.matrix
    return matrix is not None and (len(matrix.rows) > MOST_ROWS or len(matrix.columns) > MOST_COLUMNS)


def _at(rows: Sequence[Sequence[object]], i: int, j: int) -> object:
    return rows[i][j] if i < len(rows) and j < len(rows[i]) else None


def _cell(
    picture: Picture,
    chart: Chart,
    matrix: Matrix,
    where: tuple[int, int],
    box: tuple[float, float, float, float],
    colours: Shade,
    style: Style,
) -> None:
    x, y, width, height = box
    i, j = where
    found = _at(matrix.values, i, j)
    value = found if isinstance(found, float) else None
    level = "void" if value is None else colours.level(value)
    picture.rect(x + 0.5, y + 0.5, max(width - 1, 0.5), height - 1, f"cell {level}")
    mark = str(_at(matrix.text, i, j) or "")
    number = chart.cite("matrix", "values", i, j, style=style)
    # Where there is no room for both, the colour still tells the value: significance comes first.
    short: Words = mark or (number,)
    choices: tuple[Words, ...] = ((number, mark), short) if value is not None else ("–",)
    words = next((c for c in choices if measure(plain(c)) <= width), None)
    if words and height >= 12:
        picture.text(x + width / 2, y + height / 2 + 4, words, f"on {level}", anchor="middle")


def _scale_bar(picture: Picture, matrix: Matrix, colours: Shade, left: float, top: float) -> float:
    """Draw the key of the colours; return where it ends."""
    width = 16.0
    first, last = colours.level(colours.low), colours.level(colours.high)
    shades = [f"{first[0]}{i}" for i in range(int(first[1]), int(last[1]) + 1)]
    low, high = (power_label(float(f"{end:.3g}")) for end in (colours.low, colours.high))
    x = left
    picture.open("axis")
    if low != high:
        picture.text(x, top + 9, low, "tick")
        x += measure(low) + 5
    for level in shades:
        picture.rect(x, top, width, 10, f"cell {level}")
        x += width
    x += 5
    picture.text(x, top + 9, high, "tick")
    x += measure(high) + 10
    picture.text(x, top + 9, fit(matrix.value_label, max(WIDTH - x, 0)), "tick")
    picture.close()
    return top + 16


def draw_calendar(chart: Chart) -> Picture:
    """Draw sessions (rows of the matrix) from left to right and bars from top to bottom.

    Of very many, a cell is the mean of a block.
    """
    plot = chart.plot
    matrix = plot.matrix or Matrix(rows=(), columns=(), values=())
    picture = Picture()
    gutter = min(max((measure(c) for c in matrix.columns), default=0.0), 90.0) + 10
    entries = [
        frame.Key(s.name, Look(i % frame.COLOURS, i % 4, 0), "points")
        for i, s in enumerate(plot.series)
    ]
    top = frame.heading(picture, entries, plot.x_label) + 4
    across = min(len(matrix.rows), GRID[0])
    up = min(len(matrix.columns), GRID[1])
    height = min(max(up * 9.0, 60.0), 190.0)
    values = _coarse(matrix, across, up)
    colours = shade(plot, values)
    right = frame.RIGHT
    _runs(picture, values, colours, (gutter, top, right - gutter, height))
    _events(picture, chart, matrix, (gutter, top, right - gutter, height))
    columns = category(matrix.columns, top, top + height)
    picture.open("axis")
    reach = -100.0
    for tick in columns.ticks(6):
        if tick.at - reach >= 24:
            picture.text(gutter - 5, tick.at + 4, fit(tick.label, gutter - 6), "tick", anchor="end")
            reach = tick.at
    picture.close()
    if not across or not up:
        frame.empty(picture, gutter, top, height)
    label = plot.y_label
    bottom = top + height + 2
    bottom += frame.draw_x(picture, category(matrix.rows, gutter, right), gutter, bottom, label)
    picture.height = _scale_bar(picture, matrix, colours, gutter, bottom + 4)
    return picture


def _coarse(matrix: Matrix, across: int, up: int) -> list[list[float | None]]:
    """Return a grid of means over blocks of sessions (rows of the result) and bars."""
    out: list[list[float | None]] = []
    for i in range(across):
        block = matrix.values[_slot(i, across, len(matrix.rows))]
        row: list[float | None] = []
        for j in range(up):
            bars = _slot(j, up, len(matrix.columns))
            found = numbers(v for session in block for v in session[bars])
            row.append(math.fsum(found) / len(found) if found else None)
        out.append(row)
    return out


def _slot(index: int, slots: int, count: int) -> slice:
    return slice(index * count // slots, (index + 1) * count // slots)


def _runs(
    picture: Picture,
    values: Values,
    colours: Shade,
    box: tuple[float, float, float, float],
) -> None:
    """Draw a grid as one path per colour, neighbours of a colour in one box."""
    left, top, width, height = box
    paths: dict[str, list[str]] = {}
    step = width / max(len(values), 1)
    for i, row in enumerate(values):
        levels = ["void" if v is None else colours.level(v) for v in row]
        tall = height / max(len(row), 1)
        start = 0
        for j in range(1, len(levels) + 1):
            if j == len(levels) or levels[j] != levels[start]:
                x, y = left + i * step, top + start * tall
                size = (j - start) * tall
                paths.setdefault(levels[start], []).append(
                    f"M{num(x)} {num(y)}h{step:.2f}v{size:.2f}h-{step:.2f}z"
                )
                start = j
    for level, parts in sorted(paths.items()):
        picture.path("".join(parts), f"cell {level}")


def _events(
    picture: Picture, chart: Chart, matrix: Matrix, box: tuple[float, float, float, float]
) -> None:
    left, top, width, height = box
    sessions = category(matrix.rows, left, left + width)
    place = {name: sessions.at(name) for name in sessions.names}
    count = max(len(matrix.columns), 1)
    for i, series in enumerate(chart.plot.series):
        spots = [
            (x, top + (min(max(y, 0.0), count - 1) + 0.5) / count * height)
            for name, y in zip(series.x, series.y, strict=False)
            if y is not None and (x := place.get(str(name))) is not None
        ]
        unique = sorted({(round(x), round(y)) for x, y in spots})[:1_500]
        marks = "".join(frame.marker(x, y, i % 4, 2.6) for x, y in unique)
        picture.path(marks, f"dot ring c{i % frame.COLOURS}")
