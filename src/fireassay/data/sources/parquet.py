"""Parquet: a file, the matches of a glob, or a folder with all below it (hive folders included)."""

from __future__ import annotations

import polars as pl

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
                cause = str(error).split("\n")[0]
                raise DataError(
                    f"the file is not readable as Parquet ({cause})",
                    where=str(path),
                    fix="Write it again; it may be cut short or of another format.",
                ) from None
        frame, found = join(parts)
        return Table(frame, str(location), found)


SOURCES.add("parquet", Parquet())
