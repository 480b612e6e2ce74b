"""Volatility and volume: U-shape, clustering, level."""

from __future__ import annotations

import numpy as np
import pytest

from fireassay.data.simulate.activity import activity, autoregression, shocks, u_shape
from fireassay.data.simulate.market import Market


@pytest.fixture(scope="module")
def full() -> np.ndarray:
    return np.full(400, 390)


def test_u_shape_is_high_at_both_ends_and_fits_into_short_sessions():
    profile = u_shape(np.array([390, 210]), 390, 2.2, 1.3)
    assert profile[0, 0] == pytest.approx(2.2, abs=0.03)
    assert profile[0, 195] == pytest.approx(1.0, abs=0.01)
    assert profile[0, 389] == pytest.approx(1.3, abs=0.01)
    assert profile[1, 209] == pytest.approx(profile[0, 389], abs=0.01)


def test_autoregression_equals_the_recursion_and_keeps_variance_one():
    noise = np.random.default_rng(0).standard_normal((2000, 30))
    path = autoregression(noise, 0.8)
    slow = noise[0].copy()
    for t in range(1, 30):
        slow[t] = 0.8 * slow[t - 1] + 0.6 * noise[0, t]
    np.testing.assert_allclose(path[0], slow)
    assert path[:, -1].std() == pytest.approx(1, abs=0.06)
    assert np.corrcoef(path[:, -2], path[:, -1])[0, 1] == pytest.approx(0.8, abs=0.04)


def test_mean_variance_and_volume_are_those_of_the_market(full):
    market = Market(sessions=400, session_volatility_persistence=0, session_volume_persistence=0)
    lively = activity(market, full, "level")
    assert (lively.volatility**2).mean() ** 0.5 == pytest.approx(market.bar_volatility, rel=0.05)
    assert lively.volume.mean() == pytest.approx(market.volume, rel=0.05)


def test_daily_variance_adds_up_to_the_annual_volatility():
    for minutes in (1, 5, 30):
        market = Market(bar_minutes=minutes)
        daily = market.bars * market.bar_volatility**2 + market.gap_volatility**2
        assert (252 * daily) ** 0.5 == pytest.approx(market.annual_volatility)


def test_log_volatility_clusters_within_and_across_sessions(full):
    market = Market(sessions=400)
    log = np.log(activity(market, full, "cluster").volatility)
    log -= log.mean(0)
    session = log.mean(1)
    within = log - session[:, None]
    assert np.corrcoef(within[:, 100], within[:, 101])[0, 1] > 0.9
    assert np.corrcoef(session[:-1], session[1:])[0, 1] > 0.6


def test_persistence_is_per_minute_whatever_the_bars():
    one = activity(Market(sessions=300), np.full(300, 390), "bars")
    five = activity(Market(sessions=300, bar_minutes=5), np.full(300, 78), "bars")

    def correlation(volatility: np.ndarray, lag: int) -> float:
        log = np.log(volatility)
        log = log - log.mean(0) - log.mean(1, keepdims=True)
        return np.corrcoef(log[:, :-lag].ravel(), log[:, lag:].ravel())[0, 1]

    assert correlation(one.volatility, 5) == pytest.approx(correlation(five.volatility, 1), abs=0.03)


def test_volume_follows_volatility_with_the_elasticity_given(full):
    market = Market(
        sessions=400,
        volume_spread=0,
        session_volume_spread=0,
        volume_noise=0.1,
        volume_follows_volatility=0.8,
    )
    lively = activity(market, full, "elastic")
    x, y = np.log(lively.volatility), np.log(lively.volume)
    x, y = (x - x.mean(0)).ravel(), (y - y.mean(0)).ravel()
    assert x @ y / (x @ x) == pytest.approx(0.8, abs=0.01)


def test_surges_multiply_volume_and_die_away(full):
    quiet = activity(Market(sessions=400), full, "surge").volume
    loud = activity(
        Market(sessions=400, surges=1.0, surge_factor=5, surge_half_life=8), full, "surge"
    ).volume
    factor = loud / quiet
    starts = factor[:, :-20] > 4.99
    starts[:, 1:] &= factor[:, :-21] < 4.6
    rows, bars = np.nonzero(starts)
    assert len(rows) == pytest.approx(400, rel=0.15)
    alone = (np.abs(factor[rows, bars] - 5) < 1e-9) & (factor[rows, bars + 8] < 3.01)
    np.testing.assert_allclose(factor[rows[alone], bars[alone] + 8], 3.0)


def test_symbols_share_the_common_part_and_keep_their_own_draws():
    market = Market(sessions=300, symbols=3, common_share=0.4)
    draws = shocks(market, (20,), "shares").reshape(3, -1)
    np.testing.assert_allclose(np.corrcoef(draws)[0, 1:], 0.4, atol=0.04)
    assert draws.std(axis=1) == pytest.approx(1, abs=0.03)
    more = shocks(Market(sessions=300, symbols=5, common_share=0.4), (20,), "shares")
    np.testing.assert_array_equal(more.reshape(5, -1)[:3], draws)
