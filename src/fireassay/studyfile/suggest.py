"""What a study of a data file could ask, from a look at its columns, sessions and audit."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from fireassay.data.bars import Bars
from fireassay.data.columns import CATALOGUE, COLUMNS, own_columns
from fireassay.data.targets import TARGETS, available

LABEL = re.compile(r"(y|label|target|class|outcome)(_.*|\d*)$", re.IGNORECASE)
LABEL_END = re.compile(r"(label_?end|t1|end_?time|event_?end|known_?at)$", re.IGNORECASE)
FIRST = ("vwap_reversion", "direction", "return_magnitude")
"""Targets suggested first, where the data has what they need."""


@dataclass(frozen=True)
class Suggestion:
    """What can be asked of the data.

    Attributes
    ----------
    target, features, label_end
        Values of the study.
    targets
        All that could be asked: as `--target` takes it, and the question.
    remarks
        What was seen, in sentences.
    """

    target: str
    features: tuple[str, ...]
    label_end: str
    targets: tuple[tuple[str, str], ...]
    remarks: tuple[str, ...]


def suggest(bars: Bars) -> Suggestion:
    """Return what a study of these bars could ask."""
    frame = bars.frame
    own = own_columns(frame)
    ends = [name for name in own if LABEL_END.match(name)]
    labels = [name for name in own if LABEL.match(name) and name not in ends and _number(frame, name)]
    features = [name for name in own if name not in (*ends, *labels) and _number(frame, name)]
    known = [name for name in available(frame) if not TARGETS[name].mechanical]
    catalogue = [name for name in (*FIRST, *known) if name in known]
    targets = [(f"column:{name}", _values(frame[name])) for name in labels]
    targets += [(f"{n}:1", _asked(TARGETS[n].doc)) for n in dict.fromkeys(catalogue)]
    chosen = targets[0][0] if targets else "column:NAME"
    patterns = _patterns(features)
    by_column = chosen.startswith("column:") and bool(patterns)
    return Suggestion(
        target=chosen,
        features=patterns if by_column else (CATALOGUE, *patterns),
        label_end=f"column:{ends[0]}" if ends and chosen.startswith("column:") else "",
        targets=tuple(targets),
        remarks=tuple(_remarks(bars, features, labels)),
    )


def _number(frame: pl.DataFrame, name: str) -> bool:
    return frame[name].dtype.is_numeric() or frame[name].dtype == pl.Boolean


def _patterns(names: Sequence[str]) -> tuple[str, ...]:
    """Return `columns:` items that choose the names: one a prefix that several share."""
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(name.split("_")[0] if "_" in name else "", []).append(name)
    found: list[str] = []
    for prefix, members in groups.items():
        if prefix and len(members) > 1:
            found.append(f"{COLUMNS}{prefix}_*")
        else:
            found += [f"{COLUMNS}{name}" for name in members]
    return tuple(found)


def _values(column: pl.Series) -> str:
    count = column.n_unique()
    if count <= 5:
        shown = ", ".join(str(v) for v in sorted(column.drop_nulls().unique().to_list()))
        return f"your column, values {shown}"
    return f"your column, {count:,} values"


def _asked(doc: str) -> str:
    first = " ".join(doc.split("\n\n", maxsplit=1)[0].split())
    return f"{first.rstrip('.')}?"


def _remarks(bars: Bars, features: Sequence[str], labels: Sequence[str]) -> list[str]:
    audit = bars.audit
    symbols = len(audit.symbols)
    length = bars.frame.group_by("symbol", "session").len()["len"]
    middle = int(length.median() or 0)  # type: ignore[arg-type]
    shown = ", ".join(audit.symbols[:4]) + (", …" if symbols > 4 else "")
    read, several = audit.readings, "s" if symbols > 1 else ""
    what = f"{audit.source}: {audit.rows:,} bars of {read.get('bar length', '?')}, "
    what += f"{audit.sessions:,} sessions of about {middle} bars, {symbols} symbol{several}"
    what += f"{f' ({shown})' if shown else ''}, {audit.first} to {audit.last}."
    how = f"Sessions by {read.get('sessions', '?')}; times: {read.get('times', '?')}."
    said = [what, how]
    if features:
        said.append(f"{len(features)} numeric columns of your own can be features.")
    if not labels:
        said.append("No column looks like a label of your own (y, label, target, ...).")
    said += [f"Noticed: {item.what}. {item.advice}" for item in audit.items[:5]]
    return said
