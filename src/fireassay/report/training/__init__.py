"""The report of a training: one page of sections, written in the terminal, as Markdown or as JSON."""

from __future__ import annotations

from collections.abc import Callable

from fireassay.errors import unknown_name
from fireassay.report.training import markdown, terminal
from fireassay.report.wording import json_escaped
from fireassay.trained import Trained


def _json(trained: Trained) -> str:
    return json_escaped(trained.to_json()) + "\n"


FORMS: dict[str, Callable[[Trained], str]] = {
    "terminal": terminal.render,
    "markdown": markdown.render,
    "json": _json,
}


def render(trained: Trained, form: str) -> str:
    """Write a training's report in one form; raises SettingError if it hasn't that form."""
    if form not in FORMS:
        raise unknown_name("form of a training's report", form, FORMS)
    return FORMS[form](trained)
