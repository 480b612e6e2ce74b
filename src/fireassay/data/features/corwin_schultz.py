"""Corwin and Schultz' high-low spread."""

from __future__ import annotations

import math

import polars as pl

from fireassay.data.features import Group, feature
from fireassay.data.features.expressions import lag, log_ratio, window_mean

DENOMINATOR = 3 - 2 * math.sqrt(2)


@feature(
    "corwin_schultz",
    group=Group.LIQUIDITY,
    needs=["high", "low"],
    lookback=lambda w: w + 1,
    windows=(30,),
    source="Corwin and Schultz (2012), A simple way to estimate bid-ask spreads from daily high and "
    "low prices, Journal of Finance 67",
)
def corwin_schultz(window: int) -> pl.Expr:
    """Spread, as a share of the price, from the ranges of one and of two bars; mean over w pairs.

        S = 2 (e^α − 1) / (1 + e^α),  α = (√(2β) − √β) / (3 − 2√2) − √(γ / (3 − 2√2))
        β = ln(H_i/L_i)² + ln(H_{i−1}/L_{i−1})²,  γ = ln(max H / min L)² of both bars

    Negative two-bar values count as 0, as in the paper. Misleads: made for daily ranges; few trades
    per bar bias it.
    """
    high, low = pl.col("high"), pl.col("low")
    squared = log_ratio(high, low).pow(2)
    # √(2β) − √β = (√2 − 1) √β, and 2 (e^α − 1) / (1 + e^α) = 2 tanh(α / 2).
    beta = (squared + lag(squared)).sqrt() * (math.sqrt(2) - 1)
    both_high = pl.when(lag(high) > high).then(lag(high)).otherwise(high)
    both_low = pl.when(lag(low) < low).then(lag(low)).otherwise(low)
    alpha = beta / DENOMINATOR - log_ratio(both_high, both_low) / math.sqrt(DENOMINATOR)
    return window_mean(2 * (alpha / 2).tanh().clip(lower_bound=0.0), window)
