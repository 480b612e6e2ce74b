"""What figures with two axes share: legend, axes, grid, reference lines with their labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fireassay.findings import Plot, Series
from fireassay.report.chart import Chart
from fireassay.report.figures.scales import Linear, Scale, numbers, spread_out
from fireassay.report.figures.svg import SIZE, WIDTH, Picture, Words, fit, measure, plain
from fireassay.report.numerals import AUTO, Style, decimals_for

LANE = 14.0
RIGHT = WIDTH - 10
COLOURS = 7
Point = tuple[float, float]
MOST_MARKS = 12
MOST_KEYS = 12
MOST_DOTS = 24
"""Points up to which a line shows each of them."""


@dataclass(frozen=True)
class Look:
    """How one series is drawn: its colour, and a shape and dash that tell it apart without."""

    colour: int
    marker: int
    dash: int


@dataclass(frozen=True)
class Key:
    """An entry of the legend; `dotted` says whether a line shows its points."""

    name: str
    look: Look
    style: str
    dotted: bool = False


def is_given(values: Sequence[float | None]) -> bool:
    """Whether there is any value."""
    return any(value is not None for value in values)


def is_band(series: Series) -> bool:
    """Whether a series is a band: limits without values between them, or of the style "band"."""
    bounded = is_given(series.low) and is_given(series.high)
    return bounded and (series.style == "band" or not is_given(series.y))


def looks(plot: Plot) -> list[Look]:
    """Give each series its look; a dashed series has the colour of the series before it."""
    out: list[Look] = []
    colour = -1
    for series in plot.series:
        if is_band(series):
            out.append(Look(0, 0, 0))
            continue
        follows = series.style == "dashed" and colour >= 0
        colour += not follows
        out.append(Look(colour % COLOURS, colour % 4, 4 if follows else (colour % 4)))
    return out


def shows_points(series: Series, look: Look) -> bool:
    """Whether a line is drawn with a marker at each of its points."""
    return look.dash != 4 and len(numbers(series.y)) <= MOST_DOTS


def keys(plot: Plot) -> list[Key]:
    """Return the legend's entries: none where a single series needs no name."""
    named = [
        Key(s.name, look, "band" if is_band(s) else s.style, shows_points(s, look))
        for s, look in zip(plot.series, looks(plot), strict=True)
        if s.name
    ]
    return named if len(plot.series) > 1 else []


def heading(picture: Picture, entries: Sequence[Key], label: str) -> float:
    """Write the vertical axis' label and the legend; return the height used."""
    y = 0.0
    if label:
        y += LANE
        picture.text(0, y - 3, fit(label, WIDTH), "label")
    x = 0.0
    for position, entry in enumerate(entries[:MOST_KEYS]):
        name = fit(entry.name, WIDTH - 40)
        width = 26 + measure(name) + 12
        if position == 0 or x + width > WIDTH + 10:
            x, y = 0.0, y + LANE + 1
        _swatch(picture, x, y - 6.5, entry)
        picture.text(x + 24, y - 3, name, "key")
        x += width
    return y + (4 if y else 0)


def _swatch(picture: Picture, x: float, y: float, entry: Key) -> None:
    look = entry.look
    if entry.style == "band":
        picture.rect(x, y - 4, 18, 8, "nullband")
    elif entry.style in {"bars", "area"}:
        picture.rect(x + 2, y - 5, 14, 10, f"fill c{look.colour}")
    elif entry.style == "points":
        picture.path(marker(x + 9, y, look.marker), f"dot c{look.colour}")
    else:
        picture.line(x, y, x + 18, y, f"stroke c{look.colour} dash{look.dash}")
        if entry.dotted:
            picture.path(marker(x + 9, y, look.marker), f"dot c{look.colour}")


def marker(x: float, y: float, shape: int, size: float = 3.0) -> str:
    """Return path data of a marker: disc, square, triangle or diamond."""
    if shape == 0:
        half = f"a{size} {size} 0 1 0"
        return f"M{x - size:.1f} {y:.1f}{half} {2 * size} 0{half} -{2 * size} 0z"
    if shape == 1:
        return f"M{x - size:.1f} {y - size:.1f}h{2 * size}v{2 * size}h-{2 * size}z"
    if shape == 2:
        return f"M{x:.1f} {y - size - 0.6:.1f}l{size + 0.6} {2 * size}h-{2 * size + 1.2}z"
    reach = size + 0.8
    return f"M{x:.1f} {y - reach:.1f}l{reach} {reach}l-{reach} {reach}l-{reach} -{reach}z"


def draw_y(picture: Picture, scale: Scale, left: float, count: int = 5) -> None:
    """Draw the vertical axis' ticks and grid lines."""
    picture.open("axis")
    for tick in scale.ticks(count):
        picture.line(left, tick.at, RIGHT, tick.at, "grid")
        picture.text(left - 5, tick.at + 3.8, fit(tick.label, left), "tick", anchor="end")
    picture.close()


def y_gutter(scale: Scale, count: int = 5) -> float:
    """Return the width that the vertical axis' labels need."""
    return min(max((measure(t.label) for t in scale.ticks(count)), default=0.0), 110) + 9


def draw_x(picture: Picture, scale: Scale, left: float, top: float, label: str) -> float:
    """Draw the horizontal axis below `top`, from `left` on; return the height used."""
    picture.open("axis")
    picture.line(left, top, max(scale.end, RIGHT if left < scale.start else left), top, "base")
    reach = -100.0
    for tick in scale.ticks(6):
        words = fit(tick.label, 120)
        half = measure(words) / 2
        place = min(max(tick.at, half), WIDTH - half)
        picture.line(tick.at, top, tick.at, top + 3.5, "base")
        if place - half > reach:
            picture.text(place, top + 15, words, "tick", anchor="middle")
            reach = place + half + 6
    picture.close()
    if not label:
        return 20.0
    middle = (scale.start + scale.end) / 2
    picture.text(middle, top + 30, fit(label, WIDTH), "label", anchor="middle")
    return 35.0


def mark_words(chart: Chart, index: int, scale: Scale) -> Words:
    """Return a mark's label with its value, unless the label has a number already."""
    mark = chart.plot.marks[index]
    label = fit(mark.label, 180)
    if any(c.isdigit() for c in label):
        return label
    style = axis_style(scale, mark.value)
    return (f"{label} " if label else "", chart.cite("marks", index, "value", style=style))


def axis_style(scale: Scale, value: float | None = None) -> Style:
    """Return the decimals in which values, or one that may be whole, are quoted beside an axis."""
    if isinstance(scale, Linear) and not (value is not None and float(value).is_integer()):
        return decimals_for((scale.high - scale.low) / 4, ())
    return AUTO


@dataclass(frozen=True)
class Flag:
    """The label of a vertical reference line: its place, its lane, and the side of its words."""

    x: float
    lane: int
    words: Words
    left: bool
    observed: bool


def flags(chart: Chart, scale: Scale) -> list[Flag]:
    """Lay the labels of vertical reference lines in lanes above the plot, none on another."""
    spots = [
        (x, i)
        for i, mark in enumerate(chart.plot.marks[:MOST_MARKS])
        if mark.axis == "x" and (x := scale.at(mark.value)) is not None
    ]
    taken: list[list[tuple[float, float]]] = [[] for _ in spots]
    out: list[Flag] = []
    for x, i in sorted(spots, reverse=True):
        words = mark_words(chart, i, scale)
        width = measure(plain(words)) + 8
        left = x + width > WIDTH
        span = (x - width, x + 2) if left else (x - 2, x + width)
        lane = next(
            n for n, spans in enumerate(taken) if all(span[1] < a or span[0] > b for a, b in spans)
        )
        taken[lane].append(span)
        out.append(Flag(x, lane, words, left, "observed" in chart.plot.marks[i].label.lower()))
    return out


def lanes_height(placed: Sequence[Flag]) -> float:
    """Return the height that the lanes of labels take."""
    return LANE * (1 + max((flag.lane for flag in placed), default=-1))


def draw_flags(picture: Picture, placed: Sequence[Flag], top: float, bottom: float) -> None:
    """Draw vertical reference lines from their labels, above `top`, down to `bottom`."""
    for flag in placed:
        y = top - LANE * flag.lane - 3
        picture.line(flag.x, y - 8, flag.x, bottom, "observed" if flag.observed else "guide")
        picture.text(
            flag.x - 4 if flag.left else flag.x + 4,
            y,
            flag.words,
            "marklabel strong halo" if flag.observed else "marklabel halo",
            anchor="end" if flag.left else "start",
        )


def draw_y_marks(
    picture: Picture, chart: Chart, scale: Scale, left: float, drawn: Sequence[Point] = ()
) -> None:
    """Draw horizontal reference lines with their labels, none on another.

    Each label stands at that end of its line where less of what is `drawn` would lie under it.
    """
    found = [
        (y, i)
        for i, mark in enumerate(chart.plot.marks[:MOST_MARKS])
        if mark.axis == "y" and (y := scale.at(mark.value)) is not None
    ]
    low, high = min(scale.start, scale.end), max(scale.start, scale.end)
    labels = spread_out([y - 4 for y, _ in found], LANE, low + SIZE, high)
    for (y, i), place in zip(found, labels, strict=True):
        picture.line(left, y, RIGHT, y, "guide")
        words = mark_words(chart, i, scale)
        width = measure(plain(words))
        near = [x for x, spot in drawn if place - 14 < spot < place + 5]
        at_left = sum(x < left + width + 6 for x in near) < sum(x > RIGHT - width - 6 for x in near)
        x, anchor = (left + 4, "start") if at_left else (RIGHT, "end")
        picture.text(x, place, words, "marklabel halo", anchor=anchor)


def empty(picture: Picture, left: float, top: float, height: float) -> None:
    """Say that there is nothing to draw."""
    picture.text((left + RIGHT) / 2, top + height / 2, "no values", "label", anchor="middle")
