"""Whether the price moves toward the session VWAP."""

from __future__ import annotations

import polars as pl

from fireassay.data.features.expressions import VWAP, side_of
from fireassay.data.targets import Outcome, OutcomeKind, TargetSpec, Ties, target
from fireassay.data.targets.direction import banded_sign
from fireassay.data.targets.outcomes import log_move, numbers, price, vwap_note


@target(
    "vwap_reversion",
    outcome=OutcomeKind.SIGN,
    needs=["high", "low", "close", "volume"],
    options=["band", "ties", "price"],
    defaults={"ties": Ties.DROP},
    classes=["away", "tie", "toward"],
    price_move=True,
    side="vwap_deviation",
    source="Madhavan (2002), VWAP strategies, Trading 2002, 32",
)
def vwap_reversion(table: pl.DataFrame, spec: TargetSpec) -> Outcome:
    """Will the price move toward the session VWAP over the next k bars.

        sign((V_t − p_t)(p_{t+s+k} − p_{t+s})), a tie where the move is within the band or p_t = V_t

    V_t is the VWAP of the session so far, frozen at t. Misleads: bounce, as for direction; and the
    price's distance from V_t is a stale price's too, so reversion shows where nothing traded.
    """
    side = -side_of(price(spec.price), pl.col(VWAP))
    return Outcome(numbers(table, side * banded_sign(log_move(spec), spec)), note=vwap_note(table))
