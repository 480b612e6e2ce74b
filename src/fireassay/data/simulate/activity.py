"""How lively a market is: volatility and volume, U-shaped over the session and clustered.

Admati and Pfleiderer (1988), "A theory of intraday patterns", explains the U-shape; log-normal
stochastic volatility (Taylor 1982) gives the clustering; volume follows volatility (Clark 1973).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fireassay.arrays import Float, Int
from fireassay.data.simulate.market import Market
from fireassay.seeds import generator

# Shares of the session over which the excess at the open and at the close falls by a factor e.
_OPEN_DECAY, _CLOSE_DECAY = 0.08, 0.05


@dataclass(frozen=True, eq=False)
class Activity:
    """Volatility and volume that each bar is drawn with, `[N, T]`, N = symbols times sessions.

    Attributes
    ----------
    volatility
        Standard deviation of a bar's relative move.
    volume
        Mean volume of a bar, in shares.
    """

    volatility: Float
    volume: Float


def activity(market: Market, lengths: Int, *path: str | int) -> Activity:
    """Draw volatility and volume of every bar.

    Parameters
    ----------
    lengths
        `[S]` bars of each session; the U-shape fits itself into shorter ones.
    *path
        Names the draws.

    Notes
    -----
    The logarithms are normal, so exp(x − s²) has mean square 1 and exp(x − s²/2) has mean 1, with
    s² the variance of x: the mean variance and volume of a full session are the market's.
    """
    log_volatility = _bars(
        market, market.volatility_persistence, market.volatility_spread, *path, "volatility"
    ) + _sessions(
        market,
        market.session_volatility_persistence,
        market.session_volatility_spread,
        *path,
        "volatility",
    )
    volatility_variance = market.volatility_spread**2 + market.session_volatility_spread**2
    own_volume = (
        _bars(market, market.volume_persistence, market.volume_spread, *path, "volume")
        + _sessions(
            market,
            market.session_volume_persistence,
            market.session_volume_spread,
            *path,
            "volume",
        )
        + market.volume_noise * shocks(market, (market.bars,), *path, "volume", "noise")
    )
    elasticity = market.volume_follows_volatility
    volume_variance = (
        market.volume_spread**2
        + market.session_volume_spread**2
        + market.volume_noise**2
        + elasticity**2 * volatility_variance
    )
    log_volume = own_volume + elasticity * log_volatility
    shape = u_shape(lengths, market.bars, market.open_volatility, market.close_volatility)
    shape = shape / np.sqrt((shape**2).mean(1, keepdims=True))
    volume_shape = u_shape(lengths, market.bars, market.open_volume, market.close_volume)
    volume_shape = volume_shape / volume_shape.mean(1, keepdims=True)
    symbols = (market.symbols, 1)
    return Activity(
        volatility=market.bar_volatility
        * np.tile(shape, symbols)
        * np.exp(log_volatility - volatility_variance),
        volume=market.volume
        * market.bar_minutes
        * np.tile(volume_shape, symbols)
        * np.exp(log_volume - volume_variance / 2)
        * _surges(market, *path),
    )


def u_shape(lengths: Int, bars: int, at_open: float, at_close: float) -> Float:
    """Return `[S, bars]` a profile that is 1 at midday and the given multiples at open and close.

    Bars beyond a session's length keep the value at its close.
    """
    elapsed = np.minimum((np.arange(bars) + 0.5) / lengths[:, None], 1.0)
    return (
        1.0
        + (at_open - 1) * np.exp(-elapsed / _OPEN_DECAY)
        + (at_close - 1) * np.exp(-(1 - elapsed) / _CLOSE_DECAY)
    )


def shocks(market: Market, shape: tuple[int, ...], *path: str | int) -> Float:
    """Draw `[N, *shape]` standard normals that share `common_share` of variance across symbols.

    A symbol's own draws don't depend on how many symbols there are.
    """
    full = (market.sessions, *shape)

    def draw(*whose: str | int) -> Float:
        return generator(*path, *whose).standard_normal(full)

    if market.symbols == 1:
        return draw("symbol", 0)
    own = np.stack([draw("symbol", i) for i in range(market.symbols)])
    share = market.common_share
    mixed = np.sqrt(share) * draw("common") + np.sqrt(1 - share) * own
    return mixed.reshape(market.symbols * market.sessions, *shape)


def autoregression(noise: Float, persistence: float) -> Float:
    """Return the stationary AR(1) with unit variance along axis 1 that `[N, T, ...]` noise drives."""
    innovation = np.sqrt(1 - persistence**2)
    path = noise.copy()
    for t in range(1, noise.shape[1]):
        path[:, t] = persistence * path[:, t - 1] + innovation * noise[:, t]
    return path


def _bars(market: Market, persistence: float, spread: float, *path: str | int) -> Float:
    """Return `[N, T]` an AR(1) from bar to bar, started anew in each session."""
    noise = shocks(market, (market.bars,), *path, "bars")
    return spread * autoregression(noise, persistence**market.bar_minutes)


def _sessions(market: Market, persistence: float, spread: float, *path: str | int) -> Float:
    """Return `[N, 1]` an AR(1) from session to session."""
    noise = shocks(market, (), *path, "sessions").reshape(market.symbols, market.sessions)
    return spread * autoregression(noise, persistence).reshape(-1, 1)


def _surges(market: Market, *path: str | int) -> Float:
    """Return `[N, T]` factors: 1, and more from the start of a surge on, decaying."""
    bars = market.bars
    factors = np.ones((market.symbols * market.sessions, bars))
    if market.surges == 0:
        return factors
    rng = generator(*path, "surges")
    starts = rng.random(factors.shape) < market.surges / bars
    kept = 0.5 ** (market.bar_minutes / market.surge_half_life)
    surge = np.zeros(len(factors))
    for t in range(bars):
        surge = np.where(starts[:, t], market.surge_factor - 1, surge * kept)
        factors[:, t] += surge
    return factors
