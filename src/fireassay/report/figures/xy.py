"""Lines, points, bars, steps and bands over two axes: the drawing that most kinds share."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

from fireassay.findings import Plot, Series
from fireassay.report.chart import Chart
from fireassay.report.figures import frame
from fireassay.report.figures.frame import Look
from fireassay.report.figures.scales import Category, Scale, category, linear, log, numbers
from fireassay.report.figures.svg import Picture, num, polyline
from fireassay.report.figures.thin import envelope, stride

HEIGHT = 170.0
MOST_POINTS = 1_500

Extra = Callable[[Picture, Scale, Scale, float], None]


def draw(chart: Chart) -> Picture:
    """Draw every series of the plot in its style."""
    return draw_with(chart, chart.plot)


def draw_with(chart: Chart, plot: Plot, under: Extra | None = None) -> Picture:
    """Draw series of `plot`, citing numbers from `chart`; `under` may draw beneath them.

    `under` is given the picture, both scales and the left edge of the plot's area.
    """
    picture = Picture()
    gutter = frame.y_gutter(_y_scale(plot, 1, 0))
    x_scale = _x_scale(plot, gutter + 6, frame.RIGHT - 6)
    placed = frame.flags(chart, x_scale)
    top = frame.heading(picture, frame.keys(plot), plot.y_label) + frame.lanes_height(placed) + 4
    bottom = top + HEIGHT
    y_scale = _y_scale(plot, bottom, top)
    frame.draw_y(picture, y_scale, gutter)
    if under:
        under(picture, x_scale, y_scale, gutter)
    baseline = _baseline(y_scale, bottom)
    for series, look in sorted(
        zip(plot.series, frame.looks(plot), strict=True), key=lambda pair: _depth(pair[0])
    ):
        _series(picture, series, look, x_scale, y_scale, baseline)
    frame.draw_y_marks(picture, chart, y_scale, gutter, _drawn(plot, x_scale, y_scale))
    frame.draw_flags(picture, placed, top - 4, bottom)
    if not any(map(frame.is_given, (p for s in plot.series for p in (s.y, s.low, s.high)))):
        frame.empty(picture, gutter, top, HEIGHT)
    picture.height = bottom + frame.draw_x(picture, x_scale, gutter, bottom, plot.x_label)
    return picture


def _drawn(plot: Plot, xs: Scale, ys: Scale) -> list[tuple[float, float]]:
    """Return places that lines and points cover, close enough together for labels to avoid."""
    out: list[tuple[float, float]] = []
    for series in plot.series:
        pairs = zip(series.x, series.y, strict=False)
        points = [
            (x, y) for a, b in pairs if (x := xs.at(a)) is not None and (y := ys.at(b)) is not None
        ]
        points = stride(points, MOST_POINTS)
        out += points
        if series.style not in {"points", "bars"}:
            for (x1, y1), (x2, y2) in itertools.pairwise(points):
                steps = int(abs(x2 - x1) // 10)
                shares = [(i + 1) / (steps + 1) for i in range(steps)]
                out += [(x1 + t * (x2 - x1), y1 + t * (y2 - y1)) for t in shares]
    return out


def _depth(series: Series) -> int:
    """Return what is drawn first: bands under bars under lines under points."""
    if frame.is_band(series):
        return 0
    return {"bars": 1, "steps": 2, "points": 4}.get(series.style, 3)


def _x_scale(plot: Plot, start: float, end: float) -> Scale:
    values = [x for s in plot.series for x in s.x if x is not None]
    if any(isinstance(x, str | bool) for x in values):
        return category(values, start, end)
    marks = [m.value for m in plot.marks if m.axis == "x"]
    if plot.x_log:
        return log([*values, *marks], start, end)
    found = sorted(set(numbers(values)))
    if any(s.style == "bars" for s in plot.series) and len(found) > 1:
        half = min(b - a for a, b in itertools.pairwise(found)) / 2
        values += [found[0] - half, found[-1] + half]
    return linear([*values, *marks], start, end, pad=0.015)


def _y_scale(plot: Plot, start: float, end: float) -> Scale:
    values = [v for s in plot.series for part in (s.y, s.low, s.high) for v in part]
    values += [m.value for m in plot.marks if m.axis == "y"]
    if plot.y_log:
        return log(values, start, end)
    if any(s.style == "bars" and not frame.is_band(s) for s in plot.series):
        values.append(0.0)
    return linear(values, start, end)


def _baseline(scale: Scale, bottom: float) -> float:
    zero = scale.at(0.0)
    return bottom if zero is None else min(zero, bottom)


def _series(
    picture: Picture, series: Series, look: Look, xs: Scale, ys: Scale, baseline: float
) -> None:
    band = frame.is_band(series)
    colour = "" if band else f" c{look.colour}"
    x = [xs.at(value) for value in series.x]
    y = [ys.at(value) for value in series.y]
    low, high = ([ys.at(v) for v in part] for part in (series.low, series.high))
    has_limits = frame.is_given(series.low) and frame.is_given(series.high)
    if has_limits and (band or series.style in {"line", "dashed", "steps"}):
        name = "nullband" if band else f"band{colour}"
        _band(picture, x, low, high, name, single=isinstance(xs, Category))
    points = [(a, b) if a is not None and b is not None else None for a, b in zip(x, y, strict=False)]
    if band:
        return
    if series.style == "bars":
        _bars(picture, points, baseline, xs, f"fill{colour}")
    elif series.style == "points":
        picture.path(_markers(stride(points, MOST_POINTS), look), f"dot{colour}")
    else:
        _line(picture, points, look, colour, steps=series.style == "steps")
    if has_limits and series.style in {"points", "bars"}:
        _errors(picture, x, low, high, f"stroke thin{colour}")


def _line(
    picture: Picture,
    points: Sequence[tuple[float, float] | None],
    look: Look,
    colour: str,
    *,
    steps: bool,
) -> None:
    drawn = envelope(points)
    picture.path(_steps(drawn) if steps else polyline(drawn), f"stroke dash{look.dash}{colour}")
    if sum(p is not None for p in points) <= frame.MOST_DOTS and look.dash != 4:
        picture.path(_markers(points, look), f"dot{colour}")
    else:
        # A point between two gaps has no line that would show it.
        lone = [
            p if p and _missing(points, i - 1) and _missing(points, i + 1) else None
            for i, p in enumerate(points)
        ]
        picture.path(_markers(lone[:MOST_POINTS], look), f"dot{colour}")


def _missing(points: Sequence[tuple[float, float] | None], index: int) -> bool:
    return not 0 <= index < len(points) or points[index] is None


def _markers(points: Sequence[tuple[float, float] | None], look: Look) -> str:
    count = len(points)
    size = 2.8 if count <= 60 else 2.0 if count <= 400 else 1.3
    return "".join(frame.marker(p[0], p[1], look.marker, size) for p in points if p)


def _steps(points: Sequence[tuple[float, float] | None]) -> str:
    out: list[str] = []
    previous: tuple[float, float] | None = None
    for point in points:
        if point is not None:
            jump = "M" if previous is None else f"H{num(point[0])}L"
            out.append(f"{jump}{num(point[0])} {num(point[1])}")
        previous = point
    return "".join(out)


def _band(
    picture: Picture,
    x: Sequence[float | None],
    low: Sequence[float | None],
    high: Sequence[float | None],
    name: str,
    *,
    single: bool,
) -> None:
    """Fill between the limits, run by run of places where both are known."""
    run: list[tuple[float, float, float]] = []
    runs = [run]
    for a, b, c in zip(x, low, high, strict=False):
        if a is None or b is None or c is None:
            run = []
            runs.append(run)
        else:
            run.append((a, b, c))
    for run in runs:
        if len(run) == 1:
            a, b, c = run[0]
            half = 8.0 if single else 4.0
            picture.rect(a - half, min(b, c), 2 * half, abs(b - c), name)
        elif run:
            over = envelope([(a, c) for a, _, c in run])
            under = envelope([(a, b) for a, b, _ in run])
            edge = [p for p in (*over, *reversed(under)) if p]
            picture.path(polyline(edge) + "z", name)


def _bars(
    picture: Picture,
    points: Sequence[tuple[float, float] | None],
    baseline: float,
    xs: Scale,
    name: str,
) -> None:
    found = [p for p in envelope(points) if p]
    places = sorted({round(p[0], 2) for p in found})
    gap = min((b - a for a, b in itertools.pairwise(places)), default=24.0)
    if isinstance(xs, Category):
        gap = abs(xs.step)
    width = max(min(gap * 0.72, 34.0), 0.8)
    picture.path(
        "".join(
            f"M{num(x - width / 2)} {num(baseline)}V{num(y)}h{num(width)}V{num(baseline)}z"
            for x, y in found
        ),
        name,
    )


def _errors(
    picture: Picture,
    x: Sequence[float | None],
    low: Sequence[float | None],
    high: Sequence[float | None],
    name: str,
) -> None:
    ends = [
        f"M{num(a)} {num(b)}V{num(c)}"
        for a, b, c in zip(x, low, high, strict=False)
        if a is not None and b is not None and c is not None
    ]
    picture.path("".join(stride(ends, MOST_POINTS)), name)
