"""Parkinson's range volatility."""

from __future__ import annotations

import math

import polars as pl

from fireassay.data.features import Group, feature
from fireassay.data.features.expressions import log_ratio, window_mean


@feature(
    "parkinson",
    group=Group.VOLATILITY,
    needs=["high", "low"],
    lookback=lambda w: w,
    windows=(30,),
    source="Parkinson (1980), The extreme value method for estimating the variance of the rate of "
    "return, Journal of Business 53",
)
def parkinson(window: int) -> pl.Expr:
    """Volatility per bar from the bars' ranges.

        √((1/w) Σ ln(H_i / L_i)² / (4 ln 2))

    Misleads: few trades per bar make the range fall short; the spread widens it.
    """
    log_range = log_ratio(pl.col("high"), pl.col("low"))
    return (window_mean(log_range.pow(2), window) / (4 * math.log(2))).sqrt()
