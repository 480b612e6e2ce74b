"""Parts of a diagnosis that several passages of a report lay out alike: rows, mappings, outcomes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from fireassay.report.blocks import Inline, Table
from fireassay.report.chart import Path
from fireassay.report.cited import Source
from fireassay.report.numerals import EXACT, P_VALUE, WHOLE_PERCENT, Style, decimals_for
from fireassay.report.wording import cell, clip

LONG = 4_000
"""Characters after which a sentence is cut."""

MOST_ROWS = 60
"""Rows after which a table is cut; diagnosis.json has them all."""

MOST_COLUMNS = 16

REST = "More rows are in diagnosis.json."


def changes(source: Source, at: Path, caption: str) -> Table | None:
    """Lay out changed settings, before and after; None if there are none."""
    rows = tuple(
        (
            (cell(change["setting"]),),
            (source.cite(*at, i, "before", style=EXACT),),
            (source.cite(*at, i, "after", style=EXACT),),
        )
        for i, change in enumerate(walk(source.tree, at))
    )
    return table(caption, ("setting", "before", "after"), rows, numeric=(1, 2))


def outcome(source: Source, at: Path) -> Inline:
    """Say in one line what came of a change: before, after, gain, interval and p."""
    item = walk(source.tree, at)
    bounds = item["interval"]
    spread = None
    if bounds and bounds["low"] is not None and bounds["high"] is not None:
        spread = bounds["high"] - bounds["low"]
    style = decimals_for(spread, (item["before"], item["after"], item["gain"]))
    said: list[Inline] = [
        (
            f"{cell(item['metric'])}: ",
            source.cite(*at, "before", style=style),
            " before, ",
            source.cite(*at, "after", style=style),
            " after, gain ",
            source.cite(*at, "gain", style=style),
        )
    ]
    if bounds:
        low, high = (source.cite(*at, "interval", end, style=style) for end in ("low", "high"))
        level = source.cite(*at, "interval", "level", style=WHOLE_PERCENT)
        said.append((" (", level, " interval ", low, " to ", high, ")"))
    if item["p"] is not None:
        said.append((", p ", source.cite(*at, "p", style=P_VALUE)))
    if item["reading"]:
        said.append((". " + clip(item["reading"], LONG),))
    return chained(said, "")


def records(
    source: Source,
    at: Path,
    chosen: Iterable[int],
    caption: str,
    *,
    style: Callable[[int, str], Style],
    note: str = "",
) -> Table | None:
    """Lay out rows of named values; a column is a name that any of the chosen rows has.

    Parameters
    ----------
    source, at
        Where the rows stand.
    chosen
        Which of them are shown.
    caption, note
        Of the table.
    style
        Of a number, by its row and its name.
    """
    rows = walk(source.tree, at)
    chosen = list(chosen)
    names = list(dict.fromkeys(name for i in chosen for name in rows[i]))[:MOST_COLUMNS]
    cells = tuple(
        tuple(
            (source.cite(*at, i, name, style=style(i, name)),) if name in rows[i] else ()
            for name in names
        )
        for i in chosen
    )
    texts = {n for n in names if any(isinstance(rows[i].get(n), str) for i in chosen)}
    numeric = [j for j, name in enumerate(names) if name not in texts]
    return table(caption, tuple(cell(n, 40) for n in names), cells, numeric=numeric, note=note)


def alike(values: Iterable[Any]) -> Style:
    """Return one style for numbers that are compared with each other."""
    found = [v for v in values if isinstance(v, int | float) and not isinstance(v, bool)]
    return decimals_for(None, found)


def mapping(source: Source, at: Path, caption: str, style: Style) -> Table | None:
    """Lay out a nested mapping, a row for each value, named by its dotted path."""
    leaves: list[tuple[str, Path]] = []
    _leaves(walk(source.tree, at), at, "", leaves)
    rows = tuple(
        ((cell(name, 120),), (source.cite(*path, style=style),)) for name, path in leaves[:MOST_ROWS]
    )
    note = REST if len(leaves) > MOST_ROWS else ""
    return table(caption, ("setting", "value"), rows, note=note)


def _leaves(value: Any, at: Path, name: str, out: list[tuple[str, Path]]) -> None:
    if len(out) > MOST_ROWS:
        return
    if isinstance(value, Mapping):
        for key, inner in value.items():
            _leaves(inner, (*at, key), f"{name}.{key}" if name else str(key), out)
    elif isinstance(value, list | tuple):
        for i, inner in enumerate(value):
            _leaves(inner, (*at, i), f"{name}[{i}]", out)
    else:
        out.append((name, at))


def table(
    caption: str,
    head: tuple[str, ...],
    rows: tuple[tuple[Inline, ...], ...],
    *,
    numeric: Iterable[int] = (),
    note: str = "",
) -> Table | None:
    """Return a table, None if it would be empty."""
    return Table(caption, head, rows, frozenset(numeric), note) if rows else None


def joined(items: Sequence[Any], separator: str) -> Inline:
    """Put a separator between single items."""
    return chained([(item,) for item in items], separator)


def chained(parts: Iterable[Inline], separator: str) -> Inline:
    """Put a separator between runs of text."""
    out: list[Any] = []
    for part in parts:
        if out and separator:
            out.append(separator)
        out.extend(part)
    return tuple(out)


def walk(tree: Any, at: Iterable[str | int]) -> Any:
    """Return what stands at a path of keys and indices."""
    for key in at:
        tree = tree[key]
    return tree
