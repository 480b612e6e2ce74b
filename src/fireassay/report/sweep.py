"""A sweep: its table in the terminal, as Markdown, HTML or JSON, and a row's line as it lands."""

from __future__ import annotations

from fireassay.errors import unknown_name
from fireassay.report.blocks import Entry, Inline, Line, Table
from fireassay.report.numerals import DURATION, P_VALUE, Scalar, fixed, show
from fireassay.report.training.forms import page_forms
from fireassay.report.training.page import Page, Section
from fireassay.report.wording import clip
from fireassay.swept import Row, Swept

MOST_KEYS = 3
"""Keys of the grid that get a column of their own; more stand together in one."""


def render(swept: Swept, form: str = "terminal") -> str:
    """Write a sweep in one form; raises SettingError if it hasn't that form."""
    if form not in FORMS:
        raise unknown_name("form of a sweep", form, FORMS)
    return FORMS[form](swept)


def line(row: Row) -> str:
    """Return a row in a line, as it lands: what it scores alone says little about the sweep."""
    changes = " ".join(f"{key}={value}" for key, value in row.changes.items())
    score = show(row.score, fixed(4))
    told = "" if row.validation is None else f", on validation {row.validation:.4f}"
    ended = "" if row.status == "done" else f" ({row.status})"
    return f"row {row.number}: {changes}: test score {score}{told}{ended}"


def arrange(swept: Swept) -> Page:
    """Arrange a sweep for its readers."""
    asked = Entry("labels", (f"{swept.labels.test:,} on {swept.labels.dates} test dates",))
    spent = Entry("time", (show(swept.seconds, DURATION),))
    sections = (
        Section("Assessment", tuple(Line(clip(s.text, 600)) for s in swept.assessment)),
        Section("Rows", tables=(_table(swept),)),
        Section(
            "What next",
            (
                Line(
                    "`fireassay explain RUN --row N` reads a row's train and test metrics; "
                    "`fireassay compare RUN#N RUN#M` asks whether one is better than the other."
                ),
            ),
        ),
    )
    return Page(clip(swept.title, 300), (asked, spent), sections)


def _table(swept: Swept) -> Table:
    keys = list(dict.fromkeys(key for row in swept.rows for key in row.changes))
    apart = keys if len(keys) <= MOST_KEYS else []
    losses: list[tuple[str, list[Scalar]]] = [
        (f"val. {swept.chosen_by}", [row.validation for row in swept.rows]),
        ("test NLL", [row.metrics.get("test_nll") for row in swept.rows]),
    ]
    losses = [(name, values) for name, values in losses if any(v is not None for v in values)]
    head = (
        "row",
        *([key.replace("_", " ") for key in apart] or ["settings"]),
        *(name for name, _ in losses),
        swept.metric,
        "p alone",
        "p of all",
        "beyond chance",
    )
    rows = tuple(
        (
            (_mark(swept, row),),
            *([(_cell(row.changes.get(key)),) for key in apart] or [(_together(row),)]),
            *((show(values[i], fixed(4)),) for _, values in losses),
            (show(row.score, fixed(4)),),
            (show(row.p, P_VALUE),),
            (show(row.p_adjusted, P_VALUE),),
            _told(swept, row),
        )
        for i, row in enumerate(swept.rows)
    )
    numeric = frozenset(range(len(head))) - ({1} if not apart else set())
    note = "> best test score. p of all: step-down max-T over all rows, as `beyond chance` has it."
    if swept.chosen is not None:
        note += f" * chosen by validation {swept.chosen_by}, not by the test: read its p alone."
    return Table("Rows of the sweep", head, rows, numeric, note)


def _mark(swept: Swept, row: Row) -> str:
    best = ">" if swept.best and swept.best.row == row.number else ""
    return f"{best}{'*' if swept.chosen == row.number else ''}{row.number}"


def _cell(value: Scalar) -> str:
    return "–" if value is None else clip(str(value), 30)


def _together(row: Row) -> str:
    return ", ".join(f"{key}={value}" for key, value in row.changes.items())


def _told(swept: Swept, row: Row) -> Inline:
    if row.status != "done":
        return (row.status,)
    if row.p_adjusted is None:
        return ("–",)
    return ("yes" if row.p_adjusted <= swept.alpha else "no",)


FORMS = page_forms(arrange, "Report of a sweep")
