"""What classifiers that know nothing get: accuracy, F1 in each averaging, AUC, with their ranges.

A classifier without skill decides by a rate alone: it says "positive" for a share q of the bars,
whatever their label. With prevalence π its expected F1 of class 1 is 2πq/(π + q): 0 if it never says
positive, 2π/(1 + π) if it always does, anything between by choice of q, and so by choice of a
threshold. Macro and weighted averages mix in the other class's F1.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from fireassay.arrays import Float
from fireassay.seeds import generator
from fireassay.statistics.scores import Average, Confusion


class Trivial(StrEnum):
    """Classifiers without skill that every metric should be compared with."""

    MAJORITY = "always the larger class"
    ALL_POSITIVE = "always positive"
    MATCHED = "random at the prevalence"
    COIN = "coin flip"

    def positive_rate(self, prevalence: float) -> float:
        """Return the share of bars that it calls positive."""
        rates = {
            Trivial.MAJORITY: float(prevalence > 0.5),
            Trivial.ALL_POSITIVE: 1.0,
            Trivial.MATCHED: prevalence,
            Trivial.COIN: 0.5,
        }
        return rates[self]


class Metric(StrEnum):
    """Metrics of decisions and scores that people print."""

    ACCURACY = "accuracy"
    BALANCED_ACCURACY = "balanced accuracy"
    F1_BINARY = "F1 of class 1"
    F1_MACRO = "macro F1"
    F1_WEIGHTED = "weighted F1"
    AUC = "AUC"

    def of(self, confusion: Confusion) -> Float:
        """Return its value from counts; not for AUC, which has no decisions."""
        if self is Metric.ACCURACY:
            return confusion.accuracy
        if self is Metric.BALANCED_ACCURACY:
            return confusion.balanced_accuracy
        return confusion.f1(_AVERAGE[self])


_AVERAGE = {
    Metric.F1_BINARY: Average.BINARY,
    Metric.F1_MACRO: Average.MACRO,
    Metric.F1_WEIGHTED: Average.WEIGHTED,
}

F1_METRICS = tuple(_AVERAGE)


@dataclass(frozen=True)
class Range:
    """What a classifier without skill typically gets, and where 95 % of its values lie."""

    typical: float
    low: float
    high: float

    def holds(self, value: float) -> bool:
        """Tell whether a value lies inside, to the fourth decimal that people print."""
        return self.low - 5e-5 <= value <= self.high + 5e-5


DRAWS = 20_000


def draw_confusions(
    prevalence: float, labels: float, positive_rate: float, *, purpose: str, draws: int = DRAWS
) -> Confusion:
    """Draw confusion counts of a classifier without skill.

    Parameters
    ----------
    prevalence
        Probability of class 1.
    labels
        Number of independent labels; an effective number where outcomes overlap.
    positive_rate
        Probability that it says positive, whatever the label.
    purpose
        Names the draw: the same purpose gives the same draws.
    """
    rng = generator("no skill", purpose)
    count = max(round(labels), 1)
    positives = rng.binomial(count, prevalence, draws)
    tp = rng.binomial(positives, positive_rate).astype(float)
    fp = rng.binomial(count - positives, positive_rate).astype(float)
    return Confusion(tp=tp, fp=fp, fn=positives - tp, tn=count - positives - fp)


def no_skill_range(metric: Metric, classifier: Trivial, prevalence: float, labels: float) -> Range:
    """Return what a classifier without skill gets on so many independent labels.

    At prevalence .45 and 600 labels the F1 of class 1 of random decisions at the prevalence has the
    95 % range [.397, .501].

    Notes
    -----
    Decisions are drawn 20,000 times, each time with its own number of positives. The AUC's range is
    the normal one with the variance (n + 1) / (12 n₁ n₀) of Mann & Whitney (1947), Ann. Math. Stat.
    18:50; a constant score has AUC ½ exactly.
    """
    if metric is Metric.AUC:
        constant = classifier in (Trivial.MAJORITY, Trivial.ALL_POSITIVE)
        reach = 0.0 if constant else 1.96 * auc_no_skill_sd(prevalence, labels)
        return Range(0.5, max(0.5 - reach, 0), min(0.5 + reach, 1))
    rate = classifier.positive_rate(prevalence)
    values = metric.of(draw_confusions(prevalence, labels, rate, purpose=classifier.name))
    low, high = np.nanquantile(values, [0.025, 0.975])
    return Range(expected(metric, prevalence, rate), float(low), float(high))


def auc_no_skill_sd(prevalence: float, labels: float) -> float:
    """Return the standard deviation of the AUC of a score without skill, labels independent."""
    return float(np.sqrt((labels + 1) / (12 * prevalence * (1 - prevalence) * labels**2)))


def expected(metric: Metric, prevalence: float, positive_rate: float) -> float:
    """Return the value with endless labels for a classifier without skill."""
    tp, fp = prevalence * positive_rate, (1 - prevalence) * positive_rate
    cells = (tp, fp, prevalence - tp, 1 - prevalence - fp)
    return float(metric.of(Confusion(*(np.asarray(c) for c in cells))))


def positive_rates(metric: Metric, prevalence: float, value: float) -> tuple[float, ...]:
    """Return the shares of positive calls at which a classifier without skill has the value.

    Empty if none has it: then the value needs skill, or another averaging.
    """
    rates = np.linspace(0, 1, 10_001)
    tp, fp = prevalence * rates, (1 - prevalence) * rates
    curve = metric.of(Confusion(tp, fp, prevalence - tp, 1 - prevalence - fp)) - value
    at = np.flatnonzero((curve[:-1] <= 0) != (curve[1:] <= 0))
    share = curve[at] / (curve[at] - curve[at + 1])
    return tuple(float(r) for r in rates[at] + share * (rates[1] - rates[0]))


def best_without_skill(metric: Metric, prevalence: float) -> float:
    """Return the largest value that a classifier without skill can have by choosing its rate."""
    rates = np.linspace(0, 1, 1001)
    tp, fp = prevalence * rates, (1 - prevalence) * rates
    return float(np.max(metric.of(Confusion(tp, fp, prevalence - tp, 1 - prevalence - fp))))


@dataclass(frozen=True)
class Decisions:
    """Shares of decisions that accuracy and F1 together imply.

    `recall` of class 1, `false_positive_rate`, and `positive_rate`, the share called positive.
    """

    recall: float
    false_positive_rate: float
    positive_rate: float

    @property
    def balanced_accuracy(self) -> float:
        """½ without skill."""
        return (self.recall + 1 - self.false_positive_rate) / 2


def decisions(
    accuracy: float, f1: float, prevalence: float, metric: Metric = Metric.F1_BINARY
) -> tuple[Decisions, ...]:
    """Return the decisions that have this accuracy and this F1; none, one or two.

    The accuracy a leaves one unknown, the share tp of true positives: false positives are
    tp + 1 − π − a. An F1 of one averaging then fixes tp, if it can be had at all.
    """
    least = max(0.0, accuracy - (1 - prevalence))
    most = min(prevalence, accuracy)
    if least > most:
        return ()
    tp = np.linspace(least, most, 20_001)
    fp = tp + (1 - prevalence) - accuracy
    curve = metric.of(Confusion(tp, fp, prevalence - tp, accuracy - tp)) - f1
    at = np.flatnonzero((curve[:-1] <= 0) != (curve[1:] <= 0))
    found = []
    for i in at:
        share = curve[i] / (curve[i] - curve[i + 1])
        t = tp[i] + share * (tp[i + 1] - tp[i])
        f = t + (1 - prevalence) - accuracy
        found.append(Decisions(float(t / prevalence), float(f / (1 - prevalence)), float(t + f)))
    return tuple(found)
