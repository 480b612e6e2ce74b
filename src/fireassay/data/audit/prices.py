"""Prices that can't be, within one bar."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from fireassay.data.audit import Action, Notice, Stage, View, check
from fireassay.data.bars import PRICE_COLUMNS

ROUNDING = 1e-9
"""Relative difference of prices that is rounding: far below any tick."""


def _shown(view: View, row: int) -> str:
    columns = [c for c in (*PRICE_COLUMNS, "vwap", "bid", "ask") if c in view.frame.columns]
    values = ", ".join(f"{c} {view.frame[c][row]}" for c in columns)
    return f"{view.moment(row)}: {values}"


@check(Stage.BARS)
def non_positive_prices(view: View) -> Iterable[Notice]:
    """Prices of zero or less: a marker for "none", or an instrument without log returns."""
    columns = [c for c in (*PRICE_COLUMNS, "vwap", "bid", "ask") if c in view.frame.columns]
    if columns:
        wrong = pl.any_horizontal((pl.col(columns) <= 0).fill_null(value=False))
        yield from view.notice(
            "non_positive_prices",
            "bars with a price of zero or less",
            view.frame.select(wrong).to_series(),
            Action.FLAGGED,
            "Features and targets take such a price as unknown: it has no log return.",
            lambda row: _shown(view, row),
        )


@check(Stage.BARS)
def inconsistent_prices(view: View) -> Iterable[Notice]:
    """Bars with high below low, or open, close or VWAP outside of high and low."""
    if not {"high", "low"} <= set(view.frame.columns):
        return
    high, low = pl.col("high"), pl.col("low")
    slack = ROUNDING * high.abs()
    wrong = high < low - slack
    for column in ("open", "close", "vwap"):
        if column in view.frame.columns:
            wrong |= (pl.col(column) > high + slack) | (pl.col(column) < low - slack)
    yield from view.notice(
        "inconsistent_prices",
        "bars with high below low, or open, close or VWAP outside of them",
        view.frame.select(wrong.fill_null(value=False)).to_series(),
        Action.FLAGGED,
        "They stay as they are. Range-based volatility is wrong there; see the source.",
        lambda row: _shown(view, row),
    )


@check(Stage.BARS)
def crossed_quotes(view: View) -> Iterable[Notice]:
    """Bars whose bid lies above the ask."""
    if {"bid", "ask"} <= set(view.frame.columns):
        crossed = (view.frame["bid"] > view.frame["ask"]).fill_null(value=False)
        yield from view.notice(
            "crossed_quotes",
            "bars whose bid lies above the ask",
            crossed,
            Action.FLAGGED,
            "Features of the quotes take them as unknown.",
            lambda row: _shown(view, row),
        )
