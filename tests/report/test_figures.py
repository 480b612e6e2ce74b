"""Every kind of figure draws well-formed SVG inside its box, whatever its data."""

from __future__ import annotations

import itertools
import math
import random
import re
from collections.abc import Callable, Sequence
from typing import Any
from xml.etree import ElementTree

import pytest

from fireassay.findings import Mark, Matrix, Plot, Series
from fireassay.report.chart import Chart
from fireassay.report.figures import DRAWERS, draw
from fireassay.report.figures.svg import WIDTH, fit, measure, wrap_lines
from fireassay.report.figures.tabulate import MOST_ROWS, tables
from fireassay.report.figures.thin import COLUMNS, envelope, stride

from .example_evidence import evidence
from .examples import vwap_noise
from .hostile import HOSTILE

KINDS = [*DRAWERS, "unheard-of"]
SVG = "{http://www.w3.org/2000/svg}"


def chart(plot: Plot) -> Chart:
    from fireassay.report.cited import Source

    source = Source.__new__(Source)
    source.tree = plot.model_dump(mode="json")
    return Chart(plot, source, ())


def svg(plot: Plot) -> ElementTree.Element:
    text = draw(chart(plot), "f")
    assert "nan" not in re.sub(r">[^<]*<", "><", text)
    assert "inf" not in re.sub(r">[^<]*<", "><", text)
    return ElementTree.fromstring(
        text.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
    )


def places(root: ElementTree.Element) -> list[tuple[float, float]]:
    """Return the points that elements are placed at, paths by their absolute commands."""
    out: list[tuple[float, float]] = []
    for element in root.iter():
        for x, y in (("x", "y"), ("x1", "y1"), ("x2", "y2")):
            if x in element.attrib:
                out.append((float(element.attrib[x]), float(element.attrib[y])))
        out += starts(element.attrib.get("d", ""))
    return out


def starts(d: str) -> list[tuple[float, float]]:
    """Return the points that path data moves and draws lines to."""
    return [(float(x), float(y)) for x, y in re.findall(r"[ML](-?[\d.]+) (-?[\d.]+)", d)]


def assert_inside(root: ElementTree.Element) -> None:
    height = float(root.attrib["height"])
    assert 20 < height < 2_000
    for x, y in places(root):
        assert -30 <= x <= WIDTH + 30, (x, y)
        assert -30 <= y <= height + 30, (x, y)


def marks_drawn(root: ElementTree.Element) -> int:
    """Count elements that show data, not axes."""
    shown = re.compile(r"\b(dot|stroke|fill|nullfill|nullband|area|band|cell)\b")
    return sum(bool(shown.search(e.attrib.get("class", ""))) for e in root.iter())


def series(kind: str, x: Sequence[Any], y: Sequence[float | None], **more: Any) -> Series:
    if kind in {"ladder", "association"}:
        x = [str(v) for v in x]
    if kind == "null":
        x = []
    style = {"clustering": "bars", "scatter": "points"}.get(kind, "line")
    return Series(name="a name", x=tuple(x), y=tuple(y), style=style, **more)


def plot(kind: str, y: Sequence[float | None], **more: Any) -> Plot:
    """Return a plot of a kind that holds the values y, in its series or in its matrix."""
    matrix = None
    if kind in {"map", "calendar"}:
        names = tuple(str(i) for i in range(len(y)))
        matrix = Matrix(rows=names, columns=("a", "b"), values=tuple((v, v) for v in y))
    return Plot(
        kind=kind,
        title="title",
        x_label="x",
        y_label="y",
        matrix=matrix,
        series=() if matrix else (series(kind, range(len(y)), y),),
        **more,
    )


AWKWARD: dict[str, list[float | None]] = {
    "empty": [],
    "all missing": [None, None],
    "one": [0.5],
    "one among gaps": [None, 0.5, None],
    "all equal": [0.5] * 7,
    "zeros": [0.0] * 7,
    "gaps": [0.1, None, 0.3, 0.2, None, None, 0.9],
    "huge": [1e308, -1e308, 0.0],
    "tiny": [1e-308, 2e-308],
    "far apart": [1e-9, 1.0, 1e9],
    "negative": [-3.0, -1.0, -2.0],
    "integers": [1, 2, 3],
    "many": [math.sin(i / 50) for i in range(10_000)],
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("case", AWKWARD)
@pytest.mark.parametrize("logs", [False, True])
def test_awkward_values_draw(kind: str, case: str, logs: bool) -> None:
    values = AWKWARD[case]
    root = svg(plot(kind, values, x_log=logs, y_log=logs))
    assert_inside(root)
    on_paper = [v for v in values if v is not None and (v > 0 or not logs)]
    if len(on_paper) > 1 or (on_paper and not logs):
        assert marks_drawn(root) > 0


@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_plot_says_so(kind: str) -> None:
    root = svg(Plot(kind=kind, title="nothing"))
    assert "no values" in "".join(root.itertext())


@pytest.mark.parametrize("kind", KINDS)
def test_ten_thousand_points_are_thinned(kind: str) -> None:
    draw_ = random.Random(1)
    values = [draw_.gauss(0, 1) for _ in range(10_000)]
    assert len(draw(chart(plot(kind, values)), "f")) < 150_000


@pytest.mark.parametrize("kind", KINDS)
def test_long_and_hostile_labels_stay_text(kind: str) -> None:
    for label in HOSTILE:
        marks = tuple(Mark(axis=a, value=0.2, label=label) for a in ("x", "y", "value", label))
        base = plot(kind, [0.1, 0.3, 0.2], marks=marks)
        found = base.model_copy(
            update={
                "title": label,
                "x_label": label,
                "y_label": label,
                "note": label,
                "series": tuple(
                    s.model_copy(update={"name": label, "x": (label, label + "2", "c")})
                    for s in base.series * 2
                ),
            }
        )
        root = svg(found)
        assert_inside(root)
        assert {e.tag for e in root.iter()} <= {
            SVG + n for n in ("svg", "g", "title", "desc", "text", "tspan", "path", "line", "rect")
        }


def test_figures_are_named_and_described() -> None:
    root = svg(plot("traces", [1.0, 2.0], marks=(Mark(axis="y", value=1.5, label="budget"),)))
    title, description = root.find(SVG + "title"), root.find(SVG + "desc")
    assert root.attrib["role"] == "img"
    assert root.attrib["aria-labelledby"] == f"{title.attrib['id']} {description.attrib['id']}"
    assert title.text == "title"
    assert "budget" in description.text


@pytest.mark.parametrize("key", [k for k, e in evidence().items() if e.plot])
def test_example_figures_draw_every_series(key: str) -> None:
    found = evidence()[key].plot
    root = svg(found)
    assert_inside(root)
    classes = " ".join(e.attrib.get("class", "") for e in root.iter())
    if found.matrix is None:
        values = [s for s in found.series if any(v is not None for v in s.y)]
        colours = {int(c) for c in re.findall(r"\bc(\d)\b", classes)}
        follows = sum(s.style == "dashed" for s in values)
        counted = sum(s.style == "bars" and found.kind == "reliability" for s in values)
        assert len(colours) == len(values) - follows - counted
    assert classes.count("guide") + classes.count("observed") >= sum(
        m.axis in "xy" for m in found.marks
    )


def test_a_point_stands_where_its_value_is() -> None:
    """The middle of three equally spaced values is drawn halfway between the others."""
    line = series("scatter", (0, 1, 2), (0.0, 5.0, 10.0))
    found = Plot(kind="scatter", title="", series=(line,))
    path = next(e for e in svg(found).iter() if "dot" in e.attrib.get("class", ""))
    (x1, y1), (x2, y2), (x3, y3) = starts(path.attrib["d"])
    assert x2 - x1 == pytest.approx(x3 - x2, abs=0.2)
    assert y1 - y2 == pytest.approx(y2 - y3, abs=0.2)
    assert y1 > y3


def test_a_histogram_counts_every_draw() -> None:
    # A bin of 4, one of 2 and one of 1.
    values = (*[0.0] * 4, *[0.5] * 2, 1.0)
    found = Plot(kind="null", title="", series=(Series(name="null", x=(), y=values),))
    path = next(e for e in svg(found).iter() if e.attrib.get("class") == "nullfill")
    boxes = re.findall(r"M[\d.]+ ([\d.]+)V([\d.]+)H", path.attrib["d"])
    heights = [float(base) - float(top) for base, top in boxes]
    assert heights == pytest.approx([130, 65, 32.5], abs=0.2)


def test_heat_cells_show_values_marks_and_gaps() -> None:
    matrix = Matrix(
        rows=("a", "b"),
        columns=("c", "d"),
        values=((0.4, 0.9), (None, 0.5)),
        text=(("", "*"), ("", "")),
    )
    found = Plot(
        kind="map", title="m", matrix=matrix, marks=(Mark(axis="value", value=0.5, label=""),)
    )
    root = svg(found)
    texts = ["".join(e.itertext()) for e in root.iter(SVG + "text")]
    assert {"0.40", "0.90*", "–", "0.50"} <= set(texts)
    levels = [e.attrib["class"] for e in root.iter(SVG + "rect")]
    assert levels[:4] == ["cell d2", "cell d6", "cell void", "cell d3"]


def test_significance_outlives_the_value_in_narrow_cells() -> None:
    columns = tuple(str(i) for i in range(20))
    matrix = Matrix(rows=("a",), columns=columns, values=((0.5,) * 20,), text=(("*",) * 20,))
    root = svg(Plot(kind="map", title="m", matrix=matrix))
    texts = ["".join(e.itertext()) for e in root.iter(SVG + "text")]
    assert texts.count("*") == 20


def test_a_coarse_calendar_keeps_the_mean() -> None:
    from fireassay.report.figures.heat import _coarse

    values = tuple(tuple(float(i % 2) for _ in range(96)) for i in range(220))
    matrix = Matrix(
        rows=tuple(map(str, range(220))), columns=tuple(map(str, range(96))), values=values
    )
    grid = _coarse(matrix, 110, 48)
    assert {v for row in grid for v in row} == {0.5}


def test_dashes_follow_the_series_before() -> None:
    from fireassay.report.figures.frame import looks

    styles = ("line", "dashed", "line")
    found = Plot(
        kind="traces",
        title="",
        series=tuple(Series(name=s, x=(1,), y=(1.0,), style=s) for s in styles),
    )
    assert [look.colour for look in looks(found)] == [0, 0, 1]


def test_tables_cite_every_value_up_to_a_limit() -> None:
    found = tables(chart(plot("traces", [0.1, None, 0.3])))
    assert [row[1][0].value for row in found[0].rows] == [0.1, None, 0.3]
    many = tables(chart(plot("traces", [float(i) for i in range(10_000)])))[0]
    assert len(many.rows) == MOST_ROWS
    assert many.rows[-1][1][0].value == 9_999
    assert many.note


def test_the_null_of_an_evidence_is_drawn_without_a_plot() -> None:
    from fireassay.report.cited import Source
    from fireassay.report.finding import find

    diagnosis = vwap_noise()
    finding = find(diagnosis, Source(diagnosis), "permuted", 1)
    assert finding.chart is not None
    assert finding.chart.cite("series", 0, "y", 3).pointer == "/evidence/permuted/null/values/3"
    assert finding.chart.cite("marks", 0, "value").pointer == "/evidence/permuted/effect"
    assert "observed" in draw(finding.chart, "f")


def test_envelope_keeps_extremes_and_gaps() -> None:
    points: list[tuple[float, float] | None] = [(float(i), math.sin(i)) for i in range(10_000)]
    points[5_000] = (5_000.0, 99.0)
    points[7_000] = None
    thin = envelope(points)
    assert len(thin) <= 5 * COLUMNS
    assert (5_000.0, 99.0) in thin
    assert None in thin
    found = [p for p in thin if p]
    assert all(a[0] <= b[0] for a, b in itertools.pairwise(found))


def test_stride_keeps_the_ends() -> None:
    assert stride(range(5), 9) == [0, 1, 2, 3, 4]
    chosen = stride(range(1_000), 10)
    assert (chosen[0], chosen[-1], len(chosen)) == (0, 999, 10)


@pytest.mark.parametrize("make", [lambda t: [fit(t, 100)], lambda t: wrap_lines(t, 100, 2)])
def test_words_fit(make: Callable[[str], list[str]]) -> None:
    for text in (*HOSTILE, "", "a", "label smoothing off and much more", "w" * 50, "日本語" * 20):
        lines = make(text)
        assert len(lines) <= 2
        assert all(measure(line) <= 101 for line in lines)
