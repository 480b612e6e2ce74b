"""Realised volatility."""

from __future__ import annotations

import polars as pl

from fireassay.data.features import Group, expressions, feature


@feature(
    "realised_volatility",
    group=Group.VOLATILITY,
    needs=["close"],
    lookback=lambda w: w + 1,
    windows=(10, 30, 60),
    source="Andersen, Bollerslev, Diebold and Labys (2001), The distribution of realized exchange "
    "rate volatility, Journal of the American Statistical Association 96",
)
def realised_volatility(window: int) -> pl.Expr:
    """Root mean square of the one-bar log returns over w bars.

        √((1/w) Σ r_i²)

    Misleads: bounce adds a constant of about half the squared spread to each r², so at high
    frequency it measures the spread as much as the price.
    """
    return expressions.realised_volatility(window)
