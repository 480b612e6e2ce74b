"""The manual as pages: every name has one, and no link between them leads nowhere."""

from __future__ import annotations

import re
from posixpath import dirname, join, normpath

import pytest
from markdown_it import MarkdownIt

from fireassay.manual import contents
from fireassay.manual.kinds import KINDS, Kind
from fireassay.manual.pages import Page, homes, pages

PAGES = {page.path: page for found in pages().values() for page in found}


def links(page: Page) -> list[str]:
    """Return where a page's links lead, as Markdown has it: text in code is none."""
    tokens = MarkdownIt("commonmark", {"html": False}).enable("table").parse(page.text)
    inside = [token for outer in tokens for token in outer.children or ()]
    return [str(token.attrs["href"]) for token in inside if token.type == "link_open"]


def plain(text: str) -> str:
    return re.sub(r"\s+", " ", text.replace("`", "")).strip()


def words(page: Page) -> str:
    """Return what a reader sees, in one line."""
    tokens = MarkdownIt("commonmark").enable("table").parse(page.text)
    seen = ["".join(t.content for t in token.children or ()) or token.content for token in tokens]
    return plain(" ".join(seen))


def headings(page: Page) -> list[str]:
    return re.findall(r"^#{1,3} (.+)$", page.text, flags=re.MULTILINE)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_name_has_a_page_with_all_that_explain_says(kind: Kind) -> None:
    told = set()
    for name in kind.names():
        path, _, anchor = homes()[kind.name, name].partition("#")
        entry = kind.entry(name)
        assert entry.name in headings(PAGES[path])
        assert anchor in ("", entry.name)
        if kind.name == "feature" and path in told:
            continue  # another window of the same
        told.add(path)
        shown = words(PAGES[path])
        for part in entry.parts:
            assert plain(part.text) in shown, (name, part.heading)


def test_every_name_stands_in_the_index_of_its_kind() -> None:
    assert set(pages()) == set(contents().names)
    for kind in KINDS:
        index, *_ = pages()[kind.plural]
        assert index.path == f"{kind.plural}/index.md"
        led = {normpath(join(kind.plural, link)) for link in links(index)}
        assert led >= {homes()[kind.name, name] for name in kind.names()}


def test_links_between_pages_lead_somewhere() -> None:
    for path, page in PAGES.items():
        for link in links(page):
            target, _, anchor = link.partition("#")
            found = PAGES[normpath(join(dirname(path), target)) if target else path]
            assert not anchor or anchor in headings(found), (path, link)


def test_a_cause_leads_to_its_checks_and_back() -> None:
    assert "../checks/kl.md" in links(PAGES["causes/kl_dominates.md"])
    assert "../causes/kl_dominates.md" in links(PAGES["checks/kl.md"])
    assert "../settings/settings.md#kl_weight" in links(PAGES["learners/bayesian.md"])


def test_signs_of_formulas_are_not_read_as_markup() -> None:
    row = next(r for r in PAGES["features/index.md"].text.split("\n") if "session_bar.md" in r)
    assert row.count("|") == 3
    for page in PAGES.values():
        assert "<" not in re.sub(r"```.*?```|`[^`]*`", "", page.text, flags=re.DOTALL), page.path
