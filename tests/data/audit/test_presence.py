import datetime as dt

import numpy as np
import polars as pl

from fireassay.data.load import read
from tests.data.tables import minute_bars, prints


def test_the_picture_shows_where_bars_are_missing_or_stale() -> None:
    frame = minute_bars(sessions=3, bars=4)
    minute = pl.col("time").dt.minute()
    day = pl.col("time").dt.date()
    frame = frame.filter(~((day == dt.date(2024, 1, 9)) & (minute == 33)))
    frame = frame.with_columns(
        volume=pl.when((day == dt.date(2024, 1, 10)) & (minute == 31)).then(0).otherwise("volume")
    )
    plot = read(frame).audit.calendar
    assert plot is not None
    assert plot.kind == "calendar"
    assert plot.matrix is not None
    assert plot.matrix.rows == ("2024-01-08", "2024-01-09", "2024-01-10")
    assert plot.matrix.columns == ("09:30", "09:31", "09:32", "09:33")
    assert plot.matrix.values == ((1, 1, 1, 1), (1, 1, 0, 1), (0, 1, 1, 1))


def test_the_picture_is_thinned_and_its_mean_stays() -> None:
    frame = minute_bars(sessions=301, bars=121)
    rng = np.random.default_rng(0)
    kept = frame.filter(pl.Series(rng.random(frame.height) < 0.8))
    plot = read(kept).audit.calendar
    assert plot is not None
    assert plot.matrix is not None
    values = np.array(plot.matrix.values, dtype=float)
    assert values.shape[0] <= 120
    assert values.shape[1] <= 60
    assert abs(np.median(values) - 0.8) < 0.05
    assert values.max() <= 1


def test_several_symbols_count_together() -> None:
    frame = pl.concat([minute_bars(symbol=s, bars=4) for s in "AB"])
    frame = frame.filter(~((pl.col("symbol") == "B") & (pl.col("time").dt.minute() == 32)))
    plot = read(frame).audit.calendar
    assert plot is not None
    assert plot.matrix is not None
    assert plot.matrix.values == ((1, 0.5, 1, 1),) * 4


def test_irregular_bars_give_a_picture_too() -> None:
    plot = read(prints(count=2000), bars="volume:2000").audit.calendar
    assert plot is not None
    assert plot.matrix is not None
    values = np.array(plot.matrix.values, dtype=float)
    assert values.max() <= 1
    assert plot.matrix.columns[0] in {"09:29", "09:30"}
