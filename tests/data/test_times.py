import datetime as dt
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fireassay.data.sources import Part, Table
from fireassay.data.times import like, moment_text, parse, wall_clock, zone_of
from fireassay.errors import DataError


def column(*values: object, name: str = "when") -> Table:
    return Table.of(pl.DataFrame({name: pl.Series(values, strict=False)}), "table.csv")


def first(table: Table, timezone: str | None = None, **options: bool) -> object:
    return parse(table, ("when",), timezone, **options).values[0]


TEN_O_ONE = dt.datetime(2016, 1, 4, 10, 1)


@pytest.mark.parametrize(
    "written",
    [
        "2016-01-04 10:01:00",
        "2016-01-04T10:01:00",
        "2016-01-04 10:01",
        "2016-1-4 10:01",
        "2016/01/04 10:01:00",
        "2016.01.04 10:01",
        "20160104 100100",
        "20160104 1001",
        "20160104 10:01:00",
        "20160104T100100",
        "20160104100100",
        "201601041001",
        " 2016-01-04 10:01:00.000 ",
        "2016-01-04 10:01:00,000",
        "2016-01-04 10:01 AM",
        "04.01.2016 10:01",
        "04.01.16 10:01:00",
        20160104100100,
        201601041001,
        TEN_O_ONE,
    ],
)
def test_a_naive_time_is_read_however_it_is_written(written: object) -> None:
    assert first(column(written)) == TEN_O_ONE


@pytest.mark.parametrize(
    "written",
    [
        "2016-01-04T07:01:00Z",
        "2016-01-04 07:01:00 UTC",
        "2016-01-04 10:01:00+03:00",
        "2016-01-04 10:01:00 +0300",
        "2016-01-04T02:01:00.000-05",
        "2016-01-04 12:31:00+05:30",
        1451890860,
        1451890860.0,
        1451890860000,
        1451890860000000,
        1451890860000000000,
        "1451890860",
        TEN_O_ONE.replace(tzinfo=ZoneInfo("Europe/Moscow")),
    ],
)
def test_a_moment_is_the_same_in_every_zone_it_is_written_in(written: object) -> None:
    moment = TEN_O_ONE.replace(tzinfo=ZoneInfo("Europe/Moscow"))
    assert first(column(written)) == moment
    converted = parse(column(written), ("when",), "America/New_York")
    assert converted.zone == "America/New_York"
    assert converted.values[0] == moment
    assert parse(column(written), ("when",)).into("Asia/Tokyo").values[0] == moment


def test_naive_times_stay_naive_unless_a_zone_is_given() -> None:
    naive = parse(column("2016-07-04 10:01"), ("when",))
    assert naive.zone is None
    assert "exchange local time" in naive.reading
    assert naive.into("Asia/Tokyo") is naive
    stated = parse(column("2016-07-04 10:01"), ("when",), "America/New_York")
    assert stated.values.dt.convert_time_zone("UTC")[0].hour == 14
    assert "read in America/New_York" in stated.reading


def test_a_fixed_offset_is_kept() -> None:
    times = parse(column("2016-01-04 10:01:00+03:00"), ("when",))
    assert times.values[0].isoformat() == "2016-01-04T10:01:00+03:00"
    west = parse(column("2016-01-04 10:01:00-05:00"), ("when",))
    assert west.values[0].isoformat() == "2016-01-04T10:01:00-05:00"
    half = parse(column("2016-01-04 10:01:00+05:30"), ("when",))
    assert half.zone == "UTC"


@pytest.mark.parametrize(
    ("dates", "clocks"),
    [
        ([20160104], [100100]),
        (["20160104"], ["100100"]),
        (["2016-01-04"], ["10:01:00"]),
        (["2016-01-04"], ["10:01"]),
        ([20160104], [1001]),
        (["160104"], ["10:01"]),
        ([dt.date(2016, 1, 4)], [dt.time(10, 1)]),
        ([dt.datetime(2016, 1, 4)], ["10:01:00 AM"]),
        ([dt.date(2016, 1, 4)], [dt.timedelta(hours=10, minutes=1)]),
        (["2016-01-04"], ["2016-01-04 10:01:00"]),
        (["whatever"], [TEN_O_ONE]),
    ],
)
def test_a_date_and_a_clock_make_a_time(dates: list[object], clocks: list[object]) -> None:
    table = Table.of(pl.DataFrame({"d": dates, "t": clocks}), "table.csv")
    assert parse(table, ("d", "t")).values[0] == TEN_O_ONE


def test_clocks_of_one_digit_less_are_padded() -> None:
    table = Table.of(pl.DataFrame({"d": [20160104] * 2, "t": [93000, 100100]}), "table.csv")
    assert parse(table, ("d", "t")).values.dt.time().to_list() == [dt.time(9, 30), dt.time(10, 1)]


def test_noon_midnight_and_the_days_end() -> None:
    table = column("2016-01-04 12:00 AM", "2016-01-04 12:00 PM", "2016-01-04 11:59 PM")
    assert parse(table, ("when",)).values.dt.hour().to_list() == [0, 12, 23]
    end = parse(column("2016-01-04 24:00", "2016-01-04 23:59"), ("when",)).values
    assert end[0] == dt.datetime(2016, 1, 5)


def test_day_and_month_are_told_by_a_row_that_tells() -> None:
    assert first(column("02/01/2016 10:01", "13/01/2016 10:01")) == dt.datetime(2016, 1, 2, 10, 1)
    assert first(column("02/01/2016 10:01", "02/13/2016 10:01")) == dt.datetime(2016, 2, 1, 10, 1)
    with pytest.raises(DataError, match="day first or month first") as caught:
        parse(column("02/01/2016 10:01", "03/04/2016 10:01"), ("when",))
    assert "column when, row 1" in str(caught.value)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        (["2016-01-04 10:01", "yesterday"], "'yesterday' is no time"),
        (["2016-01-04 10:01", "2016-01-04 25:01"], "'2016-01-04 25:01' is no time"),
        (["2016-01-04 10:01", "2016-02-30 10:01"], "'2016-02-30 10:01' is no time"),
        (["2016-01-04 10:01", None], "the time is missing"),
        ([1451890860, 12], "'12' is no time"),
        ([20160104100100, 20161304100100], "'20161304100100' is no time"),
        (["2016-01-04 10:01", "2016-01-04 10:02Z"], "with and without a zone"),
        (["2016-01-04 10:01Z", "2016-01-04 10:02"], "with and without a zone"),
        (["2016-01-04 10:01+03:00", "2016-01-04 10:02+04:00"], "times of several zones"),
    ],
)
def test_what_is_no_time_is_told_with_its_row(values: list[object], told: str) -> None:
    with pytest.raises(DataError) as caught:
        parse(column(*values), ("when",))
    assert told in str(caught.value)
    assert "table.csv, column when, row 2" in str(caught.value)


@pytest.mark.parametrize("values", [[True], [0.5, 0.7], [[1, 2]], [1, 2, 3], [b"x"]])
def test_a_column_of_no_times_is_refused(values: list[object]) -> None:
    with pytest.raises(DataError, match="column when"):
        parse(column(*values), ("when",))


def test_several_zones_are_fine_once_the_target_is_known() -> None:
    # What pandas writes for Berlin around the end of summer time.
    table = column("2016-10-28 10:01:00+02:00", "2016-10-31 10:01:00+01:00")
    for times in (
        parse(table, ("when",), "Europe/Berlin"),
        parse(table, ("when",), convertible=True).into("Europe/Berlin"),
    ):
        assert times.values.dt.hour().to_list() == [10, 10]


def test_a_time_that_the_clock_skips_is_told() -> None:
    with pytest.raises(DataError, match="the clock skips it") as caught:
        parse(column("2016-03-12 02:30", "2016-03-13 02:30"), ("when",), "America/New_York")
    assert "row 2" in str(caught.value)


def test_rows_are_told_inside_their_file() -> None:
    frame = pl.DataFrame({"when": ["2016-01-04 10:01", "2016-01-04 10:02", "x"]})
    table = Table(frame, "folder", (Part("a.csv", 2, 1), Part("b.csv", 1, 1)))
    with pytest.raises(DataError, match=r"^b\.csv, column when, row 1 \(line 2\): 'x'"):
        parse(table, ("when",))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.datetimes(dt.datetime(1990, 1, 1), dt.datetime(2090, 1, 1)), min_size=1),
    st.sampled_from(["UTC", "America/New_York", "Asia/Kolkata"]),
    st.sampled_from(["text", "ms", "s", "us", "ns", "parts"]),
)
def test_times_survive_every_way_to_write_them(
    moments: list[dt.datetime], zone: str, way: str
) -> None:
    moments = [m.replace(microsecond=0) for m in moments]
    true = pl.Series("when", moments, dtype=pl.Datetime("us", "UTC"))
    if way == "text":
        written = true.dt.to_string("%Y-%m-%dT%H:%M:%S+00:00")
    elif way == "parts":
        local = true.dt.replace_time_zone(None)
        frame = pl.DataFrame({"d": local.dt.strftime("%Y%m%d"), "t": local.dt.strftime("%H%M%S")})
        read = parse(Table.of(frame.cast(pl.Int64), "x"), ("d", "t")).values
        # Clocks that all read as hours and minutes are taken as such; none has seconds then.
        if (local.dt.hour() > 0).any():
            assert read.to_list() == local.to_list()
        return
    else:
        written = true.dt.epoch("s") * 10 ** {"s": 0, "ms": 3, "us": 6, "ns": 9}[way]
    table = Table.of(written.alias("when").to_frame(), "x")
    assert parse(table, ("when",), zone).values.dt.epoch("us").to_list() == (
        true.dt.epoch("us").to_list()
    )


def test_other_columns_of_moments_follow_the_times() -> None:
    naive = pl.Series([TEN_O_ONE])
    assert like(pl.Series("label_end", ["2016-01-04 10:06"]), naive)[0].minute == 6
    assert like(pl.Series("label_end", ["2016-01-04 10:06Z"]), naive).dtype == pl.String
    assert like(pl.Series("note", ["a", None]), naive).dtype == pl.String
    assert like(pl.Series("f", [1.5]), naive).dtype == pl.Float64
    aware = naive.dt.replace_time_zone("Europe/Moscow")
    other = pl.Series("label_end", [TEN_O_ONE]).dt.replace_time_zone("UTC")
    assert zone_of(like(other, aware)) == "Europe/Moscow"
    assert like(other, aware)[0].hour == 13


def test_clocks_show_local_time() -> None:
    aware = pl.Series([TEN_O_ONE]).dt.replace_time_zone("UTC")
    assert wall_clock(aware)[0] == TEN_O_ONE
    assert wall_clock(aware, "Europe/Moscow")[0].hour == 13
    assert moment_text(TEN_O_ONE) == "2016-01-04 10:01:00"
    assert moment_text(TEN_O_ONE.replace(microsecond=1500)) == "2016-01-04 10:01:00.001"
