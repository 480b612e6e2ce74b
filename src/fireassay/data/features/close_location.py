"""Where in its bar's range the close lies."""

from __future__ import annotations

import polars as pl

from fireassay.data.features import Group, feature
from fireassay.data.features.expressions import ratio


@feature(
    "close_location",
    group=Group.RETURN,
    needs=["high", "low", "close"],
    lookback=1,
    source="Chaikin's close location value; Colby (2003), The Encyclopedia of Technical Market "
    "Indicators",
)
def close_location() -> pl.Expr:
    """Where the close lies in the range of its bar: −1 at the low, +1 at the high.

        (2 C_t − H_t − L_t) / (H_t − L_t)

    Null where the bar has no range. Misleads: a last trade at the bid or the ask puts the close at
    an end of the range, so with the last return it is one of the two features that reach most of a
    one-bar edge which is bounce.
    """
    high, low, close = pl.col("high"), pl.col("low"), pl.col("close")
    return ratio(2 * close - high - low, high - low)
