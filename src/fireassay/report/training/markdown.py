"""Markdown: a training's page for a pull request, an issue or a notebook's cell."""

from __future__ import annotations

from fireassay.report.forms.markdown import escape, inline, table
from fireassay.report.training.page import Page, Section, arrange
from fireassay.trained import Trained


def render(trained: Trained) -> str:
    """Return the report as GitHub-flavoured Markdown."""
    page = arrange(trained)
    told = f"Every number here stands, unrounded, in train.json (schema {trained.schema_version})."
    return f"{written(page)}\n{told}\n"


def written(page: Page) -> str:
    """Return a page as GitHub-flavoured Markdown."""
    blocks = [
        f"# {escape(page.title)}",
        " · ".join(f"{entry.term}: {inline(entry.said)}" for entry in page.masthead),
    ]
    for section in page.sections:
        blocks += _section(section)
    return "\n\n".join(block for block in blocks if block) + "\n"


def _section(section: Section) -> list[str]:
    title = escape(section.title)
    head = f"<details><summary>{title}</summary>" if section.folded else f"## {title}"
    body = [escape(item.text) for item in section.lines]
    facts = (*section.figures, *section.facts)
    body.append("\n".join(f"- {escape(entry.term)}: {inline(entry.said)}" for entry in facts))
    body += [table(item) for item in section.tables]
    return [head, *body, "</details>" if section.folded else ""]
