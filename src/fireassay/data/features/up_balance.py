"""Rises less falls as a share of bars."""

from __future__ import annotations

import polars as pl

from fireassay.data.features import Group, feature
from fireassay.data.features.expressions import RETURN, window_mean


@feature(
    "up_balance",
    group=Group.RETURN,
    needs=["close"],
    lookback=lambda w: w + 1,
    windows=(20,),
    source="Fama (1965), The behavior of stock-market prices, Journal of Business 38: signs",
)
def up_balance(window: int) -> pl.Expr:
    """Rises less falls over w bars, as a share of the bars: −1 all fell, +1 all rose.

        (1/w) Σ sign(r_i)

    Misleads: bars without a move pull it to 0, so its spread follows activity.
    """
    return window_mean(pl.col(RETURN).sign(), window)
