"""Prices, sizes and flags of a foreign table as numbers; what is no number is named with its row."""

from __future__ import annotations

import polars as pl

from fireassay.data.sources import Table
from fireassay.errors import DataError

YES = ("1", "true", "t", "yes", "y")


def number(table: Table, column: str) -> pl.Series:
    """Read a column as numbers.

    Returns
    -------
    pl.Series
        `[R]` Float64; null where the value is missing or NaN.

    Raises
    ------
    DataError
        If a value is no number or is infinite, or the column holds no value at all; names file,
        column and row.
    """
    raw = table.frame[column]
    if raw.dtype in (pl.Categorical, pl.Enum):
        raw = raw.cast(pl.String)
    if raw.dtype == pl.String:
        values = raw.str.strip_chars().cast(pl.Float64, strict=False)
        wrong = values.is_null() & raw.is_not_null()
        if wrong.any():
            row = int(wrong.arg_max() or 0)
            raise DataError(
                f"{raw[row][:60]!r} is no number",
                where=table.where(column, row),
                fix="Write it with a decimal point and no other marks, or leave the row out.",
            )
    elif raw.dtype.is_numeric() or raw.dtype == pl.Null:
        values = raw.cast(pl.Float64)
    else:
        raise DataError(
            f"{raw.dtype} is no number", where=table.where(column), fix="Name another column."
        )
    infinite = values.is_infinite().fill_null(value=False)
    if infinite.any():
        row = int(infinite.arg_max() or 0)
        raise DataError(
            "an infinite value",
            where=table.where(column, row),
            fix="Leave the row out, or write the value that it stands for.",
        )
    values = values.fill_nan(None)
    if values.null_count() == len(values):
        raise DataError(
            "the column holds no value", where=table.where(column), fix="Name another column."
        )
    return values


def flag(table: Table, column: str) -> pl.Series:
    """Read a column as yes or no: true, 1, a number that isn't 0, `yes`; a missing value is no."""
    raw = table.frame[column]
    if raw.dtype == pl.Boolean:
        return raw.fill_null(value=False)
    if raw.dtype.is_numeric():
        return (raw != 0).fill_null(value=False)
    return raw.cast(pl.String).str.to_lowercase().is_in(YES).fill_null(value=False)


def text(table: Table, column: str) -> pl.Series:
    """Read a column as names, such as symbols.

    Raises
    ------
    DataError
        If a value is missing; names file, column and row.
    """
    raw = table.frame[column]
    missing = raw.is_null()
    if missing.any():
        raise DataError(
            "the symbol is missing",
            where=table.where(column, int(missing.arg_max() or 0)),
            fix="Fill it, or leave the row out.",
        )
    try:
        return raw.cast(pl.String)
    except pl.exceptions.PolarsError:
        raise DataError(
            f"{raw.dtype} is no name", where=table.where(column), fix="Name another column."
        ) from None
