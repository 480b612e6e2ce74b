"""Bars from trade prints: by time, volume or value, with the traded VWAP and the number of trades.

The open is the first price, the close the last, in the order of the prints; the VWAP is
Σ price · size / Σ size over the prints of the bar. A bar never crosses a session. Where nothing
traded there is no bar: nothing is filled.
"""

from __future__ import annotations

import datetime as dt

import polars as pl

from fireassay.data.clock import MICROSECOND
from fireassay.data.rules import BarRule, DollarBars, TimeBars, VolumeBars
from fireassay.data.sessions import CLOSED, HOURS, OPENED, ROW

_BAR = "fireassay:bar"
_VALUE = "fireassay:value"


def bars(prints: pl.DataFrame, rule: BarRule) -> pl.DataFrame:
    """Make bars of trade prints.

    Parameters
    ----------
    prints
        Columns symbol, time, price, size, session, date and `ROW`, sorted by symbol and time; with
        `HOURS` where a calendar tells them. Prices and sizes are positive.
    rule
        When a bar is full.

        - Time bars lie on the clock, counted from the session's open where a calendar tells it,
          else from local midnight; their time is the end of the interval, at most the session's
          close, and a print at the very end belongs to the next bar.
        - A volume (value) bar ends with the print at which the session's cumulated volume (value)
          reaches the next multiple of the size; its time is that print's. What is left at the
          session's end is a smaller last bar.

    Returns
    -------
    pl.DataFrame
        One row a bar: symbol, time, open, high, low, close, volume, vwap, trades, session, date,
        `ROW` of its first print, and `HOURS` where they were given.

    Notes
    -----
    López de Prado, Advances in Financial Machine Learning (2018), chapter 2. His volume bars start
    to count anew at every bar; here the multiples of the size are fixed over the session, so that a
    large print shortens the next bar instead of shifting all that follow.
    """
    carried = [name for name in HOURS if name in prints.columns]
    numbered = prints.with_columns(
        (pl.col("price") * pl.col("size")).alias(_VALUE),
    ).with_columns(_bar_of_print(rule, carried).alias(_BAR))
    made = numbered.group_by("session", _BAR, maintain_order=True).agg(
        pl.col("symbol").first(),
        pl.col("time").last(),
        pl.col("price").first().alias("open"),
        pl.col("price").max().alias("high"),
        pl.col("price").min().alias("low"),
        pl.col("price").last().alias("close"),
        pl.col("size").sum().alias("volume"),
        (pl.col(_VALUE).sum() / pl.col("size").sum())
        # A mean lies between the extremes; its rounding need not.
        .clip(pl.col("price").min(), pl.col("price").max())
        .alias("vwap"),
        pl.len().cast(pl.Float64).alias("trades"),
        pl.col("date", ROW, *carried).first(),
    )
    if isinstance(rule, TimeBars):
        made = made.with_columns(_end(rule.every, carried).alias("time"))
    return made.drop(_BAR)


def _bar_of_print(rule: BarRule, carried: list[str]) -> pl.Expr:
    match rule:
        case TimeBars(every):
            return _intervals(every, carried)
        case VolumeBars(size):
            return _filled_before("size", size)
        case DollarBars(size):
            return _filled_before(_VALUE, size)


def _filled_before(column: str, size: float) -> pl.Expr:
    """Number of whole sizes that the session had traded before the print."""
    before = pl.col(column).cum_sum().over("session") - pl.col(column)
    return (before / size).floor().cast(pl.Int64)


def _anchor(carried: list[str]) -> pl.Expr:
    return pl.col(OPENED) if OPENED in carried else pl.col("time").dt.truncate("1d")


def _intervals(every: dt.timedelta, carried: list[str]) -> pl.Expr:
    """Number of whole intervals between the anchor and the time."""
    since = (pl.col("time") - _anchor(carried)).dt.total_microseconds()
    return since // (every // MICROSECOND)


def _end(every: dt.timedelta, carried: list[str]) -> pl.Expr:
    """The end of the interval that holds the time, at most the session's close."""
    passed = (_intervals(every, carried) + 1) * (every // MICROSECOND)
    end = _anchor(carried) + passed.cast(pl.Duration("us"))
    return pl.min_horizontal(end, pl.col(CLOSED)) if CLOSED in carried else end
