"""Autocorrelation of the sizes of returns."""

from __future__ import annotations

import polars as pl

from fireassay.data.features import Group, feature
from fireassay.data.features.expressions import RETURN, lag, window_correlation


@feature(
    "absolute_autocorrelation",
    group=Group.DEPENDENCE,
    needs=["close"],
    lookback=lambda w: w + 2,
    windows=(60,),
    source="Ding, Granger and Engle (1993), A long memory property of stock market returns, Journal "
    "of Empirical Finance 1",
)
def absolute_autocorrelation(window: int) -> pl.Expr:
    """Correlation of the sizes of neighbouring returns over w pairs: does volatility cluster.

        corr(|r_i|, |r_{i−1}|)

    Null without movement. Misleads: one large move decides it; its standard error is 1/√w.
    """
    size = pl.col(RETURN).abs()
    return window_correlation(size, lag(size), window)
