"""A wide table arranged for reading: rows in groups, numbers side by side, remarks below a row."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from fireassay.report.blocks import Inline, Table
from fireassay.report.cited import Cited
from fireassay.report.numerals import NOT_GIVEN


@dataclass(frozen=True)
class Group:
    """Rows that share a word.

    Attributes
    ----------
    name
        The word; empty where nothing groups the rows.
    rows
        Each row's cells, and the remark on it (empty for none).
    """

    name: Inline
    rows: tuple[tuple[tuple[Inline, ...], Inline], ...]


@dataclass(frozen=True)
class Records:
    """A table's columns that stand side by side, and its rows in groups."""

    table: Table
    head: tuple[str, ...]
    numeric: frozenset[int]
    groups: tuple[Group, ...]


def arranged(table: Table) -> Records:
    """Arrange a table: a column of words by which rows are grouped, and the last one, leave it.

    The first column names the rows and stays.
    """
    texts = [i for i in range(1, len(table.head)) if i not in table.numeric]
    group = next((i for i in texts if _groups([_text(row[i]) for row in table.rows])), None)
    below = texts[-1] if texts and texts[-1] != group else None
    kept = [i for i in range(len(table.head)) if i not in (group, below)]
    by_name: dict[str, list[tuple[Inline, ...]]] = {}
    for row in table.rows:
        by_name.setdefault("" if group is None else _text(row[group]), []).append(row)
    return Records(
        table=table,
        head=tuple(table.head[i] for i in kept),
        numeric=frozenset(k for k, i in enumerate(kept) if i in table.numeric),
        groups=tuple(
            Group(
                name=() if group is None else rows[0][group],
                rows=tuple((tuple(row[i] for i in kept), _remark(row, below)) for row in rows),
            )
            for rows in by_name.values()
        ),
    )


def _remark(row: Sequence[Inline], below: int | None) -> Inline:
    if below is None or _text(row[below]) in ("", NOT_GIVEN):
        return ()
    return row[below]


def _text(parts: Inline) -> str:
    return "".join(part.text if isinstance(part, Cited) else str(part) for part in parts)


def _groups(values: Sequence[str]) -> bool:
    """Whether equal values stand together, and there are any."""
    runs = 1 + sum(a != b for a, b in itertools.pairwise(values))
    return runs == len(set(values)) < len(values) and "" not in values
