"""The simulated table as a user's file holds it."""

from __future__ import annotations

import numpy as np
import polars as pl

from fireassay.arrays import AnyArray, Bool, Int
from fireassay.data.simulate.columns import ColumnTable, plant
from fireassay.data.simulate.hours import Hours, hours
from fireassay.data.simulate.market import Market
from fireassay.data.simulate.prices import Tape, trade
from fireassay.data.simulate.scenario import Scenario


def tabulate(scenario: Scenario, *path: str | int) -> pl.DataFrame:
    """Simulate a scenario and return its rows, sorted by symbol and time.

    Parameters
    ----------
    *path
        Names the draws: scenario and seed.
    """
    market = scenario.market
    times = hours(market, *path)
    inside = np.arange(market.bars) < np.tile(times.lengths, market.symbols)[:, None]
    ends = _ends(times, market)[inside]
    names = [f"SIM{i + 1}" for i in range(market.symbols)] if market.symbols > 1 else ["SIM"]
    symbols = np.repeat(names, int(times.lengths.sum()))
    columns = [pl.Series("symbol", symbols), pl.Series("time", ends)]
    keep = np.ones(len(ends), dtype=bool)
    if scenario.has_prices():
        tape = trade(market, times.lengths, scenario.effects(), *path)
        columns += _prices(tape, inside, quotes=market.quotes)
        keep = (tape.volume[inside] > 0) | market.fill_forward
    steps = scenario.steps()
    if steps:
        lengths = np.tile(times.lengths, market.symbols)
        columns += _planted(plant(_empty(lengths, market), steps, *path), ends)
    return pl.DataFrame(columns).filter(pl.Series(keep))


def _ends(times: Hours, market: Market) -> AnyArray:
    """Return `[N, T]` the time of each bar's end."""
    bar = np.timedelta64(market.bar_minutes, "m")
    ends = times.opens[:, None] + bar * np.arange(1, market.bars + 1)
    return np.tile(ends.astype("datetime64[us]"), (market.symbols, 1))


def _prices(tape: Tape, inside: Bool, *, quotes: bool) -> list[pl.Series]:
    names = ["open", "high", "low", "close", "volume", "vwap", "trades"]
    names += ["bid", "ask"] if quotes else []
    return [pl.Series(name, getattr(tape, name)[inside], nan_to_null=True) for name in names]


def _empty(lengths: Int, market: Market) -> ColumnTable:
    offsets = np.r_[0, np.cumsum(lengths)].astype(np.int64)
    session = np.tile(np.arange(market.sessions), market.symbols)
    elapsed = np.repeat(session / max(market.sessions - 1, 1), lengths)
    return ColumnTable(offsets=offsets, elapsed=elapsed)


def _planted(table: ColumnTable, ends: AnyArray) -> list[pl.Series]:
    columns = [pl.Series(name, values, nan_to_null=True) for name, values in table.features.items()]
    if table.y is not None:
        assert table.end is not None
        columns.append(pl.Series("y", table.y, nan_to_null=True).cast(pl.Int8))
        columns.append(pl.Series("label_end", ends[table.end]))
    return columns
