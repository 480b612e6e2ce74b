"""Features don't look ahead, and the instrument that says so finds what does."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fireassay.data import features
from fireassay.data.features.prefix import violations
from fireassay.errors import DataError
from tests.data.make import MARKET, market, moex

LENGTHS = [90, 70, 80, 66, 90, 75, 90]
TWO_SYMBOLS = ["A"] * 4 + ["B"] * 3


def changed(before: pl.DataFrame, after: pl.DataFrame) -> list[str]:
    """The columns that aren't equal to the last bit."""
    return [c for c in before.columns if not before[c].equals(after[c], null_equal=True)]


def cut_at(frame: pl.DataFrame, share: float) -> dt.datetime:
    times = frame["time"].unique().sort()
    return times[int(share * (len(times) - 1))]


shares = st.floats(0, 1)
seeds = st.integers(0, 2**20)
missing = st.sampled_from([0.0, 0.05])
idle = st.sampled_from([0.0, 0.3, 0.9])
symbols = st.sampled_from([None, TWO_SYMBOLS])


@settings(max_examples=12, deadline=None)
@given(seed=seeds, share=shares, missing=missing, idle=idle, symbols=symbols)
def test_the_past_of_no_feature_depends_on_the_future(seed, share, missing, idle, symbols):
    frame = market(seed, lengths=LENGTHS, symbols=symbols, missing=missing, idle=idle)
    assert len(features.available(frame)) == len(features.FEATURES)
    known = frame["time"] <= cut_at(frame, share)
    past = features.compute(frame).filter(known)
    assert changed(past, features.compute(frame.filter(known))) == []

    other = market(seed + 1, lengths=LENGTHS, symbols=symbols, missing=missing, price=35.0)
    edited = frame.with_columns(
        pl.when(known).then(frame[c]).otherwise(other[c]).alias(c) for c in (*MARKET, "stale")
    )
    assert changed(past, features.compute(edited).filter(known)) == []


def test_on_real_data(real_data: Callable[[str], Path]):
    frame = moex(real_data("moex_yndx_1min/bars.parquet"), slice(100, 130))
    whole = features.compute(frame)
    for share in (0.3, 0.77, 0.95):
        known = frame["time"] <= cut_at(frame, share)
        assert changed(whole.filter(known), features.compute(frame.filter(known))) == []


@pytest.fixture(scope="module")
def frame() -> pl.DataFrame:
    return market(5, lengths=LENGTHS, symbols=TWO_SYMBOLS)


def one(expression: pl.Expr) -> Callable[[pl.DataFrame], pl.DataFrame]:
    return lambda table: table.select(expression.alias("f"))


CLOSE = pl.col("close")
LOOKS_AHEAD = {
    "next value": CLOSE.shift(-1),
    "centred window": CLOSE.rolling_mean(5, center=True),
    "session mean": CLOSE.mean().over("session"),
    "session's last bar": pl.col("bar").max().over("session"),
    "scaled on all rows": (CLOSE - CLOSE.mean()) / CLOSE.std(),
    "rank among all rows": CLOSE.rank(),
    "filled backward": pl.col("vwap").backward_fill().over("session"),
    "a little of the next value": CLOSE.fill_null(0) + 1e-3 * CLOSE.shift(-1).over("session"),
    "a class from the future": (CLOSE.shift(-1) > CLOSE).cast(pl.String),
    # The row above the second symbol's first is the last, and latest, of the first symbol.
    "lag across symbols": CLOSE.shift(1),
}


@pytest.mark.parametrize("name", LOOKS_AHEAD)
def test_a_look_ahead_is_found(frame: pl.DataFrame, name: str):
    found = violations(one(LOOKS_AHEAD[name]), frame)
    assert [v.column for v in found] == ["f"]
    assert found[0].size > 0
    assert found[0].time <= found[0].cut


@pytest.mark.parametrize(
    "expression",
    [
        CLOSE,
        CLOSE.shift(1).over("symbol"),
        CLOSE.rolling_std(20).over("symbol"),
        CLOSE.cum_sum().over("session"),
    ],
)
def test_a_causal_feature_passes(frame: pl.DataFrame, expression: pl.Expr):
    assert violations(one(expression), frame) == ()


def test_the_catalogue_passes(frame: pl.DataFrame):
    assert violations(features.compute, frame) == ()


def test_row_size_and_cut_are_those_of_the_difference():
    frame = market(1, lengths=[30, 30], quotes=False)
    plus = one(CLOSE + pl.when(pl.len() == 60).then(pl.int_range(pl.len()) >= 7).otherwise(0) * 0.5)
    cut = frame["time"][40]
    (found,) = violations(plus, frame, [cut])
    assert (found.row, found.time, found.cut) == (7, frame["time"][7], cut)
    assert found.size == pytest.approx(0.5)
    assert found.rows == 41 - 7


def test_the_first_row_is_over_all_ends():
    frame = market(1, lengths=[30, 30], quotes=False)
    late, early = frame["time"][50], frame["time"][20]
    (found,) = violations(one(CLOSE.shift(-3)), frame, [late, early])
    assert (found.row, found.cut) == (18, early)
    assert found.rows == 6
    assert found.size == np.inf


def test_an_end_cuts_every_symbol_at_the_same_time(frame: pl.DataFrame):
    # The mean over symbols at one time knows nothing of later times.
    assert violations(one(CLOSE.mean().over("time")), frame) == ()


def test_rounding_of_running_sums_is_no_violation(frame: pl.DataFrame):
    def noisy(table: pl.DataFrame) -> pl.DataFrame:
        noise = 1e-9 * np.random.default_rng(table.height).normal(size=table.height)
        return table.select(f=CLOSE * (1 + pl.Series(noise)))

    assert violations(noisy, frame) == ()


def test_a_function_that_loses_rows_or_columns_is_refused(frame: pl.DataFrame):
    with pytest.raises(DataError, match=r"made \d+ rows of \d+"):
        violations(lambda table: table.filter(pl.col("bar") > 0), frame)
    with pytest.raises(DataError, match="come and go"):
        violations(lambda table: table.select(pl.lit(1).alias(str(table.height)), "close"), frame)
