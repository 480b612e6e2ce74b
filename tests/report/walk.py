"""Walk the numbers of a rendered report and compare each with diagnosis.json."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import unquote

from fireassay.causes import CAUSES
from fireassay.findings import Diagnosis
from fireassay.report.chart import Chart
from fireassay.report.cited import Cited, Source, resolve
from fireassay.report.figures.tabulate import tables
from fireassay.report.figures.tracks import key, tracks
from fireassay.report.numerals import Style, show
from fireassay.report.story import tell
from fireassay.report.wording import clean

NUMBER = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?(?:e[−-]?\d+)?|\.\d+")

HIDDEN = re.compile(r"⟨U\+[0-9A-F]+⟩?|\\U[0-9a-f]{8}|\\u[0-9a-f]{4}")

STATIC = {"5", "95"}
"""Numbers in the report's own words: the ends of the null's range."""

VOID = {"meta", "link", "br", "img", "input", "hr"}


def tokens(text: str) -> set[str]:
    """Return the numbers that stand in a text, those of made-visible characters left out."""
    return set(NUMBER.findall(HIDDEN.sub("", clean(text))))


def leaves(tree: Any) -> Iterator[Any]:
    """Yield every scalar of a JSON tree, and every key."""
    if isinstance(tree, dict):
        for name, value in tree.items():
            yield name
            yield from leaves(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from leaves(value)
    else:
        yield tree


def words(diagnosis: Diagnosis) -> set[str]:
    """Return the numbers in texts: of the diagnosis, of the causes, of the report itself."""
    texts = [v for v in leaves(json.loads(diagnosis.to_json())) if isinstance(v, str)]
    texts += [part for c in CAUSES.values() for part in (c.title, c.meaning, c.established)]
    return STATIC.union(*(tokens(text) for text in texts))


def cited(part: Any) -> Iterator[Cited]:
    """Yield every cited value of a story, its charts' tables and text rows included."""
    if isinstance(part, Cited):
        yield part
    elif isinstance(part, Chart):
        yield from cited(tuple(tables(part)))
        if part.plot.kind == "ladder":
            yield from cited((tuple(tracks(part)), tuple(key(part))))
    elif isinstance(part, tuple | frozenset):
        for item in part:
            yield from cited(item)
    elif dataclasses.is_dataclass(part):
        for item in dataclasses.fields(part):
            yield from cited(getattr(part, item.name))


def text_mismatches(text: str, diagnosis: Diagnosis) -> list[str]:
    """Return numbers of a text form that neither a citation nor a recorded text accounts for."""
    tree = json.loads(diagnosis.to_json())
    story = tell(diagnosis, Source(diagnosis))
    known = words(diagnosis)
    wrong: list[str] = []
    for item in cited(story):
        there = resolve(tree, item.pointer)
        if there != item.value or show(there, item.style) != item.text:
            wrong.append(f"{item.pointer}: {item.text} for {there}")
        known |= tokens(item.text)
    known |= {str(i) for i in range(1, 1 + len(diagnosis.evidence) + len(diagnosis.next_steps))}
    return wrong + sorted(tokens(text) - known)


@dataclass
class Page(HTMLParser):
    """A page's citations, its other visible text, its ids, links and headings."""

    citations: list[tuple[dict[str, str], str]] = field(default_factory=list)
    text: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    headings: list[int] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    attributes: list[tuple[str, str]] = field(default_factory=list)
    _stack: list[tuple[str, bool]] = field(default_factory=list)
    _open: list[tuple[int, dict[str, str], list[str]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.tags.append(tag)
        self.attributes += found.items()
        if "id" in found:
            self.ids.append(found["id"])
        if tag == "a":
            self.links.append(found.get("href", ""))
        if re.fullmatch(r"h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag in VOID:
            return
        classes = found.get("class", "").split()
        # Ticks are places on an axis and ordinals count the findings: neither is a measurement.
        quiet = (
            tag in {"script", "style"}
            or "axis" in classes
            or "ref" in classes
            or "data-ordinal" in found
        )
        self._stack.append((tag, quiet))
        if "data-path" in found:
            self._open.append((len(self._stack), found, []))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        opened, _ = self._stack.pop()
        assert opened == tag, f"</{tag}> closes <{opened}>"
        if self._open and len(self._stack) < self._open[-1][0]:
            _, found, parts = self._open.pop()
            self.citations.append((found, "".join(parts)))

    def handle_data(self, data: str) -> None:
        if self._open:
            self._open[-1][2].append(data)
        elif not any(quiet for _, quiet in self._stack):
            self.text.append(data)


def read(html: str) -> Page:
    """Parse a page; fails if its elements don't nest."""
    page = Page()
    page.feed(html)
    page.close()
    assert not page._stack, page._stack
    return page


def html_mismatches(html: str, diagnosis: Diagnosis) -> list[str]:
    """Return the citations of a page that differ from the JSON, and numbers without a citation."""
    tree = json.loads(diagnosis.to_json())
    page = read(html)
    wrong: list[str] = []
    for attributes, shown in page.citations:
        there = resolve(tree, unquote(attributes["data-path"]))
        expected = (repr(there), show(there, Style.parse(attributes["data-as"])))
        if (attributes["data-value"], shown) != expected:
            wrong.append(f"{attributes['data-path']}: {shown} for {there}")
    known = words(diagnosis)
    for text in page.text:
        text = re.sub(r"\[\d+\]$", "", text)  # the place of a setting in its list
        wrong += sorted(f"uncited {token} in {text!r}" for token in tokens(text) - known)
    return wrong
