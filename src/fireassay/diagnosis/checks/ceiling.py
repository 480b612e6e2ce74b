"""Is more data going to help, and what could be reached at most?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from fireassay.arrays import Float, Int
from fireassay.diagnosis.case import BLOCK, Case, Runs
from fireassay.diagnosis.cheap import Map, maps, outcomes, parts_of, pooled
from fireassay.diagnosis.checks import Check, Cost, check
from fireassay.diagnosis.checks.power import MADE_FOR, Planted, planted_curves
from fireassay.findings import Bearing, Evidence, EvidenceStatus, Interval, Mark, Plot, Rule, Series
from fireassay.seeds import derive
from fireassay.statistics.additive import additive
from fireassay.statistics.bootstrap import Estimate, session_bootstrap
from fireassay.statistics.closed_form import fit_subsets
from fireassay.statistics.null import NullTest, heldout_null
from fireassay.statistics.power import LearningCurve, learning_curve

SHARES = (0.125, 0.25, 0.5, 0.75, 1.0)
"""Parts of the training dates that are learned from."""

SUBSETS = 8
"""Subsets of each size, of whole blocks of dates."""

BLOCKS = 16
"""Blocks of neighbouring dates that subsets are made of."""

DRAWS = 400
"""Bootstrap draws of the test dates, each with one of the subsets."""

BEYOND = (2.0, 4.0)
"""Multiples of the training dates that the curve is carried on to."""

NOISE = (0.1, 0.2, 0.3, 0.4)
"""Parts of the training labels that are exchanged among each other, to see what noise costs."""

NOISY = 4
"""Draws of each part."""

HELPS = 0.25
"""Part of the effect that matters that twice the data has to add, at least, to help."""


LOST = "lost by one training label in ten exchanged"


@dataclass(frozen=True, eq=False)
class Curve:
    """Held-out scores of one cheap learner by the number of training dates.

    `scores [K]` are means over subsets, `draws [B, K]` bootstrap replicates; `test` and `estimate`
    are of the fit on all dates. `lost` is the score that one exchanged training label in ten costs,
    and its 95 % interval.
    """

    learner: Map
    sizes: Float
    scores: Float
    draws: Float
    test: NullTest
    estimate: Estimate
    lost: tuple[float, float, float]


@check
class Ceiling(Check):
    """Fit cheap learners on an eighth to all of the training dates, and carry the curve on.

    Question: would more sessions raise the score, and how high could it get?

    The learner is that of three (features as they are, products, earlier bars) whose score on all
    dates stands out most from exchanged label sessions. Subsets are whole blocks of neighbouring
    dates, eight of each size; test dates are drawn with replacement, the same for all sizes. The
    curve is a − b·n⁻ᶜ with the exponent drawn from its likelihood, so that what can't be told apart
    widens the interval.

    A part of the training labels (a tenth to four tenths) is exchanged among each other, and the
    slope of the score over that part says what label noise costs this learner: where it is next to
    nothing, cleaner labels won't help it either, only more of what the features tell.

    The ceiling is a bracket: what was reached is its lower end; its upper end is the planted signal
    at which the same learner would have reached the upper end of its interval. It bounds relations
    of the forms that were planted, no others.
    """

    id: ClassVar[str] = "ceiling"
    question: ClassVar[str] = "Is more data going to help, and what could be reached at most?"
    causes: ClassVar[tuple[str, ...]] = ()
    cost: ClassVar[Cost] = Cost.FREE
    takes: ClassVar[float] = 5.0

    def judge(self, case: Case, runs: Runs) -> list[Evidence]:
        """Fit, score, extrapolate, and bracket."""
        task = case.task
        fit, held = parts_of(task)
        learned = np.unique(task.panel.clusters[task.split.fitted])
        tested = len(np.unique(task.panel.clusters[task.split.test]))
        if len(learned) < BLOCKS or tested < 8 or len(fit) < 200 or len(held) < 100:
            why = f"A learning curve needs {BLOCKS} dates to learn from, and 8 to score."
            return [self.without(EvidenceStatus.NOT_APPLICABLE, why)]
        curve = _best_curve(case, fit, held)
        known = np.isfinite(curve.draws).all(axis=1)
        if known.sum() < DRAWS / 2:
            why = "Too few test dates hold both classes for a learning curve."
            return [self.without(EvidenceStatus.NOT_APPLICABLE, why)]
        carried = learning_curve(
            curve.sizes,
            curve.draws[known],
            curve.sizes[-1] * np.array(BEYOND),
            seed=derive("ceiling", task.fingerprint),
        )
        low, high = bracket(curve, planted_curves(case), case.chance)
        added, least, most = carried.doubling
        reading, verdict = _reading(case, curve, carried, low, high)
        value = curve.estimate
        return [
            Evidence(
                id=self.id,
                check=self.id,
                question=self.question,
                experiment=(
                    f"{curve.learner.name} ({curve.learner.sees}) fitted on "
                    f"{curve.sizes[0]:.0f} to {curve.sizes[-1]:.0f} dates in blocks, {SUBSETS} "
                    f"subsets of each size, scored on {tested} later dates."
                ),
                control=f"{curve.test.kind}, {len(curve.test.values)} times; planted signals.",
                metric=f"{case.metric} added by twice the training dates",
                effect=added,
                trivial=0.0,
                interval=Interval(low=least, high=most, level=carried.level),
                matters=case.effect,
                sessions=tested,
                bears_on=(Bearing(cause="underpowered", rule=Rule.ILLUSTRATES),),
                reading=reading,
                caveat=(
                    "The curve is a cheap learner's; a larger model may still climb. The upper end "
                    "holds for relations of the forms that were planted."
                ),
                numbers={
                    "more data": verdict,
                    f"{case.metric} reached": value.value,
                    "ceiling, lower end": low,
                    "ceiling, upper end": high,
                    LOST: curve.lost[0],
                    f"{LOST}, 95 % from": curve.lost[1],
                    f"{LOST}, to": curve.lost[2],
                    f"{case.metric} with endless dates, extrapolated": carried.ceiling[0],
                    "extrapolated, 95 % from": carried.ceiling[1],
                    "extrapolated, to": carried.ceiling[2],
                },
                plot=_plot(case, curve, carried, high),
            )
        ]


def _best_curve(case: Case, fit: Int, held: Int) -> Curve:
    """Return the curve of the learner whose score on all dates stands out most from its null."""
    found = [_curve(case, each, fit, held) for each in maps(case.task)]
    return max(found, key=lambda c: (c.test.observed - c.test.chance) / max(c.test.sd, 1e-9))


def _curve(case: Case, each: Map, fit: Int, held: Int) -> Curve:
    task = case.task
    panel = task.panel
    dates = np.unique(panel.clusters[task.split.fitted])
    block = np.searchsorted(dates, panel.clusters[panel.session_of_row[fit]]) * BLOCKS // len(dates)
    chosen, counts = _subsets(derive("ceiling", task.fingerprint))
    y = outcomes(task, task.label.y[fit])
    classes = y.shape[1]
    pred = fit_subsets(each.columns, fit, y, block, chosen, held)
    if classes > 1:
        pred = pred - pred.mean(axis=0)
    flat = pooled(pred)
    truth = pooled(outcomes(task, task.label.y[held])[:, None, :])[:, 0]
    session = panel.session_of_row[held]
    sessions, at = np.unique(session, return_inverse=True)
    offsets = np.searchsorted(np.repeat(at, classes), np.arange(len(sessions) + 1))
    clusters, places = case.units.clusters[sessions], case.units.places[sessions]
    units, unit = np.unique(clusters, return_inverse=True)
    rng = np.random.default_rng(derive("ceiling draws", task.fingerprint))
    weights = rng.multinomial(len(units), np.full(len(units), 1 / len(units)), DRAWS)[:, unit]
    parts = [additive(case.score, p.astype(np.float64), truth, offsets) for p in flat.T]
    values = np.array([part.value for part in parts])
    shares = np.array(SHARES)
    draws = np.empty((DRAWS, len(shares)))
    for k in range(len(shares)):
        own = np.flatnonzero(counts == k)
        take = own[rng.integers(len(own), size=DRAWS)]
        for j in own:
            draws[take == j, k] = parts[j](weights[take == j])
    whole = flat[:, -1].astype(np.float64)
    test = heldout_null(
        whole, truth, offsets, clusters, 199,
        seed=derive("ceiling null", task.fingerprint), score=case.score, symbols=places,
        block=BLOCK,
    )  # fmt: skip
    estimate = session_bootstrap(
        whole, truth, offsets, clusters, seed=derive("ceiling", task.fingerprint), score=case.score
    )
    scores = np.array([float(np.nanmean(values[counts == k])) for k in range(len(shares))])
    lost = _lost_to_noise(case, each, fit, held, (block, truth, offsets, weights.astype(np.float64)))
    return Curve(each, shares * len(dates), scores, draws, test, estimate, lost)


def _lost_to_noise(
    case: Case, each: Map, fit: Int, held: Int, scoring: tuple[Int, Float, Int, Float]
) -> tuple[float, float, float]:
    """Return what one exchanged training label in ten costs on later labels, and its interval.

    The least-squares slope through the score without noise; intervals over test dates.
    """
    block, truth, offsets, weights = scoring
    y = outcomes(case.task, case.task.label.y[fit])
    rng = np.random.default_rng(derive("ceiling noise", case.task.fingerprint))
    noisy = [y]
    for share in np.repeat(NOISE, NOISY):
        rows = np.flatnonzero(rng.random(len(y)) < share)
        other = y.copy()
        other[rows] = y[rng.permutation(rows)]
        noisy.append(other)
    classes, whole = y.shape[1], [np.unique(block)]
    pred = fit_subsets(each.columns, fit, np.concatenate(noisy, axis=1), block, whole, held)
    pred = pred.reshape(len(held), len(noisy), classes)
    if classes > 1:
        pred = pred - pred.mean(axis=0)
    parts = [additive(case.score, p.astype(np.float64), truth, offsets) for p in pooled(pred).T]
    part = np.r_[0.0, np.repeat(NOISE, NOISY)]
    clean = parts[0]
    slope = part[1:] / (part[1:] @ part[1:])
    value = sum(s * (p.value - clean.value) for s, p in zip(slope, parts[1:], strict=True))
    drawn = clean(weights)
    draws = sum(s * (p(weights) - drawn) for s, p in zip(slope, parts[1:], strict=True))
    low, high = np.nanquantile(-0.1 * np.asarray(draws), [0.025, 0.975])
    return -0.1 * float(value), float(low), float(high)


def _subsets(seed: int) -> tuple[list[Int], Int]:
    """Return the blocks of each subset, the whole last, and which size each has."""
    rng = np.random.default_rng(seed)
    chosen: list[Int] = []
    sizes: list[int] = []
    for k, share in enumerate(SHARES):
        count = round(share * BLOCKS)
        for _ in range(SUBSETS if share < 1 else 1):
            chosen.append(np.sort(rng.permutation(BLOCKS)[:count]))
            sizes.append(k)
    return chosen, np.array(sizes)


def bracket(curve: Curve, planted: list[Planted], chance: float) -> tuple[float, float]:
    """Return the ceiling's lower end, and the planted signal at which the score would be its upper.

    The planted signals are of the form that the learner is made for.
    """
    reached, top = curve.estimate.value - chance, curve.estimate.high - chance
    own = next(p for p in planted if (p.learner, MADE_FOR[p.form]) == (curve.learner.name,) * 2)
    excess = np.maximum.accumulate(np.r_[0.0, np.maximum(own.reached, 0.0)])
    if top < excess[-1]:
        most = float(np.interp(top, excess, np.r_[0.0, own.sizes]))
    else:  # a larger part is carried over of larger signals, so this end is too high rather than low
        most = top * float(own.sizes[-1]) / max(float(excess[-1]), 1e-9)
    return max(curve.estimate.low, chance), min(chance + max(most, reached), 1.0)


def _reading(
    case: Case, curve: Curve, carried: LearningCurve, low: float, high: float
) -> tuple[str, str]:
    """Say whether more data would help, and between what the ceiling lies."""
    added, least, most = carried.doubling
    first, last = curve.sizes[0], curve.sizes[-1]
    part = HELPS * case.effect
    sizes = f"from {first:.0f} to {last:.0f} training dates"
    seen = curve.test.p <= case.alpha
    if not seen:
        verdict = "nothing to extend"
        told = (
            f"Nothing stands out at any size ({case.metric} {curve.scores[0]:.3f} to "
            f"{curve.scores[-1]:.3f} {sizes}), so the curve has nothing to carry on"
        )
    else:
        told = f"{case.metric} goes from {curve.scores[0]:.3f} to {curve.scores[-1]:.3f} {sizes}"
        span = f"twice as many would add {added:+.3f} ({least:+.3f} to {most:+.3f})"
        if least >= part:
            verdict = "helps"
            told += f": more data helps, {span}"
        elif most < part:
            verdict = "doesn't help"
            told += f": more of the same data hardly helps this learner, {span}"
        else:
            verdict = "can't be told"
            told += f": whether more data helps can't be told, {span}"
    if seen:
        lost, low_lost, high_lost = curve.lost
        told += (
            f". One training label in ten exchanged costs {lost:.3f} ({low_lost:+.3f} to "
            f"{high_lost:+.3f})"
        )
        told += ": cleaner labels would hardly help it" if high_lost < part else ""
    ceiling = f"The best reachable score lies between {low:.3f} and {high:.3f}"
    return f"{told}. {ceiling}, for relations with {curve.learner.sees}.", verdict


def _plot(case: Case, curve: Curve, carried: LearningCurve, high: float) -> Plot:
    tail = (1 - carried.level) / 2
    low, most = np.quantile(curve.draws, [tail, 1 - tail], axis=0)
    marks = [
        Mark(axis="y", value=case.chance, label="chance"),
        Mark(axis="y", value=case.chance + case.effect, label="what matters"),
    ]
    if high < 1:
        marks.append(Mark(axis="y", value=high, label="ceiling, upper end"))
    return Plot(
        kind="learning-curve",
        title="Held-out score by the number of training dates",
        x_label="training dates",
        y_label=case.metric,
        series=(
            Series(
                name=curve.learner.name,
                x=tuple(curve.sizes.tolist()),
                y=tuple(curve.scores.tolist()),
                low=tuple(low.tolist()),
                high=tuple(most.tolist()),
                style="points",
            ),
            Series(
                name="carried on",
                x=tuple(carried.sizes.tolist()),
                y=tuple(carried.fitted.tolist()),
                low=tuple(carried.low.tolist()),
                high=tuple(carried.high.tolist()),
                style="dashed",
            ),
        ),
        marks=tuple(marks),
    )
