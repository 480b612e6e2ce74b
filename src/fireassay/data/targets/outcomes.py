"""What targets are built from: prices ahead, σ_t, tie bands and the side of the VWAP."""

from __future__ import annotations

import numpy as np
import polars as pl

from fireassay.arrays import Bool, Float
from fireassay.data.features.expressions import NEGLIGIBLE, RETURN, TYPICAL, grouped, window_sum
from fireassay.data.targets.spec import Band, BandUnit, Price, TargetSpec

SIGMA_BARS = 60
"""Bars that σ_t looks back on."""

SIGMA_LEAST = 20
"""Returns from which on σ_t is known."""

HOLE = 10
"""A step between bars more than this many times as long as 19 of 20 steps is a hole in the data."""

PRICE_NEEDS: dict[Price, tuple[str, ...]] = {
    Price.CLOSE: ("close",),
    Price.MID: ("bid", "ask"),
    Price.TYPICAL: ("high", "low", "close"),
    Price.VWAP: ("vwap",),
}


def ahead(x: pl.Expr, bars: int) -> pl.Expr:
    """The value `bars` later in the same session; null where that leaves it."""
    session = pl.col("session")
    return pl.when(session.shift(-bars) == session).then(x.shift(-bars))


def price(which: Price) -> pl.Expr:
    """The price whose moves are the outcome."""
    match which:
        case Price.MID:
            return (pl.col("bid") + pl.col("ask")) / 2
        case Price.TYPICAL:
            return pl.col(TYPICAL)
        case _:
            return pl.col(which.value)


def entry(spec: TargetSpec) -> pl.Expr:
    """p_{t+s}: where the outcome's move begins."""
    return ahead(price(spec.price), spec.skip)


def exit_(spec: TargetSpec) -> pl.Expr:
    """p_{t+s+k}: where the outcome's move ends."""
    return ahead(price(spec.price), spec.skip + spec.horizon)


def log_move(spec: TargetSpec) -> pl.Expr:
    """ln(p_{t+s+k} / p_{t+s}), exactly 0 where it is rounding."""
    move = (exit_(spec) / entry(spec)).log()
    return move * (move.abs() > NEGLIGIBLE)


def sigma(horizon: int) -> pl.Expr:
    """σ_t √k: root mean square of the symbol's last 60 one-bar returns, scaled to k bars.

    Returns are those within sessions (at least 20), of earlier sessions too, so that it is known at
    the open and on hourly bars. Null where none of them moved.
    """

    def mean_square(r: pl.Expr) -> pl.Expr:
        squares = r.pow(2)
        mean = squares.rolling_mean(SIGMA_BARS, min_samples=SIGMA_LEAST)
        # The maximum tells a window without movement from the residue of a running mean.
        moved = squares.rolling_max(SIGMA_BARS, min_samples=SIGMA_LEAST) > 0
        return pl.when(moved).then(mean)

    return (grouped(pl.col(RETURN), ("symbol",), mean_square) * horizon).sqrt()


def band_size(band: Band, horizon: int) -> pl.Expr:
    """The band as a log return: moves of at most this size are ties."""
    match band.unit:
        case BandUnit.SIGMA if band.size:
            return band.size * sigma(horizon)
        case BandUnit.SPREAD if band.size:
            bid, ask = pl.col("bid"), pl.col("ask")
            return band.size * 2 * (ask - bid) / (ask + bid)
        case _:
            return pl.lit(band.size * 1e-4)


def band_needs(band: Band) -> tuple[str, ...]:
    """Columns that the band is measured by."""
    if not band.size:
        return ()
    return {BandUnit.SIGMA: ("close",), BandUnit.SPREAD: ("bid", "ask")}.get(band.unit, ())


def holes(frame: pl.DataFrame) -> Bool:
    """Return `[R]` True where bars are missing between the bar before, of its session, and this one.

    Markets whose quiet minutes have no bar, and bars of irregular length, step over slots as a rule;
    a hole is a step more than 10 times as long as 19 of 20 steps.
    """
    step = np.diff(frame["slot"].to_numpy().astype(np.int64), prepend=0)
    step[frame["bar"].to_numpy() == 0] = 0
    steps = step[step > 0]
    usual = float(np.quantile(steps, 0.95, method="lower")) if len(steps) else 1.0
    return step > HOLE * usual


def numbers(frame: pl.DataFrame, x: pl.Expr) -> Float:
    """Evaluate to `[R]` float64 with NaN for null."""
    return frame.select(x.cast(pl.Float64)).to_series().to_numpy().astype(np.float64)


def volume_ahead(spec: TargetSpec) -> pl.Expr:
    """Σ v over bars t+s+1 … t+s+k."""
    return ahead(window_sum(pl.col("volume"), spec.horizon), spec.skip + spec.horizon)


def vwap_note(table: pl.DataFrame) -> str:
    """Say which price the VWAP is made of."""
    price = "traded VWAP of the bars" if "vwap" in table.columns else "typical price (H + L + C) / 3"
    return f"VWAP of the session so far, from the {price}."
