"""The user's own columns as features, alone or beside the catalogue.

Features are chosen by a selection: `catalogue` (every feature that the data can have: those whose
columns are there and that are known at some bar, since short sessions never fill a long look-back),
names, wildcards and groups of the catalogue (`rsi_14`, `vwap_*`, `group:volatility`), and
`columns:NAME` or `columns:f_*` for columns of the table. A column as target is
`fireassay.data.targets.column`.
"""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

import polars as pl
import polars.selectors as cs

from fireassay.data import features
from fireassay.data.bars import INDEX_COLUMNS, MARKET_COLUMNS
from fireassay.data.targets.spec import TargetSpec
from fireassay.errors import DataError, SettingError, nearest

CATALOGUE = "catalogue"
COLUMNS = "columns:"

SHOWN = 10
"""Names that an error lists."""


def own_columns(frame: pl.DataFrame) -> list[str]:
    """Return the columns that are neither the index nor market columns of the canonical table."""
    return [c for c in frame.columns if c not in (*INDEX_COLUMNS, *MARKET_COLUMNS)]


def select_features(
    frame: pl.DataFrame, selection: Sequence[str], target: TargetSpec | None = None
) -> pl.DataFrame:
    """Compute and gather the features that a selection chooses.

    Parameters
    ----------
    frame
        Canonical table (`fireassay.data.bars`), R rows.
    selection
        Items as in the module's docstring; each feature enters once, in the order of the items.
    target
        The target of the study: a column that it uses can't be a feature.

    Returns
    -------
    pl.DataFrame
        `[R, F]` float32, null where a feature isn't known.

    Raises
    ------
    SettingError
        If an item chooses nothing, or chooses the target's own column.
    DataError
        If a column isn't numeric or holds infinite values (named with its first row), or if a
        feature needs columns that the data doesn't have.
    """
    if not selection:
        raise SettingError(
            "no features are selected", fix="Write catalogue, a feature's name, or columns:NAME."
        )
    chosen: dict[str, pl.Series] = {}
    sources: dict[str, str] = {}
    for item in selection:
        if item.startswith(COLUMNS):
            names = _matching(frame, item.removeprefix(COLUMNS))
            _refuse_target(names, item, target)
            source, compute = "a column of the data", _numeric
        else:
            every = item == CATALOGUE
            names = list(features.available(frame) if every else features.select([item], frame))
            source, compute = "a feature of the catalogue", features.compute
        for name in names:
            if sources.setdefault(name, source) != source:
                raise SettingError(
                    f"{name} is both {sources[name]} and {source}",
                    fix="Rename the column, or leave one of them out.",
                )
        new = [name for name in names if name not in chosen]
        for column in compute(frame, new) if new else ():
            if item != CATALOGUE or column.null_count() < len(column):
                chosen[column.name] = column
    return pl.DataFrame(list(chosen.values()))


def selection_of(
    frame: pl.DataFrame, selection: Sequence[str], features: Sequence[str]
) -> tuple[str, ...]:
    """Return a selection that names every feature, for other data to have the same ones.

    Parameters
    ----------
    frame, selection
        As in `select_features`.
    features
        The features that it chose.
    """
    patterns = [item.removeprefix(COLUMNS) for item in selection if item.startswith(COLUMNS)]

    def own(name: str) -> bool:
        return name in frame.columns and any(name == p or fnmatchcase(name, p) for p in patterns)

    return tuple(f"{COLUMNS}{name}" if own(name) else name for name in features)


def _matching(frame: pl.DataFrame, pattern: str) -> list[str]:
    """Return the columns that a pattern chooses; wildcards choose own columns only."""
    if pattern in frame.columns:
        return [pattern]
    own = own_columns(frame)
    names = [c for c in own if fnmatchcase(c, pattern)]
    if not names:
        near = nearest(pattern.strip("*?"), frame.columns) or own[:SHOWN]
        raise SettingError(
            f"no column matches {pattern!r}",
            where=f"features {COLUMNS}{pattern}",
            fix=f"Nearest: {', '.join(near)}." if near else "The data has no columns of your own.",
        )
    return names


def _refuse_target(names: list[str], item: str, target: TargetSpec | None) -> None:
    if target is None:
        return
    for column, role in ((target.column, "target"), (target.end, "label's end")):
        if column and column in names:
            raise SettingError(
                f"column {column} is the {role} and can't be a feature",
                where=f"features {item}",
                fix="Choose the columns so that it isn't among them.",
            )


def _numeric(frame: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    """Return the columns as float32, null for NaN; refuse what isn't a finite number."""
    table = frame.select(names)
    numeric = set(table.select(cs.numeric() | cs.boolean()).columns)
    for name in names:
        if name not in numeric and table[name].dtype != pl.Null:
            raise not_numbers(table[name], "Turn it into numbers, or leave it out of the features.")
    cast = table.select(pl.all().cast(pl.Float32, strict=False).fill_nan(None))
    infinite = cast.select(pl.all().is_infinite().any())
    for name in names:
        if infinite[name][0]:
            row = int(cast[name].is_infinite().arg_max() or 0)
            raise DataError(
                f"{table[name][row]} is infinite, or too large for a 32-bit number",
                column=name,
                row=row,
                fix="Remove or bound such values before the column can be a feature.",
            )
    return cast


def not_numbers(values: pl.Series, fix: str) -> DataError:
    """Build the error for a column that isn't numeric; names the first text where others are."""
    if values.dtype == pl.String:
        text = (values.cast(pl.Float64, strict=False).is_null() & values.is_not_null()).arg_true()
        if 0 < len(text) < len(values) - values.null_count():
            row = int(text[0])
            return DataError(
                f"{values[row][:60]!r} is no number", column=values.name, row=row, fix=fix
            )
    return DataError(
        f"it holds {kind_of_values(values.dtype)}, not numbers", column=values.name, fix=fix
    )


def kind_of_values(dtype: pl.DataType) -> str:
    """Tell what a column holds that isn't numbers, for an error."""
    if dtype in (pl.String, pl.Categorical, pl.Enum):
        return "text"
    return "times" if dtype.is_temporal() else f"{dtype}"


def own_column(frame: pl.DataFrame, name: str, role: str) -> pl.Series:
    """Return a column by name, or raise SettingError with the names nearest to it."""
    if name not in frame.columns:
        near = nearest(name, frame.columns) or own_columns(frame)[:SHOWN]
        raise SettingError(
            f"the data has no column {name!r}",
            where=role,
            fix=f"Nearest: {', '.join(near)}." if near else "The data has no columns of your own.",
        )
    return frame[name]
