"""The settings to change, as a diff to read and as TOML to paste into study.toml."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from fireassay.report.cited import Cited
from fireassay.report.numerals import literal

_BARE = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True)
class Edit:
    """One setting with its values before and after; the name is a dotted key of study.toml."""

    setting: str
    before: Cited
    after: Cited


class Sign(StrEnum):
    """What a line of a diff says."""

    KEEP = " "
    REMOVE = "-"
    ADD = "+"


@dataclass(frozen=True)
class DiffLine:
    """A line of a diff: a sign, a text, and the value that ends it, if it sets one."""

    sign: Sign
    text: str
    value: Cited | None = None


@dataclass(frozen=True)
class Edits:
    """All changes together.

    Attributes
    ----------
    diff
        Lines of a unified diff of study.toml, without positions.
    toml
        The changed settings alone, as lines of TOML.
    conflicts
        Settings that two prescriptions change to different values; the first one's was taken.
    """

    diff: tuple[DiffLine, ...] = ()
    toml: tuple[DiffLine, ...] = ()
    conflicts: tuple[str, ...] = ()


def merge(edits: Iterable[Edit]) -> Edits:
    """Lay out changes as a diff and as TOML; of several values for one setting the first is taken."""
    chosen: dict[str, Edit] = {}
    conflicts: dict[str, None] = {}
    for edit in edits:
        first = chosen.setdefault(edit.setting, edit)
        if first.after.value != edit.after.value:
            conflicts[edit.setting] = None
    return Edits(_diff(chosen), _toml(chosen), tuple(conflicts))


def split(setting: str) -> tuple[str, str]:
    """Return the table and key of a dotted setting; a name that isn't dotted keys is one key.

    >>> split("model.prior.sigma"), split("a..b")
    (('model.prior', 'sigma'), ('', '"a..b"'))
    """
    parts = setting.split(".")
    if not all(_BARE.fullmatch(part) for part in parts):
        return "", literal(setting)
    return ".".join(parts[:-1]), parts[-1]


def _tables(edits: dict[str, Edit]) -> dict[str, list[tuple[str, Edit]]]:
    """Group the changes by table, keys of no table first, as TOML wants them."""
    tables: dict[str, list[tuple[str, Edit]]] = {"": []}
    for setting, edit in edits.items():
        table, key = split(setting)
        if any(name in edits for name in _prefixes(table)):
            # A setting can't also be a table: what would be in it is quoted whole.
            table, key = "", literal(setting)
        tables.setdefault(table, []).append((key, edit))
    return tables


def _prefixes(table: str) -> list[str]:
    parts = table.split(".") if table else []
    return [".".join(parts[: i + 1]) for i in range(len(parts))]


def _diff(edits: dict[str, Edit]) -> tuple[DiffLine, ...]:
    lines: list[DiffLine] = []
    for table, items in _tables(edits).items():
        if table:
            lines.append(DiffLine(Sign.KEEP, f"[{table}]"))
        for key, edit in items:
            if edit.before.value is not None:
                lines.append(DiffLine(Sign.REMOVE, f"{key} = ", edit.before))
            if edit.after.value is not None:
                lines.append(DiffLine(Sign.ADD, f"{key} = ", edit.after))
    return tuple(lines)


def _toml(edits: dict[str, Edit]) -> tuple[DiffLine, ...]:
    lines: list[DiffLine] = []
    for table, items in _tables(edits).items():
        if table:
            lines.append(DiffLine(Sign.KEEP, f"[{table}]"))
        for key, edit in items:
            if edit.after.value is None:
                lines.append(DiffLine(Sign.KEEP, f"# remove {key}"))
            else:
                lines.append(DiffLine(Sign.KEEP, f"{key} = ", edit.after))
    return tuple(lines)
