"""The manual as pages of a site: one for every name, and an index of each kind.

Settings stand on a page per section of a study.toml, a heading each, and windows of one feature share
a page. The texts are those of `explain`; what is added is links between names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from posixpath import dirname, relpath

from fireassay.data.features import FEATURES
from fireassay.manual.docstring import Part
from fireassay.manual.entry import Entry
from fireassay.manual.kinds import KINDS, Kind

LISTED = {"Checks": "check", "Causes it bears on": "cause", "Causes that hold": "cause"}
"""Headings whose items begin with a name and a colon, and what it names."""

SETTINGS = {"Settings", "Changes"}
"""Headings whose texts list settings."""

LEADS = {
    "causes": "In a report, each is *supported*, *excluded* or *undecided*, by an experiment.",
    "checks": "Each asks one question; a diagnosis runs those that its budget affords.",
    "targets": "What can be asked of a bar: `--target NAME:HORIZON,skip=1`.",
    "features": "What is known at the close of a bar, from bars of the past: `--features catalogue`.",
    "learners": "What can be asked to learn: `--model NAME`, or a PyTorch module of your own.",
    "settings": "The keys of a study.toml. A key `settings.NAME` is a flag of the command line, too.",
    "interventions": "The one thing that an experiment changes, all else kept as it was.",
    "scenarios": "Data with a known truth: `fireassay diagnose sim:NAME`, `fireassay simulate`.",
}
"""What is said above the list of a kind."""

SECTIONS = {
    "": "The study itself",
    "settings": "The model",
    "data": "The data",
    "split": "Training and test",
    "diagnosis": "Diagnosis",
    "scan": "Scan of targets",
}
"""Titles of the sections of a study.toml; one without is titled by its key."""

_CODE = re.compile(r"(`[^`]*`)")
_SAID = re.compile(r"fireassay \w+ \S+|--[a-z-]+ [\w:.-]+(?:,skip=\d)?")


@dataclass(frozen=True)
class Page:
    """One page.

    Attributes
    ----------
    path
        In the folder of the manual: `causes/kl_dominates.md`.
    title
        A few words for the navigation.
    text
        Markdown; links are relative to the page.
    """

    path: str
    title: str
    text: str


def pages() -> dict[str, list[Page]]:
    """Return the pages by kind, in the plural; the first of each kind is its index."""
    return {kind.plural: [_index(kind), *_pages(kind)] for kind in KINDS}


@cache
def homes() -> dict[tuple[str, str], str]:
    """Return where each name of a kind, in the singular, is told: a path, for settings an anchor."""
    found = {}
    for kind in KINDS:
        for name in kind.names():
            entry = _entry(kind, name)
            stem = entry.name.removeprefix("sim:")
            if kind.name == "setting":
                stem = f"{_section(entry) or 'study'}.md#{entry.name}"
            found[kind.name, name] = f"{kind.plural}/{stem}" + ("" if "#" in stem else ".md")
    return found


@cache
def _entry(kind: Kind, name: str) -> Entry:
    return kind.entry(name)


def _entries(kind: Kind) -> dict[str, Entry]:
    """Return the entries of a kind by where they are told: of a feature that of its first window."""
    found: dict[str, Entry] = {}
    for name in kind.names():
        found.setdefault(homes()[kind.name, name], _entry(kind, name))
    return found


def _section(entry: Entry) -> str:
    """Return the section of a study.toml that a setting stands in, "" for the study itself."""
    key = next(part.text for part in entry.parts if part.heading.startswith("Key"))
    return key.rpartition(".")[0]


def _pages(kind: Kind) -> Iterator[Page]:
    entries = _entries(kind)
    if kind.name != "setting":
        for path, entry in entries.items():
            yield Page(path, entry.name, _written(entry, path, level=1, sections=True))
        return
    for section, group in _sections(entries).items():
        path = f"settings/{section or 'study'}.md"
        title = SECTIONS.get(section, section)
        told = [f"# {title}", f"In a study.toml: {_table(section)}."]
        told += [_written(entry, path, level=2, sections=False) for entry in group.values()]
        yield Page(path, title, "\n\n".join(told) + "\n")


def _sections(entries: dict[str, Entry]) -> dict[str, dict[str, Entry]]:
    found: dict[str, dict[str, Entry]] = {}
    for path, entry in entries.items():
        found.setdefault(_section(entry), {})[path] = entry
    return found


def _table(section: str) -> str:
    return f"the table `[{section}]`" if section else "keys before its first table"


def _index(kind: Kind) -> Page:
    """Return the list of a kind with a line each, features by group and settings by section."""
    path = f"{kind.plural}/index.md"
    entries = _entries(kind)
    groups: dict[str, dict[str, Entry]] = {"": entries}
    if kind.name == "setting":
        groups = {SECTIONS.get(name, name): group for name, group in _sections(entries).items()}
    elif kind.name == "feature":
        groups = {}
        for name in kind.names():
            home = homes()[kind.name, name]
            groups.setdefault(FEATURES[name].group, {})[home] = entries[home]
    told = [f"# {kind.plural.capitalize()}", LEADS[kind.plural]]
    for title, group in groups.items():
        rows = [
            f"| {_link(entry.name, home, path)} | {_plain(entry.title, '', path)} |"
            for home, entry in group.items()
        ]
        told += [f"## {title.capitalize()}"] if title else []
        told += ["\n".join([f"| {kind.name} | what it is |", "| --- | --- |", *rows])]
    return Page(path, kind.plural.capitalize(), "\n\n".join(told) + "\n")


def _written(entry: Entry, path: str, *, level: int, sections: bool) -> str:
    def written(part: Part) -> str:
        return _part(part, entry.name, path)

    return entry.to_markdown(level, sections=sections, written=written) + "\n" * (level == 1)


def _part(part: Part, own: str, path: str) -> str:
    """Return a part's text as Markdown with links to the names that it lists."""
    if part.heading in LISTED:
        name, colon, said = part.text.partition(": ")
        home = homes().get((LISTED[part.heading], name))
        if home and colon:
            return f"{_link(name, home, path)}: {_plain(said, own, path)}"
    if part.heading in SETTINGS:
        return re.sub(
            r"\b\w+\b",
            lambda m: (
                _link(m[0], homes()["setting", m[0]], path) if ("setting", m[0]) in homes() else m[0]
            ),
            part.text,
        )
    if part.heading.startswith("Key"):
        return f"`{part.text}`"
    return _plain(part.text, own, path)


def _plain(text: str, own: str, path: str) -> str:
    """Return words as Markdown: commands and options as code, names in code as links.

    What Markdown or HTML would take for a sign of its own is escaped.
    """
    pieces = _CODE.split(_SAID.sub(lambda m: f"`{m[0]}`", text) if "`" not in text else text)
    for i, piece in enumerate(pieces):
        if piece.startswith("`"):
            name = piece.strip("`")
            home = next((homes()[key] for key in homes() if key[1] == name != own), None)
            pieces[i] = _link(name, home, path) if home else piece
        else:
            pieces[i] = re.sub(r"([*_\[\]|\\])", r"\\\1", piece).replace("<", "&lt;")
    return "".join(pieces)


def _link(name: str, home: str, path: str) -> str:
    """Return a link to a name's page, relative to the page at `path`."""
    page, hash_, anchor = home.partition("#")
    target = "" if page == path else relpath(page, dirname(path))
    return f"[`{name}`]({target}{hash_}{anchor})"
