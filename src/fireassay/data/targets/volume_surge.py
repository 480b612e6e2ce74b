"""Whether volume is above that of the same time of day."""

from __future__ import annotations

import polars as pl

from fireassay.data.features.expressions import positive, slot_median
from fireassay.data.targets import Outcome, OutcomeKind, TargetSpec, target
from fireassay.data.targets.outcomes import numbers, volume_ahead


@target(
    "volume_surge",
    outcome=OutcomeKind.BINARY,
    needs=["volume"],
    options=["c"],
    defaults={"c": 1.5},
    classes=["usual", "surge"],
    source="Admati and Pfleiderer (1988), A theory of intraday patterns, Review of Financial "
    "Studies 1",
)
def volume_surge(table: pl.DataFrame, spec: TargetSpec) -> Outcome:
    """Will more trade over the next k bars than this time of day usually sees.

        Σ_{t+s+1 … t+s+k} v_i > c · median of the same at this slot over the last 20 earlier sessions

    with at least 5 earlier sessions of the symbol, and no label where that median is 0. Misleads:
    volume clusters, so a high score is normal and says nothing about direction.
    """
    outcome = volume_ahead(spec)
    usual = positive(slot_median(outcome))
    return Outcome(
        numbers(table, outcome > spec.multiple * usual),
        note="Against the median of the same slot over 5 to 20 earlier sessions of the symbol.",
    )
