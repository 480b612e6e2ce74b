"""Which way the price goes."""

from __future__ import annotations

import polars as pl

from fireassay.data.targets import Outcome, OutcomeKind, TargetSpec, Ties, target
from fireassay.data.targets.outcomes import band_size, log_move, numbers


def banded_sign(move: pl.Expr, spec: TargetSpec) -> pl.Expr:
    """Sign of a log move, 0 where it lies within the band."""
    return move.sign() * (move.abs() > band_size(spec.band, spec.horizon))


@target(
    "direction",
    outcome=OutcomeKind.SIGN,
    needs=["close"],
    options=["band", "ties", "price"],
    defaults={"ties": Ties.DROP},
    classes=["down", "tie", "up"],
    price_move=True,
    source="Campbell, Lo and MacKinlay (1997), The Econometrics of Financial Markets, chapter 2",
)
def direction(table: pl.DataFrame, spec: TargetSpec) -> Outcome:
    """Will the price be higher or lower k bars from now.

        sign(ln(p_{t+s+k} / p_{t+s})), a tie where its size is within the band

    Misleads: at one bar and skip 0 the last trade at the bid or the ask predicts the next (bounce);
    ties counted as "down" make quiet hours look predictable, so they are dropped or a class.
    """
    return Outcome(numbers(table, banded_sign(log_move(spec), spec)))
