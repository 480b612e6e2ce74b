"""Where tables come from: one file per kind of source, found by discovery.

A source says which locations it takes and reads one as a `Table`: the columns as they stand there,
nothing renamed or repaired. Layouts, times, sessions and the audit come after it, the same for all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import polars as pl

from fireassay.data.paths import not_found
from fireassay.data.settings import DataSettings
from fireassay.errors import DataError, SettingError
from fireassay.findings import Value
from fireassay.registry import Registry

SQL = "sql"
"""The source that takes a query."""

UNNAMED = "unnamed"
"""What a column without a name is called: often the index that a dataframe was saved with."""


@dataclass(frozen=True)
class Part:
    """A stretch of a table's rows that comes from one file, query or frame.

    Attributes
    ----------
    name
        What errors and the audit call it; never a password.
    rows
        How many rows it gave.
    header
        Lines of text before its first row, where it is text.
    """

    name: str
    rows: int
    header: int = 0


@dataclass(frozen=True)
class Origin:
    """Where the rows of a table come from.

    Attributes
    ----------
    name
        What the source is called in the report.
    parts
        The files that the rows come from, in order.
    """

    name: str
    parts: tuple[Part, ...]

    def where(self, column: str = "", row: int | None = None) -> str:
        """Name a place for an error: file, column, row.

        Parameters
        ----------
        column
            Name of the column in the source.
        row
            Index of the row in the table, from 0; it is told from 1, counted inside its file.
        """
        name, told = self.name if len(self.parts) != 1 else self.parts[0].name, ""
        if row is not None:
            part, inside = self.part_of(row)
            name = part.name
            line = f" (line {inside + 1 + part.header})" if part.header else ""
            told = f"row {inside + 1}{line}"
        places = (name, f"column {column}" if column else "", told)
        return ", ".join(place for place in places if place)

    def part_of(self, row: int) -> tuple[Part, int]:
        """Return the part that holds the row (index from 0), and the row's index inside it."""
        for part in self.parts:
            if row < part.rows:
                return part, row
            row -= part.rows
        raise IndexError(row)


@dataclass(frozen=True)
class Table:
    """A table as it stands in its source, and where each of its rows is.

    Attributes
    ----------
    frame
        The columns under their names in the source.
    name
        What the source is called in the report.
    parts
        The files that the rows come from, in order.
    suggested
        Settings that the source knows better than the default (`{"sessions": "column:session"}`);
        they count where the user left the default.
    readings
        How it was read (`{"separator": ";"}`), for the audit.
    """

    frame: pl.DataFrame
    name: str
    parts: tuple[Part, ...]
    suggested: Mapping[str, str] = field(default_factory=dict)
    readings: Mapping[str, Value] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        frame: pl.DataFrame,
        name: str,
        *,
        suggested: Mapping[str, str] | None = None,
        readings: Mapping[str, Value] | None = None,
    ) -> Table:
        """Return a table of a single part."""
        return cls(frame, name, (Part(name, frame.height),), suggested or {}, readings or {})

    @property
    def origin(self) -> Origin:
        """Where the rows come from."""
        return Origin(self.name, self.parts)

    def where(self, column: str = "", row: int | None = None) -> str:
        """Name a place for an error; see `Origin.where`."""
        return self.origin.where(column, row)

    def part_of(self, row: int) -> tuple[Part, int]:
        """Return the part that holds the row, and the row's index inside it."""
        return self.origin.part_of(row)


class Source(Protocol):
    """One kind of place that tables are read from."""

    locations: str
    """What its locations look like, as the command line's help shows them; "" if it takes none."""

    def takes(self, location: object) -> bool:
        """Tell whether `location` (text, or an object of Python) is one of this source."""
        ...

    def read(self, location: object, settings: DataSettings) -> Table:
        """Read the table; raises DataError or SettingError."""
        ...


SOURCES: Registry[Source] = Registry("source", "fireassay.data.sources")
"""A file of this folder ends with `SOURCES.add("name", ItsSource())`."""


def read(location: object, settings: DataSettings) -> Table:
    """Read the table at a location from the one source that takes it.

    Raises
    ------
    SettingError, DataError
        If no source takes the location (says what is there instead), more than one does, or the
        one that does can't read it, it takes no query, or the table has no columns or no rows.
    """
    taking = [name for name in SOURCES if SOURCES[name].takes(location)]
    if len(taking) > 1:
        raise SettingError(
            f"it holds tables of several kinds: {', '.join(taking)}",
            where=str(location),
            fix="Name one kind with a glob, such as FOLDER/*.parquet.",
        )
    if not taking:
        raise not_found(location, ", ".join(s.locations for s in SOURCES.values() if s.locations))
    if settings.query and taking[0] != SQL:
        raise SettingError(
            "a query asks a database, and this is none",
            where=str(location),
            fix="Leave the query out, or ask files through duckdb:///:memory: with "
            "SELECT * FROM 'FILE'.",
        )
    table = SOURCES[taking[0]].read(location, settings)
    if table.frame.width == 0 or table.frame.height == 0:
        raise DataError("the table is empty", where=table.where(), fix="Give a table with rows.")
    return table


def join(
    parts: list[tuple[str, pl.DataFrame]], *, header: int = 0
) -> tuple[pl.DataFrame, tuple[Part, ...]]:
    """Stack the tables of several files, in order, by column name.

    Parameters
    ----------
    parts
        Name and table of each file; files without rows are left out unless all are.
    header
        Lines of text before a file's first row.

    Raises
    ------
    DataError
        If a file lacks a column of the first, has one more, or a column can't share a type.
    """
    filled = [part for part in parts if part[1].height] or parts[:1]
    first_name, first = filled[0]
    frames = [first]
    for name, frame in filled[1:]:
        odd = set(frame.columns) ^ set(first.columns)
        if odd:
            column = sorted(odd)[0]
            lacks, has = (name, first_name) if column in first.columns else (first_name, name)
            raise DataError(
                f"the file has no column {column}, which {has} has",
                where=lacks,
                fix="Give files with the same columns, or leave this one out.",
            )
        frames.append(frame.select(first.columns))
    try:
        stacked = pl.concat(frames, how="vertical_relaxed")
    except pl.exceptions.PolarsError:
        raise _types_differ(filled, frames) from None
    return stacked, tuple(Part(name, frame.height, header) for name, frame in filled)


def _types_differ(parts: list[tuple[str, pl.DataFrame]], frames: list[pl.DataFrame]) -> DataError:
    """Name the first file and column whose type can't be had together with that of the first file."""
    first = parts[0][0]
    for (name, _), frame in zip(parts[1:], frames[1:], strict=True):
        for column in frame.columns:
            pair = [frames[0].select(column).head(0), frame.select(column).head(0)]
            try:
                pl.concat(pair, how="vertical_relaxed")
            except pl.exceptions.PolarsError:
                return DataError(
                    f"its type {frame.schema[column]} differs from that in {first}",
                    where=f"{name}, column {column}",
                    fix="Give the column the same type in all files.",
                )
    return DataError("the files' types differ", where=first, fix="Give columns the same types.")
