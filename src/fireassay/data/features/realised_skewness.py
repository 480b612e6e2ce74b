"""Realised skewness."""

from __future__ import annotations

import math

import polars as pl

from fireassay.data.features import Group, feature
from fireassay.data.features.expressions import RETURN, ratio, window_sum


@feature(
    "realised_skewness",
    group=Group.VOLATILITY,
    needs=["close"],
    lookback=lambda w: w + 1,
    windows=(60,),
    source="Amaya, Christoffersen, Jacobs and Vasquez (2015), Does realized skewness predict the "
    "cross-section of equity returns?, Journal of Financial Economics 118",
)
def realised_skewness(window: int) -> pl.Expr:
    """Skewness of the one-bar returns over w bars, about zero.

        √w Σ r_i³ / (Σ r_i²)^{3/2}

    Null without movement. Misleads: one large move decides it; its size is at most √w.
    """
    cubes = window_sum(pl.col(RETURN).pow(3), window)
    return math.sqrt(window) * ratio(cubes, window_sum(pl.col(RETURN).pow(2), window).pow(1.5))
