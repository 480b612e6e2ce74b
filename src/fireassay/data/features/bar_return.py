"""Log return inside the bar."""

from __future__ import annotations

import polars as pl

from fireassay.data.features import Group, feature
from fireassay.data.features.expressions import log_ratio


@feature(
    "bar_return",
    group=Group.RETURN,
    needs=["open", "close"],
    lookback=1,
    source="Nison (1991), Japanese Candlestick Charting Techniques: the real body",
)
def bar_return() -> pl.Expr:
    """Log return from the open to the close of the bar itself.

        ln(C_t / O_t)

    Misleads: it differs from return_1 only by the step from the last close to this open, which is
    bounce in a liquid market.
    """
    return log_ratio(pl.col("close"), pl.col("open"))
