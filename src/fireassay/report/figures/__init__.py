"""Figures as SVG, made on the server: no script, a few kilobytes, coloured by the page's style.

Each module draws one shape; `DRAWERS` says which shape a kind of plot has. A drawing holds no
colour: its classes (`c0` … `c6` for series, `q0` … `q6` and `d0` … `d6` for heat maps, `nullband`,
`mark`, `observed`, ...) are filled by the page, light or dark. Series differ in marker and dash as
well as in colour.
"""

from __future__ import annotations

from collections.abc import Callable

from fireassay.findings import Plot
from fireassay.report.chart import Chart
from fireassay.report.figures import heat, histogram, reliability, rows, stack, xy
from fireassay.report.figures.frame import is_band
from fireassay.report.figures.svg import Picture
from fireassay.report.wording import clip

DRAWERS: dict[str, Callable[[Chart], Picture]] = {
    "null": histogram.draw,
    "power": xy.draw,
    "ladder": rows.draw,
    "traces": xy.draw,
    "learning-curve": xy.draw,
    "map": heat.draw_map,
    "decay": xy.draw,
    "reliability": reliability.draw,
    "uncertainty": stack.draw,
    "lag": xy.draw,
    "clustering": xy.draw,
    "association": rows.draw,
    "calendar": heat.draw_calendar,
    "scatter": xy.draw,
}


def draw(chart: Chart, id_: str) -> str:
    """Return the figure as one SVG element.

    A kind that isn't known is drawn by what it holds: a matrix as a map, else over two axes. A
    calendar without a matrix has sessions along its axis.

    Parameters
    ----------
    chart
        The plot and where its numbers stand.
    id_
        Unique in the page; letters, digits and hyphens.
    """
    plot = chart.plot
    fallback = xy.draw if plot.matrix is None else heat.draw_map
    drawer = DRAWERS.get(plot.kind, fallback)
    if drawer is heat.draw_calendar and plot.matrix is None:
        drawer = xy.draw
    return drawer(chart).wrap(id_, clip(plot.title or plot.kind, 200), describe(plot))


def describe(plot: Plot) -> str:
    """Say in words what a figure shows, for people who can't see it; its values are in a table."""
    axes = " against ".join(filter(None, (clip(plot.y_label, 120), clip(plot.x_label, 120))))
    said = [axes or clip(plot.title, 200)]
    if plot.matrix is not None:
        said.append(f"A map of {clip(plot.matrix.value_label, 120) or 'values'} by row and column")
    lines = [clip(s.name, 60) for s in plot.series[:12] if s.name and not is_band(s)]
    bands = [clip(s.name, 60) for s in plot.series[:12] if s.name and is_band(s)]
    marks = [clip(m.label, 60) for m in plot.marks[:12] if m.label]
    for label, names in (("Series", lines), ("Bands", bands), ("Reference lines", marks)):
        if names:
            said.append(f"{label}: {', '.join(names)}")
    if plot.note:
        said.append(clip(plot.note, 300))
    return ". ".join(said) + ". The values are in the table below the figure."


def is_cut(plot: Plot) -> bool:
    """Whether a figure leaves out rows or columns that the plot has."""
    if plot.kind in {"ladder", "association"}:
        return rows.is_cut(plot)
    return DRAWERS.get(plot.kind) is not heat.draw_calendar and heat.is_cut(plot)
