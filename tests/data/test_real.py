"""Real tables: what a person who trades them would expect the audit to say."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from fireassay.data.bars import Bars
from fireassay.data.load import read
from fireassay.findings import AuditItem

Find = Callable[[str], Path]


def items(bars: Bars) -> dict[str, AuditItem]:
    return {item.id: item for item in bars.audit.items}


@pytest.fixture(scope="module")
def yandex(real_data: Find) -> Bars:
    return read(str(real_data("moex_yndx_1min/bars.parquet")))


def test_yandex_has_its_sessions_and_idle_minutes(yandex: Bars) -> None:
    assert yandex.audit.rows == 262_108
    assert yandex.sessions == 502
    assert items(yandex)["stale_bars"].count == 142_740
    assert items(yandex)["zero_volume"].share == pytest.approx(0.54, abs=0.01)
    assert yandex.frame["slot"].min() == 0
    assert "split_like_jumps" not in items(yandex)
    assert yandex.frame.group_by("session").agg(pl.col("date").n_unique())["date"].max() == 1


def test_yandex_was_filled_from_the_next_trade(yandex: Bars) -> None:
    # Found by hand: where the trades around idle minutes differ, 99.9 % of the runs carry the close
    # of the next trade.
    told = items(yandex)["filled_from_later"]
    assert "99.9%" in told.what
    assert told.example.endswith("last trade 1051, filled 1055, next trade 1055")


def test_the_foreign_export_gives_the_bars_of_its_year(yandex: Bars, real_data: Find) -> None:
    bars = read(str(real_data("moex_yndx_1min/YNDX_160101_161231.csv.gz")))
    assert bars.audit.readings["layout"] == "finam"
    year = yandex.frame.filter(pl.col("time") >= dt.datetime(2016, 1, 1))
    columns = ["time", "date", "stale", "open", "high", "low", "close", "volume"]
    assert bars.frame.select(columns).equals(year.select(columns))


@pytest.mark.slow
def test_the_moscow_calendar_agrees_with_the_gaps(yandex: Bars, real_data: Find) -> None:
    bars = read(str(real_data("moex_yndx_1min/bars.parquet")), sessions="calendar:XMOS")
    # One Saturday of trading in 2016 isn't in the calendar; else the sessions are the same.
    days = set(yandex.frame["date"].unique()) - set(bars.frame["date"].unique())
    assert len(days) == yandex.sessions - bars.sessions <= 2
    assert "shifted_hours" not in items(bars)


def test_prints_of_new_york_become_its_regular_minutes(real_data: Find) -> None:
    path = real_data("lean_us/trades.parquet")
    bars = read(str(path), sessions="calendar:XNYS")
    assert bars.audit.readings["bars"] == "time:1m, made of 2,725,034 trade prints"
    assert bars.sessions == 20
    assert items(bars)["suspicious_prints"].count == 10
    assert bars.frame["slot"].max() == 389
    regular = pl.read_parquet(path).filter(
        pl.col("susp") == 0,
        pl.col("ts").dt.time().is_between(dt.time(9, 30), dt.time(16), closed="left"),
    )
    assert bars.frame["volume"].sum() == regular["size"].sum()
    value = (regular["price"] * regular["size"]).sum()
    assert (bars.frame["vwap"] * bars.frame["volume"]).sum() == pytest.approx(value, rel=1e-12)


def test_hours_of_new_york_tell_their_stamp_and_splits(real_data: Find) -> None:
    path = str(real_data("lean_us/hour_bars.parquet"))
    wrong = items(read(path, sessions="calendar:XNYS"))
    assert "stamp = start" in wrong["stamped_at_start"].advice
    bars = read(path, sessions="calendar:XNYS", stamp="start")
    told = items(bars)
    assert "stamped_at_start" not in told
    assert told["outside_hours"].share < 0.001
    assert bars.sessions == 29_245
    assert told["early_closes"].count == 260
    # Ten splits of these stocks in those years, and a doubling of IBM in 2002 that is a fault of the
    # table; two crashes look like one.
    assert told["split_like_jumps"].count == 13
    assert (
        told["split_like_jumps"].example == "AAPL 2000-06-21 10:00:00: 101 → 50.5, as in a 2:1 split"
    )


@pytest.mark.slow
def test_loading_is_fast(real_data: Find) -> None:
    path = str(real_data("moex_yndx_1min/bars.parquet"))
    read(path)
    spent = []
    for _ in range(5):
        started = time.perf_counter()
        read(path)
        spent.append(time.perf_counter() - started)
    assert np.min(spent) < 1.5
