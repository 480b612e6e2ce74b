"""MACD histogram."""

from __future__ import annotations

import polars as pl

from fireassay.data.features import Group, feature
from fireassay.data.features.expressions import let, smoothed
from fireassay.data.features.macd import macd_line

SIGNAL = 9
"""Bars of the signal line."""


@feature(
    "macd_histogram",
    group=Group.MOMENTUM,
    needs=["close"],
    source="Aspray's histogram; Star (1994), The MACD momentum oscillator, Technical Analysis of "
    "Stocks & Commodities 12",
)
def macd_histogram() -> pl.Expr:
    """MACD less its own exponential mean over 9 bars, as a share of the close: is it turning.

        (M_t − EMA_9(M)) / C_t,  M = EMA_12 − EMA_26

    Misleads: a difference of smoothed differences; mostly the noise of the last few bars.
    """
    ahead = let(lambda line: line - smoothed(line, SIGNAL, 2 / (SIGNAL + 1)), macd_line())
    return ahead / pl.col("close")
