"""Share of bars without a move."""

from __future__ import annotations

import polars as pl

from fireassay.data.features import Group, feature
from fireassay.data.features.expressions import RETURN, window_mean


@feature(
    "zero_return_share",
    group=Group.LIQUIDITY,
    needs=["close"],
    lookback=lambda w: w + 1,
    windows=(30,),
    source="Lesmond, Ogden and Trzcinka (1999), A new estimate of transaction costs, Review of "
    "Financial Studies 12",
)
def zero_return_share(window: int) -> pl.Expr:
    """Share of the last w bars whose close didn't move: trading costs more than the news is worth.

        (1/w) Σ 1[r_i = 0]

    Misleads: a coarse tick and a forward-filled price look the same.
    """
    still = pl.col(RETURN) == 0
    return window_mean(still.cast(pl.Float64), window)
