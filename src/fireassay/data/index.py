"""The index of bars: sessions and bars numbered from 0, and which bars are stale."""

from __future__ import annotations

import numpy as np
import polars as pl

from fireassay.arrays import Int
from fireassay.data.bars import PRICE_COLUMNS


def numbered(frame: pl.DataFrame) -> tuple[pl.DataFrame, Int]:
    """Number sessions from 0 in the order of the rows, and bars from 0 inside each.

    Parameters
    ----------
    frame
        Rows whose `session` differs from the row before where a session starts.

    Returns
    -------
    pl.DataFrame
        The rows with `session` and `bar` as Int32.
    Int
        `[S]` the number of bars of each session.
    """
    key = frame["session"].to_numpy()
    starts = np.flatnonzero(np.r_[True, key[1:] != key[:-1]]) if len(key) else np.empty(0, int)
    lengths = np.diff(np.r_[starts, len(key)])
    session = np.repeat(np.arange(len(starts)), lengths)
    bar = np.arange(len(key)) - np.repeat(starts, lengths)
    numbers = pl.Series("session", session, dtype=pl.Int32), pl.Series("bar", bar, dtype=pl.Int32)
    return frame.with_columns(*numbers), lengths


def stale(frame: pl.DataFrame) -> tuple[pl.Series, str]:
    """Tell in which bars nothing traded.

    Volume 0 tells it. Where no volume is known (no column, no value, or zero throughout, as for
    indices and currencies), a price carried forward does: open, high, low and close all equal the
    close before.

    Returns
    -------
    pl.Series
        `[R]` Boolean, named stale.
    str
        How it was told, for the audit.
    """
    prices = [c for c in PRICE_COLUMNS if c in frame.columns]
    carried = pl.repeat(value=False, n=pl.len())
    if "close" in prices:
        before = pl.col("close").shift(1)
        unmoved = pl.all_horizontal(pl.col(prices) == before)
        carried = (unmoved & (pl.col("symbol") == pl.col("symbol").shift(1))).fill_null(value=False)
    if "volume" in frame.columns and bool((frame["volume"] > 0).any()):
        volume = pl.col("volume")
        told = pl.when(volume.is_null()).then(carried).otherwise(volume == 0)
        return frame.select(told.alias("stale")).to_series(), "volume 0"
    how = "price carried forward, no volume known" if prices else "can't be told without prices"
    return frame.select(carried.alias("stale")).to_series(), how
