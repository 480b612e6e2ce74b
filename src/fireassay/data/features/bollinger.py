"""Bollinger bands."""

from __future__ import annotations

import polars as pl

from fireassay.data.features import Group, feature
from fireassay.data.features.expressions import (
    first_known,
    let,
    ratio,
    window_mean,
    window_variance,
)


def relative_close() -> pl.Expr:
    """Return since the session's first close: a variance of prices would be lost in their square."""
    return pl.col("close") / first_known(pl.col("close")) - 1


@feature(
    "bollinger",
    group=Group.MOMENTUM,
    needs=["close"],
    lookback=lambda w: w,
    windows=(20,),
    source="Bollinger (2001), Bollinger on Bollinger Bands",
)
def bollinger(window: int) -> pl.Expr:
    """Distance of the close from its mean over w bars, in standard deviations.

        (C_t − mean) / sd over the last w closes (population sd)

    Null where the close was constant. Misleads: with one move in the window it is ± √(w − 1),
    however small the move.
    """

    def standardised(close: pl.Expr) -> pl.Expr:
        spread = window_variance(close, window).sqrt()
        return ratio(close - window_mean(close, window), spread)

    return let(standardised, relative_close())
