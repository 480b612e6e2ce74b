"""Yang and Zhang's volatility."""

from __future__ import annotations

import polars as pl

from fireassay.data.features import Group, feature
from fireassay.data.features.expressions import lag, log_ratio, window_mean, window_variance
from fireassay.data.features.rogers_satchell import rogers_satchell_term


@feature(
    "yang_zhang",
    group=Group.VOLATILITY,
    needs=["open", "high", "low", "close"],
    lookback=lambda w: w + 1,
    windows=(30,),
    source="Yang and Zhang (2000), Drift-independent volatility estimation based on high, low, open, "
    "and close prices, Journal of Business 73",
)
def yang_zhang(window: int) -> pl.Expr:
    """Volatility per bar that allows for drift and for steps between bars.

        √(σ_o² + κ σ_c² + (1 − κ) σ_rs²),  κ = .34 / (1.34 + (w + 1)/(w − 1))

    with σ_o² the variance of ln(O_i / C_{i−1}), σ_c² that of ln(C_i / O_i) and σ_rs² the Rogers–
    Satchell mean. Misleads: the step between bars is bounce in a liquid market, and σ_o² counts it.
    """
    step = log_ratio(pl.col("open"), lag(pl.col("close")))
    body = log_ratio(pl.col("close"), pl.col("open"))
    unbiased = window / (window - 1)
    kappa = 0.34 / (1.34 + (window + 1) / (window - 1))
    variance = (
        unbiased * window_variance(step, window)
        + kappa * unbiased * window_variance(body, window)
        + (1 - kappa) * window_mean(rogers_satchell_term(), window)
    )
    return variance.clip(lower_bound=0.0).sqrt()
