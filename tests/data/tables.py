"""Small tables of bars and prints, as a user's file holds them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np
import polars as pl

MONDAY = dt.date(2024, 1, 8)


def days(count: int, first: dt.date = MONDAY) -> list[dt.date]:
    """Weekdays from `first` on."""
    found = []
    day = first
    while len(found) < count:
        if day.weekday() < 5:
            found.append(day)
        day += dt.timedelta(days=1)
    return found


def minute_bars(
    sessions: int = 4,
    bars: int = 30,
    *,
    opened: str = "09:30",
    step_minutes: int = 1,
    symbol: str | None = None,
    first: dt.date = MONDAY,
    on: Sequence[dt.date] | None = None,
    seed: int = 0,
) -> pl.DataFrame:
    """Bars stamped at their end, with prices of a random walk, consistent and all traded."""
    rng = np.random.default_rng(seed)
    open_at = dt.time.fromisoformat(opened)
    step = dt.timedelta(minutes=step_minutes)
    times = [
        dt.datetime.combine(day, open_at) + step * (i + 1)
        for day in (on or days(sessions, first))
        for i in range(bars)
    ]
    close = 100 * np.exp(np.cumsum(rng.normal(0, 1e-3, len(times))))
    start = np.r_[100.0, close[:-1]] * np.exp(rng.normal(0, 2e-4, len(times)))
    high = np.maximum(start, close) * 1.0005
    low = np.minimum(start, close) * 0.9995
    volume = rng.integers(1, 1000, len(times))
    columns = {"time": times, "open": start, "high": high, "low": low, "close": close}
    frame = pl.DataFrame({**columns, "volume": volume})
    if symbol is not None:
        frame = frame.with_columns(pl.lit(symbol).alias("symbol"))
    return frame.with_columns(pl.col("time").cast(pl.Datetime("us")))


def prints(sessions: int = 3, count: int = 400, *, symbol: str = "A", seed: int = 0) -> pl.DataFrame:
    """Trade prints of 09:30-11:00, several at some moments, in order of time."""
    rng = np.random.default_rng(seed)
    rows = []
    for day in days(sessions):
        start = np.datetime64(dt.datetime.combine(day, dt.time(9, 30)), "us")
        at = np.sort(rng.integers(0, 90 * 60 * 1000, count)) * 1000
        at[1::10] = at[::10][: len(at[1::10])]  # some prints share their moment
        rows.append(start + np.sort(at).astype("timedelta64[us]"))
    time = np.concatenate(rows)
    price = np.round(50 * np.exp(np.cumsum(rng.normal(0, 1e-4, len(time)))), 2)
    size = rng.integers(1, 500, len(time))
    return pl.DataFrame({"symbol": [symbol] * len(time), "ts": time, "price": price, "size": size})
