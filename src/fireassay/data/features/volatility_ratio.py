"""Short against long volatility."""

from __future__ import annotations

import polars as pl

from fireassay.data.features import Group, feature
from fireassay.data.features.expressions import log_ratio, realised_volatility

LONG = 6
"""The long window in short ones."""


@feature(
    "volatility_ratio",
    group=Group.VOLATILITY,
    needs=["close"],
    lookback=lambda w: LONG * w + 1,
    windows=(10,),
    source="Corsi (2009), A simple approximate long-memory model of realized volatility, Journal of "
    "Financial Econometrics 7: volatility over several horizons",
)
def volatility_ratio(window: int) -> pl.Expr:
    """Volatility of the last w bars against that of the last 6 w: is it rising.

        ln(RV_w / RV_{6w}),  RV_n = √((1/n) Σ r_i²)

    Null without movement. Misleads: the short window is part of the long one, so it is bounded above
    by ln √6.
    """
    return log_ratio(realised_volatility(window), realised_volatility(LONG * window))
