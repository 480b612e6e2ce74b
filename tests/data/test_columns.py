"""Selections of features: the catalogue, the user's own columns, and both."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from fireassay.data import features
from fireassay.data.columns import own_columns, select_features
from fireassay.data.targets import TargetSpec
from fireassay.errors import DataError, SettingError
from tests.data.make import market, unpriced

LENGTHS = [40, 40, 40]
ROWS = sum(LENGTHS)


@pytest.fixture
def frame() -> pl.DataFrame:
    rng = np.random.default_rng(0)
    return market(4, lengths=LENGTHS).with_columns(
        f_one=pl.Series(rng.normal(size=ROWS)),
        f_two=pl.Series(rng.integers(0, 9, ROWS)),
        f_flag=pl.Series(rng.random(ROWS) > 0.5),
        note=pl.Series(["x"] * ROWS),
        y=pl.Series(rng.integers(0, 2, ROWS)),
    )


def bare(**columns: object) -> pl.DataFrame:
    return unpriced(LENGTHS, **columns)


def cycle(*values: object) -> list[object]:
    return [values[i % len(values)] for i in range(ROWS)]


def test_own_columns(frame: pl.DataFrame):
    assert own_columns(frame) == ["f_one", "f_two", "f_flag", "note", "y"]


def test_catalogue_columns_and_both(frame: pl.DataFrame):
    own = select_features(frame, ["columns:f_*"])
    assert own.columns == ["f_one", "f_two", "f_flag"]
    assert set(own.dtypes) == {pl.Float32}
    assert own["f_flag"].to_list() == [float(v) for v in frame["f_flag"]]
    catalogue = select_features(frame, ["catalogue"])
    every = features.compute(frame)
    assert catalogue.equals(every.select(c.name for c in every if not c.is_null().all()))
    both = select_features(frame, ["columns:f_one", "catalogue", "rsi_14"])
    assert both.columns == ["f_one", *catalogue.columns]
    assert both.height == ROWS


def test_the_catalogue_leaves_out_what_is_never_known(frame: pl.DataFrame):
    """Sessions of 40 bars never fill 60; a feature that is named is there all the same."""
    assert "return_60" not in select_features(frame, ["catalogue"]).columns
    assert select_features(frame, ["return_60"])["return_60"].null_count() == ROWS
    assert select_features(frame, ["catalogue", "return_60"]).columns[-1] == "return_60"


def test_names_wildcards_and_groups_keep_their_order(frame: pl.DataFrame):
    chosen = select_features(frame, ["vwap_slope_*", "columns:f_two", "group:session", "macd"])
    assert chosen.columns[:3] == ["vwap_slope_20", "vwap_slope_5", "f_two"]
    assert chosen.columns[-1] == "macd"


def test_without_prices_own_columns_are_enough():
    frame = bare(f=cycle(1.0, 2.5, None))
    assert select_features(frame, ["columns:f"])["f"].null_count() == ROWS // 3
    assert "session_bar" in select_features(frame, ["catalogue"]).columns


def test_a_market_column_is_chosen_by_its_name_only(frame: pl.DataFrame):
    assert select_features(frame, ["columns:close"]).columns == ["close"]
    with pytest.raises(SettingError, match="no column matches 'clos\\*'"):
        select_features(frame, ["columns:clos*"])


def test_nan_becomes_null(frame: pl.DataFrame):
    holed = frame.with_columns(f_one=pl.when(pl.col("bar") == 3).then(float("nan")).otherwise(1.0))
    assert select_features(holed, ["columns:f_one"])["f_one"].null_count() == 3


@pytest.mark.parametrize(
    ("selection", "error", "message"),
    [
        ([], SettingError, "no features are selected"),
        (["columns:f_oen"], SettingError, r"no column matches 'f_oen'\. Nearest: f_one"),
        (["columns:g_*"], SettingError, "no column matches 'g_\\*'"),
        (["columns:*"], DataError, "column note: it holds text, not numbers"),
        (["columns:time"], DataError, "column time: it holds times, not numbers"),
        (["rsi_15"], SettingError, "unknown feature 'rsi_15'. Did you mean rsi_14"),
        (["group:flows"], SettingError, "unknown feature group"),
    ],
)
def test_a_selection_that_cannot_be(frame, selection, error, message):
    with pytest.raises(error, match=message):
        select_features(frame, selection)


@pytest.mark.parametrize("value", [float("inf"), float("-inf"), 1e39])
def test_an_infinite_value_is_named_with_column_and_row(frame: pl.DataFrame, value: float):
    bad = frame.with_columns(
        f_one=pl.when(pl.int_range(pl.len()) >= 17).then(value).otherwise(pl.col("f_one"))
    )
    with pytest.raises(DataError, match=r"column f_one, row 18: .* infinite, or too large"):
        select_features(bad, ["columns:f_*"])


@pytest.mark.parametrize("item", ["columns:y", "columns:*", "columns:?"])
def test_the_target_cannot_be_a_feature(frame: pl.DataFrame, item: str):
    with pytest.raises(SettingError, match="column y is the target and can't be a feature"):
        select_features(frame, [item], TargetSpec.parse("column:y"))
    with pytest.raises(SettingError, match="column f_two is the label's end"):
        select_features(frame, ["columns:f_*"], TargetSpec.parse("column:y,end=f_two"))


def test_one_name_for_two_things_is_refused(frame: pl.DataFrame):
    clash = frame.with_columns(rsi_14=pl.col("close"))
    with pytest.raises(SettingError, match="rsi_14 is both a feature of the catalogue and a column"):
        select_features(clash, ["catalogue", "columns:rsi_14"])
