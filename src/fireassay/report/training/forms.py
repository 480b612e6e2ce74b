"""The forms of what is arranged as one page of sections: comparisons and sweeps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, TypeVar

from fireassay.report.chart import Chart
from fireassay.report.training import markdown, terminal
from fireassay.report.training.page import Page
from fireassay.report.wording import json_escaped


class Record(Protocol):
    """What is kept as JSON."""

    def to_json(self) -> str:
        """Return it as JSON."""
        ...


R = TypeVar("R", bound=Record)


def page_forms(
    arrange: Callable[[R], Page],
    kicker: str,
    charts: Callable[[R], Mapping[str, Sequence[Chart]]] = lambda _record: {},
) -> dict[str, Callable[[R], str]]:
    """Return the forms of a record by name.

    Parameters
    ----------
    arrange
        Makes the page.
    kicker
        What kind of report it is.
    charts
        Makes the figures by the title of their section, which only HTML has.
    """

    def html(record: R) -> str:
        from fireassay.report.training import html  # it needs Jinja and figures, others don't

        told = "Every number here is told unrounded by the form json."
        return html.written(arrange(record), kicker, told, charts(record))

    return {
        "terminal": lambda record: terminal.written(arrange(record)),
        "markdown": lambda record: markdown.written(arrange(record)),
        "html": html,
        "json": lambda record: json_escaped(record.to_json()) + "\n",
    }
