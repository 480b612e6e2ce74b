"""Log return over w bars."""

from __future__ import annotations

import polars as pl

from fireassay.data.features import Group, feature
from fireassay.data.features.expressions import lag, log_ratio


@feature(
    "return",
    group=Group.RETURN,
    needs=["close"],
    lookback=lambda w: w + 1,
    windows=(1, 2, 5, 10, 30, 60),
    source="Campbell, Lo and MacKinlay (1997), The Econometrics of Financial Markets, section 1.4",
)
def log_return(window: int) -> pl.Expr:
    """Log return over w bars: how far did the price move, and which way.

        ln(C_t / C_{t−w})

    Misleads: at w = 1 it is dominated by bid-ask bounce, which makes the next return look
    predictable; what it predicts must survive skip=1.
    """
    close = pl.col("close")
    return log_ratio(close, lag(close, window))
