"""Prices: consistency of bars, ticks, bounce, martingale, gaps, thin trading."""

from __future__ import annotations

import time

import numpy as np
import polars as pl
import pytest

from fireassay.data.simulate import Market, Prices
from fireassay.data.simulate.hours import hours
from fireassay.data.simulate.prices import Tape, trade
from fireassay.errors import SettingError


def tape_of(market: Market, *path: str | int) -> Tape:
    return trade(market, hours(market, *path).lengths, (), *path)


@pytest.fixture(scope="module")
def market() -> Market:
    # Trades enough that every step inside a bar has one.
    return Market(sessions=150, price=40.0, spread_ticks=3, early_closes=False, trades=5000)


@pytest.fixture(scope="module")
def tape(market) -> Tape:
    return tape_of(market, "prices")


def test_bars_are_consistent(tape):
    eps = 1e-9
    assert (tape.low <= np.minimum(tape.open, tape.close)).all()
    assert (tape.high >= np.maximum(tape.open, tape.close)).all()
    assert (tape.low - eps <= tape.vwap).all()
    assert (tape.vwap <= tape.high + eps).all()
    assert (tape.volume >= tape.trades).all()
    assert (tape.volume == np.round(tape.volume)).all()


def test_trade_prices_lie_on_the_tick_grid(tape, market):
    for prices in (tape.open, tape.high, tape.low, tape.close):
        ticks = prices / market.tick
        np.testing.assert_allclose(ticks, np.round(ticks), atol=1e-6)


def test_closes_are_at_the_bid_or_the_ask(tape, market):
    at_bid = np.isclose(tape.close, tape.bid)
    assert (at_bid | np.isclose(tape.close, tape.ask)).all()
    assert at_bid.mean() == pytest.approx(0.5, abs=0.01)
    np.testing.assert_allclose(tape.ask - tape.bid, market.spread_ticks * market.tick)


def test_roll_estimate_recovers_the_spread(tape, market):
    # Roll (1984): spread = 2 √(−Cov(Δp_t, Δp_{t−1})).
    moves = np.diff(tape.close, axis=1)
    covariance = (moves[:, 1:] * moves[:, :-1]).mean()
    roll = 2 * np.sqrt(-covariance)
    assert roll == pytest.approx(market.spread_ticks * market.tick, rel=0.1)


def test_mid_prices_have_no_bounce():
    market = Market(sessions=150, price=40.0, spread_ticks=3, prices=Prices.MID)
    tape = tape_of(market, "mid")
    moves = np.diff(tape.close, axis=1) / tape.volatility[:, 1:]
    np.testing.assert_allclose(tape.close, tape.mid)
    # Standard error of a correlation of 150 × 388 independent moves: .0041.
    assert abs(np.corrcoef(moves[:, 1:].ravel(), moves[:, :-1].ravel())[0, 1]) < 0.015


def test_tick_rounding_keeps_the_efficient_price_a_martingale():
    # At a volatility of half a tick rounding to the nearest tick would give an autocorrelation of
    # about −.25; rounding moves without bias gives none.
    market = Market(sessions=300, price=7.0, spread_ticks=0, annual_volatility=0.25)
    tape = tape_of(market, "coarse")
    assert np.median(tape.volatility) < 0.6 * market.tick
    moves = np.diff(tape.mid, axis=1)
    assert abs(np.corrcoef(moves[:, 1:].ravel(), moves[:, :-1].ravel())[0, 1]) < 0.015


def test_absolute_returns_cluster_beyond_the_u_shape(tape):
    size = np.abs(np.diff(np.log(tape.mid), axis=1))
    size = size / size.mean(0)
    for lag in (1, 10, 30):
        centred = size - size.mean()
        acf = (centred[:, lag:] * centred[:, :-lag]).mean() / centred.var()
        assert acf > 0.05, lag
    returns = np.diff(np.log(tape.mid), axis=1).ravel()
    assert ((returns - returns.mean()) ** 4).mean() / returns.var() ** 2 > 4


def test_volume_and_volatility_are_u_shaped(tape):
    for series in (tape.volume, np.abs(np.diff(tape.mid, axis=1))):
        profile = series.mean(0)
        midday = profile[150:250].mean()
        assert profile[:15].mean() > 1.4 * midday
        assert profile[-10:].mean() > 1.1 * midday


def test_realised_volatility_is_the_one_planted():
    market = Market(sessions=600, session_volatility_persistence=0.0, session_volatility_spread=0.1)
    tape = tape_of(market, "realised")
    close, open_ = np.log(tape.mid[:, -1]), np.log(tape.mid[:, 0])
    overnight = np.std(open_[1:] - close[:-1])
    assert overnight == pytest.approx(
        np.hypot(market.gap_volatility, market.bar_volatility * 2), rel=0.1
    )
    intraday = np.diff(np.log(tape.mid), axis=1)
    assert intraday.std() == pytest.approx(market.bar_volatility, rel=0.06)


def test_gaps_don_t_depend_on_the_session_before():
    tape = tape_of(Market(sessions=600), "gaps")
    log = np.log(tape.mid)
    gap, session = log[1:, 0] - log[:-1, -1], log[:-1, -1] - log[:-1, 0]
    # Standard error 1/√599 = .041.
    assert abs(np.corrcoef(gap, session)[0, 1]) < 0.13


def test_thin_trading_carries_the_last_price_on():
    market = Market(sessions=40, volume=60.0, trades=0.6)
    tape = tape_of(market, "thin")
    idle = tape.volume == 0
    assert 0.3 < idle.mean() < 0.8
    assert not idle[:, 0].any()
    rows, bars = np.nonzero(idle)
    for name in ("open", "high", "low", "close"):
        np.testing.assert_array_equal(getattr(tape, name)[rows, bars], tape.close[rows, bars - 1])
    assert (tape.trades[idle] == 0).all()
    assert np.isnan(tape.vwap[idle]).all()


def test_symbols_move_together():
    market = Market(sessions=60, symbols=2, common_share=0.5)
    moves = np.diff(np.log(tape_of(market, "pair").mid), axis=1).reshape(2, -1)
    assert np.corrcoef(moves)[0, 1] == pytest.approx(0.5, abs=0.1)


def test_sessions_are_those_of_the_exchange():
    import datetime as dt

    market = Market(sessions=252, start=dt.date(2023, 1, 1))
    times = hours(market, "hours")
    days = pl.Series(times.opens).dt.date().to_list()
    assert days[0] == dt.date(2023, 1, 3)
    assert dt.date(2023, 7, 4) not in days
    assert times.lengths[days.index(dt.date(2023, 11, 24))] == 210
    assert set(times.lengths.tolist()) == {210, 390}
    assert {t.time() for t in pl.Series(times.opens).to_list()} == {dt.time(9, 30)}
    assert (hours(Market(sessions=252, early_closes=False), "hours").lengths == 390).all()


def test_ragged_sessions_have_many_lengths():
    lengths = hours(Market(sessions=400, ragged=0.5), "ragged").lengths
    assert (lengths < 390).mean() == pytest.approx(0.5, abs=0.08)
    assert lengths.min() >= 105
    assert len(set(lengths.tolist())) > 50


def test_a_price_that_would_fall_to_zero_is_refused():
    market = Market(sessions=2500, annual_volatility=2.0, price=1.0, bar_minutes=78)
    with pytest.raises(SettingError, match="fell to zero"):
        tape_of(market, "ruin")


def test_a_market_that_can_t_be_is_refused():
    with pytest.raises(SettingError, match="don't fill a session"):
        Market(bar_minutes=7)
    with pytest.raises(SettingError, match="less than 100 ticks"):
        Market(price=0.5)


def test_it_is_fast():
    tape_of(Market(sessions=2), "warm")
    times = []
    for seed in range(3):
        start = time.process_time()
        tape_of(Market(sessions=120), "speed", seed)
        times.append(time.process_time() - start)
    assert min(times) < 0.5
