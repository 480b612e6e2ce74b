from __future__ import annotations

import io

import pytest
from rich.cells import cell_len
from rich.console import Console

from fireassay.findings import Diagnosis
from fireassay.report import render
from fireassay.report.forms.terminal import show

from .examples import minimal, vwap_noise
from .hostile import hostile


def printed(diagnosis: Diagnosis, width: int, *, colours: bool = False) -> str:
    file = io.StringIO()
    show(
        diagnosis,
        Console(
            file=file,
            width=width,
            force_terminal=colours,
            color_system="truecolor" if colours else None,
        ),
    )
    return file.getvalue()


@pytest.mark.parametrize("make", [vwap_noise, minimal, lambda: hostile(60)])
@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_nothing_is_wider_than_the_terminal(make: object, width: int) -> None:
    widest = max(cell_len(line) for line in printed(make(), width).split("\n"))
    assert widest <= min(width, 120)


def test_80_columns_without_colours_by_default() -> None:
    text = render(vwap_noise(), "terminal")
    assert max(cell_len(line) for line in text.split("\n")) <= 80
    assert "\x1b" not in text


def test_the_summary_comes_first_and_nothing_is_missing() -> None:
    diagnosis = vwap_noise()
    lines = render(diagnosis, "terminal").split("\n")
    headings = [
        "Assessment",
        "Causes",
        "Evidence",
        "Not measured",
        "What to change",
        "What the changes did",
        "What to do next",
        "Reading the metrics",
        "The data",
        "How it was run",
    ]
    places = [lines.index(heading) for heading in headings]
    assert places == sorted(places)
    text = " ".join(" ".join(lines).split())
    assert text.index("■ no signal") < text.index("Causes ■ supported")
    for evidence in diagnosis.evidence.values():
        assert evidence.question in text
        assert evidence.caveat in text
    assert "-prior_sigma = 0.1" in text
    assert "+prior_sigma = 1.0" in text


def test_a_ladder_is_drawn_to_scale() -> None:
    lines = render(vwap_noise(), "terminal").split("\n")
    dots = {
        name: next(line for line in lines if line.strip().startswith(name)).index("●")
        for name in ("as set", "all regularization", "KL off")
    }
    assert dots["as set"] < dots["all regularization"] < dots["KL off"]


def test_colours_only_where_they_are_shown() -> None:
    assert "\x1b[" in printed(vwap_noise(), 80, colours=True)
    assert "\x1b" not in printed(vwap_noise(), 80)


def test_hostile_texts_are_neither_escapes_nor_markup() -> None:
    text = printed(hostile(60), 80)
    assert "\x1b" not in text
    assert "\x9b" not in text
    assert "\u202e" not in text
    assert "[red]markup[/red]" in text
    coloured = printed(hostile(60), 80, colours=True)
    assert "\x1b]0;title" not in coloured
    assert "\x1b]8;" not in coloured


def test_a_table_shows_the_numbers_that_fit_and_texts_below_their_row() -> None:
    lines = render(vwap_noise(), "terminal").split("\n")
    first = next(i for i, line in enumerate(lines) if "volatility_increase:10" in line)
    shown = "volatility_increase:10 0.810 0.802 0.818 0.0050 0.806 0 % 30,412"
    assert " ".join(lines[first].split()) == shown
    assert [line.strip() for line in lines].count("can be learned") == 1
    assert lines[first - 1].strip() == "can be learned"
    touch = next(i for i, line in enumerate(lines) if "vwap_touch:5" in line)
    assert (lines[touch - 1].strip(), lines[touch + 1].strip()) == ("mechanical", "Near is likely.")
    header = " ".join(lines[first - 3].split() + lines[first - 2].split())
    assert "adjusted later share" in header
    narrow = printed(vwap_noise(), 60).split("\n")
    assert not any("30,412" in line for line in narrow)
    assert any(line.strip().startswith("More of this table") for line in narrow)
