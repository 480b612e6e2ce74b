"""Terminal: a training's page in 80 columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from fireassay.report.blocks import Entry
from fireassay.report.printing import (
    columns,
    facts,
    hanging,
    heading,
    line,
    plain,
    printed,
    table,
    words,
)
from fireassay.report.training.page import Page, Section, arrange
from fireassay.trained import Trained

if TYPE_CHECKING:
    from rich.console import RenderableType

TERMS = 52
"""Columns for the terms of figures."""


def render(trained: Trained) -> str:
    """Return the report as plain text of 80 columns, without colours."""
    return written(arrange(trained))


def written(page: Page) -> str:
    """Return a page as plain text of 80 columns, without colours."""
    return printed(_page(page))


def _page(page: Page) -> Iterator[RenderableType]:
    yield words(page.title, "bold")
    yield words(" · ".join(plain(entry.said) for entry in page.masthead), "dim")
    for section in page.sections:
        if not section.folded:
            yield from _section(section)


def _section(section: Section) -> Iterator[RenderableType]:
    yield heading(section.title)
    yield from (line(item) for item in section.lines)
    if section.figures:
        yield _below_each_other(section.figures)
    if section.facts:
        yield facts(section.facts)
    for i, item in enumerate(section.tables):
        if item.caption.startswith("What was noticed"):
            for what, count, share, _first, _example, done, advice in item.rows:
                said = f"{plain(what)}: {plain(count)} ({plain(share)}), {plain(done)}. "
                yield hanging("-", words(said + plain(advice)))
            continue
        if i:
            yield words("")
        yield table(item)
        if item.note:
            yield words(item.note, "dim")


def _below_each_other(entries: Iterable[Entry]) -> RenderableType:
    """Return a line for each term, with what is said of it at one place."""
    grid = columns(TERMS)
    for entry in entries:
        grid.add_row(words(entry.term), words(plain(entry.said)))
    return grid
