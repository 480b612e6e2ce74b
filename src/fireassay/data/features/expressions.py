"""What features and targets are built from: lags, windows, profiles, prior sessions.

The rows of a session are contiguous and `bar` counts them, so a lag or a window is evaluated over
the whole column and masked by `bar`: no grouping is needed, and nothing crosses into another
session. Every helper maps a whole column to a whole column, so they nest freely. Expressions read
the table that `prepared` returns.

A Polars expression is a tree: what it names twice is computed twice, and nesting doubles again. So
each helper names its arguments once, and `let` evaluates what a formula names several times.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import polars as pl

from fireassay.arrays import Float
from fireassay.data.bars import PRICE_COLUMNS

TYPICAL = "fireassay:typical"
VWAP = "fireassay:vwap"
RETURN = "fireassay:return"
SIDE = "fireassay:side"
OCCURRENCE = "fireassay:occurrence"

PROFILE_SESSIONS = 20
"""Earlier sessions that a slot profile looks at."""

PROFILE_LEAST = 5
"""Earlier sessions from which on a slot profile is known."""

NEGLIGIBLE = 1e-9
"""Relative size below which a price difference is rounding: far below any tick."""


def prepared(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the table with impossible values nulled and the shared quantities beside it.

    Prices that aren't positive and finite, volumes that aren't non-negative and finite, and quotes
    with ask < bid become null. Added, as far as their columns are there: the typical price
    (H + L + C) / 3, the session VWAP, the log return of one bar, and the tick-rule side.

    Notes
    -----
    The VWAP is anchored at the session's open and null until volume has traded:
    V_t = Σ_{i≤t} p_i v_i / Σ_{i≤t} v_i with p the traded VWAP of the bar where the data has it, else
    its typical price. The side of the tick rule is the sign of the last price change within the
    session (Lee and Ready 1991), 0 before the first.
    """
    has = set(frame.columns)
    positive = [c for c in (*PRICE_COLUMNS, "vwap", "bid", "ask") if c in has]
    counts = [c for c in ("volume", "trades") if c in has]
    frame = frame.with_columns(
        *(_possible(c, pl.col(c) > 0) for c in positive),
        *(_possible(c, pl.col(c) >= 0) for c in counts),
    )
    if {"bid", "ask"} <= has:
        sound = pl.col("ask") >= pl.col("bid")
        frame = frame.with_columns(pl.when(sound).then(pl.col(c)).alias(c) for c in ("bid", "ask"))
    if "slot" in has:
        frame = frame.with_columns(_occurrence())
    if "close" in has:
        close = pl.col("close")
        moved = pl.when(close != lag(close)).then((close - lag(close)).sign())
        frame = frame.with_columns(
            log_ratio(close, lag(close)).alias(RETURN),
            last_known(moved).fill_null(0.0).alias(SIDE),
        )
    if {"high", "low", "close"} <= has:
        typical = (pl.col("high") + pl.col("low") + pl.col("close")) / 3
        frame = frame.with_columns(typical.alias(TYPICAL))
        if "volume" in has:
            price = pl.coalesce("vwap", TYPICAL) if "vwap" in has else pl.col(TYPICAL)
            frame = frame.with_columns(_session_vwap(price))
    return frame


def _possible(name: str, condition: pl.Expr) -> pl.Expr:
    value = pl.col(name)
    return pl.when(condition & value.is_finite()).then(value.cast(pl.Float64)).alias(name)


def _session_vwap(price: pl.Expr) -> pl.Expr:
    # A bar without a price can't enter the mean, so its volume doesn't either.
    volume = pl.when(price.is_not_null()).then(pl.col("volume"))
    return ratio(session_sum(price * volume), session_sum(volume)).alias(VWAP)


def _occurrence() -> pl.Expr:
    """How many bars of the session before this one share its slot; they are neighbours."""
    slot, row = pl.col("slot"), pl.int_range(pl.len(), dtype=pl.Int64)
    first = (pl.col("bar") == 0) | (slot != slot.shift(1))
    return (row - pl.when(first).then(row).forward_fill()).alias(OCCURRENCE)


def let(function: Callable[..., pl.Expr], *values: pl.Expr) -> pl.Expr:
    """Evaluate the values once, then `function` of them as columns."""
    names = [f"fireassay:{i}" for i in range(len(values))]

    def evaluate(columns: Sequence[pl.Series]) -> pl.Series:
        frame = pl.DataFrame([c.alias(n) for c, n in zip(columns, (*names, *_INDEX), strict=True)])
        return frame.select(function(*(pl.col(n) for n in names)).cast(pl.Float64)).to_series()

    return pl.map_batches([*values, *_INDEX], evaluate, return_dtype=pl.Float64)


_INDEX = ("session", "bar")
"""Columns that helpers read besides their arguments."""


def grouped(x: pl.Expr, keys: tuple[str, ...], function: Callable[[pl.Expr], pl.Expr]) -> pl.Expr:
    """Evaluate `function` of `x` within groups, `x` itself over the whole column.

    Plain `.over` would evaluate all that `x` is made of within the groups too, lags and windows
    included, and forbids another `.over` inside.
    """

    def evaluate(columns: Sequence[pl.Series]) -> pl.Series:
        values, *groups = columns
        frame = pl.DataFrame([values.alias("x"), *groups])
        return frame.select(function(pl.col("x")).over(keys)).to_series()

    return pl.map_batches([x.cast(pl.Float64), *keys], evaluate, return_dtype=pl.Float64)


def lag(x: pl.Expr, bars: int = 1) -> pl.Expr:
    """The value `bars` ago in the same session; null before."""
    return pl.when(pl.col("bar") >= bars).then(x.shift(bars))


def positive(x: pl.Expr) -> pl.Expr:
    """Null where it isn't above 0."""
    return let(lambda v: pl.when(v > 0).then(v), x)


def ratio(numerator: pl.Expr, denominator: pl.Expr) -> pl.Expr:
    """The quotient, null unless the denominator is positive."""
    return numerator / positive(denominator)


def log_ratio(numerator: pl.Expr, denominator: pl.Expr) -> pl.Expr:
    """ln(numerator / denominator), null unless both are positive."""
    return (positive(numerator) / positive(denominator)).log()


def position_in_range(price: pl.Expr, high: pl.Expr, low: pl.Expr) -> pl.Expr:
    """Distance from the middle of the range in ranges: beyond ± ½ it is outside."""
    return ratio(price - (high + low) / 2, high - low)


def session_sum(x: pl.Expr) -> pl.Expr:
    """Sum over the session so far; nulls add nothing."""
    return grouped(x.cast(pl.Float64).fill_null(0.0), ("session",), lambda v: v.cum_sum())


def session_max(x: pl.Expr) -> pl.Expr:
    """Largest value of the session so far; null before the first."""
    return grouped(x, ("session",), lambda v: v.cum_max().forward_fill())


def session_min(x: pl.Expr) -> pl.Expr:
    """Smallest value of the session so far; null before the first."""
    return grouped(x, ("session",), lambda v: v.cum_min().forward_fill())


def last_known(x: pl.Expr) -> pl.Expr:
    """The last value of the session so far that isn't null."""
    return grouped(x, ("session",), lambda v: v.forward_fill())


def first_known(x: pl.Expr) -> pl.Expr:
    """The first value of the session that isn't null; null before it."""

    def first(v: pl.Expr) -> pl.Expr:
        known = v.is_not_null()
        return last_known(pl.when(known & (session_sum(known) == 1)).then(v))

    return let(first, x)


def window_sum(x: pl.Expr, window: int) -> pl.Expr:
    """Sum over the last `window` bars of the session; null until filled or if one of them is null."""
    summed = x.cast(pl.Float64).map_batches(
        lambda s: pl.Series(s.name, _window_sums(s.to_numpy(), window), nan_to_null=True),
        return_dtype=pl.Float64,
    )
    return filled(summed, window)


def _window_sums(x: Float, window: int) -> Float:
    """Sum over each run of `window` values, each summed afresh from runs of 1, 2, 4, … values.

    A running sum that adds the new and subtracts the old keeps rounding residue of values that have
    left: a window of zeros after a large value would not sum to 0. Here every sum depends on its own
    values only, and a NaN spoils only the windows that hold it.
    """
    sums, reach = np.zeros(len(x)), 0
    run, size = x.copy(), 1
    while size <= window:
        if window & size:
            sums[reach:] += run[: len(x) - reach]
            reach += size
        with np.errstate(invalid="ignore", over="ignore"):
            run[size:] = run[size:] + run[:-size]
        size *= 2
    sums[: window - 1] = np.nan
    return sums


def filled(x: pl.Expr, window: int) -> pl.Expr:
    """Null until the session has `window` bars."""
    return pl.when(pl.col("bar") >= window - 1).then(x)


def window_mean(x: pl.Expr, window: int) -> pl.Expr:
    """Mean over the last `window` bars of the session."""
    return window_sum(x, window) / window


COMOMENT_ROUNDING = 1e-12
"""Share of its own terms below which a variance or covariance is rounding."""


def window_covariance(x: pl.Expr, y: pl.Expr, window: int) -> pl.Expr:
    """Population covariance over the last `window` bars; 0 where it is rounding of its terms."""

    def of_means(xy: pl.Expr, x: pl.Expr, y: pl.Expr, magnitude: pl.Expr) -> pl.Expr:
        return _unless_rounding(xy - x * y, magnitude)

    def of_pairs(xy: pl.Expr, x: pl.Expr, y: pl.Expr) -> pl.Expr:
        pairs = (xy, *_pairs(xy, x, y), xy.abs())
        return let(of_means, *(window_mean(each, window) for each in pairs))

    return let(of_pairs, x * y, x, y)


def window_variance(x: pl.Expr, window: int) -> pl.Expr:
    """Population variance over the last `window` bars; 0 where all are equal."""

    def of_means(xx: pl.Expr, x: pl.Expr) -> pl.Expr:
        return _unless_rounding(xx - x * x, xx)

    return let(lambda v: let(of_means, window_mean(v * v, window), window_mean(v, window)), x)


def window_correlation(x: pl.Expr, y: pl.Expr, window: int) -> pl.Expr:
    """Pearson correlation over the last `window` bars, null where one of them is constant."""

    def of_means(xy: pl.Expr, x: pl.Expr, y: pl.Expr, xx: pl.Expr, yy: pl.Expr) -> pl.Expr:
        variance = _unless_rounding(xx - x * x, xx) * _unless_rounding(yy - y * y, yy)
        return ratio(xy - x * y, variance.sqrt()).clip(-1.0, 1.0)

    def of_pairs(xy: pl.Expr, x: pl.Expr, y: pl.Expr) -> pl.Expr:
        x, y = _pairs(xy, x, y)
        return let(of_means, *(window_mean(each, window) for each in (xy, x, y, x * x, y * y)))

    return let(of_pairs, x * y, x, y)


def _pairs(xy: pl.Expr, x: pl.Expr, y: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
    both = xy.is_not_null()
    return pl.when(both).then(x), pl.when(both).then(y)


def _unless_rounding(comoment: pl.Expr, magnitude: pl.Expr) -> pl.Expr:
    return comoment * (comoment.abs() > COMOMENT_ROUNDING * magnitude)


def window_max(x: pl.Expr, window: int) -> pl.Expr:
    """Largest of the last `window` bars of the session."""
    return filled(x.rolling_max(window), window)


def window_min(x: pl.Expr, window: int) -> pl.Expr:
    """Smallest of the last `window` bars of the session."""
    return filled(x.rolling_min(window), window)


def side_of(price: pl.Expr, reference: pl.Expr) -> pl.Expr:
    """+1 above the reference, −1 below, 0 at it: means of equal prices differ by rounding."""

    def side(distance: pl.Expr) -> pl.Expr:
        return distance.sign() * (distance.abs() > NEGLIGIBLE)

    return let(side, log_ratio(price, reference))


def realised_volatility(window: int) -> pl.Expr:
    """Root mean square of the last `window` one-bar log returns."""
    return window_mean(pl.col(RETURN).pow(2), window).sqrt()


def smoothed(x: pl.Expr, window: int, weight: float) -> pl.Expr:
    """Exponential mean within the session, seeded with the plain mean of its first `window` values.

    That is the convention of Wilder (1978) and of TA-Lib. Nulls are passed over: the mean stays as
    it was.
    """

    def fed(v: pl.Expr, count: pl.Expr) -> pl.Expr:
        seed = pl.when(count == window).then(session_sum(v) / window)
        return pl.when(v.is_not_null()).then(pl.when(count > window).then(v).otherwise(seed))

    return grouped(
        let(fed, x, session_sum(x.is_not_null())),
        ("session",),
        lambda v: v.ewm_mean(alpha=weight, adjust=False, ignore_nulls=True).forward_fill(),
    )


def prior_session(x: pl.Expr) -> pl.Expr:
    """The last known value of `x` in the previous session of the symbol; null in the first."""
    end = pl.int_range(pl.len()) - pl.col("bar") - 1
    at = end.clip(lower_bound=0)
    same_symbol = pl.col("symbol").gather(at) == pl.col("symbol")
    return pl.when((end >= 0) & same_symbol).then(last_known(x).gather(at))


SLOT = ("symbol", "slot", OCCURRENCE)
"""Bars of one time of day, at most one per session. Bars of irregular length can share a slot; the
n-th of a session is compared with n-ths, so that a step back in the group is a session back."""


def slot_mean(x: pl.Expr) -> pl.Expr:
    """Mean of `x` ≥ 0 at this time of day over the last earlier sessions of the symbol."""

    def profile(v: pl.Expr) -> pl.Expr:
        mean = v.rolling_mean(PROFILE_SESSIONS, min_samples=PROFILE_LEAST)
        # A running mean may keep rounding residue of values that have left it; a maximum doesn't.
        largest = v.rolling_max(PROFILE_SESSIONS, min_samples=PROFILE_LEAST)
        return pl.when(largest > 0).then(mean).otherwise(largest).shift(1)

    return grouped(x, SLOT, profile)


def slot_median(x: pl.Expr) -> pl.Expr:
    """Median of `x` at this time of day over the last earlier sessions of the symbol."""
    return grouped(
        x, SLOT, lambda v: v.rolling_median(PROFILE_SESSIONS, min_samples=PROFILE_LEAST).shift(1)
    )
