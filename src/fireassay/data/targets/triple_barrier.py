"""Which barrier the price touches first."""

from __future__ import annotations

import numpy as np
import polars as pl

from fireassay.arrays import Float, Int
from fireassay.data.targets import Outcome, OutcomeKind, TargetSpec, Ties, target
from fireassay.data.targets.outcomes import numbers, sigma


@target(
    "triple_barrier",
    outcome=OutcomeKind.SIGN,
    needs=["high", "low", "close"],
    options=["c", "ties"],
    defaults={"c": 1.0, "ties": Ties.CLASS},
    classes=["lower", "vertical", "upper"],
    price_move=True,
    source="López de Prado (2018), Advances in Financial Machine Learning, section 3.4",
)
def triple_barrier(table: pl.DataFrame, spec: TargetSpec) -> Outcome:
    """Which comes first: a rise by c σ_t √k, a fall by as much, or the end of k bars.

        first of  H_i ≥ p_{t+s} e^{+c σ_t √k},  L_i ≤ p_{t+s} e^{−c σ_t √k},  i = t+s+k or session end

    over bars i = t+s+1 …; σ_t the root mean square of the last 60 one-bar returns. Both barriers
    within one bar: which came first isn't known, so there is no label. The label ends at the touch.
    Misleads: σ_t lags, so calm after a storm reads as "vertical" and tells the volatility only.
    """
    width = numbers(table, spec.multiple * sigma(spec.horizon))
    session = table["session"].to_numpy()
    rows = np.arange(table.height)
    last = np.flatnonzero(np.r_[session[1:] != session[:-1], True])
    session_end = last[np.searchsorted(last, rows)]
    start = np.minimum(rows + spec.skip, table.height - 1)
    known = (rows + spec.skip < session_end) & ~np.isnan(width)
    entry = np.where(known, table["close"].to_numpy()[start], np.nan)
    stop = np.minimum(start + spec.horizon, session_end)
    sign, end = _first_touch(
        table["high"].to_numpy(),
        table["low"].to_numpy(),
        entry * np.exp(width),
        entry * np.exp(-width),
        start,
        stop,
    )
    ambiguous = np.isnan(sign) & ~np.isnan(entry)
    return Outcome(
        sign,
        end=end,
        note="Barriers at ± c σ_t √k from the price. Bars without a label because both barriers lie "
        f"within one bar, or a bar has no price: {ambiguous.sum()}.",
    )


def _first_touch(
    high: Float, low: Float, upper: Float, lower: Float, start: Int, stop: Int
) -> tuple[Float, Int]:
    """Return `[R]` −1, 0 or +1 for the barrier touched first in (start, stop], and the row of it.

    NaN where it isn't known. Each step looks at one bar further of all rows not yet decided.
    """
    sign = np.where(np.isnan(upper), np.nan, 0.0)
    end = stop.copy()
    open_rows = np.flatnonzero(~np.isnan(upper))
    step = 0
    while len(open_rows):
        step += 1
        open_rows = open_rows[start[open_rows] + step <= stop[open_rows]]
        at = start[open_rows] + step
        up, down = high[at] >= upper[open_rows], low[at] <= lower[open_rows]
        unknown = (up & down) | np.isnan(high[at]) | np.isnan(low[at])
        decided = up | down | unknown
        outcome = np.where(unknown, np.nan, up.astype(float) - down)
        sign[open_rows[decided]] = outcome[decided]
        end[open_rows[decided]] = at[decided]
        open_rows = open_rows[~decided]
    return sign, end
