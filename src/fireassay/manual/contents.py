"""What can be explained: all names by kind, or those of one kind with a line each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fireassay.causes import CAUSES
from fireassay.diagnosis.checks import CHECKS
from fireassay.errors import unknown_name
from fireassay.manual.entry import wrapped
from fireassay.manual.kinds import KINDS, Kind

LINES = {"cause": lambda name: CAUSES[name].title, "check": lambda name: CHECKS[name].question}
"""Kinds whose names get a line each in the list of everything."""


@dataclass(frozen=True)
class Contents:
    """A list of names; its text is at most 80 columns wide.

    Attributes
    ----------
    names
        By kind, in the plural.
    text
        The list as it is printed.
    """

    names: dict[str, tuple[str, ...]]
    text: str

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return self.text


def contents(kind: str | None = None) -> Contents:
    """Return the names that can be explained.

    Parameters
    ----------
    kind
        Only those of one kind ("features"), with a line each; None: all, most of them bare.

    Raises
    ------
    SettingError
        If there is no such kind; names the nearest.
    """
    by_name = {name: kind for kind in KINDS for name in (kind.plural, kind.name)}
    if kind is not None and kind not in by_name:
        raise unknown_name("kind", kind, [kind.plural for kind in KINDS])
    chosen = KINDS if kind is None else (by_name[kind],)
    names = {one.plural: tuple(one.names()) for one in chosen}
    lines = [line for one in chosen for line in ("", *_lines(one, full=kind is not None))]
    return Contents(names, "\n".join(lines[1:]))


def _lines(kind: Kind, *, full: bool) -> Iterator[str]:
    names = list(kind.names())
    yield f"{kind.plural} ({len(names)})"
    title = LINES.get(kind.name)
    if title is None and not full:
        yield from wrapped(", ".join(names), "  ", "  ")
        return
    width = max(map(len, names)) + 4
    for name in names:
        said = title(name) if title else kind.entry(name).title
        yield from wrapped(f"{said}", " " * width, f"  {name}".ljust(width))
