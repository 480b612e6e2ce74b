"""Do accuracy and F1 hide skill that the probabilities have?"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from fireassay.diagnosis.case import Case, Runs, pick
from fireassay.diagnosis.checks import Check, Cost, check
from fireassay.diagnosis.ground import ground
from fireassay.findings import Bearing, Evidence, Rule
from fireassay.statistics.clustering import effective_labels
from fireassay.statistics.no_skill import Metric, Range, Trivial, no_skill_range
from fireassay.statistics.scores import Confusion
from fireassay.training.trial import Trial

ALIKE = 0.01
"""Share of the rarer decision below which decisions are all alike."""


STRICT = 0.2
"""Factor on the level at which the metric is blamed. Models that say the same of every bar are common
where there is nothing to learn; one in thirty of them beats exchanged label sessions at .05, one in
three hundred at a fifth of it."""

INSIDE = ", inside what exchanged label sessions give."

TURNED = (
    ", beyond chance the wrong way round: what is likelier is called less likely. A loss of the "
    "wrong sign does that, swapped classes, a relation that turned after training, or weights that "
    "never moved."
)


@check
class MetricArtefact(Check):
    """Compare the decisions of the model as set with its probabilities.

    Question: is a bad accuracy or F1 the threshold's fault, or a good one the prevalence's?

    Null: for the AUC, labels of whole dates exchanged; for accuracy and F1, classifiers that know
    nothing (always the larger class, always positive, random at the prevalence, a coin), on as many
    independent labels as the test is worth. The metric is to blame where hardly any decision differs
    from the others though the probabilities rank the bars beyond chance: accuracy is then the larger
    class's share and F1 trivial, at any skill. Where decisions differ, accuracy and F1 are read
    beside what no skill gets, and nothing is concluded.

    What misleads it: a model that falls short of what others find collapses too; its metrics aren't
    the cause, so there the collapse is shown only. Two classes only.
    """

    id: ClassVar[str] = "metric"
    question: ClassVar[str] = "Do accuracy and F1 hide skill that the probabilities have?"
    causes: ClassVar[tuple[str, ...]] = ("metric_artefact",)
    cost: ClassVar[Cost] = Cost.CONTROL

    def applies(self, case: Case) -> str:
        """Return why it makes no sense for labels of another kind."""
        kind = case.task.label.kind
        return "" if kind == "binary" else f"a {kind} label has no single threshold"

    def plan(self, case: Case, runs: Runs) -> list[Trial]:
        """Plan the model as set."""
        return [t for t in case.seeded(case.trial) if t.id not in runs]

    def judge(self, case: Case, runs: Runs) -> list[Evidence]:
        """Compare AUC, accuracy and F1 with what no skill gets."""
        found = pick(runs, case.seeded(case.trial))
        if found is None:
            return []
        scored = case.scored(found)
        known = ~(np.isnan(scored.pred) | np.isnan(scored.y))
        prob, y = scored.pred[known], scored.y[known]
        if y.min() == y.max():
            return []
        test, estimate = case.against_null(scored), case.estimate(scored)
        prevalence = float(y.mean())
        called = float((prob >= 0.5).mean())
        worth = effective_labels(np.where(known, scored.y, np.nan), scored.offsets, scored.clusters)
        counts = Confusion.of(prob, y)
        trained = float(np.mean(case.task.label.y[case.task.train_rows]))
        threshold = float(np.quantile(prob, 1 - trained))
        alike = min(called, 1 - called) <= ALIKE
        majority = no_skill_range(Metric.ACCURACY, Trivial.MAJORITY, prevalence, worth)
        skilled = test.p <= case.alpha and test.observed - case.chance >= case.effect / 2
        short = ground(case, runs, "real")
        behind = short is not None and short.suspect(case)
        reading = _reading(float(counts.accuracy), test.observed, called, majority, skilled)
        reversed_p = float((1 + (test.values <= test.observed).sum()) / (1 + len(test.values)))
        turned = reversed_p <= STRICT * case.alpha and case.chance - test.observed >= case.effect / 2
        if turned:
            reading = reading.replace(INSIDE, TURNED)
        unsure = skilled and test.p > STRICT * case.alpha
        if alike and not behind and not unsure and not turned:
            rule = Rule.EFFECT
        elif not alike and skilled and counts.accuracy > majority.high:
            rule = Rule.OBSERVED_AGAINST
        else:
            rule = Rule.ILLUSTRATES
        rows = [
            {
                "metric": metric.value,
                "your model": value,
                "without skill": f"{trivial.value}: {typical:.3f}",
                "at threshold of the prevalence": float(metric.of(Confusion.of(prob, y, threshold))),
            }
            for metric in (Metric.ACCURACY, Metric.F1_BINARY)
            for value, trivial, typical in [_beside(metric, counts, prevalence, worth)]
        ]
        return [
            Evidence(
                id=self.id,
                check=self.id,
                question=self.question,
                experiment=f"Decisions of the model as set on {len(y):,} test labels.",
                control=f"{test.kind}, {len(test.values)} times; classifiers without skill.",
                metric=case.metric,
                effect=test.observed,
                trivial=case.chance,
                interval=estimate.interval,
                null=test.to_finding(),
                p=test.p,
                mde=test.mde(case.alpha),
                matters=case.effect,
                sessions=test.units,
                trials=tuple(r.trial.id for r in found),
                bears_on=(Bearing(cause="metric_artefact", rule=rule, note=reading),),
                reading=reading,
                caveat="It speaks of a threshold of .5; a cost of errors may call for another one.",
                numbers={
                    "accuracy": float(counts.accuracy),
                    "share of the larger class": max(prevalence, 1 - prevalence),
                    "F1": float(counts.f1()),
                    "share called positive": called,
                    "share positive": prevalence,
                    "SD of the probabilities": float(prob.std()),
                    "threshold that calls as many positive as training holds": threshold,
                    "labels are worth": worth,
                    "F1 of always positive": 2 * prevalence / (1 + prevalence),
                    "p of so low an AUC": reversed_p,
                },
                table=tuple(rows),
            )
        ]


def _beside(
    metric: Metric, counts: Confusion, prevalence: float, worth: float
) -> tuple[float, Trivial, float]:
    """Return the model's value, and the classifier without skill that comes nearest to it."""
    value = float(metric.of(counts))
    ranges = {t: no_skill_range(metric, t, prevalence, worth) for t in Trivial}
    nearest = min(ranges, key=lambda t: abs(ranges[t].typical - value))
    return value, nearest, ranges[nearest].typical


def _reading(accuracy: float, auc: float, called: float, majority: Range, skilled: bool) -> str:
    """Say what decisions and probabilities show."""
    said = f"Accuracy is {accuracy:.3f}"
    if majority.holds(accuracy):
        said += ", what always naming the larger class gets"
    else:
        beyond = "above" if accuracy > majority.high else "below"
        said += f", {beyond} the {majority.typical:.3f} of always naming the larger class"
    said += f"; {called:.1%} of the bars are called positive. The AUC is {auc:.3f}"
    if not skilled:
        return said + INSIDE
    if min(called, 1 - called) <= ALIKE:
        return f"{said}, beyond chance: the threshold hides the skill."
    return f"{said}, beyond chance."
