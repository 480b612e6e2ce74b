"""Bipower volatility."""

from __future__ import annotations

import math

import polars as pl

from fireassay.data.features import Group, feature
from fireassay.data.features.expressions import RETURN, lag, window_mean


def bipower_variance(window: int) -> pl.Expr:
    """Mean bipower variation per bar over the last `window` pairs of neighbouring returns."""
    size = pl.col(RETURN).abs()
    return math.pi / 2 * window_mean(size * lag(size), window)


@feature(
    "bipower_volatility",
    group=Group.VOLATILITY,
    needs=["close"],
    lookback=lambda w: w + 2,
    windows=(30,),
    source="Barndorff-Nielsen and Shephard (2004), Power and bipower variation with stochastic "
    "volatility and jumps, Journal of Financial Econometrics 2",
)
def bipower_volatility(window: int) -> pl.Expr:
    """Volatility per bar that single jumps hardly enter.

        √((π/2)(1/w) Σ |r_i| |r_{i−1}|)

    Misleads: stale bars make neighbouring products 0, so it falls short where few bars move.
    """
    return bipower_variance(window).sqrt()
