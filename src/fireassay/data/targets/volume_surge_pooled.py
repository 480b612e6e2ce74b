"""Whether volume is above that of all times of day together."""

from __future__ import annotations

import polars as pl

from fireassay.data.features.expressions import PROFILE_LEAST, PROFILE_SESSIONS
from fireassay.data.targets import Outcome, OutcomeKind, TargetSpec, target
from fireassay.data.targets.outcomes import numbers, volume_ahead


@target(
    "volume_surge_pooled",
    outcome=OutcomeKind.BINARY,
    needs=["volume"],
    options=["c"],
    defaults={"c": 1.5},
    classes=["usual", "surge"],
    mechanical=True,
    caution="Mechanically predictable: the threshold pools all times of day, so the time of day "
    "predicts the label. Use volume_surge.",
    source="Admati and Pfleiderer (1988), A theory of intraday patterns, Review of Financial "
    "Studies 1",
)
def volume_surge_pooled(table: pl.DataFrame, spec: TargetSpec) -> Outcome:
    """Will more trade over the next k bars than over k bars of any time of day.

        Σ_{t+s+1 … t+s+k} v_i > c · mean over the last 20 earlier sessions of their medians of it

    with at least 5 earlier sessions of the symbol, and no label where that mean is 0. Misleads:
    mechanically predictable, since volume has a shape over the day.
    """
    sums = table.select("symbol", "session", volume_ahead(spec).alias("sum"))
    pooled = (
        sums.group_by("symbol", "session", maintain_order=True)
        .agg(pl.col("sum").median())
        .select(
            "session",
            pl.col("sum")
            .rolling_mean(PROFILE_SESSIONS, min_samples=PROFILE_LEAST)
            .shift(1)
            .over("symbol")
            .alias("usual"),
        )
    )
    joined = sums.join(pooled, on="session", how="left", maintain_order="left")
    usual = pl.when(pl.col("usual") > 0).then(pl.col("usual"))
    return Outcome(
        numbers(joined, pl.col("sum") > spec.multiple * usual),
        note="Against all slots of 5 to 20 earlier sessions of the symbol.",
    )
