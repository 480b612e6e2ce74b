import datetime as dt

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fireassay.data.calendars import schedule
from fireassay.data.layouts import Kind
from fireassay.data.rules import Auto, ByCalendar, ByColumn, ByDay, ByGap, SessionRule
from fireassay.data.sessions import OPENED, PAUSED, assign, locate, scheduled
from fireassay.errors import DataError
from tests.data.tables import MONDAY, minute_bars

HOUR = dt.timedelta(hours=1)


def divided(
    frame: pl.DataFrame, rule: SessionRule, kind: Kind = Kind.BARS, **options: object
) -> pl.DataFrame:
    if "symbol" not in frame.columns:
        frame = frame.with_columns(pl.lit("").alias("symbol"))
    return assign(frame.sort("symbol", "time"), rule, kind, **options).frame  # type: ignore[arg-type]


def at(*times: str) -> pl.DataFrame:
    return pl.DataFrame({"time": times}).with_columns(pl.col("time").str.to_datetime())


def test_a_gap_ends_a_session_only_if_it_is_longer() -> None:
    frame = at("2024-01-08 10:00", "2024-01-08 11:00", "2024-01-08 12:00:01", "2024-01-08 12:30")
    assert divided(frame, ByGap(HOUR))["session"].to_list() == [0, 0, 1, 1]


def test_auto_is_a_gap_of_three_hours() -> None:
    frame = at("2024-01-08 10:00", "2024-01-08 13:00", "2024-01-08 16:01", "2024-01-09 09:00")
    assert divided(frame, Auto())["session"].to_list() == [0, 0, 1, 2]


def test_auto_takes_days_where_the_market_never_closes() -> None:
    times = pl.datetime_range(dt.datetime(2024, 1, 1), dt.datetime(2024, 1, 9), "1h", eager=True)
    found = assign(pl.DataFrame({"symbol": "", "time": times[1:]}), Auto(), Kind.BARS)
    assert "calendar days" in found.reading
    # A bar that ends at midnight belongs to the day before.
    assert found.frame["session"].to_list() == np.repeat(np.arange(8), 24).tolist()
    assert found.frame["date"][23] == dt.date(2024, 1, 1)


def test_one_odd_long_session_does_not_make_days_of_a_market_with_nights() -> None:
    frame = minute_bars(sessions=30, bars=390)
    weekend = pl.datetime_range(
        dt.datetime(2024, 2, 19), dt.datetime(2024, 2, 22), "2h", eager=True
    ).alias("time")
    frame = pl.concat([frame, pl.DataFrame({"time": weekend})], how="diagonal")
    assert divided(frame, Auto())["session"].max() == 30


def test_the_date_of_a_session_is_that_of_its_end() -> None:
    frame = at("2024-01-07 23:00", "2024-01-08 00:30", "2024-01-09 23:00", "2024-01-10 00:00")
    found = divided(frame, ByGap(3 * HOUR))
    assert found["date"].to_list() == [dt.date(2024, 1, 8)] * 2 + [dt.date(2024, 1, 9)] * 2


def test_a_print_at_midnight_is_of_the_new_day() -> None:
    frame = at("2024-01-07 23:59:59", "2024-01-08 00:00:00")
    assert divided(frame, ByDay(), Kind.PRINTS)["session"].to_list() == [0, 1]
    assert divided(frame, ByDay(), Kind.BARS)["session"].to_list() == [0, 0]


def test_symbols_never_share_a_session() -> None:
    frame = pl.concat([minute_bars(2, 5, symbol=s) for s in "BA"])
    for rule in (Auto(), ByDay(), ByGap(HOUR)):
        found = divided(frame, rule)
        assert found["session"].to_list() == np.repeat(np.arange(4), 5).tolist()
        assert found["symbol"].to_list() == ["A"] * 10 + ["B"] * 10


def test_a_column_divides_wherever_it_changes() -> None:
    frame = minute_bars(1, 6).with_columns(pl.Series("day", ["mon", "mon", "tue", "tue", "mon", "x"]))
    assert divided(frame, ByColumn("day"))["session"].to_list() == [0, 0, 1, 1, 2, 3]


def test_a_column_of_dates_dates_the_sessions() -> None:
    days = [dt.date(2024, 1, 8)] * 3 + [dt.date(2024, 1, 9)] * 3
    found = divided(minute_bars(1, 6).with_columns(pl.Series("day", days)), ByColumn("day"))
    assert found["date"].to_list() == days


@pytest.mark.parametrize("name", ["XNYS", "XHKG", "XLON", "CMES"])
@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", None])
def test_hours_are_the_minutes_of_the_exchange(name: str, zone: str | None) -> None:
    import exchange_calendars as xc

    first, last = dt.date(2023, 11, 20), dt.date(2023, 12, 29)
    calendar = xc.get_calendar(name, start="2023-11-01", end="2024-01-20")
    minutes = pl.datetime_range(
        dt.datetime.combine(first, dt.time(12), dt.UTC),
        dt.datetime.combine(last, dt.time(12), dt.UTC),
        "1m",
        eager=True,
    ).cast(pl.Datetime("us", "UTC"))
    # The oracle counts a minute as the one that starts then ("left"); a bar that ends a minute later
    # is the same minute.
    own = calendar.minutes_in_range(minutes[0], minutes[-1])
    oracle = minutes.is_in(
        pl.Series(own.tz_convert(None).to_numpy())
        .cast(pl.Datetime("us"))
        .dt.replace_time_zone("UTC")
        .to_list()
    )
    plan = schedule(name, first, last)
    times = minutes
    if zone is None:
        times = minutes.dt.convert_time_zone(plan.zone).dt.replace_time_zone(None)
    else:
        times = minutes.dt.convert_time_zone(zone)
    ticks = times.cast(pl.Int64).to_numpy()
    hours = scheduled(plan, zone)
    prints = locate(hours, ticks, Kind.PRINTS)[1]
    bars = locate(hours, ticks + 60_000_000, Kind.BARS)[1]
    assert np.array_equal(prints, oracle.to_numpy())
    assert np.array_equal(bars, oracle.to_numpy())


def test_breaks_and_early_closes_are_outside() -> None:
    plan = schedule("XHKG", dt.date(2024, 12, 20), dt.date(2024, 12, 27))
    frame = at(
        "2024-12-23 09:30",
        "2024-12-23 09:31",
        "2024-12-23 12:00",
        "2024-12-23 12:01",
        "2024-12-23 13:00",
        "2024-12-23 13:01",
        "2024-12-23 16:00",
        "2024-12-23 16:01",
        "2024-12-24 12:00",
        "2024-12-24 14:00",
        "2024-12-25 11:00",
    )
    found = divided(frame, ByCalendar("XHKG"), schedule=plan)
    assert found["session"].to_list() == [None, 0, 0, None, None, 0, 0, None, 1, None, None]
    assert found.filter(pl.col("session") == 0)["date"].unique().to_list() == [dt.date(2024, 12, 23)]
    assert found[OPENED][1] == dt.datetime(2024, 12, 23, 9, 30)
    assert found[PAUSED][1] == dt.datetime(2024, 12, 23, 12, 0)


def test_symbols_on_one_date_are_two_sessions_of_a_calendar() -> None:
    plan = schedule("XNYS", MONDAY, MONDAY + dt.timedelta(days=10))
    # The last day of A is the first of B: the key alone would join them.
    frame = pl.concat(
        [
            minute_bars(symbol="A", on=[dt.date(2024, 1, 8), dt.date(2024, 1, 9)], bars=3),
            minute_bars(symbol="B", on=[dt.date(2024, 1, 9), dt.date(2024, 1, 10)], bars=3),
        ]
    )
    found = divided(frame, ByCalendar("XNYS"), schedule=plan)
    assert found["session"].to_list() == np.repeat([0, 1, 2, 3], 3).tolist()


def test_no_row_inside_the_hours_is_told() -> None:
    plan = schedule("XNYS", MONDAY, MONDAY)
    with pytest.raises(DataError, match="no row lies in the hours of XNYS"):
        divided(at("2024-01-08 03:00", "2024-01-08 04:00"), ByCalendar("XNYS"), schedule=plan)


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("AB"), st.integers(0, 20_000)), min_size=1, max_size=60),
    st.integers(1, 400),
)
def test_gaps_agree_with_a_plain_loop(rows: list[tuple[str, int]], gap: int) -> None:
    rows = sorted(rows)
    start = dt.datetime(2024, 1, 1)
    frame = pl.DataFrame(
        {
            "symbol": [symbol for symbol, _ in rows],
            "time": [start + dt.timedelta(minutes=minute) for _, minute in rows],
        }
    ).with_columns(pl.col("time").cast(pl.Datetime("us")))
    found = divided(frame, ByGap(dt.timedelta(minutes=gap)))
    session, expected = -1, []
    for i, (symbol, minute) in enumerate(rows):
        if i == 0 or rows[i - 1][0] != symbol or minute - rows[i - 1][1] > gap:
            session += 1
        expected.append(session)
    assert found["session"].to_list() == expected
    for key, part in found.group_by("session"):
        end = part["time"].max() - dt.timedelta(microseconds=1)  # type: ignore[operator]
        assert part["date"].unique().to_list() == [end.date()], key  # type: ignore[union-attr]
