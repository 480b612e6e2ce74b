"""A comparison of runs: in the terminal, as Markdown, HTML or JSON."""

from __future__ import annotations

from collections.abc import Sequence

from fireassay.compared import Compared, Score, Side
from fireassay.errors import unknown_name
from fireassay.report.blocks import Entry, Inline, Line, Table
from fireassay.report.chart import Chart
from fireassay.report.cited import Source
from fireassay.report.numerals import P_VALUE, Scalar, fixed, show
from fireassay.report.traces import side_by_side
from fireassay.report.training.forms import page_forms
from fireassay.report.training.page import Page, Section
from fireassay.report.wording import clip

BARS = "▁▂▃▄▅▆▇█"
LONGEST_CURVE = 40
"""Epochs that a line of a learning curve shows; of more every k-th."""


def render(compared: Compared, form: str = "terminal") -> str:
    """Write a comparison in one form; raises SettingError if it hasn't that form."""
    if form not in FORMS:
        raise unknown_name("form of a comparison", form, FORMS)
    return FORMS[form](compared)


def arrange(compared: Compared) -> Page:
    """Arrange a comparison for its readers."""
    said = [*compared.assessment, *compared.remarks]
    sections = [
        Section("Assessment", tuple(Line(clip(s.text, 600)) for s in said)),
        Section("Runs", tables=(_runs(compared),)),
        *_settings(compared),
        *_gains(compared),
        *_curves(compared.runs),
    ]
    count = len(compared.runs)
    masthead = (Entry("compared", (f"{count} runs by {compared.metric} on test sessions",)),)
    return Page("Is one run better than another?", masthead, tuple(sections))


def _runs(compared: Compared) -> Table:
    names = list(compared.runs[0].scores)
    rows = tuple(
        (
            (str(i),),
            (clip(side.name, 60),),
            (f"{side.bars:,}",),
            (str(side.dates),),
            *(_score(side.scores.get(name)) for name in names),
        )
        for i, side in enumerate(compared.runs, start=1)
    )
    head = ("run", "folder", "bars", "dates", *names)
    numeric = frozenset(range(len(head))) - {1}
    return Table("Scores on test sessions with 95 % intervals over dates", head, rows, numeric)


def _score(score: Score | None) -> Inline:
    if score is None or score.value is None:
        return ("–",)
    if score.interval is None or score.interval.low is None or score.interval.high is None:
        return (f"{score.value:.3f}",)
    return (f"{score.value:.3f} [{score.interval.low:.3f}, {score.interval.high:.3f}]",)


def _settings(compared: Compared) -> list[Section]:
    if not compared.settings:
        return [Section("Settings that differ", (Line("None: every setting is the same."),))]
    rows = tuple(
        ((found.key,), *((_value(value),) for value in found.values)) for found in compared.settings
    )
    head = ("key", *(f"run {i}" for i in range(1, len(compared.runs) + 1)))
    return [Section("Settings that differ", tables=(Table("Settings that differ", head, rows),))]


def _value(value: Scalar) -> str:
    return "unset" if value is None else clip(str(value), 60)


def _gains(compared: Compared) -> list[Section]:
    if not compared.gains:
        return []
    rows = tuple(
        (
            (str(gain.run),),
            (gain.metric,),
            (_signed(gain.gain),),
            (
                f"{_signed(gain.interval.low)} to {_signed(gain.interval.high)}"
                if gain.interval
                else "–",
            ),
            (show(gain.p if gain.p_adjusted is None else gain.p_adjusted, P_VALUE),),
            (show(gain.mde, fixed(4)),),
            (str(gain.dates),),
        )
        for gain in compared.gains
    )
    head = ("run", "score", "gain", "95 % interval", "p", "detectable", "dates")
    note = "Positive is better; of a loss the gain is its fall. p is one-sided, for a gain."
    table = Table("Gains on run 1", head, rows, frozenset({0, 2, 3, 4, 5, 6}), note)
    return [Section("Gains on run 1, paired over dates", tables=(table,))]


def _signed(value: float | None) -> str:
    return "–" if value is None else f"{value:+.4f}".replace("-", "\u2212")


def _curves(runs: Sequence[Side]) -> list[Section]:
    drawn = [(i, side) for i, side in enumerate(runs, start=1) if len(side.curve) > 1]
    if not drawn:
        return []
    known = [v for _, side in drawn for v in side.curve if v is not None]
    low, high = min(known), max(known)
    rows = tuple(
        (
            (str(i),),
            (side.learning,),
            (sparkline(side.curve, low, high),),
            (show(side.curve[0], fixed(4)),),
            (show(side.curve[side.kept - 1] if side.kept else None, fixed(4)),),
            (f"{side.kept} of {len(side.curve)}",),
        )
        for i, side in drawn
    )
    head = ("run", "curve", "epochs, low is good", "first", "kept", "epoch kept")
    table = Table("Learning curves", head, rows, frozenset({0, 3, 4, 5}))
    return [Section("Learning curves", tables=(table,))]


def sparkline(values: Sequence[float | None], low: float, high: float) -> str:
    """Return values as bars of eight heights between low and high; a space where there is none."""
    step = max(1, -(-len(values) // LONGEST_CURVE))
    span = high - low or 1.0
    return "".join(
        " " if value is None else BARS[min(7, max(0, int((value - low) / span * 8)))]
        for value in values[::step]
    )


def charts(compared: Compared) -> dict[str, list[Chart]]:
    """Return the figures of a comparison by the title of their section."""
    curves = side_by_side(compared, Source(compared))
    return {"Learning curves": [curves]} if curves else {}


FORMS = page_forms(arrange, "Comparison of runs", charts)
