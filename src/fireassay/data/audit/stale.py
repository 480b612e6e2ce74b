"""Bars in which nothing traded."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import polars as pl

from fireassay.data.audit import Action, Notice, Stage, View, check
from fireassay.data.settings import Stale


@check(Stage.BARS)
def stale_bars(view: View) -> Iterable[Notice]:
    """Bars of volume 0, or without a known volume whose price is the one before, carried forward.

    A stale price doesn't move because nobody traded: its zero return is no observation of a market
    that stood still, and the next trade catches up on all bars since the last.
    """
    dropped = view.settings.stale is Stale.DROP
    yield from view.notice(
        "stale_bars",
        "bars in which nothing traded (volume 0, or the price carried forward)",
        view.frame["stale"],
        Action.DROPPED if dropped else Action.FLAGGED,
        "Left out as set."
        if dropped
        else "They make ties and stale returns. stale = drop leaves "
        "them out; then the next bar is the next one with a trade.",
    )


@check(Stage.BARS)
def filled_from_later(view: View) -> Iterable[Notice]:
    """Stale bars that carry the price of the next trade, not that of the last one.

    Where trades before and after a run of stale bars closed at different prices, the run tells by
    its price in which direction it was filled. Filled backwards, a bar holds a price that nobody
    knew when it ended: features and targets then read the future.
    """
    frame = view.frame
    if "close" not in frame.columns or not frame["stale"].any():
        return
    traded = pl.when(~pl.col("stale")).then(pl.col("close"))
    before = traded.forward_fill().over("session")
    after = traded.backward_fill().over("session")
    known = frame.select(
        telling=(pl.col("stale") & (before != after)).fill_null(value=False),
        backward=(pl.col("stale") & (pl.col("close") == after)).fill_null(value=False),
        before=before,
        after=after,
    )
    telling = int(known["telling"].sum())
    backward = known["telling"] & known["backward"]
    share = int(backward.sum()) / telling if telling else 0.0
    if share <= 0.5:
        return

    def shown(row: int) -> str:
        last, own, following = known["before"][row], frame["close"][row], known["after"][row]
        return f"{view.moment(row)}: last trade {last:g}, filled {own:g}, next trade {following:g}"

    dropped = view.settings.stale is Stale.DROP
    yield from view.notice(
        "filled_from_later",
        f"stale bars filled with the close of the next trade, not of the last ({share:.1%} of those "
        "that tell)",
        backward,
        Action.DROPPED if dropped else Action.FLAGGED,
        "Left out as set."
        if dropped
        else "These prices come from the future: nobody knew them when the bar ended, so every "
        "result on these bars looks ahead. Set stale = drop.",
        shown,
        grave=True,
    )


@check(Stage.BARS)
def zero_volume(view: View) -> Iterable[Notice]:
    """Bars of volume 0, told apart by whether their price moved all the same."""
    if "volume" not in view.frame.columns:
        return
    empty = (view.frame["volume"] == 0).fill_null(value=False)
    if not empty.any() or (view.settings.stale is Stale.DROP and not empty.all()):
        return  # those that are left out are told as stale bars
    if empty.all():
        advice = "No bar has a volume, so it tells nothing: it is taken as unknown."
    else:
        share = float((_moved(view) & empty).sum() or 0) / float(empty.sum() or 1)
        advice = f"In {share:.1%} of them the price moved all the same"
        advice += ": quotes, an index or the filling moved it." if share > 0.01 else "."
    yield from view.notice("zero_volume", "bars of volume 0", empty, Action.FLAGGED, advice)


def _moved(view: View) -> pl.Series:
    """`[R]` the bar has a range, or its close differs from the one before in its session."""
    frame = view.frame
    moved = np.zeros(frame.height, dtype=bool)
    if {"high", "low"} <= set(frame.columns):
        moved |= (frame["high"] > frame["low"]).fill_null(value=False).to_numpy()
    if "close" in frame.columns:
        within = frame["bar"] > 0
        other = (frame["close"] != frame["close"].shift(1)).fill_null(value=False)
        moved |= (within & other).to_numpy()
    return pl.Series(moved)
