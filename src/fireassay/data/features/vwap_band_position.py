"""Distance from the session VWAP in volume-weighted deviations."""

from __future__ import annotations

import polars as pl

from fireassay.data.features import Group, feature
from fireassay.data.features.expressions import (
    NEGLIGIBLE,
    TYPICAL,
    VWAP,
    first_known,
    let,
    log_ratio,
    ratio,
    session_sum,
)


@feature(
    "vwap_band_position",
    group=Group.VWAP,
    needs=["high", "low", "close", "volume"],
    source="VWAP bands of charting programs: the volume-weighted deviation around the VWAP",
)
def vwap_band_position() -> pl.Expr:
    """Distance from the session VWAP in volume-weighted standard deviations of the price around it.

        ln(C_t / V_t) / s_t,  s_t² = Σ v_i x_i² / Σ v_i − (Σ v_i x_i / Σ v_i)²,  x_i = ln(p_i / p_1)

    Null until the traded price has varied. Misleads: after one trade away from the rest s is tiny
    and the value huge.
    """

    def spread(x: pl.Expr, volume: pl.Expr) -> pl.Expr:
        total = session_sum(volume)
        square = ratio(session_sum(volume * x.pow(2)), total)
        mean = ratio(session_sum(volume * x), total)
        return let(deviation, square, mean)

    def deviation(square: pl.Expr, mean: pl.Expr) -> pl.Expr:
        variance = square - mean.pow(2)
        # x is a relative difference: a deviation of less than rounding isn't one.
        known = (variance > NEGLIGIBLE * square) & (variance > NEGLIGIBLE**2)
        return pl.when(known).then(variance.sqrt())

    x = log_ratio(pl.col(TYPICAL), first_known(pl.col(TYPICAL)))
    volume = pl.when(pl.col(TYPICAL).is_not_null()).then(pl.col("volume"))
    return ratio(log_ratio(pl.col("close"), pl.col(VWAP)), let(spread, x, volume))
