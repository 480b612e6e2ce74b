"""Garman and Klass' volatility."""

from __future__ import annotations

import math

import polars as pl

from fireassay.data.features import Group, feature
from fireassay.data.features.expressions import log_ratio, window_mean


@feature(
    "garman_klass",
    group=Group.VOLATILITY,
    needs=["open", "high", "low", "close"],
    lookback=lambda w: w,
    windows=(30,),
    source="Garman and Klass (1980), On the estimation of security price volatilities from "
    "historical data, Journal of Business 53",
)
def garman_klass(window: int) -> pl.Expr:
    """Volatility per bar from range and body.

        √((1/w) Σ [½ ln(H_i / L_i)² − (2 ln 2 − 1) ln(C_i / O_i)²])

    Misleads: it supposes no drift and no step between bars; few trades per bar make it fall short.
    """
    log_range = log_ratio(pl.col("high"), pl.col("low"))
    body = log_ratio(pl.col("close"), pl.col("open"))
    variance = 0.5 * log_range.pow(2) - (2 * math.log(2) - 1) * body.pow(2)
    return window_mean(variance, window).clip(lower_bound=0.0).sqrt()
