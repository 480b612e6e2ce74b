"""Variance ratio."""

from __future__ import annotations

import polars as pl

from fireassay.data.features import Group, feature
from fireassay.data.features.expressions import (
    RETURN,
    lag,
    let,
    log_ratio,
    ratio,
    window_mean,
    window_sum,
    window_variance,
)

SPAN = 60
"""Returns that the ratio is taken over."""


@feature(
    "variance_ratio",
    group=Group.DEPENDENCE,
    needs=["close"],
    lookback=SPAN + 1,
    windows=(2, 5),
    source="Lo and MacKinlay (1988), Stock market prices do not follow random walks, Review of "
    "Financial Studies 1",
)
def variance_ratio(window: int) -> pl.Expr:
    """Variance of w-bar returns against w times that of one-bar returns, over 60 returns.

        σ_c²(w) / σ_a²,  overlapping and corrected for bias; 1 for a random walk

    Below 1 reverting, above 1 trending; null without movement. Misleads: bounce pulls it below 1;
    with 60 returns its standard error is .13 for w = 2 and .28 for w = 5.
    """
    close, sums = pl.col("close"), SPAN - window + 1

    def about_mean(drift: pl.Expr, total: pl.Expr, squares: pl.Expr) -> pl.Expr:
        return squares - 2 * drift * total + sums * drift.pow(2)

    long = log_ratio(close, lag(close, window))
    drift = window * window_mean(pl.col(RETURN), SPAN)
    squares = let(about_mean, drift, window_sum(long, sums), window_sum(long.pow(2), sums))
    unbiased = window * sums * (1 - window / SPAN)
    one_bar = window_variance(pl.col(RETURN), SPAN) * SPAN / (SPAN - 1)
    return ratio(squares.clip(lower_bound=0.0) / unbiased, one_bar)
