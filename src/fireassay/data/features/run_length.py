"""Length of the present run of rises or falls."""

from __future__ import annotations

import polars as pl

from fireassay.data.features import Group, feature
from fireassay.data.features.expressions import RETURN, SIDE, lag, last_known, let, session_sum


@feature(
    "run_length",
    group=Group.RETURN,
    needs=["close"],
    source="Fama (1965), The behavior of stock-market prices, Journal of Business 38: runs",
)
def run_length() -> pl.Expr:
    """Moves in the present direction since the last move the other way, signed.

        ± #{moves since the direction last changed}; bars without a move neither count nor end a run

    Misleads: bounce makes runs short (alternating trades at bid and ask), and stale bars make them
    span a long time.
    """

    def in_run(side: pl.Expr, moves: pl.Expr) -> pl.Expr:
        turned = pl.when(side != lag(side)).then(moves - 1)
        return side * (moves - last_known(turned).fill_null(0.0))

    return let(in_run, pl.col(SIDE), session_sum(pl.col(RETURN) != 0))
