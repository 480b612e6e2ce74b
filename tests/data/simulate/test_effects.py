"""Planted effects have the size that was planted."""

from __future__ import annotations

import numpy as np
import pytest

from fireassay.data.simulate import Market, Prices
from fireassay.data.simulate.effects import (
    Course,
    Momentum,
    Over,
    PriceEffect,
    RareReturns,
    VwapReversion,
)
from fireassay.data.simulate.prices import Tape, trade

MARKET = Market(sessions=250, prices=Prices.MID)


def tape_of(effect: PriceEffect) -> Tape:
    return trade(MARKET, np.full(MARKET.sessions, 390), (effect,), "effects")


def deviation(tape: Tape) -> np.ndarray:
    vwap = np.cumsum(tape.vwap * tape.volume, 1) / np.cumsum(tape.volume, 1)
    return tape.close - vwap


def standard_moves(tape: Tape) -> np.ndarray:
    return np.diff(tape.close, axis=1) / tape.volatility[:, 1:]


@pytest.mark.parametrize("speed", [0.02, 0.1])
def test_reversion_is_recovered_by_weighted_regression(speed):
    tape = tape_of(VwapReversion(speed))
    sigma = tape.volatility[:, 1:]
    x = deviation(tape)[:, :-1] / sigma
    y = np.diff(tape.close, axis=1) / sigma
    estimate = -(x * y).sum() / (x**2).sum()
    # The regression's standard error is 1/√Σx².
    assert estimate == pytest.approx(speed, abs=4 / np.sqrt((x**2).sum()))


def test_reversion_grows_with_the_horizon_as_planted():
    tape = tape_of(VwapReversion(0.05))
    x = deviation(tape)
    for k in (1, 5, 10):
        gone = -((tape.close[:, k:] - tape.close[:, :-k]) * x[:, :-k]).sum() / (x[:, :-k] ** 2).sum()
        # VWAP moves a little in the meantime, so the fixed-VWAP formula is a close approximation.
        assert gone == pytest.approx(1 - 0.95**k, rel=0.2)


@pytest.mark.parametrize("strength", [0.2, -0.2])
def test_momentum_is_recovered_by_regression(strength):
    z = standard_moves(tape_of(Momentum(strength, memory=0.6)))
    signal = np.zeros(len(z))
    num = den = 0.0
    for t in range(z.shape[1] - 1):
        signal = 0.6 * signal + np.sqrt(1 - 0.36) * z[:, t]
        num, den = num + signal @ z[:, t + 1], den + signal @ signal
    assert num / den == pytest.approx(strength, abs=0.015)


def test_momentum_without_memory_is_an_autoregression():
    z = standard_moves(tape_of(Momentum(0.1, memory=0.0)))
    assert (z[:, 1:] * z[:, :-1]).sum() / (z[:, :-1] ** 2).sum() == pytest.approx(0.1, abs=0.015)


def test_momentum_that_explodes_is_refused():
    with pytest.raises(ValueError, match="explodes"):
        Momentum(0.5, memory=0.9)


def test_rare_returns_are_a_coin_whatever_the_past():
    tape = tape_of(RareReturns(0.4))
    side, move = -np.sign(deviation(tape))[:, :-1], np.diff(tape.close, axis=1)
    toward = np.sign(np.round(side * move, 8))
    assert (toward[toward != 0] > 0).mean() == pytest.approx(0.4, abs=0.006)
    sigma = tape.volatility[:, 1:]
    # No dependence on volatility, on the last outcome, or on the distance from VWAP.
    distance = np.abs(deviation(tape))[:, :-1] / sigma
    last = np.hstack([np.zeros((len(toward), 1)), toward[:, :-1]])
    for given in (sigma, last, distance):
        x, y = given[toward != 0], toward[toward != 0]
        assert abs(np.corrcoef(x, y)[0, 1]) < 0.013
    z = side * move / sigma
    # Mean 0 and variance 1, with the standard error of 97,250 moves at .0032.
    assert abs(z.mean()) < 0.013
    assert z.var() == pytest.approx(1, abs=0.03)
    sizes = np.abs(z)
    assert sizes[toward > 0].mean() / sizes[toward < 0].mean() == pytest.approx(1.5, rel=0.03)


def test_the_course_of_an_effect():
    elapsed = np.array([0.0, 0.25, 0.5, 1.0])
    np.testing.assert_allclose(Course.STEADY.weight(elapsed), 1)
    np.testing.assert_allclose(Course.FLIP.weight(elapsed), [1, 1, -1, -1])
    np.testing.assert_allclose(Course.FADE.weight(elapsed), [1, 0.5, 0, -1])


def test_momentum_flips_half_way():
    z = standard_moves(tape_of(Over(Momentum(0.15, memory=0.0), Course.FLIP)))
    half = MARKET.sessions // 2
    for part, sign in ((z[:half], 1), (z[half:], -1)):
        slope = (part[:, 1:] * part[:, :-1]).sum() / (part[:, :-1] ** 2).sum()
        assert slope == pytest.approx(sign * 0.15, abs=0.02)
