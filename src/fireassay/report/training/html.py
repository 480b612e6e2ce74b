"""HTML: a training's page, self-contained as that of a diagnosis is; comparisons and sweeps too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fireassay.findings import Plot, Series
from fireassay.report.chart import Chart, Path
from fireassay.report.cited import Source
from fireassay.report.finding import chart_of
from fireassay.report.forms.html import page_html
from fireassay.report.traces import against_budget, training
from fireassay.report.training.page import UNCERTAINTY, Page, arrange
from fireassay.trained import Trained

Charts = Mapping[str, Sequence[Chart]]
"""Figures by the title of the section that they stand in."""


def render(trained: Trained) -> str:
    """Return the report as one page that needs no network."""
    page, source = arrange(trained), Source(trained)
    charts: dict[str, list[Chart]] = {}
    null = chart_of(trained.held_out, source, ("held_out",))
    if null is not None:
        charts["On later sessions"] = [null]
    reliable = reliability(trained, source)
    if reliable is not None:
        charts["Calibration on later sessions"] = [reliable]
    unsure = uncertainty(trained, source)
    if unsure is not None:
        charts[UNCERTAINTY] = [unsure]
    at = ("members", 0, "history")
    history = trained.members[0].history if trained.members else ()
    traces = training(source, history, at)
    for section in page.sections:
        if traces is not None and section.title.startswith("Training"):
            charts[section.title] = [traces]
    if trained.ledger is not None:
        levels: tuple[tuple[str, Path], ...] = (
            ("what a signal that matters pays for", ("ledger", "budget")),
            ("what is predicted is worth", ("ledger", "earned")),
        )
        paid = against_budget(source, history, at, levels)
        if paid is not None:
            charts["KL and what can pay for it"] = [paid]
    told = f"Every number here stands, unrounded, in train.json (schema {trained.schema_version})."
    return written(page, "Report of a training", told, charts)


def reliability(trained: Trained, source: Source) -> Chart | None:
    """Return the reliability diagram of a training; None where no probabilities are said."""
    found = trained.calibration
    if found is None or len(found.filled) < 2:
        return None
    parts = {"x": "predicted", "y": "observed", "low": "low", "high": "high"}
    moved: list[tuple[Path, Path]] = []
    for j, i in enumerate(found.filled):
        at: Path = ("calibration", "bins", i)
        moved += [(("series", 0, part, j), (*at, name)) for part, name in parts.items()]
        moved += [
            (("series", 1, "x", j), (*at, "predicted")),
            (("series", 1, "y", j), (*at, "count")),
        ]
    return Chart(found.plot(), source, (), moved)


def uncertainty(trained: Trained, source: Source) -> Chart | None:
    """Return the parts of uncertainty over the session; None where there aren't two stretches."""
    found = trained.uncertainty
    if found is None or len(found.stretches) < 2:
        return None
    parts = ("aleatoric", "epistemic")
    first = tuple(row.first for row in found.stretches)
    plot = Plot(
        kind="uncertainty",
        title="Aleatoric and epistemic parts over time of day",
        x_label="bar of the session (the first of each stretch)",
        y_label=f"uncertainty, {found.unit}",
        series=tuple(
            Series(name=part, x=first, y=tuple(getattr(row, part) for row in found.stretches))
            for part in parts
        ),
        note="Means over the labelled bars of test sessions, one part upon the other. The epistemic "
        "part is what draws of the weights disagree about.",
    )
    moved: list[tuple[Path, Path]] = []
    for j in range(len(found.stretches)):
        at: Path = ("uncertainty", "stretches", j)
        for k, part in enumerate(parts):
            moved += [(("series", k, "x", j), (*at, "first"))]
            moved += [(("series", k, "y", j), (*at, part))]
    return Chart(plot, source, (), moved)


def written(page: Page, kicker: str, footer: str, charts: Charts | None = None) -> str:
    """Return a page as HTML.

    Parameters
    ----------
    kicker, footer
        What kind of report it is, and where its numbers stand.
    charts
        Figures of its sections.
    """
    return page_html(page=page, kicker=kicker, footer=footer, charts=charts or {})
