"""Indicators against TA-Lib, on one session.

Conventions: Wilder's means and exponential means start with the plain mean of their first w values,
as in TA-Lib. TA-Lib's MACD starts its fast mean late, at the slow one's start, so the two agree only
after the starts have died away, at (11/13)^n.
"""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from fireassay.data import features
from tests.data.make import market

talib = pytest.importorskip("talib")

BARS = 400


@pytest.fixture(scope="module", params=[0.0, 0.3])
def session(request: pytest.FixtureRequest) -> pl.DataFrame:
    # With ticks of a power of two, equal typical prices are equal to the last bit in TA-Lib too.
    return market(8, lengths=[BARS], idle=request.param, tick=2**-6, quotes=False)


def ours(frame: pl.DataFrame, name: str) -> np.ndarray:
    return features.compute(frame, [name])[name].cast(pl.Float64).to_numpy()


def agree(ours: np.ndarray, theirs: np.ndarray, rtol: float = 2e-5) -> None:
    both = ~np.isnan(ours) & ~np.isnan(theirs)
    assert both.sum() > BARS // 2
    np.testing.assert_allclose(ours[both], theirs[both], rtol=rtol, atol=1e-5)
    # Where TA-Lib has a value, ours is null only for want of movement.
    assert np.isnan(theirs)[: np.argmax(~np.isnan(ours))].all()


def column(frame: pl.DataFrame, name: str) -> np.ndarray:
    return frame[name].to_numpy()


def test_rsi(session: pl.DataFrame):
    agree(ours(session, "rsi_14"), talib.RSI(column(session, "close"), 14))


def test_average_true_range(session: pl.DataFrame):
    theirs = talib.NATR(*(column(session, c) for c in ("high", "low", "close")), 14) / 100
    agree(ours(session, "average_true_range_14"), theirs)


def test_bollinger(session: pl.DataFrame):
    close = column(session, "close")
    upper, middle, lower = talib.BBANDS(close, 20, 1, 1)
    spread = np.where(upper > middle, upper - middle, np.nan)
    agree(ours(session, "bollinger_20"), (close - middle) / spread)
    agree(ours(session, "bollinger_width_20"), 2 * (upper - lower) / middle)


def test_macd(session: pl.DataFrame):
    close = column(session, "close")
    line, _, histogram = talib.MACD(close, 12, 26, 9)
    line, histogram = line / close, histogram / close
    settled = slice(120, None)
    np.testing.assert_allclose(ours(session, "macd")[settled], line[settled], atol=1e-8)
    np.testing.assert_allclose(
        ours(session, "macd_histogram")[settled], histogram[settled], atol=1e-8
    )


def test_macd_is_made_of_talibs_means(session: pl.DataFrame):
    close = column(session, "close")
    line = (talib.EMA(close, 12) - talib.EMA(close, 26)) / close
    np.testing.assert_allclose(ours(session, "macd"), line, atol=1e-8)


def test_stochastic(session: pl.DataFrame):
    high, low, close = (column(session, c) for c in ("high", "low", "close"))
    theirs = 100 + talib.WILLR(high, low, close, 14)
    flat = talib.MAX(high, 14) == talib.MIN(low, 14)
    agree(ours(session, "stochastic_14"), np.where(flat, np.nan, theirs))


def test_money_flow_index(session: pl.DataFrame):
    theirs = talib.MFI(*(column(session, c) for c in ("high", "low", "close", "volume")), 14)
    agree(ours(session, "money_flow_index_14"), theirs)


def test_trend_strength(session: pl.DataFrame):
    price = np.log(column(session, "close"))
    theirs = talib.CORREL(np.arange(BARS, dtype=float), price, 30)
    agree(ours(session, "trend_strength_30"), theirs, rtol=1e-3)


def test_each_session_starts_anew():
    two = market(8, lengths=[120, 120], quotes=False)
    second = two.filter(pl.col("session") == 1).with_columns(session=pl.lit(0, dtype=pl.Int32))
    for name in ("rsi_14", "macd", "macd_histogram", "average_true_range_14"):
        np.testing.assert_array_equal(ours(two, name)[120:], ours(second, name))
