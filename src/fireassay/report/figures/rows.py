"""A row for each name, with a dot and its interval: ladders of interventions, associations."""

from __future__ import annotations

import heapq
from dataclasses import dataclass

from fireassay.findings import Mark, Plot
from fireassay.report.chart import Chart
from fireassay.report.figures import frame
from fireassay.report.figures.scales import Scale, linear, log
from fireassay.report.figures.svg import SIZE, WIDTH, Picture, fit, measure, wrap_lines

MOST_ROWS = 40
GUTTER = 168.0
LINE = 12.5


@dataclass(frozen=True)
class Row:
    """A name, its lines of text, and the middle of its place."""

    name: str
    lines: list[str]
    y: float


def draw(chart: Chart) -> Picture:
    """Draw the score of every row; the value axis is horizontal, values stand at the right."""
    plot = chart.plot
    names = _names(plot)
    picture = Picture()
    widest = max((measure(name) for name in names), default=0.0)
    gutter = min(widest, GUTTER) + 12
    values = [v for s in plot.series for part in (s.y, s.low, s.high) for v in part]
    values += [m.value for m in plot.marks]
    room = 52.0 if any(frame.is_given(s.y) for s in plot.series) else 0.0
    make = log if plot.y_log or plot.x_log else linear
    scale = make(values, gutter, WIDTH - room - 8)
    # The value axis is drawn across, so that marks on either axis are lines down the rows.
    marks = tuple(Mark(axis="x", value=m.value, label=m.label) for m in plot.marks)
    across = Chart(plot.model_copy(update={"marks": marks}), chart.source, chart.at, chart.moved)
    placed = frame.flags(across, scale)
    top = frame.heading(picture, frame.keys(_dotted(plot)), "") + frame.lanes_height(placed) + 4
    rows, bottom = _lay(names, gutter - 12, top)
    picture.open("axis")
    for tick in scale.ticks(4):
        picture.line(tick.at, top, tick.at, bottom, "grid")
    picture.close()
    frame.draw_flags(picture, placed, top - 4, bottom)
    for row in rows:
        for i, line in enumerate(row.lines):
            y = row.y + 3.8 + (i - (len(row.lines) - 1) / 2) * LINE
            picture.text(gutter - 12, y, line, "rowlabel", anchor="end")
    for i in range(len(plot.series)):
        _series(picture, chart, i, {row.name: row for row in rows}, scale)
    if not rows:
        frame.empty(picture, gutter, top, bottom - top)
    label = plot.y_label or plot.x_label
    picture.height = bottom + frame.draw_x(picture, scale, gutter - 4, bottom, label)
    return picture


def _dotted(plot: Plot) -> Plot:
    """Return the plot with the style in which its series are drawn, for the legend."""
    return plot.model_copy(
        update={"series": tuple(s.model_copy(update={"style": "points"}) for s in plot.series)}
    )


def _names(plot: Plot) -> list[str]:
    """Return the rows' names, in order; of very many, those with the largest values."""
    largest: dict[str, float] = {}
    for series in plot.series:
        for i, x in enumerate(series.x):
            y = series.y[i] if i < len(series.y) else None
            largest[str(x)] = max(largest.get(str(x), 0.0), abs(y or 0.0))
    if len(largest) <= MOST_ROWS:
        return list(largest)
    kept = set(heapq.nlargest(MOST_ROWS, largest, key=largest.__getitem__))
    return [name for name in largest if name in kept]


def is_cut(plot: Plot) -> bool:
    """Whether a plot has more rows than are drawn."""
    return len({str(x) for s in plot.series for x in s.x}) > MOST_ROWS


def _lay(names: list[str], width: float, top: float) -> tuple[list[Row], float]:
    tight = len(names) > 14
    rows: list[Row] = []
    y = top + 4
    for name in names:
        lines = [fit(name, width)] if tight else wrap_lines(name, width, 2)
        height = max(len(lines) * LINE + 5, 16 if tight else 23)
        rows.append(Row(name, lines, y + height / 2))
        y += height
    return rows, max(y + 3, top + 40)


def _series(picture: Picture, chart: Chart, index: int, rows: dict[str, Row], scale: Scale) -> None:
    series, look = chart.plot.series[index], frame.looks(chart.plot)[index]
    dotted = [not frame.is_band(s) for s in chart.plot.series]
    place, count = sum(dotted[:index]), max(sum(dotted), 1)
    shift = (place - (count - 1) / 2) * min(7.0, 14.0 / count)
    dots: list[str] = []
    style = frame.axis_style(scale)
    for i, x in enumerate(series.x):
        row = rows.get(str(x))
        if row is None:
            continue
        low, high, y = (
            scale.at(part[i]) if i < len(part) else None
            for part in (series.low, series.high, series.y)
        )
        if frame.is_band(series):
            if low is not None and high is not None:
                picture.rect(min(low, high), row.y - 6.5, abs(high - low), 13, "nullband")
            continue
        if low is not None and high is not None:
            picture.line(low, row.y + shift, high, row.y + shift, f"stroke c{look.colour}")
        if y is None:
            continue
        dots.append(frame.marker(y, row.y + shift, look.marker, 3.4))
        if place == 0:
            value = chart.cite("series", index, "y", i, style=style)
            picture.text(WIDTH - 2, row.y + SIZE / 3, value, "value", anchor="end")
    picture.path("".join(dots), f"dot c{look.colour}")
