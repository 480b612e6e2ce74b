"""Autocorrelation of returns."""

from __future__ import annotations

import polars as pl

from fireassay.data.features import Group, feature
from fireassay.data.features.expressions import RETURN, lag, window_correlation


@feature(
    "autocorrelation",
    group=Group.DEPENDENCE,
    needs=["close"],
    lookback=lambda w: w + 2,
    windows=(60,),
    source="Campbell, Lo and MacKinlay (1997), The Econometrics of Financial Markets, section 2.4",
)
def autocorrelation(window: int) -> pl.Expr:
    """Correlation of neighbouring returns over w pairs: reverting below 0, trending above.

        corr(r_i, r_{i−1})

    Null without movement. Misleads: bounce makes it negative in any liquid market; its standard
    error is 1/√w.
    """
    returns = pl.col(RETURN)
    return window_correlation(returns, lag(returns), window)
