"""Prefix invariance: a causal feature at time t is the same when the data ends at t.

`violations` runs any function of a table on the whole table and on tables that end earlier, and
compares what both know. What differs was made with the future: a centred window, a mean over the
whole session, a scaler fitted on all rows, a shift in the wrong direction.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from fireassay.arrays import Bool, Float
from fireassay.errors import DataError

FeatureFunction = Callable[[pl.DataFrame], pl.DataFrame]

CUTS = 4
"""Ends tried when none are given."""


@dataclass(frozen=True)
class Violation:
    """A column whose past changes with the future.

    Attributes
    ----------
    column
        Its name.
    row
        The first row, in the table's order, whose value differs.
    time
        That row's time.
    size
        The largest difference, in the column's unit; infinite where one of the two is null or the
        values aren't numbers.
    rows
        How many values differ, over all ends tried.
    cut
        The end of the data at which the first row differs.
    """

    column: str
    row: int
    time: dt.datetime
    size: float
    rows: int
    cut: dt.datetime


def violations(
    function: FeatureFunction,
    frame: pl.DataFrame,
    cuts: Sequence[dt.datetime] | int = CUTS,
    *,
    tolerance: float = 1e-6,
) -> tuple[Violation, ...]:
    """Find the columns that look ahead.

    Parameters
    ----------
    function
        Maps a canonical table (`fireassay.data.bars`) of R rows to a table of R rows, in the same
        order. It is called with the whole table and with tables that end earlier.
    frame
        The canonical table.
    cuts
        The times at which the shorter tables end (the bar of that time included, for every symbol),
        or how many such times to spread over the table. Those chosen lie inside sessions, where a
        look to the session's end shows.
    tolerance
        Differences count from this share of the column's standard deviation, beyond the rounding of
        its type.

    Returns
    -------
    tuple[Violation, ...]
        One for each column that differs, in the order of the columns; empty if none does.

    Raises
    ------
    DataError
        If the function's table has another number of rows than its input, or other columns when the
        data ends earlier.
    """
    times = _spread(frame, cuts) if isinstance(cuts, int) else list(cuts)
    whole = _checked(function, frame)
    found: dict[str, Violation] = {}
    for cut in times:
        kept = (frame["time"] <= cut).to_numpy()
        rows = np.flatnonzero(kept)
        part = _checked(function, frame.filter(kept))
        if set(part.columns) != set(whole.columns):
            changed = sorted(set(part.columns) ^ set(whole.columns))
            raise DataError(
                f"the columns {', '.join(changed)} come and go with the end of the data ({cut})",
                fix="A feature function has the same columns whatever rows it is given.",
            )
        for name in whole.columns:
            size = _difference(whole[name].filter(kept), part[name], whole[name], tolerance)
            differs = size > 0
            if not differs.any():
                continue
            seen = (int(rows[np.argmax(differs)]), cut)
            old = found.get(name)
            row, first_cut = seen if old is None else min((old.row, old.cut), seen)
            found[name] = Violation(
                column=name,
                row=row,
                time=frame["time"][row],
                size=max(float(size.max()), old.size if old else 0.0),
                rows=int(differs.sum()) + (old.rows if old else 0),
                cut=first_cut,
            )
    return tuple(found[name] for name in whole.columns if name in found)


def _checked(function: FeatureFunction, frame: pl.DataFrame) -> pl.DataFrame:
    result = function(frame)
    if result.height != frame.height:
        raise DataError(
            f"the function made {result.height} rows of {frame.height}",
            fix="A feature function returns one row for each row it is given, in their order.",
        )
    return result


def _spread(frame: pl.DataFrame, count: int) -> list[dt.datetime]:
    """Return times inside sessions, past the first quarter of the table."""
    inside = frame.filter(pl.col("bar").shift(-1) == pl.col("bar") + 1)["time"].unique().sort()
    if inside.is_empty():
        raise DataError("no session has two bars, so the data can't be cut inside one")
    at = np.linspace(0.25, 1, count, endpoint=False) * len(inside)
    return [inside[int(i)] for i in np.unique(at.astype(int))]


def _difference(long: pl.Series, short: pl.Series, column: pl.Series, tolerance: float) -> Float:
    """Return the size of each difference: 0 for none, infinite where it isn't a number."""
    if not (column.dtype.is_numeric() and short.dtype.is_numeric()):
        return np.where(long.ne_missing(short).to_numpy(), np.inf, 0.0)
    a, b = _numbers(long), _numbers(short)
    known, scale = _numbers(column), 0.0
    finite = known[np.isfinite(known)]
    if len(finite):
        # Scaled first, so that values near the largest float don't overflow in their square.
        unit = float(np.abs(finite).max()) or 1.0
        scale = float(np.std(finite / unit)) * unit
    rounding = 4 * float(np.finfo(np.float32 if column.dtype == pl.Float32 else np.float64).eps)
    with np.errstate(invalid="ignore"):
        size = np.abs(a - b)
        allowed = tolerance * scale + rounding * np.maximum(np.abs(a), np.abs(b))
    same: Bool = (a == b) | (np.isnan(a) & np.isnan(b))
    one_null = np.isnan(a) != np.isnan(b)
    return np.where(same, 0.0, np.where(one_null, np.inf, np.where(size > allowed, size, 0.0)))


def _numbers(column: pl.Series) -> Float:
    return column.cast(pl.Float64).to_numpy().astype(np.float64)
