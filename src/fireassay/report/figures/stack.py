"""Parts of a whole over time of day: areas stacked in the order of the series."""

from __future__ import annotations

from collections.abc import Sequence

from fireassay.findings import Plot
from fireassay.report.chart import Chart
from fireassay.report.figures import frame
from fireassay.report.figures.scales import Scale, category, linear, numbers
from fireassay.report.figures.svg import Picture, polyline
from fireassay.report.figures.thin import envelope
from fireassay.report.numerals import Scalar

HEIGHT = 170.0


def draw(chart: Chart) -> Picture:
    """Draw the parts from zero upwards; a place where a part is unknown stays empty."""
    plot = chart.plot
    places: list[Scalar] = list(dict.fromkeys(x for s in plot.series for x in s.x if x is not None))
    layers = _layers(plot, places)
    picture = Picture()
    heights = [v for layer in layers for v in layer if v is not None]
    heights += [m.value for m in plot.marks if m.axis == "y" and m.value is not None]
    gutter = frame.y_gutter(linear((0.0, *heights), 1, 0, pad=0))
    x_scale = _x_scale(plot, places, gutter + 2, frame.RIGHT)
    placed = frame.flags(chart, x_scale)
    entries = [
        frame.Key(s.name, frame.Look(i % frame.COLOURS, 0, 0), "area")
        for i, s in enumerate(plot.series)
    ]
    top = frame.heading(picture, entries, plot.y_label) + frame.lanes_height(placed) + 4
    bottom = top + HEIGHT
    y_scale = linear((0.0, *(heights or [1.0]), 1.06 * max(heights or [1.0])), bottom, top, pad=0)
    frame.draw_y(picture, y_scale, gutter)
    below: Sequence[float | None] = [0.0] * len(places)
    for i, layer in enumerate(layers):
        _area(picture, places, below, layer, x_scale, y_scale, i % frame.COLOURS)
        below = layer
    if not heights:
        frame.empty(picture, gutter, top, HEIGHT)
    frame.draw_y_marks(picture, chart, y_scale, gutter)
    frame.draw_flags(picture, placed, top - 4, bottom)
    picture.height = bottom + frame.draw_x(picture, x_scale, gutter, bottom, plot.x_label)
    return picture


def _layers(plot: Plot, places: Sequence[Scalar]) -> list[list[float | None]]:
    """Return the upper edge of each part: the sum of it and the parts before it."""
    total: list[float | None] = [0.0] * len(places)
    out: list[list[float | None]] = []
    for series in plot.series:
        values = dict(zip(series.x, series.y, strict=False))
        parts = [values.get(place) for place in places]
        total = [
            None if a is None or b is None else a + max(b, 0.0)
            for a, b in zip(total, parts, strict=True)
        ]
        out.append(total)
    return out


def _x_scale(plot: Plot, places: Sequence[Scalar], start: float, end: float) -> Scale:
    if any(isinstance(x, str | bool) for x in places):
        return category(places, start, end)
    marks = [m.value for m in plot.marks if m.axis == "x"]
    return linear([*numbers(places), *marks], start, end, pad=0)


def _area(
    picture: Picture,
    places: Sequence[Scalar],
    below: Sequence[float | None],
    above: Sequence[float | None],
    xs: Scale,
    ys: Scale,
    colour: int,
) -> None:
    run: list[tuple[float, float, float]] = []
    runs = [run]
    for place, a, b in zip(places, below, above, strict=True):
        x, low, high = xs.at(place), ys.at(a), ys.at(b)
        if x is None or low is None or high is None:
            run = []
            runs.append(run)
        else:
            run.append((x, low, high))
    for run in filter(None, runs):
        if len(run) == 1:
            x, low, high = run[0]
            run = [(x - 6, low, high), (x + 6, low, high)]
        upper = envelope([(x, high) for x, _, high in run])
        lower = envelope([(x, low) for x, low, _ in run])
        picture.path(polyline([*upper, *reversed(lower)]) + "z", f"area c{colour}")
        picture.path(polyline(upper), f"stroke c{colour}")
