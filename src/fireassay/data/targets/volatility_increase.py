"""Whether volatility is above that of the same time of day."""

from __future__ import annotations

import polars as pl

from fireassay.data.features.expressions import positive, realised_volatility, slot_median
from fireassay.data.targets import Outcome, OutcomeKind, TargetSpec, target
from fireassay.data.targets.outcomes import ahead, numbers


@target(
    "volatility_increase",
    outcome=OutcomeKind.BINARY,
    needs=["close"],
    options=["c"],
    defaults={"c": 1.0},
    classes=["calm", "volatile"],
    source="Andersen and Bollerslev (1997), Intraday periodicity and volatility persistence in "
    "financial markets, Journal of Empirical Finance 4",
)
def volatility_increase(table: pl.DataFrame, spec: TargetSpec) -> Outcome:
    """Will the next k bars be more volatile than this time of day usually is.

        RV_{t+s+1 … t+s+k} > c · median of the same at this slot over the last 20 earlier sessions

    with RV = √((1/k) Σ r_i²), at least 5 earlier sessions, and no label where that median is 0.
    Misleads: volatility clusters, so a high score is normal and says nothing about direction.
    """
    outcome = ahead(realised_volatility(spec.horizon), spec.skip + spec.horizon)
    usual = positive(slot_median(outcome))
    return Outcome(
        numbers(table, outcome > spec.multiple * usual),
        note="Against the median of the same slot over 5 to 20 earlier sessions of the symbol.",
    )
