"""Does a feature know what it can't know at its bar?"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from fireassay.arrays import Float, rows_of_sessions
from fireassay.diagnosis.case import Case, Runs
from fireassay.diagnosis.checks import Check, Cost, check
from fireassay.findings import Bearing, Evidence, Plot, Rule, Series, Value
from fireassay.statistics.copies import Alone, Foresight, alone, filled_ahead, foresights
from fireassay.statistics.session_end import Hindsight, hindsights

RAREST = 20
"""Labels of the rarest class under which an AUC says nothing: one feature in fifty tells a single
positive label with .99 by chance."""

MOST_ROWS = 20_000
"""Rows beyond which sessions are thinned, evenly."""

STRONG = 0.8
"""AUC of a single feature that few forecasts reach, and those only of states that last."""

LASTING, STRONG_THERE = 0.5, 0.72
"""Where outcomes overlap (labels of neighbouring bars correlate by so much), what changes a label is
a bar far ahead: to move with it takes less of an AUC to be beyond any forecast."""

ODD, ODD_MOVES = 0.7, 0.25
"""AUC and correlation of changes from which a feature isn't cleared: some forecasts have them."""

MOVES = 0.3
"""Correlation of the changes of feature and label from which the feature moves with the label."""

CERTAIN = 0.99
"""AUC from which a feature holds the label, however it moves."""

SPARED = 0.01
"""Share of the labelled bars up to which bars filled from a later trade can't make a score."""

FILLED = "filled_from_later"
"""Item of the data audit that names such bars."""

SHOWN = 15


@check
class Copies(Check):
    """Hold every feature alone against the label, and against the prices of later bars.

    Question: does a feature copy the label, hold the outcome that decides it, or repeat a bar that
    is yet to come?

    No null is drawn: what is looked for is far beyond chance, and beyond forecasts too. A feature is
    named that tells the label with an AUC of .99; or of .8 while its changes from bar to bar
    correlate with the label's by .3 or more (.72 where the labels of neighbouring bars correlate by
    half: their outcomes overlap, and what changes them is a bar far ahead). Forecasts of that
    strength are of states that last (volume, volatility), whose changes have little or the opposite
    to do with the label's: over the targets and features of the catalogue the strongest have AUC .90
    with a correlation of −.1; of those that move with the label none passes .84 on bars with gaps in
    trading, .72 elsewhere, and none .69 where outcomes overlap. A copy of which one label in ten is
    wrong has .9 and .6. From .7 and .25 on a feature isn't cleared either.

    Where prices are known, a feature is named as well that repeats a price or a volume of one of the
    next five bars, in 95 % of the bars where nothing known yet equals it, or correlates by .7 with
    the return of the next bars once the returns so far are taken out of it (half of a centred mean
    is bars already known). So is one that holds its session's end: the same over the session, its
    changes from one to the next go by a rank correlation of .98 with those of the session's close,
    high, low, range, volume, variance, return or mean label; or it correlates by .7 with the return
    to the end in the first half of the sessions (from 40 sessions on). Where bars in which nothing
    traded were filled with the price of the next trade, every feature knows that price: it is a leak
    where more than one labelled bar in a hundred is such a bar.

    What misleads it: a feature without memory that rightly predicts so well would look the same. A
    leak that tells less passes: fit without the feature, or shift it by a bar, to see what it is
    worth. Sessions before the test only, thinned to 20,000 bars.
    """

    id: ClassVar[str] = "copies"
    question: ClassVar[str] = "Does a feature know what it can't know at its bar?"
    causes: ClassVar[tuple[str, ...]] = ("leakage",)
    cost: ClassVar[Cost] = Cost.FREE

    def judge(self, case: Case, runs: Runs) -> list[Evidence]:
        """Audit each feature."""
        task, panel = case.task, case.task.panel
        sessions = np.sort(task.split.fitted)
        sessions = sessions[:: max(1, -(-int(panel.lengths[sessions].sum()) // MOST_ROWS))]
        rows = rows_of_sessions(panel.offsets, sessions)
        offsets = np.r_[0, np.cumsum(panel.lengths[sessions])].astype(np.int64)
        x = panel.values[rows]
        y = np.where(task.usable[rows], task.label.y[rows], np.nan).astype(np.float64)
        kind = task.label.kind
        classes = 0 if kind == "real" else max(task.label.outputs, 2)
        found = alone(x, y, offsets, classes=classes)
        ahead = foresights(x, {n: p[rows] for n, p in case.prices.items()}, offsets)
        ended = _ended(case)
        with np.errstate(invalid="ignore"):
            strong = STRONG_THERE if found.lasts >= LASTING else STRONG
            copies = (found.auc >= CERTAIN) | ((found.auc >= strong) & (found.change >= MOVES))
            odd = (found.auc >= ODD) & (found.change >= ODD_MOVES) & ~copies
        few = bool(classes) and _rarest(y) < RAREST
        copies &= not few
        known = np.flatnonzero(~np.isnan(found.auc))
        order = known[np.argsort(-found.auc[known], kind="stable")]
        named = [int(f) for f in order if copies[f]]
        said = [_copy(panel.features, found, f) for f in named]
        said += [_foresight(panel.features, each) for each in ahead]
        said += [_hindsight(panel.features, each) for each in ended]
        filled = _filled(case)
        spoilt = filled is not None and filled > SPARED
        if filled is not None and spoilt:
            said.append(_filling(filled))
        top = int(order[0]) if len(order) else None
        if not said and not found.labels:
            return []
        if not said:
            strongest = (
                "none varies"
                if top is None
                else f"the strongest, {panel.features[top]}, has AUC {found.auc[top]:.3f} alone"
            )
            said = [f"No feature copies the label or holds a later bar; {strongest}."]
            if odd.any() and not few:
                said = [_odd(panel.features, found, int(order[odd[order]][0]))]
            if filled is not None:
                said.append(_filling(filled))
        if few:
            said.append(
                f"The rarest class has too few labels for that: {_rarest(y)}, of {RAREST} needed."
            )
        reading = " ".join(said)
        leaks = bool(named or ahead or ended or spoilt)
        unsure = few or bool(odd.any())
        rule = Rule.OBSERVED_FOR if leaks else Rule.ILLUSTRATES if unsure else Rule.OBSERVED_AGAINST
        shown = named or ([] if top is None else [top])
        numbers: dict[str, Value] = {"features": len(panel.features)}
        if len(known):
            numbers["median AUC of a feature alone"] = float(np.median(found.auc[known]))
        if filled is not None:
            numbers["share of labelled bars filled from a later trade"] = filled
        for f in shown[:5]:
            name = panel.features[f]
            numbers |= {
                f"AUC {name}": float(found.auc[f]),
                f"AUC {name}, one bar earlier": float(found.before[f]),
                f"changes of {name} with the label's": float(found.change[f]),
            }
        return [
            Evidence(
                id=self.id,
                check=self.id,
                question=self.question,
                experiment=(
                    f"{len(panel.features)} features alone, on {found.labels:,} labels of "
                    f"{len(sessions)} sessions before the test"
                    + (
                        f", and beside {', '.join(case.prices)} of later bars."
                        if case.prices
                        else "."
                    )
                ),
                control="The same feature one bar earlier, and its changes beside the label's.",
                metric="largest AUC of a feature alone",
                effect=None if top is None else float(found.auc[top]),
                trivial=0.5,
                sessions=len(sessions),
                bears_on=(Bearing(cause="leakage", rule=rule, note=reading),),
                reading=reading,
                caveat=(
                    "A feature without memory that predicts so well would look the same."
                    if named or ahead or ended
                    else "What the filled bars are worth is seen once they are left out."
                    if spoilt
                    else "A leak that tells less than an AUC of .8 may pass, unless prices show it."
                ),
                numbers=numbers,
                audited={} if filled is None else {FILLED: _among(filled)},
                plot=_plot(panel.features, found, order[:SHOWN].tolist()),
            )
        ]


def _ended(case: Case) -> list[Hindsight]:
    """Return which features hold their session's end, judged on all sessions before the test."""
    task, panel = case.task, case.task.panel
    order = sorted(task.split.fitted.tolist(), key=lambda s: (panel.symbols[s], panel.dates[s]))
    sessions = np.array(order, dtype=np.int64)
    rows = rows_of_sessions(panel.offsets, sessions)
    offsets = np.r_[0, np.cumsum(panel.lengths[sessions])].astype(np.int64)
    _, series = np.unique([panel.symbols[s] for s in order], return_inverse=True)
    y = np.where(task.usable[rows], task.label.y[rows], np.nan).astype(np.float64)
    prices = {name: price[rows] for name, price in case.prices.items()}
    return hindsights(panel.values[rows], prices, y, offsets, series)


def _filled(case: Case) -> float | None:
    """Return which share of the labelled bars holds the price of a later trade; None: no bar does."""
    task, close = case.task, case.prices.get("close")
    if close is None:
        return None
    filled = filled_ahead(close, task.panel.stale, task.panel.offsets)
    return float(filled[task.usable].mean()) if filled.any() and task.usable.any() else None


def _filling(share: float) -> str:
    if share > SPARED:
        return (
            f"Nothing traded in {share:.1%} of the labelled bars, and they were filled with the "
            "price of the next trade: every feature there knows a price that nobody knew. "
            "Set stale = drop."
        )
    few = f"{share:.2%} of the labelled bars are" if share else "no labelled bar is"
    return (
        "Bars in which nothing traded were filled with the price of the next trade, but "
        f"{few} among them: they can't have made a score."
    )


def _among(share: float) -> str:
    counted = f"{share:.1%} of the labelled bars are" if share else "No labelled bar is"
    return f"{counted} among them."


def _rarest(y: Float) -> int:
    """Return how many labels the rarest class has, of those that occur."""
    _, counts = np.unique(y[~np.isnan(y)], return_counts=True)
    return int(counts.min()) if len(counts) else 0


def _copy(names: tuple[str, ...], found: Alone, feature: int) -> str:
    return (
        f"{names[feature]} holds the label: AUC {found.auc[feature]:.3f} alone, "
        f"{found.before[feature]:.3f} one bar earlier, and it moves when the label moves."
    )


def _odd(names: tuple[str, ...], found: Alone, feature: int) -> str:
    return (
        f"{names[feature]} alone has AUC {found.auc[feature]:.3f} and moves when the label moves: "
        "few forecasts do both, and a feature that holds a part of the outcome does. How it is "
        "computed tells: fireassay.look_ahead tries a feature function on bars that are cut off."
    )


def _foresight(names: tuple[str, ...], each: Foresight) -> str:
    bars = "1 bar" if each.bars == 1 else f"{each.bars} bars"
    if each.what == "return":
        return (
            f"{names[each.feature]} goes with the return of the next {bars}: correlation "
            f"{each.strength:.2f}."
        )
    return f"{names[each.feature]} repeats the {each.what} of {bars} later ({each.strength:.0%})."


def _hindsight(names: tuple[str, ...], each: Hindsight) -> str:
    name = names[each.feature]
    if each.constant:
        return (
            f"{name} is the same from a session's first bar to its last and goes with {each.what} of "
            f"that very session, which is known only at its end (rank correlation of changes "
            f"{each.strength:.2f}): join a session's figures to the sessions after it."
        )
    return f"{name} goes with {each.what}: correlation {each.strength:.2f}."


def _plot(names: tuple[str, ...], found: Alone, shown: list[int]) -> Plot:
    rows = tuple(names[f] for f in shown)
    return Plot(
        kind="association",
        title="What each feature alone tells of the label",
        x_label="AUC",
        series=(
            Series(name="at its bar", x=rows, y=tuple(found.auc[shown].tolist()), style="points"),
            Series(
                name="one bar earlier",
                x=rows,
                y=tuple(found.before[shown].tolist()),
                style="points",
            ),
        ),
    )
