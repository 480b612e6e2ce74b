"""Whether the price touches the session VWAP."""

from __future__ import annotations

import polars as pl

from fireassay.data.features.expressions import VWAP, let, side_of
from fireassay.data.targets import Outcome, OutcomeKind, TargetSpec, target
from fireassay.data.targets.outcomes import ahead, numbers, vwap_note


@target(
    "vwap_touch",
    outcome=OutcomeKind.BINARY,
    needs=["high", "low", "close", "volume"],
    classes=["no touch", "touch"],
    price_move=True,
    side="vwap_deviation",
    caution="How near the price is to the VWAP at t predicts a touch without any skill: compare with "
    "that distance alone.",
    mechanical=True,
    source="Madhavan (2002), VWAP strategies, Trading 2002, 32",
)
def vwap_touch(table: pl.DataFrame, spec: TargetSpec) -> Outcome:
    """Will any price of the outcome's bars reach the session VWAP as it is now.

        max H ≥ V_t over t+s+1 … t+s+k where C_t < V_t;  min L ≤ V_t where C_t > V_t; else null

    Misleads: the nearer the price is to V_t, the likelier a touch, whatever the market does.
    """
    k, reach = spec.horizon, spec.horizon + spec.skip
    touch = let(
        lambda side, up, down: pl.when(side < 0).then(up).when(side > 0).then(down),
        side_of(pl.col("close"), pl.col(VWAP)),
        ahead(pl.col("high").rolling_max(k), reach) >= pl.col(VWAP),
        ahead(pl.col("low").rolling_min(k), reach) <= pl.col(VWAP),
    )
    return Outcome(numbers(table, touch), note=vwap_note(table))
