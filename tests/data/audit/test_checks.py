"""Each check of the audit on data that has the oddity, and on data that hasn't."""

import datetime as dt
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from fireassay.data.audit import AUDIT
from fireassay.data.bars import Bars
from fireassay.data.load import read
from fireassay.errors import DataError
from fireassay.findings import AuditItem
from tests.data.tables import days, minute_bars, prints


def items(bars: Bars) -> dict[str, AuditItem]:
    return {item.id: item for item in bars.audit.items}


def noticed(frame: pl.DataFrame, **options: object) -> dict[str, AuditItem]:
    return items(read(frame, **options))


def changed(frame: pl.DataFrame, row: int, **values: float | None) -> pl.DataFrame:
    """The table with other values in one row."""
    at = pl.int_range(pl.len()) == row
    return frame.with_columns(
        pl.when(at).then(pl.lit(value, dtype=pl.Float64)).otherwise(pl.col(name)).alias(name)
        for name, value in values.items()
    )


def test_sound_bars_give_no_notice() -> None:
    bars = read(minute_bars(sessions=40, bars=60))
    assert bars.audit.items == ()
    quiet = str(bars.audit.readings["nothing noticed by"]).split(", ")
    assert set(quiet) == set(AUDIT)


def test_every_item_tells_what_where_and_what_to_do() -> None:
    frame = changed(minute_bars(), 7, low=0.0)
    item = noticed(pl.concat([frame, frame.tail(3)]))["duplicates"]
    assert (item.count, item.share, item.first_row) == (3, pytest.approx(3 / 123), 121)
    assert item.example == "2024-01-11 09:58:00"
    assert item.action == "dropped"
    assert item.advice


def test_out_of_order_rows_are_counted_and_sorted() -> None:
    frame = minute_bars()
    swapped = pl.concat([frame[:10], frame[11:12], frame[10:11], frame[12:]])
    bars = read(swapped)
    assert items(bars)["out_of_order"].count == 1
    assert items(bars)["out_of_order"].first_row == 12
    assert bars.frame.equals(read(frame).frame)


def test_a_table_that_runs_backwards_is_told() -> None:
    bars = read(minute_bars().reverse())
    assert "runs backwards" in items(bars)["out_of_order"].advice
    assert bars.frame.equals(read(minute_bars()).frame)


def test_symbols_side_by_side_or_one_after_the_other_are_in_order() -> None:
    stacked = pl.concat([minute_bars(symbol=s) for s in "BA"])
    assert noticed(stacked) == {}
    assert noticed(stacked.sort("time", "symbol")) == {}
    late = pl.concat([stacked.sort("time", "symbol"), stacked.head(1)])
    assert noticed(late)["out_of_order"].count == 1


def test_repeated_bars_are_dropped_and_corrections_win() -> None:
    frame = minute_bars()
    corrected = changed(frame[20:21], 0, close=99.0)
    bars = read(pl.concat([frame, frame[5:7], corrected]))
    assert items(bars)["duplicates"].count == 2
    conflict = items(bars)["conflicting_duplicates"]
    assert (conflict.count, conflict.action, conflict.first_row) == (1, "dropped", 21)
    assert bars.audit.rows == frame.height
    assert bars.frame["close"][20] == 99.0


def test_a_bar_given_thrice_with_two_values_keeps_the_last() -> None:
    frame = minute_bars()
    row = frame[20:21]
    bars = read(pl.concat([frame, changed(row, 0, close=99.0), row]))
    assert items(bars)["duplicates"].count == 1
    assert items(bars)["conflicting_duplicates"].count == 1
    assert bars.audit.rows == frame.height


def test_several_instruments_without_a_symbol_are_refused() -> None:
    both = pl.concat([minute_bars(seed=i) for i in range(2)])
    with pytest.raises(DataError, match="share their time with a bar of other values") as caught:
        read(both)
    assert "[columns] symbol" in str(caught.value)


def test_missing_values_are_flagged_and_not_filled() -> None:
    bars = read(changed(minute_bars(), 4, close=None, volume=None))
    assert items(bars)["missing_values"].example == "2024-01-08 09:35:00 lacks close, volume"
    assert bars.frame["close"][4] is None
    assert items(read(changed(minute_bars(), 4, close=float("nan"))))["missing_values"].count == 1


def test_impossible_prices_are_flagged_and_kept() -> None:
    frame = minute_bars()
    assert noticed(changed(frame, 3, low=0.0))["non_positive_prices"].first_row == 4
    assert noticed(changed(frame, 3, low=-1.0))["non_positive_prices"].action == "flagged"
    high = noticed(changed(frame, 3, high=50.0))["inconsistent_prices"]
    assert (high.count, high.first_row, high.action) == (1, 4, "flagged")
    assert noticed(changed(frame, 3, open=1e4))["inconsistent_prices"].count == 1
    assert noticed(changed(frame, 3, close=1.0))["inconsistent_prices"].count == 1
    # Rounding in the source is no inconsistency.
    exact = frame.with_columns(high=pl.max_horizontal("open", "close"))
    nudged = exact.with_columns(pl.col("high") * (1 - 1e-12))
    assert "inconsistent_prices" not in noticed(nudged)


def test_crossed_quotes_are_flagged() -> None:
    frame = minute_bars().with_columns(bid=pl.col("close") - 0.01, ask=pl.col("close") + 0.01)
    assert noticed(frame) == {}
    assert noticed(changed(frame, 3, bid=1e4))["crossed_quotes"].count == 1


def test_gaps_are_counted_in_bars() -> None:
    frame = minute_bars()
    holes = frame.filter(~pl.int_range(pl.len()).is_in([10, 11, 12, 50]))
    gap = noticed(holes)["gaps"]
    assert (gap.count, gap.first_row) == (4, 11)
    assert gap.share == pytest.approx(4 / 120)
    assert gap.example == "2024-01-08 09:44:00: 3 bars missing since 2024-01-08 09:40:00"


def test_a_lunch_break_is_no_gap() -> None:
    on = [dt.date(2024, 1, 8), dt.date(2024, 1, 9)]
    morning = minute_bars(on=on, bars=150)
    afternoon = minute_bars(on=on, bars=180, opened="13:00", seed=1)
    frame = pl.concat([morning, afternoon]).sort("time")
    assert noticed(frame)["gaps"].count == 120
    assert noticed(frame, sessions="calendar:XHKG") == {}
    hole = frame.filter(pl.col("time").dt.time() != dt.time(13, 1))
    assert noticed(hole, sessions="calendar:XHKG")["gaps"].count == 2


def test_missing_sessions_are_those_of_the_calendar() -> None:
    on = [dt.date(2024, 1, day) for day in (11, 12, 16, 18)]  # 15 January was a holiday
    frame = minute_bars(on=on, bars=390)
    missing = noticed(frame, sessions="calendar:XNYS")["missing_sessions"]
    assert (missing.count, missing.example, missing.first_row) == (1, "2024-01-17", 1171)


def test_untraded_bars_are_stale_and_may_be_left_out() -> None:
    frame = minute_bars().with_columns(
        volume=pl.when(pl.int_range(pl.len()) % 3 == 0).then(0).otherwise("volume")
    )
    bars = read(frame)
    assert items(bars)["stale_bars"].count == 40
    assert items(bars)["stale_bars"].action == "flagged"
    assert bars.frame["stale"].sum() == 40
    dropped = read(frame, stale="drop")
    assert items(dropped)["stale_bars"].action == "dropped"
    assert dropped.audit.rows == 80
    assert dropped.frame["bar"].to_list() == list(range(20)) * 4
    kept = bars.frame.filter(~pl.col("stale"))
    assert dropped.frame["slot"].equals(kept["slot"])


def test_without_a_volume_a_price_carried_forward_is_stale() -> None:
    flat = dict.fromkeys(("open", "high", "low", "close"), 100.0)
    frame = changed(changed(minute_bars(), 5, **flat), 6, **flat)
    assert noticed(frame) == {}  # it traded, at the same price
    for untold in (frame.drop("volume"), frame.with_columns(volume=0)):
        bars = read(untold)
        assert bars.frame["stale"].arg_true().to_list() == [6]
    assert "tells nothing" in items(bars)["zero_volume"].advice


def test_bars_filled_from_the_next_trade_are_told() -> None:
    frame = minute_bars(sessions=5, bars=60)
    idle = pl.int_range(pl.len()) % 4 != 0
    traded = pl.when(~idle).then(pl.col("close"))
    prices = ("open", "high", "low", "close")

    def filled(price: pl.Expr) -> pl.DataFrame:
        return frame.with_columns(
            *(pl.when(idle).then(price).otherwise(pl.col(name)).alias(name) for name in prices),
            volume=pl.when(idle).then(0).otherwise("volume"),
        )

    backward = noticed(filled(traded.backward_fill().fill_null(strategy="forward")))
    item = backward["filled_from_later"]
    assert item.action == "flagged"
    assert "come from the future" in item.advice
    assert item.first_row == 2
    forward = noticed(filled(traded.forward_fill()))
    assert "filled_from_later" not in forward
    assert forward["stale_bars"].count == backward["stale_bars"].count


def test_splits_are_told_from_crashes_and_from_other_nights() -> None:
    frame = minute_bars(sessions=80, bars=10)
    session = pl.int_range(pl.len()) // 10
    prices = ("open", "high", "low", "close")

    def jump(at: int, factor: float) -> dict[str, AuditItem]:
        after = pl.when(session >= at).then(factor).otherwise(1.0)
        return noticed(frame.with_columns(pl.col(prices) * after))

    assert jump(40, 1.0) == {}
    two = jump(40, 0.5)["split_like_jumps"]
    assert (two.count, two.first_row, two.action) == (1, 401, "flagged")
    assert two.example.endswith("as in a 2:1 split")
    assert jump(40, 2 / 3)["split_like_jumps"].example.endswith("as in a 3:2 split")
    assert jump(40, 20.0)["split_like_jumps"].example.endswith("as in a 1:20 reverse split")
    assert jump(40, 1 / 7)["split_like_jumps"].example.endswith("as in a 7:1 split")
    for factor in (0.88, 0.55, 1.3):
        assert "split_like_jumps" not in jump(40, factor)


def test_wild_markets_have_no_splits() -> None:
    rng = np.random.default_rng(0)
    night = np.repeat(np.exp(np.cumsum(rng.normal(0, 0.25, 200))), 5)
    frame = minute_bars(sessions=200, bars=5).with_columns(
        pl.col("open", "high", "low", "close") * pl.Series(night)
    )
    assert noticed(frame).get("split_like_jumps") is None


def test_times_in_another_zone_are_told_by_the_exchange() -> None:
    frame = minute_bars(sessions=20, bars=390, first=dt.date(2024, 1, 22))
    assert noticed(frame, sessions="calendar:XNYS") == {}
    utc = frame.with_columns(pl.col("time") + dt.timedelta(hours=5))
    found = noticed(utc, sessions="calendar:XNYS")
    assert "Moved by -5 h, 100%" in found["shifted_hours"].advice
    assert found["outside_hours"].action == "dropped"
    told = noticed(utc, sessions="calendar:XNYS", timezone="UTC")
    assert told == {}


def test_extended_hours_are_no_other_zone() -> None:
    frame = minute_bars(sessions=20, bars=960, opened="04:00")
    found = noticed(frame, sessions="calendar:XNYS")
    assert "shifted_hours" not in found
    assert found["outside_hours"].share > 0.5


def test_opens_that_move_with_the_season_are_told() -> None:
    year = days(260, dt.date(2024, 1, 2))
    local = minute_bars(on=year, bars=20).with_columns(
        pl.col("time").dt.replace_time_zone("America/New_York")
    )
    naive_utc = local.with_columns(
        pl.col("time").dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    )
    assert "moving_open" not in noticed(local)
    moving = noticed(naive_utc)["moving_open"]
    assert "1 h later" in moving.what
    assert "moving_open" not in noticed(local.with_columns(pl.col("time").dt.replace_time_zone(None)))


def test_volume_at_night_is_told() -> None:
    frame = minute_bars(bars=300, opened="22:00")
    assert "100% of the volume" in noticed(frame)["traded_at_night"].what
    assert "traded_at_night" not in noticed(minute_bars(bars=300))
    # A market that trades around the clock trades at night too.
    around = minute_bars(sessions=3, bars=1380, opened="18:00")
    assert "traded_at_night" not in noticed(around)


def test_bars_stamped_at_their_start_are_told() -> None:
    frame = minute_bars(sessions=20, bars=390)
    early = frame.with_columns(pl.col("time") - dt.timedelta(minutes=1))
    for sessions in ("auto", "calendar:XNYS"):
        assert "stamped_at_start" not in noticed(frame, sessions=sessions)
        found = noticed(early, sessions=sessions)["stamped_at_start"]
        assert "stamp = start" in found.advice
        assert found.first_row == 1
        mended = noticed(early, sessions=sessions, stamp="start")
        assert "stamped_at_start" not in mended
        assert (
            read(early, sessions=sessions, stamp="start")
            .frame["time"]
            .equals(read(frame, sessions=sessions).frame["time"])
        )


def test_early_closes_and_short_sessions_are_told() -> None:
    on = [dt.date(2024, 11, day) for day in (26, 27, 29)]
    frame = minute_bars(on=on, bars=390)
    early = frame.filter(
        (pl.col("time").dt.date() < dt.date(2024, 11, 29)) | (pl.col("time").dt.hour() < 13)
    )
    by_calendar = noticed(early, sessions="calendar:XNYS")["early_closes"]
    assert by_calendar.count == 1
    assert by_calendar.example == "2024-11-29 12:59:00 is the last of 209 bars"
    by_length = noticed(early)["early_closes"]
    assert by_length.count == 1
    assert "60%" in by_length.what


def test_days_that_a_pause_divides_are_told() -> None:
    frame = pl.concat([minute_bars(bars=60), minute_bars(bars=60, opened="15:00")]).sort("time")
    divided = noticed(frame)["divided_days"]
    assert (divided.count, divided.share) == (4, 0.5)
    assert "divided_days" not in noticed(frame, sessions="gap:6h")


def test_prints_that_cannot_make_a_bar_are_left_out() -> None:
    frame = prints().with_columns(susp=pl.int_range(pl.len()) % 400 == 7)
    frame = changed(changed(frame, 20, price=0.0), 21, size=None)
    bars = read(frame)
    assert items(bars)["suspicious_prints"].count == 3
    assert items(bars)["suspicious_prints"].first_row == 8
    assert items(bars)["impossible_prints"].count == 2
    assert bars.frame["trades"].sum() == frame.height - 5
    assert "duplicates" not in items(bars)


def test_rows_are_named_in_the_file_that_holds_them(tmp_path: Path) -> None:
    frame = minute_bars()
    frame[:70].write_parquet(tmp_path / "1.parquet")
    changed(frame, 75, high=1.0)[70:].write_parquet(tmp_path / "2.parquet")
    item = items(read(str(tmp_path)))["inconsistent_prices"]
    assert item.first_row == 6
    assert item.example.startswith(f"{tmp_path}/2.parquet: 2024-01-10 09:46:00")


def test_bars_that_nobody_has_seen_yet_are_told() -> None:
    later = minute_bars().with_columns(pl.col("time").dt.offset_by("60y"))
    item = noticed(pl.concat([minute_bars(), later]))["future_dates"]
    assert (item.count, item.first_row, item.action) == (120, 121, "flagged")
    zoned = later.with_columns(pl.col("time").dt.replace_time_zone("UTC"))
    assert noticed(zoned)["future_dates"].count == 120


def test_epochs_read_in_the_wrong_unit_are_told() -> None:
    start = dt.datetime(1970, 1, 1)
    times = [start + dt.timedelta(minutes=i, hours=5 * (i // 30)) for i in range(120)]
    item = noticed(minute_bars().with_columns(time=pl.Series(times)))["epoch_dates"]
    assert item.first_row == 1


def test_what_spoils_every_result_is_told_first() -> None:
    """Bars filled with the price of the next trade come before a larger share of idle ones."""
    step = pl.int_range(pl.len())
    frame = minute_bars(sessions=6, bars=60).with_columns(
        volume=pl.when(step % 3 == 0).then(pl.col("volume")).otherwise(0)
    )
    price = pl.when(pl.col("volume") > 0).then(pl.col("close")).backward_fill()
    filled = frame.with_columns(
        price.fill_null(100.0).alias(c) for c in ("open", "high", "low", "close")
    )
    found = read(filled).audit.items
    assert found[0].id == "filled_from_later"
    assert [item.grave for item in found] == [True] + [False] * (len(found) - 1)
    assert found[0].share < max(item.share or 0 for item in found)
    assert not any(item.grave for item in read(filled, stale="drop").audit.items)
