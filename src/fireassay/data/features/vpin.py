"""Volume-synchronised probability of informed trading."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from fireassay.data.features import Group, feature
from fireassay.data.features.bulk_volume import buy_share
from fireassay.data.features.expressions import lag, let, prior_session, ratio, session_sum

BUCKETS = 50
"""Volume buckets per session."""

COUNTED = 2.0**53
"""Buckets up to which a count is exact."""


@feature(
    "vpin",
    group=Group.FLOW,
    needs=["close", "volume"],
    windows=(10,),
    sessions_back=1,
    source="Easley, López de Prado and O'Hara (2012), Flow toxicity and liquidity in a "
    "high-frequency world, Review of Financial Studies 25",
)
def vpin(window: int) -> pl.Expr:
    """Mean order imbalance of the last w full volume buckets: is flow one-sided.

        (1/w) Σ |2 B_j − V| / V,  B_j the bought volume of bucket j by bulk classification

    A bucket is V = 1/50 of the volume of the session before; a bar's volume is spread evenly over the
    buckets that it spans. Bars before the 31st, whose classification isn't known, count as half
    bought; null there, and until w buckets are full. Misleads: a smoothed absolute return in volume
    time; it rises with volatility by construction (Andersen and Bondarenko 2014).
    """

    def from_volumes(volume: pl.Expr, share: pl.Expr) -> pl.Expr:
        return let(
            from_sums, volume, volume * share, session_sum(volume), session_sum(volume * share)
        )

    def from_sums(
        volume: pl.Expr, bought: pl.Expr, so_far: pl.Expr, bought_so_far: pl.Expr
    ) -> pl.Expr:
        return pl.map_batches(
            [volume, bought, so_far, lag(so_far).fill_null(0.0), bought_so_far],
            lambda columns: _bucket_imbalance(columns, window),
            return_dtype=pl.Float64,
        )

    size = prior_session(session_sum(pl.col("volume"))) / BUCKETS
    volume = ratio(pl.col("volume").fill_null(0.0), size)
    return let(
        lambda v, share: pl.when(share.is_not_null()).then(from_volumes(v, share.fill_null(0.5))),
        volume,
        buy_share(),
    )


def _bucket_imbalance(columns: Sequence[pl.Series], window: int) -> pl.Series:
    """Mean imbalance of the last `window` buckets that are full at each bar.

    All volumes are in buckets, so the j-th bucket of a session is full when `so_far` reaches j.
    """
    volume, bought, so_far, before, bought_so_far = (c.to_numpy() for c in columns)
    full, full_before = (np.floor(np.minimum(v, COUNTED)).astype(np.int64) for v in (so_far, before))
    ending = full - full_before
    # A bar can fill any number of buckets, all alike but the first; only the last w can count, and
    # one more keeps the bucket before them.
    kept = np.minimum(ending, window + 1)
    seen = np.cumsum(kept)
    bar = np.repeat(np.arange(len(full)), kept)
    nth = full[bar] - (seen[bar] - 1 - np.arange(len(bar)))
    share = np.clip((nth - before[bar]) / volume[bar], 0.0, 1.0)
    with np.errstate(invalid="ignore"):
        bought_at_end = bought_so_far[bar] - (1 - share) * bought[bar]
    at_start = np.where(nth == 1, 0.0, np.r_[0.0, bought_at_end[:-1]])
    imbalance = np.abs(2 * (bought_at_end - at_start) - 1)
    padded = np.r_[np.zeros(window), imbalance]
    means = np.lib.stride_tricks.sliding_window_view(padded, window).mean(axis=1)
    return pl.Series(np.where(full >= window, means[seen], np.nan), nan_to_null=True)
