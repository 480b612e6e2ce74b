"""The feature catalogue: one idea per file, causal Polars expressions with a source each.

A file defines one `Feature`, or a family by window length, with the `feature` decorator; discovery
finds it. `compute` evaluates features over the canonical table of `fireassay.data.bars`.

Rules that every feature keeps, and that a test holds for each of them:

- its value at bar t is the same when the table ends at t (`fireassay.data.features.prefix`);
- it reads its own session only, unless it declares `sessions_back`;
- it is null, never infinite, where it isn't defined: look-back not filled, nothing traded yet, no
  range, no movement;
- it is free of scale: multiplying all prices, or all volumes, by a constant doesn't change it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import partial
from inspect import cleandoc
from typing import TypeVar, cast

import polars as pl

from fireassay.data.features.expressions import prepared
from fireassay.errors import DataError, unknown_name
from fireassay.registry import Registry


class Group(StrEnum):
    """Families of features, for selection and for grouped importance."""

    RETURN = "return"
    VWAP = "vwap"
    VOLATILITY = "volatility"
    VOLUME = "volume"
    LIQUIDITY = "liquidity"
    FLOW = "flow"
    DEPENDENCE = "dependence"
    MOMENTUM = "momentum"
    SESSION = "session"


@dataclass(frozen=True)
class Feature:
    """One causal bar-level feature.

    Attributes
    ----------
    name
        Canonical name, the column's name in a panel.
    group
        Family for selection and grouped importance.
    needs
        Canonical columns without which it can't be computed.
    lookback
        Bars of its own session that it reads, the current one included; 0: the session so far.
    sessions_back
        Earlier sessions of its symbol that it reads.
    source
        Paper or book that defines it.
    doc
        What it asks, its formula and what misleads it, from the docstring.
    expression
        Builds the Polars expression over the table that `expressions.prepared` returns.
    window
        The window length w of the formula, for a member of a family; else None.
    """

    name: str
    group: Group
    needs: tuple[str, ...]
    lookback: int
    sessions_back: int
    source: str
    doc: str
    expression: Callable[[], pl.Expr]
    window: int | None = None


FEATURES: Registry[Feature] = Registry("feature", "fireassay.data.features")


Builder = TypeVar("Builder", bound=Callable[..., pl.Expr])


def feature(
    name: str,
    *,
    group: Group,
    needs: Sequence[str],
    source: str,
    lookback: int | Callable[[int], int] = 0,
    sessions_back: int = 0,
    windows: Sequence[int] = (),
) -> Callable[[Builder], Builder]:
    """Register the decorated function as a feature, or as a family by window length.

    Parameters
    ----------
    name
        The feature's name; a family's members are `name_w`.
    group, needs, source, sessions_back
        As in `Feature`.
    lookback
        Bars of its own session that it reads, 0 for the session so far; for a family a function of
        the window length.
    windows
        Window lengths; the function then takes the length as its argument.
    """

    def register(function: Builder) -> Builder:
        doc = cleandoc(function.__doc__ or "")
        for window in windows or (None,):
            title = name if window is None else f"{name}_{window}"
            span = lookback if isinstance(lookback, int) else lookback(cast("int", window))
            build = function if window is None else partial(function, window)
            FEATURES.add(
                title,
                Feature(title, group, tuple(needs), span, sessions_back, source, doc, build, window),
            )
        return function

    return register


def available(frame: pl.DataFrame) -> tuple[str, ...]:
    """Return the names of the features whose `needs` the table has, in the catalogue's order."""
    return tuple(name for name in FEATURES if not _missing(frame, name))


def select(patterns: Sequence[str], frame: pl.DataFrame | None = None) -> tuple[str, ...]:
    """Return the names that the patterns choose, each once, in the order of the patterns.

    Parameters
    ----------
    patterns
        Names (`rsi_14`), wildcards (`rsi_*`) or groups (`group:volatility`).
    frame
        If given, wildcards and groups choose only features that this table can have.

    Raises
    ------
    SettingError
        If a pattern chooses nothing; names the nearest features or the groups.
    DataError
        If the table can have none of the features that a wildcard or group chooses.
    """
    chosen: dict[str, None] = {}
    for pattern in patterns:
        names = _matching(pattern)
        if frame is not None and names != (pattern,):
            possible = [n for n in names if not _missing(frame, n)]
            if not possible:
                lacking = min((_missing(frame, n) for n in names), key=len)
                raise DataError(
                    f"features {pattern} need {', '.join(lacking)}, which the data doesn't have",
                    fix="Leave the features out, or give the columns.",
                )
            names = tuple(possible)
        chosen |= dict.fromkeys(names)
    return tuple(chosen)


def _matching(pattern: str) -> tuple[str, ...]:
    if pattern.startswith("group:"):
        groups = [str(group) for group in Group]
        group = pattern.removeprefix("group:")
        if group not in groups:
            raise unknown_name("feature group", group, groups)
        return tuple(n for n in FEATURES if FEATURES[n].group == Group(group))
    if any(character in pattern for character in "*?["):
        names = tuple(n for n in FEATURES if fnmatchcase(n, pattern))
        if not names:
            raise unknown_name("feature", pattern, FEATURES)
        return names
    return (FEATURES[pattern].name,)


def _missing(frame: pl.DataFrame, name: str) -> list[str]:
    return [column for column in FEATURES[name].needs if column not in frame.columns]


def compute(frame: pl.DataFrame, names: Sequence[str] | None = None) -> pl.DataFrame:
    """Evaluate features over the canonical table.

    Parameters
    ----------
    frame
        Canonical table (`fireassay.data.bars`), R rows.
    names
        Names, wildcards or groups (`select`); None: every feature whose needs the table has.

    Returns
    -------
    pl.DataFrame
        `[R, F]` float32 in the table's row order; null where a feature isn't defined.

    Raises
    ------
    SettingError
        If a name isn't known.
    DataError
        If the table lacks columns that a named feature needs; lists them.
    """
    chosen = available(frame) if names is None else select(names, frame)
    for name in chosen:
        missing = _missing(frame, name)
        if missing:
            raise DataError(
                f"feature {name} needs {', '.join(missing)}, which the data doesn't have",
                fix="Leave the feature out, or give the columns.",
            )
    return prepared(frame).select(
        FEATURES[name].expression().map_batches(_narrow, return_dtype=pl.Float32).alias(name)
        for name in chosen
    )


def _narrow(values: pl.Series) -> pl.Series:
    """Cast to float32, null where the value isn't finite in it."""
    narrow = values.cast(pl.Float32)
    return narrow.set(~narrow.is_finite(), None)


def describe(name: str) -> str:
    """Return what a feature asks, its formula, what misleads it and its source, as plain text.

    Raises
    ------
    SettingError
        If the name isn't known; names the nearest.
    """
    item = FEATURES[name]
    spans = {0: "the session so far", 1: "its own bar"}
    span = spans.get(item.lookback, f"the last {item.lookback} bars")
    if item.sessions_back:
        back = item.sessions_back
        span += " and the session before" if back == 1 else f" and the {back} sessions before"
    window = f"w = {item.window}. " if item.window else ""
    return (
        f"{name} (feature, group {item.group})\n\n{item.doc}\n\n"
        f"{window}Reads {span}; needs {', '.join(item.needs) or 'no market column'}.\n"
        f"Source: {item.source}"
    )
