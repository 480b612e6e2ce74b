"""Share of falls in realised variance."""

from __future__ import annotations

import polars as pl

from fireassay.data.features import Group, feature
from fireassay.data.features.expressions import RETURN, ratio, window_sum


@feature(
    "downside_share",
    group=Group.VOLATILITY,
    needs=["close"],
    lookback=lambda w: w + 1,
    windows=(30,),
    source="Barndorff-Nielsen, Kinnebrock and Shephard (2010), Measuring downside risk: realised "
    "semivariance, in Volatility and Time Series Econometrics",
)
def downside_share(window: int) -> pl.Expr:
    """Share of the realised variance over w bars that falls account for.

        Σ r_i² 1[r_i < 0] / Σ r_i²

    Null without movement. Misleads: one large move decides it.
    """
    fall = pl.col(RETURN).clip(upper_bound=0.0)
    return ratio(window_sum(fall.pow(2), window), window_sum(pl.col(RETURN).pow(2), window))
