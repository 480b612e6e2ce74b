"""Time since the price crossed the session VWAP."""

from __future__ import annotations

import polars as pl

from fireassay.data.features import Group, feature
from fireassay.data.features.expressions import VWAP, lag, last_known, let, side_of


@feature(
    "vwap_bars_since_cross",
    group=Group.VWAP,
    needs=["high", "low", "close", "volume"],
    source="Berkowitz, Logue and Noser (1988), The total cost of transactions on the NYSE, Journal "
    "of Finance 43",
)
def vwap_bars_since_cross() -> pl.Expr:
    """Bars that the price has stayed on its present side of the session VWAP.

        t − max{i ≤ t : side_i ≠ side_{i−1}};  bars at the VWAP itself belong to the side before

    Counted from the first bar off the VWAP until the first cross. Misleads: bounce around the VWAP
    makes crosses that nobody would trade.
    """

    def bar_of_cross(settled: pl.Expr) -> pl.Expr:
        crossed = settled.is_not_null() & settled.ne_missing(lag(settled))
        return last_known(pl.when(crossed).then(pl.col("bar")))

    side = let(lambda s: last_known(pl.when(s != 0).then(s)), side_of(pl.col("close"), pl.col(VWAP)))
    return pl.col("bar") - let(bar_of_cross, side)
