import datetime as dt

import numpy as np
import polars as pl

from fireassay.data.clock import Slots, Step, irregular_step, slots, step_of
from fireassay.data.sessions import OPENED
from tests.data.tables import minute_bars

MINUTE = Step(dt.timedelta(minutes=1), regular=True)


def indexed(frame: pl.DataFrame) -> pl.DataFrame:
    day = frame["time"].dt.date()
    session = (day != day.shift(1)).fill_null(value=True).cast(pl.Int32).cum_sum() - 1
    return frame.with_columns(session.alias("session"), pl.lit("").alias("symbol"), day.alias("date"))


def numbers(found: Slots) -> list[int]:
    return found.values.to_list()


def test_the_commonest_step_is_the_length_of_bars() -> None:
    assert step_of(indexed(minute_bars(3, 60, step_minutes=5))).length == dt.timedelta(minutes=5)
    rng = np.random.default_rng(0)
    full = indexed(minute_bars(20, 390))
    # Only every fourth minute traded: the commonest step is still one minute.
    thin = full.filter(pl.Series(rng.random(full.height) < 0.25))
    assert step_of(thin) == MINUTE


def test_nights_are_no_step() -> None:
    hourly = indexed(minute_bars(200, 2, step_minutes=60))
    assert step_of(hourly).length == dt.timedelta(hours=1)


def test_bars_of_no_common_length_are_irregular() -> None:
    rng = np.random.default_rng(0)
    start = np.datetime64("2024-01-08T09:30", "us")
    times = start + np.cumsum(rng.integers(1_000_000, 80_000_000, 500)).astype("timedelta64[us]")
    step = step_of(indexed(pl.DataFrame({"time": times})))
    assert not step.regular
    assert step.length == dt.timedelta(minutes=1)
    one = irregular_step(indexed(pl.DataFrame({"time": times[:1]})))
    assert not one.regular


def test_slots_are_the_time_of_day() -> None:
    found = slots(indexed(minute_bars(3, 4)), MINUTE)
    assert numbers(found) == [0, 1, 2, 3] * 3
    assert found.opening == dt.timedelta(hours=9, minutes=30)


def test_a_late_open_starts_at_a_later_slot() -> None:
    frame = indexed(minute_bars(3, 4))
    late = frame.filter(~((pl.col("session") == 1) & (pl.col("time").dt.minute() < 33)))
    assert numbers(slots(late, MINUTE)) == [0, 1, 2, 3, 2, 3, 0, 1, 2, 3]


def test_an_early_open_shifts_all_so_that_none_is_negative() -> None:
    usual = minute_bars(3, 4)
    early = minute_bars(1, 2, opened="09:28", first=dt.date(2024, 1, 11))
    found = slots(indexed(pl.concat([usual, early])), MINUTE)
    assert numbers(found) == [2, 3, 4, 5] * 3 + [0, 1]
    assert found.opening == dt.timedelta(hours=9, minutes=28)


def test_sessions_over_midnight_keep_counting() -> None:
    times = [
        dt.datetime(2024, 1, day, hour, minute)
        for day in (8, 9, 10)
        for hour, minute in ((23, 59), (23, 59))
    ]
    start = [t + dt.timedelta(minutes=1 + 2 * (i % 2)) for i, t in enumerate(times)]
    frame = pl.DataFrame({"time": start, "session": np.repeat(np.arange(3), 2), "symbol": ""})
    assert numbers(slots(frame.with_columns(pl.col("time").cast(pl.Datetime("us"))), MINUTE)) == [
        0,
        2,
        0,
        2,
        0,
        2,
    ]


def test_a_calendar_tells_the_open() -> None:
    frame = indexed(minute_bars(2, 3, opened="09:40"))
    opened = pl.col("date").cast(pl.Datetime("us")) + pl.duration(hours=9, minutes=30)
    found = slots(frame.with_columns(opened.alias(OPENED)), MINUTE)
    assert numbers(found) == [10, 11, 12] * 2
    assert found.opening == dt.timedelta(hours=9, minutes=30)


def test_slots_of_a_zone_follow_its_clock_over_the_change() -> None:
    on = [dt.date(2024, 3, 8), dt.date(2024, 3, 11)]  # New York changes its clocks on 10 March
    frame = indexed(minute_bars(bars=3, on=on)).with_columns(
        pl.col("time").dt.replace_time_zone("America/New_York")
    )
    assert numbers(slots(frame, MINUTE)) == [0, 1, 2] * 2
    utc = frame.with_columns(pl.col("time").dt.convert_time_zone("UTC"))
    assert numbers(slots(utc, MINUTE, "America/New_York")) == [0, 1, 2] * 2
    assert numbers(slots(utc, MINUTE)) != [0, 1, 2] * 2


def test_irregular_bars_share_slots_of_the_day() -> None:
    times = ["09:30:10", "09:30:40", "09:31:00", "09:32:59"]
    frame = pl.DataFrame({"time": [f"2024-01-0{d} {t}" for d in (8, 9) for t in times]})
    frame = indexed(frame.with_columns(pl.col("time").str.to_datetime()))
    opened = pl.col("date").cast(pl.Datetime("us")) + pl.duration(hours=9, minutes=30)
    step = Step(dt.timedelta(minutes=1), regular=False)
    assert numbers(slots(frame.with_columns(opened.alias(OPENED)), step)) == [0, 0, 0, 2] * 2
