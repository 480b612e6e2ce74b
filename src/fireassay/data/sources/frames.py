"""Dataframes of Python: Polars (lazy too), pandas, Arrow, and what else speaks Arrow's C stream."""

from __future__ import annotations

from typing import Any

import polars as pl

from fireassay.data.settings import DataSettings
from fireassay.data.sources import SOURCES, Table
from fireassay.errors import DataError

INDEX = "index"


class Frames:
    """Tables in memory; the caller's own is never changed."""

    locations = ""

    def takes(self, location: object) -> bool:
        """Tell whether the object is a table that can be read."""
        return isinstance(location, pl.DataFrame | pl.LazyFrame) or (
            _is_pandas(location) or hasattr(location, "__arrow_c_stream__")
        )

    def read(self, location: object, settings: DataSettings) -> Table:
        """Return the table as Polars; a pandas index that holds more than row numbers is kept."""
        del settings
        library = type(location).__module__.partition(".")[0]
        name = f"{library} {type(location).__name__}"
        try:
            return Table.of(_polars(location), name)
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
            raise _unreadable(name, error) from None
        except (TypeError, ValueError, ImportError) as error:
            # pandas and Arrow raise these for columns of mixed Python objects.
            raise _unreadable(name, error) from None


def _unreadable(name: str, error: BaseException) -> DataError:
    return DataError(
        f"the table can't be read: {str(error).splitlines()[0] if str(error) else error!r}",
        where=name,
        fix="Give each column one type.",
    )


def _is_pandas(location: object) -> bool:
    kind = type(location)
    return kind.__module__.partition(".")[0] == "pandas" and kind.__name__ == "DataFrame"


def _polars(location: Any) -> pl.DataFrame:
    if isinstance(location, pl.LazyFrame):
        return location.collect()
    if isinstance(location, pl.DataFrame):
        return location
    if _is_pandas(location):
        return _from_pandas(location)
    return pl.DataFrame(location)


def _from_pandas(frame: Any) -> pl.DataFrame:
    """Return a pandas table with its index as columns, unless it only counts rows."""
    import pandas as pd

    if not isinstance(frame.index, pd.RangeIndex):
        unnamed = [i for i, name in enumerate(frame.index.names) if name is None]
        names = list(frame.index.names)
        for i in unnamed:
            names[i] = INDEX if len(names) == 1 else f"{INDEX}_{i}"
        frame = frame.rename_axis(index=names).reset_index()
    frame = frame.set_axis([str(column) for column in frame.columns], axis=1)
    return pl.from_pandas(frame)


SOURCES.add("frame", Frames())
