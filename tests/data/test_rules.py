import contextlib
import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fireassay.data.rules import (
    Auto,
    ByCalendar,
    ByColumn,
    ByDay,
    ByGap,
    DollarBars,
    TimeBars,
    VolumeBars,
    bar_rule,
    duration,
    duration_text,
    session_rule,
)
from fireassay.errors import SettingError, UserError


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("500ms", 0.5), ("30s", 30), ("1m", 60), ("1min", 60), ("1.5h", 5400), ("1d", 86400)],
)
def test_durations_are_read(text: str, seconds: float) -> None:
    assert duration(text).total_seconds() == seconds


@pytest.mark.parametrize("text", ["", "5", "m", "-1m", "0s", "1y", "1m30s", "nan s", "9" * 40 + "d"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(SettingError, match="not a duration"):
        duration(text)


@given(st.integers(1, 10**9))
def test_durations_survive_being_written(milliseconds: int) -> None:
    value = dt.timedelta(milliseconds=milliseconds)
    assert abs(duration(duration_text(value)) - value) < dt.timedelta(milliseconds=1)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("auto", Auto()),
        ("24/7", ByDay()),
        ("calendar:XNYS", ByCalendar("XNYS")),
        ("calendar:24/7", ByCalendar("24/7")),
        ("gap:60m", ByGap(dt.timedelta(hours=1))),
        ("column:my session", ByColumn("my session")),
        (" Gap : 90s ", ByGap(dt.timedelta(seconds=90))),
    ],
)
def test_session_rules_are_read_and_written(text: str, rule: object) -> None:
    assert session_rule(text) == rule
    assert session_rule(str(rule)) == rule


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("time:1m", TimeBars(dt.timedelta(minutes=1))),
        ("volume:10000", VolumeBars(10000)),
        ("dollar:1e6", DollarBars(1e6)),
    ],
)
def test_bar_rules_are_read_and_written(text: str, rule: object) -> None:
    assert bar_rule(text) == rule
    assert bar_rule(str(rule)) == rule


@given(st.text(max_size=30))
def test_no_text_gives_anything_but_a_rule_or_a_user_error(text: str) -> None:
    for read in (session_rule, bar_rule):
        with contextlib.suppress(UserError):
            assert read(str(read(text))) == read(text)


@pytest.mark.parametrize("text", ["volume:0", "volume:-1", "dollar:inf", "time:2d", "tick:5", ""])
def test_impossible_bar_rules_are_refused(text: str) -> None:
    with pytest.raises(SettingError):
        bar_rule(text)
