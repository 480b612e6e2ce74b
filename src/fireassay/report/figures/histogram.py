"""The null distribution with the observed value; further nulls as outlines over the first."""

from __future__ import annotations

import math
from collections.abc import Sequence

from fireassay.findings import Plot, Series
from fireassay.report.chart import Chart
from fireassay.report.figures import frame, xy
from fireassay.report.figures.scales import Scale, linear, numbers
from fireassay.report.figures.svg import Picture, num

MOST_BINS = 36


def draw(chart: Chart) -> Picture:
    """Draw histograms of the draws in `y`; a plot that has counts over `x` is drawn as it is."""
    plot = chart.plot
    if any(s.x for s in plot.series):
        return xy.draw(chart)
    draws = [numbers(s.y) for s in plot.series]
    marks = [m.value for m in plot.marks if m.axis == "x"]
    everything = [v for values in draws for v in values]
    range_ = linear([*everything, *marks], 0, 1, pad=0.03)
    edges = _edges(everything, range_.low, range_.high)
    counts = [_count(values, edges) for values in draws]
    picture = Picture()
    tallest = max((c for row in counts for c in row), default=0) or 1
    gutter = frame.y_gutter(linear((0, tallest), 1, 0, pad=0))
    x_scale = linear((range_.low, range_.high), gutter + 2, frame.RIGHT, pad=0)
    placed = frame.flags(chart, x_scale)
    label = plot.y_label or "draws"
    top = frame.heading(picture, frame.keys(_outlined(plot)), label)
    top += frame.lanes_height(placed) + 4
    bottom = top + 130
    y_scale = linear((0, tallest), bottom, top, pad=0)
    frame.draw_y(picture, y_scale, gutter, 4)
    for i, row in enumerate(counts):
        _outline(picture, row, edges, x_scale, y_scale, i)
    if not everything:
        frame.empty(picture, gutter, top, 130)
    frame.draw_flags(picture, placed, top - 4, bottom)
    picture.height = bottom + frame.draw_x(picture, x_scale, gutter, bottom, plot.x_label)
    return picture


def _outlined(plot: Plot) -> Plot:
    """Return the plot with its series in the styles in which histograms are drawn."""
    styled = tuple(
        Series(name=s.name, x=(), y=s.y, style="bars" if i == 0 else "line")
        for i, s in enumerate(plot.series)
    )
    return plot.model_copy(update={"series": styled})


def _edges(values: Sequence[float], low: float, high: float) -> list[float]:
    """Return edges of equal bins over the axis, about √n of them over the draws themselves."""
    spread = max(values) - min(values) if values else 0.0
    if spread <= 1e-9 * max(abs(low), abs(high)):
        return [low + (high - low) * i / 25 for i in range(26)]
    wanted = min(max(math.ceil(math.sqrt(len(values))), 8), 24)
    bins = min(math.ceil(wanted * (high - low) / spread), 3 * MOST_BINS)
    return [low + (high - low) * i / bins for i in range(bins + 1)]


def _count(values: Sequence[float], edges: Sequence[float]) -> list[int]:
    counts = [0] * (len(edges) - 1)
    for value in values:
        share = (value - edges[0]) / (edges[-1] - edges[0])
        counts[min(max(int(share * len(counts)), 0), len(counts) - 1)] += 1
    return counts


def _outline(
    picture: Picture,
    counts: Sequence[int],
    edges: Sequence[float],
    xs: Scale,
    ys: Scale,
    index: int,
) -> None:
    base = ys.at(0.0)
    ends = [xs.at(edge) for edge in edges]
    places = [ys.at(float(c)) for c in counts]
    assert base is not None
    if index == 0:
        boxes = [
            f"M{num(a + 0.5)} {num(base)}V{num(y)}H{num(b - 0.5)}V{num(base)}z"
            for a, b, y, c in zip(ends, ends[1:], places, counts, strict=False)
            if c and a is not None and b is not None and y is not None
        ]
        picture.path("".join(boxes), "nullfill")
        return
    look = index % frame.COLOURS
    steps = [
        f"H{num(a)}V{num(y)}H{num(b)}"
        for a, b, y in zip(ends, ends[1:], places, strict=False)
        if a is not None and b is not None and y is not None
    ]
    picture.path(
        f"M{num(ends[0] or 0)} {num(base)}{''.join(steps)}V{num(base)}",
        f"stroke c{look} dash{index % 4}",
    )
