"""Whether volatility rises above its own recent past."""

from __future__ import annotations

import polars as pl

from fireassay.data.features.expressions import positive, realised_volatility
from fireassay.data.targets import Outcome, OutcomeKind, TargetSpec, target
from fireassay.data.targets.outcomes import ahead, numbers


@target(
    "volatility_increase_past",
    outcome=OutcomeKind.BINARY,
    needs=["close"],
    options=["c"],
    defaults={"c": 1.0},
    classes=["falls", "rises"],
    mechanical=True,
    caution="Mechanically predictable: the label compares the future with a past that the features "
    "know, so that after a large move it is mostly 0 and after a calm mostly 1 (mean reversion of "
    "noise). Use volatility_increase.",
    source="Andersen, Bollerslev, Diebold and Labys (2001), The distribution of realized exchange "
    "rate volatility, Journal of the American Statistical Association 96",
)
def volatility_increase_past(table: pl.DataFrame, spec: TargetSpec) -> Outcome:
    """Will the next k bars be more volatile than the last k were.

        RV_{t+s+1 … t+s+k} > c · RV_{t−k+1 … t},  RV = √((1/k) Σ r_i²); null where the past RV is 0

    Misleads: mechanically predictable. The known side of the comparison tells how likely it is to be
    exceeded: for independent draws, with nothing to predict, it alone reaches an AUC of 5/6.
    """
    past = realised_volatility(spec.horizon)
    outcome = ahead(past, spec.skip + spec.horizon)
    return Outcome(numbers(table, outcome > spec.multiple * positive(past)))
