import datetime as dt

import polars as pl
import pytest

from fireassay.data.load import read
from fireassay.data.settings import DataSettings
from fireassay.data.sources import read as table
from fireassay.errors import DataError
from tests.data.tables import minute_bars


def test_every_library_gives_the_same_bars() -> None:
    frame = minute_bars(symbol="A")
    polars = read(frame)
    pandas = frame.to_pandas()
    for other in (frame.lazy(), pandas, frame.to_arrow(), pandas.set_index(["symbol", "time"])):
        bars = read(other)
        assert bars.frame.equals(polars.frame)
        assert bars.audit.source != ""


def test_a_pandas_index_of_times_is_the_time() -> None:
    pandas = minute_bars().to_pandas().set_index("time")
    pandas.index.name = None
    assert read(pandas).frame["time"].equals(read(minute_bars()).frame["time"])


def test_a_zone_of_pandas_is_kept() -> None:
    pandas = minute_bars().to_pandas()
    pandas["time"] = pandas["time"].dt.tz_localize("America/New_York")
    bars = read(pandas)
    assert bars.frame.schema["time"] == pl.Datetime("us", "America/New_York")
    assert bars.frame["slot"][0] == 0
    assert bars.frame["date"][0] == dt.date(2024, 1, 8)


def test_the_callers_table_stays_as_it_was() -> None:
    import pandas as pd

    frame = minute_bars()
    pandas = frame.to_pandas()
    before, untouched = pandas.copy(), frame.clone()
    read(pandas)
    read(frame)
    pd.testing.assert_frame_equal(pandas, before)
    assert frame.equals(untouched)


def test_columns_that_no_type_fits_are_told() -> None:
    import pandas as pd

    with pytest.raises(DataError, match="pandas DataFrame: the table can't be read"):
        table(pd.DataFrame({"a": [1, "x", b"y"]}, dtype=object), DataSettings())
    with pytest.raises(DataError, match="can't be read"):
        table(pd.DataFrame([[1, 2]], columns=["a", "a"]), DataSettings())


def test_an_empty_table_is_told() -> None:
    with pytest.raises(DataError, match="polars DataFrame: the table is empty"):
        read(minute_bars().head(0))
    with pytest.raises(DataError, match="empty"):
        read(pl.DataFrame())
