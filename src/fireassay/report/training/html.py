"""HTML: a training's page, self-contained as that of a diagnosis is; comparisons and sweeps too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fireassay.report.chart import Chart
from fireassay.report.cited import Source
from fireassay.report.finding import chart_of
from fireassay.report.forms.html import page_html
from fireassay.report.traces import training
from fireassay.report.training.page import Page, arrange
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
    at = ("members", 0, "history")
    traces = training(source, trained.members[0].history, at) if trained.members else None
    for section in page.sections:
        if traces is not None and section.title.startswith("Training"):
            charts[section.title] = [traces]
    told = f"Every number here stands, unrounded, in train.json (schema {trained.schema_version})."
    return written(page, "Report of a training", told, charts)


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
