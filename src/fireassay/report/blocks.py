"""What a report is made of, whatever its form: lines of text with numbers and references, tables."""

from __future__ import annotations

from dataclasses import dataclass

from fireassay.report.cited import Cited


@dataclass(frozen=True)
class Ref:
    """A reference to a finding: the number under which it stands in the report."""

    evidence: str
    number: int


Inline = tuple[str | Cited | Ref, ...]
"""A run of text, numbers and references, in order."""


@dataclass(frozen=True)
class Table:
    """A table whose first column names its rows.

    Attributes
    ----------
    caption
        What it shows, for people who can't see what stands around it.
    head
        Names of the columns.
    rows
        Cells.
    numeric
        Columns that hold numbers, to be aligned at the right.
    note
        What was left out, if anything.
    """

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[Inline, ...], ...]
    numeric: frozenset[int] = frozenset()
    note: str = ""


@dataclass(frozen=True)
class Line:
    """A sentence in plain words and the findings that it rests on."""

    text: str
    refs: tuple[Ref, ...] = ()


@dataclass(frozen=True)
class Entry:
    """A term and what is said of it."""

    term: str
    said: Inline
