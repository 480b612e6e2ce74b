"""Kyle's lambda."""

from __future__ import annotations

import polars as pl

from fireassay.data.features import Group, feature
from fireassay.data.features.expressions import (
    RETURN,
    SIDE,
    ratio,
    window_covariance,
    window_mean,
    window_variance,
)


@feature(
    "kyle_lambda",
    group=Group.FLOW,
    needs=["close", "volume"],
    windows=(60,),
    source="Kyle (1985), Continuous auctions and insider trading, Econometrica 53; as a regression "
    "in Hasbrouck (2009), Trading costs and returns for U.S. equities, Journal of Finance 64",
)
def kyle_lambda(window: int) -> pl.Expr:
    """Log return that an average bar's volume brings when it is all on one side.

        v̄ · cov(r_i, q_i) / var(q_i),  q_i = s_i v_i by the tick rule

    The mean volume v̄ of the window takes away the unit. Null where the signed volume is constant.
    Misleads: q takes its sign from the same price change that r is, so it is positive by
    construction; compare it with itself over time.
    """
    volume, returns = pl.col("volume"), pl.col(RETURN)
    signed = pl.when(returns.is_not_null()).then(pl.col(SIDE) * volume)
    slope = ratio(window_covariance(returns, signed, window), window_variance(signed, window))
    return slope * window_mean(volume, window)
