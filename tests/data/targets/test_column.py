"""A column as the target: its kind, its classes, and when its labels are known."""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl
import pytest

from fireassay.data.targets import label
from fireassay.data.task import Label
from fireassay.errors import DataError, SettingError
from tests.data.make import market, unpriced

LENGTHS = [40, 40, 40]
ROWS = sum(LENGTHS)


def bare(**columns: object) -> pl.DataFrame:
    return unpriced(LENGTHS, **columns)


def cycle(*values: object) -> list[object]:
    return [values[i % len(values)] for i in range(ROWS)]


def column(frame: pl.DataFrame, options: str = "") -> Label:
    return label(frame, f"column:y{options}")


@pytest.mark.parametrize(
    ("values", "kind", "classes"),
    [
        (cycle(0, 1), "binary", ("0", "1")),
        (cycle(-1.0, 1.0, None), "binary", ("-1", "1")),
        (cycle(True, False), "binary", ("False", "True")),
        (cycle("up", "down"), "binary", ("down", "up")),
        (cycle("up", "down", "flat", None), "multiclass", ("down", "flat", "up")),
        (cycle(-1, 0, 1), "multiclass", ("-1", "0", "1")),
        (cycle(3.0, 1.0, 2.0, float("nan")), "multiclass", ("1", "2", "3")),
        (cycle(0.1, 0.2, 0.3), "real", ()),
        (list(range(ROWS)), "real", ()),
    ],
)
def test_the_kind_is_detected(values: list[object], kind: str, classes: tuple[str, ...]):
    found = column(bare(y=values))
    assert (found.kind, found.classes) == (kind, classes)
    assert f"Kind detected: {kind}" in found.note
    for value, y in zip(values, found.y, strict=True):
        if value is None or value != value:
            assert np.isnan(y)
        elif kind == "real":
            assert y == np.float32(value)
        else:
            text = str(int(value)) if isinstance(value, float) else str(value)
            assert classes[int(y)] == text


def test_the_kind_is_stated():
    assert column(bare(y=cycle(0, 1)), ",kind=real").kind == "real"
    assert column(bare(y=list(range(ROWS))), ",kind=multiclass").outputs == ROWS
    assert column(bare(y=cycle(0, 1)), ",kind=multiclass").classes == ("0", "1")


@pytest.mark.parametrize(
    ("values", "options", "message"),
    [
        ([None] * ROWS, "", "column y: every label is null"),
        ([float("nan")] * ROWS, "", "column y: every label is null"),
        (cycle(1, None), "", "column y: every label is 1"),
        (cycle("a"), "", "column y: every label is a"),
        (cycle(1, 2, 3), ",kind=binary", "has two values, this column has 3"),
        (cycle("a", "b"), ",kind=real", "holds text, not numbers"),
        ([f"id{i}" for i in range(ROWS)], "", "120 different texts are too many"),
        (cycle(0.5, 1.5, float("inf")), "", "column y, row 3: inf is infinite"),
        (cycle(dt.datetime(2024, 1, 1), dt.datetime(2024, 1, 2)), "", "holds times"),
    ],
)
def test_a_column_that_cannot_be_a_label(values, options, message):
    with pytest.raises(DataError, match=message):
        column(bare(y=values), options)


def test_a_column_that_is_not_there():
    frame = bare(f_one=cycle(1, 2))
    with pytest.raises(SettingError, match=r"no column 'f_on'\. Nearest: f_one"):
        label(frame, "column:f_on")


def test_stale_bars_can_be_left_out():
    frame = market(4, lengths=LENGTHS).with_columns(y=pl.Series(cycle(0, 1)))
    stale = frame["stale"].to_numpy()
    assert not label(frame, "column:y,stale=drop").labelled[stale].any()
    assert label(frame, "column:y").labelled.all()


def test_without_an_end_a_label_is_known_at_its_bar():
    found = column(bare(y=cycle(0, 1)))
    assert (found.end == np.arange(ROWS)).all()
    assert "no label end is given" in found.note


def test_a_stated_horizon_is_an_end():
    found = column(bare(y=cycle(0, 1)), ",horizon=7")
    assert found.horizon == 7
    assert (found.end == np.minimum(np.arange(ROWS) + 7, ROWS - 1)).all()


def test_an_end_in_bars():
    found = column(bare(y=cycle(0, 1, None), e=cycle(4, 4, None)), ",end=e")
    rows = np.arange(ROWS)
    ahead = np.array(cycle(4, 4, 0))
    assert (found.end == np.minimum(rows + ahead, ROWS - 1)).all()
    assert found.horizon == 4
    assert "Known at column e" in found.note


@pytest.mark.parametrize("bars", [0, 1, 5])
def test_an_end_is_stated_as_a_number_of_bars(bars: int):
    found = column(bare(y=cycle(0, 1)), f",end={bars}")
    assert (found.end == np.minimum(np.arange(ROWS) + bars, ROWS - 1)).all()
    assert found.horizon == max(1, bars)
    assert f"Known {bars} bar{'' if bars == 1 else 's'} later" in found.note


def test_a_column_of_that_name_comes_first():
    found = column(bare(y=cycle(0, 1), **{"5": cycle(2)}), ",end=5")
    assert (found.end == np.minimum(np.arange(ROWS) + 2, ROWS - 1)).all()


@pytest.mark.parametrize("zone", [None, "America/New_York"])
def test_an_end_in_time(zone: str | None):
    frame = bare(y=cycle(0, 1))
    frame = frame.with_columns(pl.col("time").dt.replace_time_zone(zone))
    # 90 seconds later: known at the end of the second bar, in the next session for the last ones.
    frame = frame.with_columns(e=pl.col("time") + pl.duration(seconds=90))
    found = column(frame, ",end=e")
    assert (found.end == np.minimum(np.arange(ROWS) + 2, ROWS - 1)).tolist() == [
        bar < 39 or row == ROWS - 1 for row, bar in enumerate(frame["bar"])
    ]
    assert found.end[39] == 40
    assert found.horizon == 2


def test_a_date_ends_at_its_midnight():
    frame = bare(y=cycle(0, 1))
    found = column(frame.with_columns(e=pl.col("date")), ",end=e")
    assert found.end.tolist() == [40] * 40 + [80] * 40 + [119] * 40


def test_ends_stay_with_their_symbol():
    frame = market(4, lengths=LENGTHS, symbols=["A", "A", "B"]).with_columns(
        y=pl.Series(cycle(0, 1)), e=pl.lit(1000), u=pl.lit(dt.datetime(2030, 1, 1))
    )
    for end in ("e", "u"):
        assert column(frame, f",end={end}").end.tolist() == [79] * 80 + [119] * 40
    assert column(frame, ",horizon=60").end[70] == 79


@pytest.mark.parametrize(
    ("ends", "message"),
    [
        (cycle(1, None), "column e, row 2: the end of a label is null"),
        (cycle(1, -1), r"column e, row 2: the label's end -1 lies before its bar"),
        (cycle(1.0, 1.5), r"column e, row 2: 1.5 isn't a whole number of bars"),
        (cycle(1.0, float("inf")), "column e, row 2: inf isn't a whole number of bars"),
        (cycle("soon"), "column e: it holds text, neither times nor numbers of bars"),
        (cycle(dt.datetime(2020, 1, 1)), "column e, row 1: the label's end 2020-01-01 .* before"),
        (
            cycle(dt.datetime(2030, 1, 1, tzinfo=dt.UTC)),
            "column e: it has a time zone, the bars don't",
        ),
    ],
)
def test_an_end_that_cannot_be(ends: list[object], message: str):
    with pytest.raises(DataError, match=message):
        column(bare(y=cycle(0, 1), e=ends), ",end=e")


def test_an_end_is_needed_only_where_there_is_a_label():
    column(bare(y=cycle(0, 1, None), e=cycle(1, 2, None)), ",end=e")
    with pytest.raises(SettingError, match=r"label end: the data has no column 'x'"):
        column(bare(y=cycle(0, 1)), ",end=x")
