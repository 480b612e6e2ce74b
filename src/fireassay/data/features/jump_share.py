"""Share of jumps in realised variance."""

from __future__ import annotations

import polars as pl

from fireassay.data.features import Group, feature
from fireassay.data.features.bipower_volatility import bipower_variance
from fireassay.data.features.expressions import RETURN, ratio, window_mean


@feature(
    "jump_share",
    group=Group.VOLATILITY,
    needs=["close"],
    lookback=lambda w: w + 2,
    windows=(30,),
    source="Barndorff-Nielsen and Shephard (2006), Econometrics of testing for jumps in financial "
    "economics, Journal of Financial Econometrics 4",
)
def jump_share(window: int) -> pl.Expr:
    """Share of the realised variance that jumps account for, at least 0.

        max(0, 1 − BV / RV),  BV = (π/2)(1/w) Σ |r_i| |r_{i−1}|,  RV = (1/w) Σ r_i²

    Null without movement. Misleads: near 1 where most bars don't move, jumps or none.
    """
    variance = window_mean(pl.col(RETURN).pow(2), window)
    return (1 - ratio(bipower_variance(window), variance)).clip(lower_bound=0.0)
