import datetime as dt

import pytest

from fireassay.data.calendars import schedule
from fireassay.errors import DataError, SettingError


@pytest.mark.parametrize("name", ["XNYS", "XHKG", "CMES", "24/7"])
def test_the_schedule_is_that_of_the_calendar(name: str) -> None:
    import exchange_calendars as xc

    found = schedule(name, dt.date(2019, 11, 20), dt.date(2019, 12, 30))
    calendar = xc.get_calendar(name, start="2019-11-01", end="2020-01-15")
    inside = found.within(dt.date(2019, 11, 20), dt.date(2019, 12, 30))
    assert found.zone == str(calendar.tz)
    assert inside.height == len(calendar.sessions_in_range("2019-11-20", "2019-12-30"))
    for row in inside.iter_rows(named=True):
        session = row["date"].isoformat()
        assert row["open"] == calendar.session_open(session)
        assert row["close"] == calendar.session_close(session)
        assert (row["break_start"] is not None) == calendar.session_has_break(session)


def test_early_closes_are_marked() -> None:
    found = schedule("XNYS", dt.date(2013, 11, 25), dt.date(2013, 12, 2))
    early = found.table.filter("early")
    assert early["date"].to_list() == [dt.date(2013, 11, 29)]
    assert early["close"][0].hour == 18


def test_an_unknown_calendar_is_told_the_nearest() -> None:
    with pytest.raises(SettingError, match="XNYS"):
        schedule("XNYC", dt.date(2020, 1, 1), dt.date(2020, 2, 1))


def test_dates_beyond_the_calendar_are_told() -> None:
    with pytest.raises(DataError, match="doesn't cover 1901-01-01 to 1902-01-01"):
        schedule("XKRX", dt.date(1901, 1, 1), dt.date(1902, 1, 1))


def test_dates_of_the_year_one_are_no_crash() -> None:
    with pytest.raises(DataError, match="doesn't cover"):
        schedule("XNYS", dt.date(1, 1, 1), dt.date(2, 1, 1))
