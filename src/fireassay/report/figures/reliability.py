"""Reliability: how often it happened over how often it was said, with the count of each saying."""

from __future__ import annotations

import itertools

from fireassay.findings import Plot
from fireassay.report.chart import Chart
from fireassay.report.figures import xy
from fireassay.report.figures.scales import Scale, numbers
from fireassay.report.figures.svg import Picture, num

STRIP = 34.0
"""Height of the strip of counts."""


def draw(chart: Chart) -> Picture:
    """Draw observed over predicted shares, the diagonal, and counts as bars along the bottom."""
    plot = chart.plot
    rates = plot.model_copy(update={"series": tuple(s for s in plot.series if s.style != "bars")})

    def under(picture: Picture, xs: Scale, ys: Scale, left: float) -> None:
        del left
        _counts(picture, plot, xs, ys)
        _diagonal(picture, rates, xs, ys)

    return xy.draw_with(chart, rates, under)


def _diagonal(picture: Picture, rates: Plot, xs: Scale, ys: Scale) -> None:
    found = numbers(v for s in rates.series for part in (s.x, s.y, s.low, s.high) for v in part)
    if not found:
        return
    low, high = max(min(found), 0.0), min(max(found), 1.0)
    ends = [(xs.at(v), ys.at(v)) for v in (low, high)]
    (x1, y1), (x2, y2) = ends
    if x1 is not None and y1 is not None and x2 is not None and y2 is not None:
        picture.line(x1, y1, x2, y2, "diagonal")


def _counts(picture: Picture, plot: Plot, xs: Scale, ys: Scale) -> None:
    bottom = max(ys.start, ys.end)
    for series in plot.series:
        pairs = [
            (x, y)
            for a, y in zip(series.x, series.y, strict=False)
            if y is not None and (x := xs.at(a)) is not None
        ]
        if series.style != "bars" or not pairs:
            continue
        tallest = max(y for _, y in pairs) or 1.0
        gaps = [b[0] - a[0] for a, b in itertools.pairwise(pairs)]
        width = max(min((abs(g) for g in gaps if g), default=20.0) * 0.8, 1.0)
        picture.path(
            "".join(
                f"M{num(x - width / 2)} {num(bottom)}v-{num(STRIP * max(y, 0.0) / tallest)}"
                f"h{num(width)}V{num(bottom)}z"
                for x, y in pairs
            ),
            "nullfill",
        )
