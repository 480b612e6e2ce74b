"""The report of a training: one page of sections, in the terminal, as Markdown, HTML or JSON."""

from __future__ import annotations

from collections.abc import Callable

from fireassay.errors import unknown_name
from fireassay.report.training import markdown, terminal
from fireassay.report.wording import json_escaped
from fireassay.trained import Trained


def _json(trained: Trained) -> str:
    return json_escaped(trained.to_json()) + "\n"


def _html(trained: Trained) -> str:
    from fireassay.report.training import html  # it needs Jinja and figures, which others don't

    return html.render(trained)


FORMS: dict[str, Callable[[Trained], str]] = {
    "terminal": terminal.render,
    "markdown": markdown.render,
    "html": _html,
    "json": _json,
}


def render(trained: Trained, form: str) -> str:
    """Write a training's report in one form; raises SettingError if it hasn't that form."""
    if form not in FORMS:
        raise unknown_name("form of a training's report", form, FORMS)
    return FORMS[form](trained)
