"""Bars of prints against a plain loop that does what the definition says."""

import datetime as dt
import math
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fireassay.data.aggregate import bars
from fireassay.data.rules import BarRule, DollarBars, TimeBars, VolumeBars, bar_rule
from fireassay.data.sessions import CLOSED, OPENED, ROW
from tests.data.tables import prints


def ready(frame: pl.DataFrame) -> pl.DataFrame:
    """Prints with session and date, as they come to be made into bars."""
    day = frame["ts"].dt.date()
    changed = (day != day.shift(1)) | (frame["symbol"] != frame["symbol"].shift(1))
    return frame.rename({"ts": "time"}).with_columns(
        pl.col("time").cast(pl.Datetime("us")),
        pl.col("price", "size").cast(pl.Float64),
        (changed.fill_null(value=True).cast(pl.Int32).cum_sum() - 1).alias("session"),
        day.alias("date"),
        pl.int_range(pl.len()).alias(ROW),
    )


def slow(frame: pl.DataFrame, rule: BarRule) -> list[dict[str, Any]]:
    """One print after the other, one bar after the other."""
    made: list[dict[str, Any]] = []
    session, traded, full = None, 0.0, 0
    for row in frame.iter_rows(named=True):
        if row["session"] != session:
            session, traded, full, current = row["session"], 0.0, 0, None
        if isinstance(rule, TimeBars):
            anchor = row.get(OPENED) or dt.datetime.combine(row["time"].date(), dt.time())
            index = (row["time"] - anchor) // rule.every
            end = anchor + (index + 1) * rule.every
            if CLOSED in row:
                end = min(end, row[CLOSED])
        else:
            weight = row["size"] * (row["price"] if isinstance(rule, DollarBars) else 1)
            index = math.floor(traded / rule.size)
            traded += weight
            end = row["time"]
        if current is None or index != full:
            current, full = {"symbol": row["symbol"], "session": session, "prints": []}, index
            made.append(current)
        current["prints"].append((row["price"], row["size"]))
        current["time"] = end
        current.setdefault(ROW, row[ROW])
    for bar in made:
        prices, sizes = (np.array(values) for values in zip(*bar.pop("prints"), strict=True))
        bar |= {
            "open": prices[0],
            "high": prices.max(),
            "low": prices.min(),
            "close": prices[-1],
            "volume": sizes.sum(),
            "vwap": (prices * sizes).sum() / sizes.sum(),
            "trades": len(prices),
        }
    return made


def assert_same(found: pl.DataFrame, expected: list[dict[str, Any]]) -> None:
    assert found.height == len(expected)
    for name in ("symbol", "session", "time", ROW):
        assert found[name].to_list() == [bar[name] for bar in expected], name
    for name in ("open", "high", "low", "close", "volume", "vwap", "trades"):
        np.testing.assert_allclose(found[name], [bar[name] for bar in expected], rtol=1e-12)


RULES = ["time:1m", "time:7m", "time:30s", "volume:5000", "volume:100", "dollar:250000"]


@pytest.mark.parametrize("rule", RULES)
def test_bars_are_those_of_a_plain_loop(rule: str) -> None:
    frame = ready(pl.concat([prints(symbol=s, seed=i) for i, s in enumerate("AB")]))
    assert_same(bars(frame, bar_rule(rule)), slow(frame, bar_rule(rule)))


@pytest.mark.parametrize("rule", RULES)
def test_bars_of_a_calendar_count_from_its_open_to_its_close(rule: str) -> None:
    frame = ready(prints())
    day = pl.col("date").cast(pl.Datetime("us"))
    frame = frame.with_columns(
        (day + pl.duration(hours=9, minutes=30)).alias(OPENED),
        (day + pl.duration(hours=11)).alias(CLOSED),
    )
    found = bars(frame, bar_rule(rule))
    assert_same(found, slow(frame, bar_rule(rule)))
    assert (found["time"] <= found[CLOSED]).all()
    if rule == "time:7m":
        # 90 minutes hold 12 intervals of 7 and one of 6.
        assert found.group_by("session").len()["len"].max() == 13
        assert found.filter(pl.col("time") == pl.col(CLOSED)).height == 3


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 600), st.integers(1, 500), st.integers(1, 90)),
        min_size=1,
        max_size=50,
    ),
    st.sampled_from([TimeBars(dt.timedelta(seconds=60)), VolumeBars(100.0), DollarBars(777.0)]),
)
def test_any_prints_make_the_bars_of_a_plain_loop(
    rows: list[tuple[int, int, int, int]], rule: BarRule
) -> None:
    rows = sorted(rows, key=lambda row: row[:2])
    start = dt.datetime(2024, 1, 8, 9, 30)
    frame = pl.DataFrame(
        {
            "symbol": ["A"] * len(rows),
            "ts": [start + dt.timedelta(days=day, seconds=second) for day, second, *_ in rows],
            "price": [price / 10 for *_, price, _ in rows],
            "size": [size for *_, size in rows],
        }
    )
    frame = ready(frame)
    assert_same(bars(frame, rule), slow(frame, rule))


def test_a_small_table_by_hand() -> None:
    frame = pl.DataFrame(
        {
            "symbol": ["A"] * 5,
            "ts": [f"2024-01-08 09:{t}" for t in ("30:00", "30:59.999", "31:00", "33:10", "33:20")],
            "price": [10.0, 11.0, 12.0, 9.0, 10.0],
            "size": [1, 3, 2, 5, 5],
        }
    ).with_columns(pl.col("ts").str.to_datetime())
    found = bars(ready(frame), bar_rule("time:1m"))
    # A print at the very end of a minute belongs to the next; where nothing traded is no bar.
    assert found["time"].dt.minute().to_list() == [31, 32, 34]
    assert found["vwap"].to_list() == [(10 + 33) / 4, 12.0, 9.5]
    assert found["trades"].to_list() == [2, 1, 2]
    by_volume = bars(ready(frame), bar_rule("volume:4"))
    assert by_volume["volume"].to_list() == [4, 7, 5]
    assert by_volume["time"].dt.second().to_list() == [59, 10, 20]


def test_nothing_is_lost_and_no_bar_leaves_its_range() -> None:
    frame = ready(prints(sessions=4, count=3000))
    for rule in RULES:
        found = bars(frame, bar_rule(rule))
        assert found["volume"].sum() == frame["size"].sum()
        assert found["trades"].sum() == frame.height
        assert (found["vwap"] <= found["high"]).all()
        assert (found["vwap"] >= found["low"]).all()
        assert found["time"].is_sorted()
