"""How small an effect would have been seen?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from fireassay.arrays import Float, Int
from fireassay.data.task import Task
from fireassay.diagnosis.case import Case, Runs
from fireassay.diagnosis.cheap import (
    AS_IS,
    LAGGED,
    PRODUCTS,
    maps,
    outcomes,
    parts_of,
    pooled,
)
from fireassay.diagnosis.checks import Check, Cost, check
from fireassay.findings import Bearing, Evidence, EvidenceStatus, Interval, Mark, Plot, Rule, Series
from fireassay.interventions.permute_labels import permuted_labels
from fireassay.interventions.plant_signal import Form, Lively, PlantSignal
from fireassay.seeds import derive
from fireassay.statistics.closed_form import column_scores, fit_predict
from fireassay.statistics.null import detectable
from fireassay.statistics.power import PowerCurve, power_curve

SIZES = (0.25, 0.5, 0.7, 1.0, 1.4, 2.0, 3.0, 5.0)
"""Planted effects, in units of the effect that matters."""

TRIALS = 10
"""Planted signals of each size and form: other features, weights and replaced labels each."""

NOISE = 59
"""Labels without a signal, from which a score has to stand out."""

MOST = {"real": 0.9}
"""Correlation (excess of AUC where not real) beyond which nothing is planted."""

MOST_AUC = 0.48

LAG = (3, 5, 8, 10)
"""Bars back of the lagged form, by draw; a third of a session at most."""

FORMS = {
    Form.LINEAR: "of the bar's features",
    Form.INTERACTION: "in the product of two features",
    Form.LAGGED: "of features some bars back",
}


MADE_FOR = {Form.LINEAR: AS_IS, Form.INTERACTION: PRODUCTS, Form.LAGGED: LAGGED}
"""The learner that speaks for each form: chosen beforehand, so that none is chosen by its luck."""


@dataclass(frozen=True, eq=False)
class Planted:
    """Power curve of one cheap learner on one form, and the mean excess that it reached by size."""

    learner: str
    form: Form
    sizes: Float
    share: Float
    reached: Float
    curve: PowerCurve


@check
class Power(Check):
    """Plant signals of eight sizes and three forms, and count how often cheap learners find them.

    Question: had there been an effect of this size in these sessions, would it have been seen?

    Control: the same learners on labels of other sessions without a signal: a planted signal counts
    as found where its score is beyond the 95 % point of those (normal approximation of 59 refits).
    Labels keep their prevalence, overlap and sessions; the size is the AUC (or correlation) of the
    best predictor there could be, so that what a learner loses by fitting is counted too.

    What it can't say: what a relation of another form would need, or another learner. Sessions
    needed go with the inverse square of the size that is found in 80 % of cases: where learning is
    what limits, fewer may do.
    """

    id: ClassVar[str] = "power"
    question: ClassVar[str] = "How small an effect would have been seen?"
    causes: ClassVar[tuple[str, ...]] = ()
    cost: ClassVar[Cost] = Cost.FREE
    takes: ClassVar[float] = 5.0

    def judge(self, case: Case, runs: Runs) -> list[Evidence]:
        """Plant, fit, count, and fit a curve to each form."""
        task = case.task
        fit, held = parts_of(task)
        dates = len(set(task.panel.clusters[task.split.test].tolist()))
        if len(fit) < 100 or len(held) < 100 or dates < 4:
            why = "There are too few labels, or test dates, for counting what is found."
            return [self.without(EvidenceStatus.NOT_APPLICABLE, why)]
        found = planted_curves(case)
        best = by_form(found)
        total = len(set(task.panel.clusters.tolist()))
        numbers: dict[str, float | int | str] = {}
        for each in found:
            key = f"{case.metric} found in 80 %, {each.form}, {each.learner}"
            numbers[key] = case.chance + each.curve.dose80
        first = best[Form.LINEAR]
        wanted = {form: needed(case, each.curve, total) for form, each in best.items()}
        for form, (middle, low, high) in wanted.items():
            key = f"dates needed to see {case.metric} {case.chance + case.effect:g}, {form}"
            numbers[key] = middle
            numbers[f"{key}, 95 % from"] = low
            if math.isfinite(high):
                numbers[f"{key}, to"] = int(high)
        return [
            Evidence(
                id=self.id,
                check=self.id,
                question=self.question,
                experiment=(
                    f"{TRIALS} signals of each of {len(first.sizes)} sizes and {len(FORMS)} forms "
                    f"planted in labels of other sessions; {len(found) // len(FORMS)} ridge learners "
                    f"fitted on {len(fit):,} labels, scored on {len(held):,} of {dates} later dates."
                ),
                control=f"{NOISE} refits on labels of other sessions without a signal; one-sided.",
                metric=f"{case.metric} of a linear relation found in 80 % of cases",
                effect=case.chance + first.curve.dose80,
                trivial=case.chance,
                interval=Interval(
                    low=case.chance + first.curve.low,
                    high=_within(case.chance + first.curve.high),
                    level=first.curve.level,
                ),
                mde=first.curve.dose80,
                matters=case.effect,
                sessions=dates,
                bears_on=(
                    Bearing(cause="no_signal", rule=Rule.ILLUSTRATES),
                    Bearing(cause="underpowered", rule=Rule.ILLUSTRATES),
                ),
                reading=_reading(case, best, wanted, total),
                caveat=(
                    "It speaks of these forms and learners; dates needed assume that they are alike."
                ),
                numbers=numbers,
                plot=_plot(case, best),
            )
        ]


def planted_curves(case: Case) -> list[Planted]:
    """Return the power curves of all cheap learners on all forms; computed once for a case."""
    key = ("power", case.task.fingerprint, case.effect)
    if key not in case.memory:
        case.memory[key] = _curves(case)
    return list(case.memory[key])


def by_form(found: Sequence[Planted]) -> dict[Form, Planted]:
    """Return for each form the learner that is made for it, whatever the others found."""
    return {e.form: e for e in found if e.learner == MADE_FOR[e.form]}


def needed(case: Case, curve: PowerCurve, total: int) -> tuple[int, int, float]:
    """Return the dates needed to see the effect that matters in 80 % of cases, and their interval."""
    middle, low, high = (
        total * (dose / case.effect) ** 2 for dose in (curve.dose80, curve.low, curve.high)
    )
    return math.ceil(middle), math.ceil(low), math.ceil(high) if math.isfinite(high) else math.inf


def _sizes(case: Case) -> Float:
    most = MOST.get(case.task.label.kind, MOST_AUC)
    sizes = np.array(SIZES) * case.effect
    return np.unique(np.minimum(sizes, most))


def _curves(case: Case) -> list[Planted]:
    task = case.task
    fit, held = parts_of(task)
    sizes = _sizes(case)
    labels, tags = _labels(case, sizes, np.concatenate([fit, held]))
    wide = [outcomes(task, y) for y in labels]
    classes = wide[0].shape[1]
    y_fit = np.concatenate([y[: len(fit)] for y in wide], axis=1).astype(np.float32)
    truth = pooled(np.stack([y[len(fit) :] for y in wide], axis=1))
    out = []
    for each in maps(task):
        pred = fit_predict(each.columns, fit, y_fit, held)
        pred = pred.reshape(len(held), len(labels), classes)
        if classes > 1:
            pred = pred - pred.mean(axis=0)
        scores = column_scores(case.score, pooled(pred), truth)
        noise = scores[:NOISE]
        line = float(noise.mean()) + detectable(float(noise.std(ddof=1)), case.alpha, 0.5)
        for form in FORMS:
            at = np.array([[f is form and s == k for f, s in tags] for k in range(len(sizes))])
            excess = [scores[NOISE:][where] for where in at]
            share = np.array([float((e > line).mean()) for e in excess])
            count = np.array([len(e) for e in excess], dtype=float)
            out.append(
                Planted(
                    learner=each.name,
                    form=form,
                    sizes=sizes,
                    share=share,
                    reached=np.array([float(e.mean()) for e in excess]) - float(noise.mean()),
                    curve=power_curve(sizes, count, share * count, alpha=case.alpha),
                )
            )
    return out


def _labels(case: Case, sizes: Float, rows: Int) -> tuple[list[Float], list[tuple[Form, int]]]:
    """Return labels without a signal and with one each, and which form and size the latter have.

    Those of the rows given: of a few years of minutes most bars are neither learned from nor scored.

    A draw serves two sizes that are far apart, so that trials of neighbouring sizes share nothing.
    """
    task: Task = case.task
    seed = derive("power", task.fingerprint) % 2**31
    labels = [permuted_labels(task, seed + i, rows=rows).astype(np.float32) for i in range(NOISE)]
    tags: list[tuple[Form, int]] = []
    half, lively = -(-len(sizes) // 2), Lively.of(task)
    reach = max(1, int(np.median(task.panel.lengths)) // 3)
    for form in FORMS:
        for i in range(half * TRIALS):
            draw = seed + NOISE + i
            plant = PlantSignal(dose=0.5, form=form, lag=min(LAG[i % len(LAG)], reach), draw=draw)
            made = plant.ingredients(task, lively, rows)
            for k in range(i % half, len(sizes), half):
                labels.append(made.planted(case.chance + float(sizes[k])).astype(np.float32))
                tags.append((form, k))
    return labels, tags


def _within(value: float) -> float:
    return min(value, 1.0) if math.isfinite(value) else 1.0


def _found(case: Case, curve: PowerCurve) -> str:
    """Say which size is found in 80 % of cases, with its interval."""
    most = case.chance + MOST.get(case.task.label.kind, MOST_AUC)
    size = case.chance + curve.dose80
    if size > most:
        return f"none up to {most:.2f}"
    high = case.chance + curve.high
    top = f"{high:.3f}" if high < 1 else "1"
    return f"{size:.3f} ({case.chance + curve.low:.3f} to {top})"


def _reading(
    case: Case,
    best: dict[Form, Planted],
    wanted: dict[Form, tuple[int, int, float]],
    total: int,
) -> str:
    told = [f"{FORMS[form]} {_found(case, each.curve)}" for form, each in best.items()]
    aim = f"{case.metric} {case.chance + case.effect:g}"
    chances = [float(each.curve(np.array([case.effect]))[0]) for each in best.values()]
    reading = f"Found in 80 % of cases: a relation {', '.join(told)} ({case.metric}, 95 % interval)."
    names = [FORMS[form] for form in best]
    if min(chances) >= 0.8:
        return f"{reading} The effect that matters, {aim}, would have been seen in each form."
    short = []
    for name, chance, (middle, low, high) in zip(names, chances, wanted.values(), strict=True):
        if chance < 0.8:
            span = f"{low:,} to {high:,}" if math.isfinite(high) else f"{low:,} or more"
            short.append(
                f"{name} in {100 * chance:.0f} % of cases, in 80 % with {middle:,} dates ({span})"
            )
    return f"{reading} {aim} is seen {'; '.join(short)}; there are {total:,} dates."


def _plot(case: Case, best: dict[Form, Planted]) -> Plot:
    first = best[Form.LINEAR]
    series: list[Series] = []
    for form, each in best.items():
        x = tuple((case.chance + each.sizes).tolist())
        series.append(
            Series(name=f"{form}, {each.learner}", x=x, y=tuple(each.share.tolist()), style="points")
        )
        smooth = np.linspace(0.0, float(each.sizes[-1]), 41)
        series.append(
            Series(
                name=f"{form}, fitted",
                x=tuple((case.chance + smooth).tolist()),
                y=tuple(each.curve(smooth).tolist()),
            )
        )
    mde = case.chance + first.curve.dose80
    marks = [Mark(axis="y", value=0.8, label="80 %")]
    if first.curve.dose80 <= float(first.sizes[-1]):
        marks.append(Mark(axis="x", value=mde, label="MDE, linear"))
    marks.append(Mark(axis="x", value=case.chance + case.effect, label="what matters"))
    return Plot(
        kind="power",
        title="Planted signals that are found, by their size",
        x_label=f"{case.metric} of the planted signal",
        y_label="share found",
        series=tuple(series),
        marks=tuple(marks),
    )
