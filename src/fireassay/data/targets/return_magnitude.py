"""How far the price goes, in units of volatility."""

from __future__ import annotations

import polars as pl

from fireassay.data.targets import Outcome, OutcomeKind, TargetSpec, target
from fireassay.data.targets.outcomes import log_move, numbers, sigma


@target(
    "return_magnitude",
    outcome=OutcomeKind.REAL,
    needs=["close"],
    options=["price"],
    price_move=True,
    source="Campbell, Lo and MacKinlay (1997), The Econometrics of Financial Markets, chapter 2",
)
def return_magnitude(table: pl.DataFrame, spec: TargetSpec) -> Outcome:
    """How far will the price have moved k bars from now, in units of its volatility.

        ln(p_{t+s+k} / p_{t+s}) / (σ_t √k),  σ_t the root mean square of the last 60 one-bar returns

    Null where the price hasn't moved in 60 bars. Misleads: with a loss of squares a few jumps decide
    the score; read the rank correlation beside R².
    """
    return Outcome(
        numbers(table, log_move(spec) / sigma(spec.horizon)),
        note="In units of σ_t √k, σ_t from the symbol's last 60 one-bar returns.",
    )
