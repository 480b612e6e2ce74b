"""The target catalogue: one idea per file, outcomes of bars t + 1 … inside the same session.

At the close of bar t everything up to t is known. With horizon k and skip s the outcome uses bars
t + 1 + s … t + s + k of the same session: a move is measured from p_{t+s} to p_{t+s+k}. What is
known at t (VWAP, the side of it that the price is on, σ_t, thresholds) stays frozen at t. Where the
outcome would leave the session, or span a hole in the data, there is no label.

`TargetSpec.parse("vwap_reversion:5,skip=1,band=2bp")` reads a target as a person writes it; `label`
computes it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from inspect import cleandoc
from typing import Any

import numpy as np
import polars as pl

from fireassay.arrays import Float, Int
from fireassay.data.features.expressions import prepared
from fireassay.data.targets.outcomes import PRICE_NEEDS, band_needs, holes
from fireassay.data.targets.spec import (
    COLUMN,
    Band,
    BandUnit,
    Price,
    Stale,
    TargetSpec,
    Ties,
)
from fireassay.data.task import Kind, Label
from fireassay.errors import DataError, SettingError, TooLittleError, UserError
from fireassay.registry import Registry

__all__ = [
    "TARGETS",
    "Band",
    "BandUnit",
    "Outcome",
    "OutcomeKind",
    "Price",
    "Stale",
    "Target",
    "TargetSpec",
    "Ties",
    "available",
    "describe",
    "label",
    "labels",
    "target",
]


class OutcomeKind(StrEnum):
    """What a target's function returns."""

    SIGN = "sign"
    """−1, 0 (a tie) or +1."""

    BINARY = "binary"
    """0 or 1."""

    REAL = "real"


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a target's function returns.

    Attributes
    ----------
    value
        `[R]` float64, NaN where undefined; its meaning is the target's `OutcomeKind`.
    end
        `[R]` row at which the outcome is known; None: row + skip + horizon.
    note
        What a reader must know about this outcome on this data.
    """

    value: Float
    end: Int | None = None
    note: str = ""


Compute = Callable[[pl.DataFrame, TargetSpec], Outcome]


@dataclass(frozen=True)
class Target:
    """One target of the catalogue.

    Attributes
    ----------
    name
        Canonical name.
    outcome
        What `compute` returns.
    needs
        Canonical columns without which it can't be computed.
    options
        The options of `TargetSpec` that it has, beyond horizon, skip and stale.
    defaults
        Values of the options that a specification leaves open (c, ties).
    classes
        Names of the classes: of −1, 0 and +1, or of 0 and 1; empty for a real outcome.
    price_move
        The outcome is a price move, so it runs with skip=1 beside it and bounce is named.
    side
        The feature whose sign says in which direction the move is counted; "" where up is up. What
        predicts a price move predicts such an outcome only together with it.
    mechanical
        Predictable by construction, whatever the market does: a score above chance is no edge.
    caution
        Why it is mechanical, or what else the note must say.
    source
        Paper or book that defines it.
    doc
        The question, the formula and what misleads it, from the docstring.
    compute
        The function: prepared table (`fireassay.data.features.expressions.prepared`) and
        specification to `Outcome`.
    """

    name: str
    outcome: OutcomeKind
    needs: tuple[str, ...]
    options: tuple[str, ...]
    defaults: Mapping[str, Any]
    classes: tuple[str, ...]
    price_move: bool
    side: str
    mechanical: bool
    caution: str
    source: str
    doc: str
    compute: Compute


TARGETS: Registry[Target] = Registry("target", "fireassay.data.targets")


def target(
    name: str,
    *,
    outcome: OutcomeKind,
    needs: Sequence[str],
    source: str,
    options: Sequence[str] = (),
    defaults: Mapping[str, Any] | None = None,
    classes: Sequence[str] = (),
    price_move: bool = False,
    side: str = "",
    mechanical: bool = False,
    caution: str = "",
) -> Callable[[Compute], Compute]:
    """Register the decorated function as a target; the parameters are as in `Target`."""

    def register(function: Compute) -> Compute:
        item = Target(
            name=name,
            outcome=outcome,
            needs=tuple(needs),
            options=tuple(options),
            defaults=dict(defaults or {}),
            classes=tuple(classes),
            price_move=price_move,
            side=side,
            mechanical=mechanical,
            caution=caution,
            source=source,
            doc=cleandoc(function.__doc__ or ""),
            compute=function,
        )
        TARGETS.add(name, item)
        return function

    return register


def label(frame: pl.DataFrame, spec: TargetSpec | str) -> Label:
    """Compute a target for every bar.

    Parameters
    ----------
    frame
        Canonical table (`fireassay.data.bars`), R rows.
    spec
        The target, or the text of it.

    Returns
    -------
    Label
        `y [R]` float32 with NaN where there is no label, `end [R]`, kind, classes, share of ties.

    Raises
    ------
    SettingError
        If the target isn't known, or its horizon is longer than every session.
    DataError
        If the table lacks columns that it needs, or the label is null everywhere or has one class.
    """
    return labels(frame, [spec])[0]


def labels(
    frame: pl.DataFrame,
    specs: Sequence[TargetSpec | str],
    others: Sequence[TargetSpec | str] = (),
) -> list[Label]:
    """Compute several targets; what they share is computed once. See `label`.

    Parameters
    ----------
    frame, specs
        As for `label`.
    others
        Targets to compute after them where the table can have them; else they are left out.
    """
    from fireassay.data.targets.column import column_label

    read = [TargetSpec.parse(s) if isinstance(s, str) else s for s in (*specs, *others)]
    table: pl.DataFrame | None = None
    results = []
    for i, spec in enumerate(read):
        try:
            if spec.name == COLUMN:
                results.append(column_label(frame, spec))
                continue
            _refuse_missing(frame, spec)
            table = prepared(frame) if table is None else table
            results.append(_label(table, spec))
        except UserError:
            if i < len(specs):
                raise
    return results


def _refuse_missing(frame: pl.DataFrame, spec: TargetSpec) -> None:
    item = TARGETS[spec.name]
    needs = [*item.needs, *band_needs(spec.band)]
    needs += PRICE_NEEDS[spec.price] if "price" in item.options else ()
    missing = [c for c in dict.fromkeys(needs) if c not in frame.columns]
    if missing:
        raise DataError(
            f"target {spec} needs {', '.join(missing)}, which the data doesn't have",
            fix=f"This data can have {', '.join(available(frame)) or 'no target of the catalogue'}, "
            "or a column of yours (column:NAME).",
        )
    longest = int(frame["bar"].max()) + 1 if frame.height else 0  # type: ignore[arg-type]
    if spec.horizon + spec.skip >= longest:
        raise SettingError(
            f"horizon {spec.horizon} and skip {spec.skip} need sessions of at least "
            f"{spec.horizon + spec.skip + 1} bars, the longest session has {longest}",
            where=f"target {spec}",
            fix="Choose a shorter horizon, or longer sessions.",
        )


def _label(table: pl.DataFrame, spec: TargetSpec) -> Label:
    item = TARGETS[spec.name]
    outcome = item.compute(table, spec)
    rows = np.arange(table.height)
    end = np.minimum(rows + spec.skip + spec.horizon, table.height - 1)
    end = end if outcome.end is None else outcome.end
    missing_before = np.cumsum(holes(table))
    undefined = missing_before[end] != missing_before
    if spec.stale is Stale.DROP:
        undefined |= table["stale"].to_numpy().astype(bool)
    value = np.where(undefined, np.nan, outcome.value)
    defined = ~np.isnan(value)
    ties = 0.0
    if item.outcome is OutcomeKind.SIGN:
        ties = float(np.mean(value[defined] == 0)) if defined.any() else 0.0
        kind, classes, value = _classes_of_sign(value, spec, item)
    else:
        kind = "binary" if item.outcome is OutcomeKind.BINARY else "real"
        classes = item.classes
    defined = ~np.isnan(value)
    note = " ".join(part for part in (outcome.note, item.caution) if part)
    _refuse_unlearnable(value[defined], spec, classes, ties, note)
    return Label(
        name=str(spec),
        kind=kind,
        y=value.astype(np.float32),
        end=np.where(defined, end, rows).astype(np.int64),
        horizon=spec.horizon,
        skip=spec.skip,
        classes=classes,
        ties=ties,
        note=note,
    )


def _classes_of_sign(
    sign: Float, spec: TargetSpec, item: Target
) -> tuple[Kind, tuple[str, ...], Float]:
    if spec.ties is Ties.CLASS:
        return "multiclass", item.classes, sign + 1
    down, _, up = item.classes
    return "binary", (down, up), np.where(sign == 0, np.nan, (sign + 1) / 2)


def _refuse_unlearnable(
    y: Float, spec: TargetSpec, classes: tuple[str, ...], ties: float, note: str
) -> None:
    if len(y) == 0:
        undefined = f"no bar has an outcome that is defined. {note}".rstrip(". ")
        why = "every outcome is a tie" if ties == 1 else undefined
        raise TooLittleError(
            f"no bar has a label: {why}",
            where=f"target {spec}",
            fix="Choose another band, horizon or target.",
        )
    if y.min() == y.max():
        value = classes[int(y[0])] if classes else f"{y[0]:g}"
        raise TooLittleError(
            f"every label is {value}",
            where=f"target {spec}",
            fix="A label of one value can't be learned: choose another band, horizon or target.",
        )


def available(frame: pl.DataFrame) -> tuple[str, ...]:
    """Return the names of the targets whose `needs` the table has."""
    columns = set(frame.columns)
    return tuple(t.name for t in TARGETS.values() if columns >= set(t.needs))


def describe(name: str) -> str:
    """Return a target's question, formula, what misleads it and its source, as plain text.

    Raises
    ------
    SettingError
        If the name isn't known; names the nearest.
    """
    item = TARGETS[name]
    classes = f"Classes: {', '.join(item.classes)}. " if item.classes else "A real number. "
    defaults = {"horizon": 1, "skip": 0, "stale": Stale.KEEP, "band": 0, "price": Price.CLOSE}
    options = ", ".join(
        f"{option}={(defaults | dict(item.defaults))[option]}"
        for option in ("horizon", "skip", "stale", *item.options)
    )
    caution = f"{item.caution}\n" if item.caution else ""
    return (
        f"{name} (target)\n\n{item.doc}\n\n{caution}{classes}Options: {options}.\n"
        f"Needs {', '.join(item.needs)}.\nSource: {item.source}"
    )
