"""Bulk volume classification."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from fireassay.data.features import Group, feature
from fireassay.data.features.expressions import (
    RETURN,
    let,
    ratio,
    realised_volatility,
    window_sum,
)

SCALE = 30
"""Bars over which the standard deviation of price changes is taken."""


def buy_share() -> pl.Expr:
    """Share of the bar's volume that bulk classification calls bought; ½ where nothing moves."""

    def standardised(returns: pl.Expr, volatility: pl.Expr) -> pl.Expr:
        return pl.when(volatility > 0).then(returns / volatility).otherwise(volatility)

    z = let(standardised, pl.col(RETURN), realised_volatility(SCALE))
    return pl.map_batches([z], _normal_cdf, return_dtype=pl.Float64)


def _normal_cdf(columns: Sequence[pl.Series]) -> pl.Series:
    from scipy.special import ndtr

    return pl.Series(ndtr(columns[0].to_numpy()), nan_to_null=True)


@feature(
    "bulk_imbalance",
    group=Group.FLOW,
    needs=["close", "volume"],
    lookback=lambda w: w + SCALE,
    windows=(30,),
    source="Easley, López de Prado and O'Hara (2016), Discerning information from trade data, "
    "Journal of Financial Economics 120",
)
def bulk_imbalance(window: int) -> pl.Expr:
    """Bought less sold volume over w bars by bulk classification, as a share of the volume.

        Σ v_i (2 Φ(r_i / σ_i) − 1) / Σ v_i,  σ_i the root mean square of the last 30 returns

    Null where nothing traded. Misleads: it is a smoothed sign of the return, weighted by volume;
    what it adds over returns must be shown.
    """
    volume = pl.col("volume")
    signed = volume * (2 * buy_share() - 1)
    return ratio(window_sum(signed, window), window_sum(volume, window))
