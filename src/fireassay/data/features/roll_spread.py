"""Roll's effective spread."""

from __future__ import annotations

import polars as pl

from fireassay.data.features import Group, feature
from fireassay.data.features.expressions import RETURN, lag, window_covariance


@feature(
    "roll_spread",
    group=Group.LIQUIDITY,
    needs=["close"],
    lookback=lambda w: w + 2,
    windows=(60,),
    source="Roll (1984), A simple implicit measure of the effective bid-ask spread in an efficient "
    "market, Journal of Finance 39",
)
def roll_spread(window: int) -> pl.Expr:
    """Effective spread, as a share of the price, that the bounce of returns implies.

        2 √max(0, −cov(r_i, r_{i−1}))

    0 where the covariance is positive, as is usual. Misleads: true reversal of prices looks like a
    spread.
    """
    returns = pl.col(RETURN)
    covariance = window_covariance(returns, lag(returns), window)
    return 2 * (-covariance).clip(lower_bound=0.0).sqrt()
