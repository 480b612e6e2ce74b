"""Rows with intervals as lines of text, for terminals."""

from __future__ import annotations

from dataclasses import dataclass

from fireassay.report.chart import Chart
from fireassay.report.cited import Cited
from fireassay.report.figures.scales import Linear, linear
from fireassay.report.numerals import decimals_for
from fireassay.report.wording import cell

MOST_ROWS = 16
WIDTH = 32


@dataclass(frozen=True)
class Track:
    """A row: its name, its value, and its interval drawn in a line of `WIDTH` characters."""

    name: str
    value: Cited | None
    drawing: str


def tracks(chart: Chart) -> list[Track]:
    """Draw the first series of a ladder; reference lines are the bars that all rows share."""
    if not chart.plot.series:
        return []
    series = chart.plot.series[0]
    marks = [mark.value for mark in chart.plot.marks if mark.value is not None]
    scale = linear((*series.y, *series.low, *series.high, *marks), 0, WIDTH - 1, pad=0)
    style = decimals_for((scale.high - scale.low) / 4, ())
    return [
        Track(
            cell(str(name), 60),
            chart.cite("series", 0, "y", i, style=style) if i < len(series.y) else None,
            _draw(
                scale,
                marks,
                *(part[i] if i < len(part) else None for part in (series.low, series.y, series.high)),
            ),
        )
        for i, name in enumerate(series.x[:MOST_ROWS])
    ]


def key(chart: Chart) -> list[str | Cited]:
    """Return what the reference lines are: each label with its value."""
    out: list[str | Cited] = []
    for i, mark in enumerate(chart.plot.marks[:MOST_ROWS]):
        out += ["; " if out else "", f"┊ {cell(mark.label, 40)} ", chart.cite("marks", i, "value")]
    return out


def _draw(
    scale: Linear, marks: list[float], low: float | None, y: float | None, high: float | None
) -> str:
    line = [" "] * WIDTH
    for mark in marks:
        place = scale.at(mark)
        if place is not None:
            line[min(max(round(place), 0), WIDTH - 1)] = "┊"
    ends = [scale.at(v) for v in (low, high)]
    if ends[0] is not None and ends[1] is not None:
        for x in range(round(min(ends[0], ends[1])), round(max(ends[0], ends[1])) + 1):
            line[x] = "─"
    place = scale.at(y)
    if place is not None:
        line[round(place)] = "●"
    return "".join(line)
