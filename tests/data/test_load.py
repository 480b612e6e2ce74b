import datetime as dt
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from fireassay.data.bars import INDEX_COLUMNS
from fireassay.data.load import load, read
from fireassay.data.settings import DataSettings
from fireassay.errors import DataError, SettingError, UserError
from fireassay.findings import DataAudit
from tests.data.tables import minute_bars, prints


def own(frame: pl.DataFrame, **settings: object) -> pl.DataFrame:
    """Load for the user's own columns: prices aren't needed."""
    return load(DataSettings(**settings), frame, need_prices=False).frame  # type: ignore[arg-type]


def test_the_table_is_canonical() -> None:
    bars = read(minute_bars(sessions=3, bars=5, symbol="A").with_columns(f_x=pl.lit(1.5)))
    frame = bars.frame
    assert frame.schema == {
        "symbol": pl.String,
        "time": pl.Datetime("us"),
        "session": pl.Int32,
        "bar": pl.Int32,
        "slot": pl.Int32,
        "date": pl.Date,
        "stale": pl.Boolean,
        "open": pl.Float64,
        "high": pl.Float64,
        "low": pl.Float64,
        "close": pl.Float64,
        "volume": pl.Float64,
        "f_x": pl.Float64,
    }
    assert frame["session"].to_list() == np.repeat([0, 1, 2], 5).tolist()
    assert frame["bar"].to_list() == [0, 1, 2, 3, 4] * 3
    assert frame["slot"].to_list() == [0, 1, 2, 3, 4] * 3
    assert frame.null_count().sum_horizontal()[0] == 0
    assert bars.sessions == 3
    assert bars.has("close", "f_x")


def test_the_audit_says_how_it_was_read() -> None:
    audit = read(minute_bars(symbol="A")).audit
    assert audit.rows == 120
    assert audit.sessions == 4
    assert audit.symbols == ("A",)
    assert (audit.first, audit.last) == ("2024-01-08 09:31:00", "2024-01-11 10:00:00")
    readings = audit.readings
    assert readings["layout"] == "ohlcv"
    assert "exchange local time" in str(readings["times"])
    assert readings["stamp"] == "end of the bar"
    assert readings["sessions"] == "auto: a gap of more than 3h"
    assert readings["bar length"] == "1m"
    assert readings["vwap price"] == "typical price (high + low + close) / 3"
    assert DataAudit.model_validate_json(audit.model_dump_json()) == audit


def test_symbols_come_one_after_the_other() -> None:
    frame = pl.concat([minute_bars(symbol=s) for s in "BA"]).sort("time")
    bars = read(frame)
    assert bars.frame["symbol"].is_sorted()
    assert bars.frame["session"].is_sorted()
    assert bars.sessions == 8
    assert read(frame, symbols=("B",)).audit.symbols == ("B",)
    with pytest.raises(DataError, match="there is no symbol 'C'"):
        read(frame, symbols=("C",))


def test_bars_stamped_at_their_start_are_moved_to_their_end() -> None:
    bars = read(minute_bars(step_minutes=5), stamp="start")
    assert bars.frame["time"][0] == dt.datetime(2024, 1, 8, 9, 40)
    assert "5m, the commonest step" in str(bars.audit.readings["stamp"])
    assert bars.frame["slot"][0] == 0


def test_a_column_called_open_time_is_read_as_start() -> None:
    frame = minute_bars().rename({"time": "open_time"})
    assert read(frame).frame["time"][0] == dt.datetime(2024, 1, 8, 9, 32)
    ends = read(frame, columns={"time": "open_time"})
    assert ends.frame["time"][0] == dt.datetime(2024, 1, 8, 9, 31)


def test_irregular_bars_tell_no_end_by_their_start() -> None:
    rng = np.random.default_rng(0)
    shift = pl.Series(rng.integers(0, 30_000_000, 120)).cast(pl.Duration("us"))
    frame = minute_bars().with_columns(pl.col("time") + shift)
    with pytest.raises(SettingError, match="irregular"):
        read(frame, stamp="start")


def test_dates_are_chosen_by_session() -> None:
    bars = read(minute_bars(sessions=6), start="2024-01-09", end="2024-01-11")
    assert bars.frame["date"].unique().sort().to_list() == [
        dt.date(2024, 1, day) for day in (9, 10, 11)
    ]
    assert "from 2024-01-09 to 2024-01-11" in str(bars.audit.readings["sessions"])
    with pytest.raises(DataError, match="holds 2024-01-08 to 2024-01-15"):
        read(minute_bars(sessions=6), start="2030-01-01")


def test_moments_go_to_the_zone_of_the_calendar() -> None:
    frame = minute_bars(first=dt.date(2024, 3, 7), bars=390).with_columns(
        pl.col("time").dt.replace_time_zone("America/New_York").dt.convert_time_zone("UTC")
    )
    bars = read(frame, sessions="calendar:XNYS")
    assert bars.frame.schema["time"] == pl.Datetime("us", "America/New_York")
    assert bars.audit.items == ()
    assert bars.frame["slot"].to_list() == list(range(390)) * 4
    kept = read(frame, sessions="calendar:XNYS", timezone="Europe/Berlin")
    assert kept.frame.schema["time"] == pl.Datetime("us", "Europe/Berlin")
    assert kept.frame["slot"].equals(bars.frame["slot"])
    assert kept.frame["date"].equals(bars.frame["date"])
    assert read(frame).frame.schema["time"] == pl.Datetime("us", "UTC")


def test_prints_become_bars_with_their_vwap_and_count() -> None:
    frame = prints(sessions=3, count=2000)
    bars = read(frame.with_columns(exch=pl.lit("N")))
    assert bars.frame["volume"].sum() == frame["size"].sum()
    assert bars.frame["trades"].sum() == frame.height
    assert bars.frame["slot"].is_between(0, 90).all()
    readings = bars.audit.readings
    assert readings["bars"] == "time:1m, made of 6,000 trade prints"
    assert readings["vwap price"] == "traded VWAP of each bar"
    assert readings["columns left out"] == "exch (bars of prints don't carry them)"
    by_value = read(frame, bars="dollar:1e6")
    value = (frame["price"] * frame["size"]).sum()
    assert (by_value.frame["vwap"] * by_value.frame["volume"]).sum() == pytest.approx(value)
    assert "irregular" in str(by_value.audit.readings["bar length"])


def test_own_columns_that_take_a_canonical_name_get_another() -> None:
    frame = minute_bars().with_columns(slot=pl.lit(7), session=pl.lit("x"), vol=pl.lit(1.0))
    bars = read(frame)
    assert bars.frame["slot"][1] == 1
    assert bars.frame["source_slot"][1] == 7
    assert bars.audit.readings["columns renamed"] == "slot → source_slot, session → source_session"
    assert bars.frame["vol"].to_list() == [1.0] * 120


def test_moments_among_the_own_columns_follow_the_times(tmp_path: Path) -> None:
    frame = minute_bars().with_columns(label_end=pl.col("time") + dt.timedelta(minutes=5))
    frame.write_csv(tmp_path / "bars.csv", datetime_format="%Y-%m-%d %H:%M:%S")
    bars = read(str(tmp_path / "bars.csv"))
    assert bars.frame["label_end"].equals(frame["label_end"])


# The user's own columns as features and target.


def test_a_time_is_enough() -> None:
    frame = minute_bars().select("time", f_1=pl.col("close"), y=pl.col("volume") % 2)
    found = own(frame)
    assert found.columns == [*INDEX_COLUMNS, "f_1", "y"]
    assert not found["stale"].any()
    with pytest.raises(DataError, match="no column for open"):
        read(frame)


def test_a_session_column_alone_is_enough() -> None:
    frame = pl.DataFrame({"day": ["a"] * 3 + ["b"] * 4, "f_1": range(7), "y": [0, 1] * 3 + [0]})
    bars = load(DataSettings(sessions="column:day"), frame, need_prices=False)
    assert bars.frame["session"].to_list() == [0] * 3 + [1] * 4
    assert bars.frame["bar"].to_list() == [0, 1, 2, 0, 1, 2, 3]
    assert bars.frame["f_1"].to_list() == list(range(7))
    assert bars.frame["time"].is_sorted()
    assert bars.frame["date"].n_unique() == 2
    assert "made up" in str(bars.audit.readings["times"])


def test_a_session_column_of_dates_dates_the_rows() -> None:
    days = [dt.date(2024, 1, 8)] * 3 + [dt.date(2024, 1, 9)] * 2
    found = own(pl.DataFrame({"d": days, "f_1": range(5)}), sessions="column:d")
    assert found["date"].to_list() == days
    assert found["time"].dt.date().to_list() == days


def test_symbols_that_share_session_names_share_their_dates() -> None:
    frame = pl.DataFrame(
        {
            "symbol": ["B"] * 4 + ["A"] * 4,
            "s": [1, 1, 2, 2] * 2,
            "f_1": range(8),
        }
    )
    found = own(frame, sessions="column:s")
    assert found["f_1"].to_list() == [4, 5, 6, 7, 0, 1, 2, 3]
    assert found["session"].to_list() == [0, 0, 1, 1, 2, 2, 3, 3]
    assert found["date"].to_list()[:4] == found["date"].to_list()[4:]


def test_sessions_in_pieces_need_a_time() -> None:
    frame = pl.DataFrame({"s": [1, 2, 1, 2], "f_1": range(4)})
    with pytest.raises(DataError, match="session 1 starts again here") as caught:
        own(frame, sessions="column:s")
    assert "row 3" in str(caught.value)


def test_long_sessions_without_times_stay_apart() -> None:
    frame = pl.DataFrame({"s": np.repeat([1, 2], 100_000), "f_1": np.arange(200_000)})
    found = own(frame, sessions="column:s")
    assert found["session"].to_list() == np.repeat([0, 1], 100_000).tolist()
    assert found["f_1"].is_sorted()


def test_own_columns_may_stand_beside_prices() -> None:
    frame = minute_bars().with_columns(f_1=pl.lit(0.5), y=pl.lit(1))
    assert own(frame)["close"].equals(minute_bars()["close"])


# What is refused.


def refused(frame: object, **options: object) -> str:
    with pytest.raises(UserError) as caught:
        read(frame, **options)
    assert "\n" not in str(caught.value)
    assert caught.value.fix
    return str(caught.value)


def test_one_session_is_told() -> None:
    assert "one session only (30 bars" in refused(minute_bars(sessions=1))


def test_daily_bars_are_told_what_to_do() -> None:
    daily = minute_bars(sessions=60, bars=1)
    told = refused(daily)
    assert "sessions of one bar (60 sessions, 60 bars" in told
    assert "gap:2d" in told
    weeks = read(daily, sessions="gap:2d")
    assert weeks.sessions == 12


def test_nothing_left_is_told_with_the_reason() -> None:
    frame = prints().with_columns(susp=pl.lit(1))
    assert "no row is left. Left out: 1200 trade prints that the source marks" in refused(frame)
    idle = minute_bars().with_columns(
        volume=pl.when(pl.int_range(pl.len()) == 0).then(1).otherwise(0)
    )
    assert "one session only" in refused(idle, stale="drop")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"close": float("inf")}, "column close, row 6: an infinite value"),
        ({"volume": float("-inf")}, "column volume, row 6: an infinite value"),
    ],
)
def test_infinite_values_are_told_with_their_row(change: dict[str, float], told: str) -> None:
    at = pl.int_range(pl.len()) == 5
    frame = minute_bars().with_columns(
        pl.when(at).then(pl.lit(value)).otherwise(pl.col(name).cast(pl.Float64)).alias(name)
        for name, value in change.items()
    )
    assert told in refused(frame)


def test_text_in_a_price_is_told_with_its_row(tmp_path: Path) -> None:
    path = tmp_path / "bars.csv"
    lines = minute_bars().write_csv(datetime_format="%Y-%m-%d %H:%M:%S").splitlines()
    fields = lines[3].split(",")
    lines[3] = ",".join([*fields[:4], "n.a.", *fields[5:]])
    path.write_text("\n".join(lines))
    assert f"{path}, column close, row 3 (line 4): 'n.a.' is no number" in refused(str(path))


def test_columns_without_a_value_are_told() -> None:
    empty = minute_bars().with_columns(close=pl.lit(None, dtype=pl.Float64))
    assert "column close: the column holds no value" in refused(empty)
    lists = minute_bars().with_columns(close=pl.concat_list("close"))
    assert "column close: List(Float64) is no number" in refused(lists)
    nobody = minute_bars(symbol="A").with_columns(
        symbol=pl.when(pl.int_range(pl.len()) != 8).then("symbol")
    )
    assert "column symbol, row 9: the symbol is missing" in refused(nobody)


def test_a_session_column_must_be_there_and_filled() -> None:
    frame = minute_bars().with_columns(day=pl.when(pl.int_range(pl.len()) != 8).then(pl.lit("x")))
    assert "column day, row 9: the session is missing" in refused(frame, sessions="column:day")
    assert "no column 'days' for the sessions. Did you mean day?" in refused(
        frame, sessions="column:days"
    )


def test_settings_that_are_not_there_are_told() -> None:
    assert "Did you mean sessions" in refused(minute_bars(), session="auto")
    assert refused(minute_bars(), stamp="middle").startswith("stamp: ")
    assert refused(minute_bars(), symbols=5).startswith("symbols: ")
    assert "unknown calendar 'XNYC'" in refused(minute_bars(), sessions="calendar:XNYC")
