"""How far the price moves toward the session VWAP."""

from __future__ import annotations

import polars as pl

from fireassay.data.features.expressions import VWAP, let, side_of
from fireassay.data.targets import Outcome, OutcomeKind, TargetSpec, target
from fireassay.data.targets.outcomes import entry, exit_, numbers, price, vwap_note


@target(
    "vwap_reversion_magnitude",
    outcome=OutcomeKind.REAL,
    needs=["high", "low", "close", "volume"],
    options=["price"],
    price_move=True,
    side="vwap_deviation",
    source="Madhavan (2002), VWAP strategies, Trading 2002, 32",
)
def vwap_reversion_magnitude(table: pl.DataFrame, spec: TargetSpec) -> Outcome:
    """How many basis points will the price move toward the session VWAP over the next k bars.

        10⁴ (p_{t+s+k} − p_{t+s}) sign(V_t − p_t) / p_t; null where p_t = V_t

    Misleads: bounce, as for direction; with a loss of squares a few jumps decide the score.
    """
    now = price(spec.price)
    move = (exit_(spec) - entry(spec)) / now * 1e4
    off = let(lambda side: pl.when(side != 0).then(side), side_of(now, pl.col(VWAP)))
    value = numbers(table, -off * move)
    return Outcome(value, note=f"In basis points. {vwap_note(table)}")
