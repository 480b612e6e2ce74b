"""Feature functions of one's own: what knows the future is named, what doesn't isn't."""

from __future__ import annotations

import polars as pl
import pytest

import fireassay
from fireassay.errors import UserError

SIM = "sim:random-labels?sessions=12"


def made(bars: pl.DataFrame) -> pl.DataFrame:
    close = pl.col("close")
    return bars.select(
        past=(close / close.shift(1) - 1).over("session"),
        mean_so_far=(close.cum_sum() / close.cum_count()).over("session"),
        centred=close.rolling_mean(5, center=True).over("session"),
        session_mean=close.mean().over("session"),
        scaled_on_all=(close - close.mean()) / close.std(),
        next_close=close.shift(-1).over("session"),
    )


def test_columns_that_look_ahead_are_named_with_where() -> None:
    found = fireassay.look_ahead(made, SIM)
    assert [one.column for one in found] == [
        "centred",
        "session_mean",
        "scaled_on_all",
        "next_close",
    ]
    bars, _ = fireassay.simulate("random-labels", sessions=12)
    assert [one.column for one in fireassay.look_ahead(made, bars)] == [one.column for one in found]
    assert fireassay.look_ahead(lambda b: made(b).select("past", "mean_so_far"), SIM, ends=2) == ()


def test_what_cant_be_asked_is_told() -> None:
    with pytest.raises(UserError, match="rows of"):
        fireassay.look_ahead(lambda bars: bars.head(3), SIM)
    with pytest.raises(UserError, match="unknown data setting 'session_rule'"):
        fireassay.look_ahead(made, SIM, session_rule="gap")
