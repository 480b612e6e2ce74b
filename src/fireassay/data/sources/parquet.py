"""Parquet: a file, the matches of a glob, or a folder with all below it (hive folders included)."""

from __future__ import annotations

import os
from pathlib import Path

import polars as pl

from fireassay.data import contents
from fireassay.data.paths import expand
from fireassay.data.settings import DataSettings
from fireassay.data.sources import SOURCES, Table, join
from fireassay.errors import DataError

SUFFIXES = (".parquet", ".pq")


class Parquet:
    """Parquet files; folders named `key=value` add the column `key`."""

    locations = "FILE.parquet"

    def takes(self, location: object) -> bool:
        """Tell whether the location means at least one Parquet file."""
        return bool(expand(location, SUFFIXES))

    def read(self, location: object, settings: DataSettings) -> Table:
        """Read and stack the files; raises DataError naming the one that can't be read."""
        del settings
        parts = []
        for path in expand(location, SUFFIXES):
            try:
                parts.append((str(path), pl.read_parquet(path, hive_partitioning=True)))
            except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
                raise _fault(path, error) from None
        frame, found = join(parts)
        return Table(frame, str(location), found)


def _fault(path: Path, error: BaseException) -> DataError:
    """Tell why a file can't be read; only called once it is known to be faulty."""
    again = "Write or download it again."
    try:
        with path.open("rb") as file:
            head = file.read(contents.HEAD)
            file.seek(-min(path.stat().st_size, len(contents.PARQUET)), os.SEEK_END)
            tail = file.read()
    except OSError as fault:
        return DataError(
            f"the file can't be read ({fault.strerror or fault})",
            where=str(path),
            fix="Check its rights.",
        )
    if not head:
        return DataError("the file is empty (0 bytes)", where=str(path), fix=again)
    contents.refuse_other(path, head, "Parquet")
    if head.startswith(contents.PARQUET) and tail != contents.PARQUET:
        return DataError("the file is cut short: it ends inside the data", where=str(path), fix=again)
    cause = str(error).split("\n")[0]
    return DataError(f"the file is not readable as Parquet ({cause})", where=str(path), fix=again)


SOURCES.add("parquet", Parquet())
