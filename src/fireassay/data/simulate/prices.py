"""Prices of a simulated market: an efficient price on the tick grid, traded at bid and ask.

The efficient price moves by whole ticks. A move x of real size becomes ⌊x + U⌋ with U uniform: its
mean given the past is x exactly, so rounding adds no reversal, and a martingale stays one. Inside a
bar the path is a Brownian bridge between its ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fireassay.arrays import Bool, Float, Int
from fireassay.data.simulate.activity import Activity, activity, shocks
from fireassay.data.simulate.effects import Known, PriceEffect
from fireassay.data.simulate.market import Market, Prices
from fireassay.errors import SettingError
from fireassay.seeds import generator


@dataclass(frozen=True, eq=False)
class Tape:
    """Bars of N = symbols times sessions, `[N, T]`, symbol by symbol.

    Bars that aren't `inside` their session are meaningless.

    Attributes
    ----------
    open, high, low, close, vwap
        Prices, in dollars.
    volume, trades
        Shares and number of trades.
    bid, ask
        Quotes at the bar's end, in dollars.
    volatility
        Standard deviation of the bar's efficient move, in dollars: hidden from the user.
    inside
        The bar lies in its session.
    """

    open: Float
    high: Float
    low: Float
    close: Float
    vwap: Float
    volume: Float
    trades: Float
    bid: Float
    ask: Float
    volatility: Float
    inside: Bool

    @property
    def mid(self) -> Float:
        """`[N, T]` mid quote at the bar's end, the efficient price."""
        return (self.bid + self.ask) / 2


@dataclass(frozen=True, eq=False)
class _Draws:
    """Everything random about prices, `[N, T]` or `[N, T, K]` with K steps inside a bar.

    `bridge` is in standard deviations of the bar's move; `side` in ticks from the efficient price to
    the price that is recorded; `centre` likewise to the mid quote; `trades` and `volume` per step.
    """

    move: Float
    rounding: Float
    effect: Float
    bridge: Float
    side: Float
    centre: float
    trades: Int
    volume: Float


def trade(market: Market, lengths: Int, effects: Sequence[PriceEffect], *path: str | int) -> Tape:
    """Simulate all bars of all symbols.

    Parameters
    ----------
    lengths
        `[S]` bars of each session.
    effects
        What moves depend on; none: a martingale.
    *path
        Names the draws.
    """
    lively = activity(market, lengths, *path)
    draws = _draw(market, lively, *path)
    # A first pass without ticks tells the level of each session, to which its volatility scales.
    relative = _walk(lively.volatility, draws, effects, market, whole=False)
    last = np.tile(lengths, market.symbols) - 1
    closes = 1 + np.take_along_axis(relative, last[:, None], axis=1)[:, 0]
    gaps = np.exp(market.gap_volatility * shocks(market, (), *path, "gap"))
    level = _levels(closes, gaps, market)
    volatility = lively.volatility * level[:, None] / market.tick
    moves = _walk(volatility, draws, effects, market, whole=True)
    opens = _opens(np.take_along_axis(moves, last[:, None], axis=1)[:, 0], gaps, market)
    ends = opens[:, None] + moves
    if ends.min() <= market.spread_ticks:
        raise SettingError(
            "the simulated price fell to zero",
            where="annual_volatility",
            fix="Lower it, or raise the price.",
        )
    return _record(market, ends, opens, volatility, draws, lengths)


def _draw(market: Market, lively: Activity, *path: str | int) -> _Draws:
    rows, bars = lively.volatility.shape
    steps = market.steps
    shape = (rows, bars, steps)
    rng = generator(*path, "inside")
    at = np.arange(1, steps + 1) / steps
    brownian = np.cumsum(rng.standard_normal(shape), axis=2) / np.sqrt(steps)
    mean_size = market.volume / market.trades
    trades = rng.poisson((lively.volume / (mean_size * steps))[:, :, None], size=shape)
    # Every session opens with a trade, the auction, so that there is a price from the start.
    trades[:, 0, 0] = np.maximum(trades[:, 0, 0], 1)
    size = mean_size * np.exp(rng.normal(-0.02, 0.2, size=shape))
    volume = np.maximum(np.round(trades * size), trades)
    at_ask = rng.random(shape) < 0.5
    bid = -(market.spread_ticks // 2)
    centre = bid + market.spread_ticks / 2
    return _Draws(
        move=shocks(market, (bars,), *path, "move"),
        rounding=generator(*path, "rounding").random((rows, bars)),
        effect=generator(*path, "effect").random((rows, bars, 2)),
        bridge=brownian - at * brownian[:, :, -1:],
        side=(
            np.where(at_ask, float(bid + market.spread_ticks), float(bid))
            if market.prices is Prices.TRADE
            else np.full(shape, centre)
        ),
        centre=centre,
        trades=trades,
        volume=volume,
    )


def _walk(
    volatility: Float, draws: _Draws, effects: Sequence[PriceEffect], market: Market, *, whole: bool
) -> Float:
    """Return `[N, T]` the efficient price at each bar's end, from the session's opening price on.

    Unit: ticks when `whole`, else shares of the opening price. With effects the next move depends
    on the path so far, so bars are walked one by one, all sessions at once.
    """

    def rounded(move: Float, t: int | slice) -> Float:
        return np.floor(move + draws.rounding[:, t]) if whole else move

    if not effects:
        return np.cumsum(rounded(volatility * draws.move, slice(None)), axis=1)
    rows, bars = volatility.shape
    elapsed = np.tile(np.arange(market.sessions) / max(market.sessions - 1, 1), market.symbols)
    position, deviation = np.zeros(rows), np.zeros(rows)
    turnover, shares = np.zeros(rows), np.zeros(rows)
    positions, history = np.empty((rows, bars)), np.empty((rows, bars))
    centre = draws.centre if whole else 0.0
    for t in range(bars):
        sigma = volatility[:, t]
        known = Known(deviation, sigma, history[:, :t], elapsed, draws.effect[:, t])
        drift = sum((effect.drift(known) for effect in effects), start=np.zeros(rows))
        move = rounded(sigma * (drift + draws.move[:, t]), t)
        for effect in effects:
            move = effect.reshape(known, move, whole=whole)
        inner = _inside(position, move, sigma, draws.bridge[:, t], whole=whole)
        if whole:
            inner += draws.side[:, t]
        position = position + move
        positions[:, t] = position
        history[:, t] = move / sigma
        turnover += (inner * draws.volume[:, t]).sum(1)
        shares += draws.volume[:, t].sum(1)
        deviation = position + centre - turnover / shares
    return positions


def _inside(start: Float, move: Float, sigma: Float, bridge: Float, *, whole: bool) -> Float:
    """Return `[..., K]` the efficient price at each step inside a bar that starts at `start`."""
    at = np.arange(1, bridge.shape[-1] + 1) / bridge.shape[-1]
    path = start[..., None] + at * move[..., None] + sigma[..., None] * bridge
    return np.round(path) if whole else path


def _levels(closes: Float, gaps: Float, market: Market) -> Float:
    """Return `[N]` each session's opening price in dollars: last close times the overnight gap."""
    growth = (closes * gaps).reshape(market.symbols, market.sessions)
    before = np.hstack([np.ones((market.symbols, 1)), np.cumprod(growth[:, :-1], axis=1)])
    return market.price * before.reshape(-1)


def _opens(closes: Float, gaps: Float, market: Market) -> Float:
    """Return `[N]` each session's opening price in ticks, given its close relative to it."""
    opens = np.empty_like(closes)
    for row in range(len(closes)):
        if row % market.sessions == 0:
            opens[row] = round(market.price / market.tick)
        else:
            opens[row] = np.round((opens[row - 1] + closes[row - 1]) * gaps[row - 1])
    return opens


def _record(
    market: Market, ends: Float, opens: Float, volatility: Float, draws: _Draws, lengths: Int
) -> Tape:
    """Turn the efficient price at each bar's end, in ticks, into what is seen of it."""
    starts = np.hstack([opens[:, None], ends[:, :-1]])
    inner = _inside(starts, ends - starts, volatility, draws.bridge, whole=True)
    recorded = inner + draws.side
    volume = draws.volume.sum(2)
    # Quotes are there whether anything trades or not.
    happened = (draws.trades > 0) | (market.prices is Prices.MID)
    priced = happened.any(2)
    first = np.take_along_axis(recorded, happened.argmax(2)[:, :, None], 2)[:, :, 0]
    last_step = market.steps - 1 - happened[:, :, ::-1].argmax(2)
    last = np.take_along_axis(recorded, last_step[:, :, None], 2)[:, :, 0]
    # A bar without a price of its own carries the last one on.
    source = np.maximum.accumulate(np.where(priced, np.arange(ends.shape[1]), 0), axis=1)
    close = np.take_along_axis(last, source, axis=1)
    high = np.where(priced, np.where(happened, recorded, -np.inf).max(2), close)
    low = np.where(priced, np.where(happened, recorded, np.inf).min(2), close)
    with np.errstate(invalid="ignore"):
        vwap = np.clip((recorded * draws.volume).sum(2) / volume, low, high)
    bid = ends - market.spread_ticks // 2

    def dollars(ticks: Float) -> Float:
        return np.round(ticks * market.tick, 8)

    return Tape(
        open=dollars(np.where(priced, first, close)),
        high=dollars(high),
        low=dollars(low),
        close=dollars(close),
        vwap=dollars(vwap),
        volume=volume,
        trades=draws.trades.sum(2).astype(float),
        bid=dollars(bid),
        ask=dollars(bid + market.spread_ticks),
        volatility=volatility * market.tick,
        inside=np.arange(ends.shape[1]) < np.tile(lengths, market.symbols)[:, None],
    )
