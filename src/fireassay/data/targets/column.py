"""A column of the user's own as the target: `column:y`.

Its kind is detected, or stated with `kind=`: two values are "binary", texts or few whole numbers
"multiclass", other numbers "real". With `end=label_end` a second column says when each label is
known: a time, or a whole number of bars after its own (0: at its own bar); `end=5` says five bars
for all. Labels are purged from training by it.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl

from fireassay.arrays import Bool, Float, Int
from fireassay.data.columns import kind_of_values, not_numbers, own_column
from fireassay.data.sources import Table
from fireassay.data.targets.spec import Stale, TargetSpec
from fireassay.data.task import Kind, Label
from fireassay.data.timetext import moments
from fireassay.errors import DataError

MANY_CLASSES = 50
"""More different texts than this are taken for identifiers, not classes."""

FEW_NUMBERS = 10
"""Up to this many different whole numbers are taken for classes, not quantities."""


def column_label(frame: pl.DataFrame, spec: TargetSpec) -> Label:
    """Read a column of the table as the target.

    Parameters
    ----------
    frame
        Canonical table (`fireassay.data.bars`), R rows; it need not carry prices.
    spec
        `column:NAME` with its options.

    Returns
    -------
    Label
        `y [R]` float32: the code of the class, classes sorted by value, or the number itself. The
        horizon is the one stated, else the median number of bars to the label's end.

    Raises
    ------
    SettingError
        If the column isn't there; names the nearest.
    DataError
        If it is null everywhere, has one value, can't be of the kind stated, or holds infinite
        values; if a label's end isn't known or lies before its bar. Names column and row.
    """
    values = own_column(frame, spec.column, "target")
    if spec.stale is Stale.DROP:
        values = frame.select(pl.when(~pl.col("stale")).then(pl.col(spec.column))).to_series()
    if values.dtype.is_float():
        values = values.fill_nan(None)
    if values.null_count() == len(values):
        raise DataError(
            "every label is null", column=spec.column, fix="Name another column with --target."
        )
    distinct = values.drop_nulls().unique().sort()
    if len(distinct) == 1:
        raise DataError(
            f"every label is {distinct[0]}",
            column=spec.column,
            fix="A label needs two values at least: name another column with --target.",
        )
    kind = spec.kind or _detected(distinct, spec.column)
    y, classes = _coded(values, distinct, kind, spec.column)
    labelled = ~np.isnan(y)
    rows = np.arange(frame.height)
    horizon = spec.horizon
    if spec.end:
        end = np.where(labelled, _label_end(frame, spec.end, labelled), rows)
        if horizon == 1:
            horizon = max(1, int(np.median((end - rows)[labelled])))
        stated = spec.end.isdecimal() and spec.end not in frame.columns
        bars = "1 bar" if spec.end == "1" else f"{spec.end} bars"
        note = f"Known {bars} later." if stated else f"Known at column {spec.end}."
    elif horizon > 1:
        end = np.where(labelled, np.minimum(rows + horizon, _last_of_symbol(frame)), rows)
        note = f"Known {horizon} bars later."
    else:
        end = rows
        note = "Taken to be known at its own bar, since no label end is given."
    found = "stated" if spec.kind else "detected"
    return Label(
        name=str(spec),
        kind=kind,
        y=y.astype(np.float32),
        end=end.astype(np.int64),
        horizon=horizon,
        classes=classes,
        note=f"Kind {found}: {kind}. {note}",
    )


def _detected(distinct: pl.Series, column: str) -> Kind:
    """Tell the kind of a label from its different values."""
    dtype = distinct.dtype
    text = dtype in (pl.String, pl.Categorical, pl.Enum)
    if not (text or dtype.is_numeric() or dtype == pl.Boolean):
        raise DataError(
            f"it holds {kind_of_values(dtype)}, which can't be a label",
            column=column,
            fix="Give a column of numbers or classes.",
        )
    if len(distinct) == 2:
        return "binary"
    if text:
        if len(distinct) > MANY_CLASSES:
            raise DataError(
                f"{len(distinct)} different texts are too many for classes",
                column=column,
                fix="Give a column of classes or numbers, or state kind=multiclass.",
            )
        return "multiclass"
    whole = not dtype.is_float() or bool((distinct == distinct.round()).all())
    return "multiclass" if whole and len(distinct) <= FEW_NUMBERS else "real"


def _coded(
    values: pl.Series, distinct: pl.Series, kind: Kind, column: str
) -> tuple[Float, tuple[str, ...]]:
    """Return `[R]` codes or numbers with NaN, and the classes' names."""
    if kind == "real":
        if not (values.dtype.is_numeric() or values.dtype == pl.Boolean):
            raise not_numbers(values, "Turn it into numbers, or state kind=multiclass.")
        numbers = values.cast(pl.Float64).to_numpy().astype(np.float64)
        infinite = np.isinf(numbers.astype(np.float32))
        if infinite.any():
            row = int(np.argmax(infinite))
            raise DataError(
                f"{values[row]} is infinite, or too large for a 32-bit number",
                column=column,
                row=row,
                fix="Remove or bound such labels.",
            )
        return numbers, ()
    if kind == "binary" and len(distinct) != 2:
        raise DataError(
            f"a binary label has two values, this column has {len(distinct)}",
            column=column,
            fix="State kind=multiclass or kind=real, or give a column of two values.",
        )
    texts = [_class_name(value) for value in distinct]
    codes = pl.DataFrame({"value": distinct, "code": np.arange(len(distinct), dtype=np.float64)})
    coded = values.to_frame("value").join(codes, on="value", how="left", maintain_order="left")
    return coded["code"].to_numpy().astype(np.float64), tuple(texts)


def _class_name(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _label_end(frame: pl.DataFrame, name: str, labelled: Bool) -> Int:
    """Return `[R]` the row at which each label is known."""
    if name.isdecimal() and name not in frame.columns:
        rows = np.arange(frame.height)
        return np.minimum(rows + int(name), _last_of_symbol(frame))
    ends = own_column(frame, name, "label end")
    unknown = labelled & ends.is_null().to_numpy()
    if unknown.any():
        row = int(np.argmax(unknown))
        raise DataError(
            "the end of a label is null",
            column=ends.name,
            row=row,
            fix="Give every labelled bar an end.",
        )
    if ends.dtype.is_numeric():
        end = _after_bars(frame, ends, labelled)
    elif ends.dtype in (pl.Date, pl.Datetime):
        end = _at_time(frame, ends)
    else:
        raise _no_end(ends)
    early = labelled & (end < np.arange(frame.height))
    if early.any():
        row = int(np.argmax(early))
        raise DataError(
            f"the label's end {ends[row]} lies before its bar",
            column=ends.name,
            row=row,
            fix="Give the time at which the label is known, or the number of bars until then.",
        )
    return end


def _no_end(ends: pl.Series) -> DataError:
    """Build the error for a label end that is neither time nor number; names the first such text."""
    fix = "Give the time at which the label is known, or the number of bars until then."
    if ends.dtype == pl.String:
        read = moments(Table.of(ends.to_frame(), ""), ends.name, ends, mixable=True)
        odd = (read.is_null() & ends.is_not_null()).arg_true()
        if 0 < len(odd) < len(ends) - ends.null_count():
            row = int(odd[0])
            return DataError(
                f"{ends[row][:60]!r} is no time that can be read", column=ends.name, row=row, fix=fix
            )
    return DataError(
        f"it holds {kind_of_values(ends.dtype)}, neither times nor numbers of bars",
        column=ends.name,
        fix=fix,
    )


def _after_bars(frame: pl.DataFrame, ends: pl.Series, labelled: Bool) -> Int:
    bars = ends.cast(pl.Float64).fill_null(0.0).to_numpy()
    broken = labelled & ~(np.isfinite(bars) & (bars == np.round(bars)))
    if broken.any():
        row = int(np.argmax(broken))
        raise DataError(
            f"{ends[row]} isn't a whole number of bars",
            column=ends.name,
            row=row,
            fix="Give the number of bars until the label is known, or the time.",
        )
    counted = np.where(labelled, bars, 0.0).clip(-1, frame.height).astype(np.int64)
    return np.minimum(np.arange(frame.height) + counted, _last_of_symbol(frame))


def _at_time(frame: pl.DataFrame, ends: pl.Series) -> Int:
    """Return the first row of the symbol that isn't before the end; the symbol's last if none is.

    A date ends at its midnight. A time before the bar's own gives a row before it.
    """
    times = frame["time"]
    if ends.dtype == pl.Date:
        ends = ends.cast(pl.Datetime("us")) + dt.timedelta(days=1)
        zone = times.dtype.time_zone if isinstance(times.dtype, pl.Datetime) else None
        ends = ends.dt.replace_time_zone(zone, ambiguous="latest", non_existent="null")
    zones = [s.dtype.time_zone for s in (ends, times) if isinstance(s.dtype, pl.Datetime)]
    if (zones[0] is None) != (zones[1] is None):
        has, lacks = ("it has", "the bars don't") if zones[0] else ("it lacks", "the bars have one")
        raise DataError(
            f"{has} a time zone, {lacks}",
            column=ends.name,
            fix="Give both in one time zone, or both without.",
        )
    at = ends.dt.cast_time_unit("us").to_physical().fill_null(0).to_numpy()
    own = times.dt.cast_time_unit("us").to_physical().to_numpy()
    end = np.empty(frame.height, dtype=np.int64)
    last = _last_of_symbol(frame)
    start = 0
    while start < frame.height:
        stop = int(last[start]) + 1
        found = start + np.searchsorted(own[start:stop], at[start:stop], side="left")
        end[start:stop] = np.minimum(found, stop - 1)
        start = stop
    return np.where(at < own, -1, end)


def _last_of_symbol(frame: pl.DataFrame) -> Int:
    """Return `[R]` the last row of each row's symbol."""
    symbol = frame["symbol"]
    last = np.flatnonzero(np.r_[(symbol[1:] != symbol[:-1]).to_numpy(), True])
    return last[np.searchsorted(last, np.arange(frame.height))]
