"""Canonical tables for tests: random markets with the oddities of real ones, and from arrays."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import polars as pl

OPEN = dt.datetime(2024, 1, 2, 9, 30)
MARKET = ("open", "high", "low", "close", "volume", "vwap", "trades", "bid", "ask")


def table(
    columns: dict[str, np.ndarray], lengths: list[int], symbols: list[str] | None = None
) -> pl.DataFrame:
    """Lay a canonical table over arrays: one session per length, one symbol per session or one.

    One-minute bars, sessions on consecutive days from 09:30; sessions of one symbol stand together.
    """
    symbols = symbols or ["A"] * len(lengths)
    day_of: dict[str, int] = {}
    parts = []
    for session, (length, symbol) in enumerate(zip(lengths, symbols, strict=True)):
        day = day_of.setdefault(symbol, 0)
        day_of[symbol] = day + 1
        start = OPEN + dt.timedelta(days=day)
        bar = np.arange(length)
        parts.append(
            pl.DataFrame(
                {
                    "symbol": [symbol] * length,
                    "time": [start + dt.timedelta(minutes=int(b) + 1) for b in bar],
                    "session": np.full(length, session, dtype=np.int32),
                    "bar": bar.astype(np.int32),
                    "slot": bar.astype(np.int32),
                    "date": [start.date()] * length,
                }
            )
        )
    frame = pl.concat(parts)
    market = {name: pl.Series(values, nan_to_null=True) for name, values in columns.items()}
    frame = frame.with_columns(**market)
    stale = pl.col("volume").fill_null(0) == 0 if "volume" in columns else pl.lit(value=False)
    return frame.with_columns(stale.alias("stale"))


def market(
    seed: int,
    *,
    lengths: list[int] | None = None,
    symbols: list[str] | None = None,
    idle: float = 0.2,
    missing: float = 0.0,
    tick: float = 0.01,
    price: float = 20.0,
    quotes: bool = True,
) -> pl.DataFrame:
    """A random market with discrete ticks, idle bars, and values missing here and there.

    Parameters
    ----------
    idle
        Share of bars in which nothing trades: the price is carried forward.
    missing
        Share of values of each market column that are null.
    """
    rng = np.random.default_rng(seed)
    lengths = lengths or [90, 70, 80, 66, 90, 75, 90]
    rows = sum(lengths)

    def on_tick(x: np.ndarray) -> np.ndarray:
        return np.round(np.maximum(x, 2 * tick) / tick) * tick

    traded = rng.random(rows) >= idle
    steps = np.where(traded, rng.standard_t(3, rows), 0.0) * 2 * tick
    close = on_tick(price + np.cumsum(steps))
    opened = np.where(
        traded, on_tick(np.r_[price, close[:-1]] + rng.integers(-1, 2, rows) * tick), close
    )
    up, down = rng.integers(0, 4, (2, rows)) * tick * traded
    high, low = on_tick(np.maximum(opened, close) + up), on_tick(np.minimum(opened, close) - down)
    low = np.minimum(low, np.minimum(opened, close))
    volume = np.where(traded, rng.integers(1, 1000, rows), 0).astype(float)
    columns = {"open": opened, "high": high, "low": low, "close": close, "volume": volume}
    if quotes:
        columns["vwap"] = np.where(traded, (high + low + close) / 3, np.nan)
        columns["trades"] = np.where(traded, np.ceil(volume / 50), 0.0)
        columns["bid"] = close - tick * rng.integers(0, 3, rows)
        columns["ask"] = columns["bid"] + tick * rng.integers(0, 3, rows)
    for values in columns.values():
        values[rng.random(rows) < missing] = np.nan
    return table(columns, lengths, symbols)


def unpriced(lengths: list[int], **columns: object) -> pl.DataFrame:
    """A canonical table without any market column, with columns of one's own."""
    index = table({}, lengths)
    return index.with_columns(pl.Series(name, values) for name, values in columns.items())


def moex(path: Path, sessions: slice = slice(None)) -> pl.DataFrame:
    """The one-minute file of real data as a canonical table; a session is a date."""
    frame = pl.read_parquet(path).sort("symbol", "time")
    frame = frame.with_columns(
        (pl.col("time") - pl.duration(minutes=1)).dt.date().alias("date"),
        pl.col("volume").cast(pl.Float64),
    ).with_columns(pl.struct("symbol", "date").rle_id().cast(pl.Int32).alias("session"))
    minutes = (pl.col("time") - pl.col("time").dt.truncate("1d")).dt.total_minutes()
    frame = frame.with_columns(
        pl.int_range(pl.len(), dtype=pl.Int32).over("session").alias("bar"),
        (minutes - (10 * 60 + 1)).cast(pl.Int32).alias("slot"),
        (pl.col("volume") == 0).alias("stale"),
    )
    wanted = frame["session"].unique().sort()[sessions]
    return frame.filter(pl.col("session").is_in(wanted.implode())).with_columns(
        pl.col("session") - wanted[0]
    )
