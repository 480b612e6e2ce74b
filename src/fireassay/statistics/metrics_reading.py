"""What printed train and test metrics can and can't mean.

Accuracy and F1 of a classifier without skill depend on the prevalence, on how often it says
"positive" and, for F1, on the averaging. So the first question to a printed number is which
classifiers that know nothing have it too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fireassay.errors import SettingError
from fireassay.findings import Sentence, Value
from fireassay.statistics.no_skill import (
    F1_METRICS,
    Decisions,
    Metric,
    Range,
    Trivial,
    auc_no_skill_sd,
    best_without_skill,
    decisions,
    draw_confusions,
    no_skill_range,
    positive_rates,
)


@dataclass(frozen=True)
class Printed:
    """Metrics as somebody printed them for one part of the data; None: not given."""

    accuracy: float | None = None
    f1: float | None = None
    auc: float | None = None


@dataclass(frozen=True)
class MetricsReading:
    """What the numbers can and can't mean.

    Attributes
    ----------
    sentences
        In the order in which they should be read.
    rows
        One per metric and classifier without skill: metric, classifier, typical, low, high, and
        "yes" or "no" under train and test: whether the printed value lies in the 95 % range.
    without_skill, change
        Two of the sentences: what classifiers without skill get, and what the difference of test F1
        and train F1 means (None unless both are given).
    """

    sentences: tuple[Sentence, ...]
    rows: tuple[dict[str, Value], ...]
    without_skill: Sentence
    change: Sentence | None = None


def read_metrics(
    train: Printed,
    test: Printed,
    *,
    prevalence: float,
    labels: int,
    train_labels: int | None = None,
    effective: float | None = None,
    f1_as: Sequence[Metric] = F1_METRICS,
) -> MetricsReading:
    """Read printed metrics of a two-class problem.

    Parameters
    ----------
    train, test
        What was printed.
    prevalence
        Share of class 1 among the labels.
    labels, train_labels
        Number of test labels, and of training labels (None: the same).
    effective
        Effective number of test labels where outcomes overlap
        (`clustering.effective_labels`, or labels / horizon); None: not known, and said.
    f1_as
        How F1 may have been averaged; that of class 1 comes first.

    Raises
    ------
    SettingError
        If the prevalence isn't strictly between 0 and 1, a metric not in [0, 1], or labels < 2.
    """
    _check(train, test, prevalence, labels)
    count = float(labels) if effective is None else min(effective, float(labels))
    train_count = count * (train_labels or labels) / labels
    rows = _table(train, test, prevalence, train_count, count)
    said = [_ranges(prevalence, count)]
    for name, printed, n in (("Train", train, train_count), ("Test", test, count)):
        if printed.f1 is not None:
            said.append(_f1_alone(name, printed.f1, prevalence, n, f1_as))
        if printed.accuracy is not None:
            said.append(_accuracy(name, printed.accuracy, prevalence, n))
        if printed.f1 is not None and printed.accuracy is not None:
            said.append(_together(name, printed.accuracy, printed.f1, prevalence, n, f1_as))
        if printed.auc is not None:
            said.append(_auc(name, printed.auc, prevalence, n))
    change = None
    if train.f1 is not None and test.f1 is not None:
        change = Sentence(text=_train_against_test(train.f1, test.f1, prevalence, train_count, count))
        said.append(change.text)
    said.append(_independence(labels, effective))
    if train.auc is None and test.auc is None:
        said.append(
            "None of these numbers tells whether there is signal; the AUC of held-out sessions "
            "against permuted ones does."
        )
    sentences = tuple(Sentence(text=text) for text in said)
    return MetricsReading(sentences, tuple(rows), sentences[0], change)


def _check(train: Printed, test: Printed, prevalence: float, labels: int) -> None:
    if not 0 < prevalence < 1:
        raise SettingError(
            f"a prevalence of {prevalence:g} is impossible",
            fix="Give the share of class 1, between 0 and 1.",
        )
    if labels < 2:
        raise SettingError(f"{labels} labels are too few", fix="Give the number of test labels.")
    for part, printed in (("train", train), ("test", test)):
        for name, value in vars(printed).items():
            if value is not None and not 0 <= value <= 1:
                raise SettingError(
                    f"{part} {name} of {value:g} is impossible", fix="Give it between 0 and 1."
                )


def _show(value: float) -> str:
    """Write a share to three decimals, without the leading zero."""
    return f"{value:.3f}".replace("0.", ".", 1) if abs(value) < 1 else f"{value:.3f}"


def _given(value: float) -> str:
    """Write a printed number as it was given, up to five decimals."""
    text = f"{value:.5f}".rstrip("0").rstrip(".")
    return text.replace("0.", ".", 1) if abs(value) < 1 else text


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _span(found: Range) -> str:
    return f"[{_show(found.low)}, {_show(found.high)}]"


def _table(
    train: Printed, test: Printed, prevalence: float, train_count: float, count: float
) -> list[dict[str, Value]]:
    rows: list[dict[str, Value]] = []
    for metric in (Metric.ACCURACY, *F1_METRICS, Metric.AUC):
        for classifier in Trivial:
            found = no_skill_range(metric, classifier, prevalence, count)
            row: dict[str, Value] = {
                "metric": metric.value,
                "classifier": classifier.value,
                "typical": found.typical,
                "low": found.low,
                "high": found.high,
            }
            for part, printed, n in (("train", train, train_count), ("test", test, count)):
                value = _value(printed, metric)
                if value is not None:
                    inside = no_skill_range(metric, classifier, prevalence, n).holds(value)
                    row[part] = "yes" if inside else "no"
            rows.append(row)
    return rows


def _value(printed: Printed, metric: Metric) -> float | None:
    if metric is Metric.ACCURACY:
        return printed.accuracy
    return printed.auc if metric is Metric.AUC else printed.f1


def _ranges(prevalence: float, count: float) -> str:
    coin = no_skill_range(Metric.F1_BINARY, Trivial.COIN, prevalence, count)
    most = best_without_skill(Metric.F1_BINARY, prevalence)
    larger = no_skill_range(Metric.ACCURACY, Trivial.MAJORITY, prevalence, count)
    return (
        f"Without skill, at {_percent(prevalence)} positive labels: F1 {_show(coin.typical)} for a "
        f"coin flip (95 % {_span(coin)} on {count:,.0f} labels), {_show(most)} for always saying "
        f"positive; accuracy {_show(larger.typical)} for always naming the larger class."
    )


def _f1_alone(
    name: str, value: float, prevalence: float, count: float, f1_as: Sequence[Metric]
) -> str:
    """Say who without skill has this F1 as that of class 1, and where an average needs more."""
    needs, had = _without_skill(Metric.F1_BINARY, value, prevalence, count)
    lead = "is out of reach without skill" if needs else "takes no skill"
    said = f"{name} F1 {_given(value)} {lead}: {had}."
    averaged = {m: _without_skill(m, value, prevalence, count) for m in f1_as[1:]}
    if not averaged:
        return said
    unlike = [f"as {m} {had}" for m, (other, had) in averaged.items() if other != needs]
    if unlike:
        return f"{said} But {', '.join(unlike)}."
    return (
        f"{said} Nor as macro or weighted F1." if needs else f"{said} Macro or weighted, none either."
    )


def _without_skill(metric: Metric, value: float, prevalence: float, count: float) -> tuple[bool, str]:
    """Tell whether a value is out of reach without skill, and what has it or how far that gets."""
    inside = [
        classifier
        for classifier in Trivial
        if no_skill_range(metric, classifier, prevalence, count).holds(value)
    ]
    if inside:
        return False, f"{_HAS[inside[0]]} it"
    rates = positive_rates(metric, prevalence, value)
    if rates:
        said = " or ".join(_percent(rate) for rate in rates)
        return False, f"saying positive at random in {said} of bars gives it"
    most = best_without_skill(metric, prevalence)
    if value > most:
        return True, f"at most {_show(most)} is had so"
    return False, "any classifier without skill gets more"


_HAS = {
    Trivial.MAJORITY: "always naming the larger class gives",
    Trivial.ALL_POSITIVE: "always saying positive gives",
    Trivial.MATCHED: "guessing at the prevalence gives",
    Trivial.COIN: "a coin flip has",
}


def _accuracy(name: str, value: float, prevalence: float, count: float) -> str:
    larger = max(prevalence, 1 - prevalence)
    reach = 1.96 * np.sqrt(larger * (1 - larger) / count)
    if abs(value - larger) <= reach:
        what = "is no different from"
    else:
        what = "is above" if value > larger else "is below"
    return (
        f"{name} accuracy {_given(value)} {what} always naming the larger class, {_show(larger)} "
        f"± {_show(reach)}."
    )


def _together(
    name: str, accuracy: float, f1: float, prevalence: float, count: float, f1_as: Sequence[Metric]
) -> str:
    """Say what accuracy and F1 imply together: the averaging that fits, and the skill."""
    parts, verdicts = [], set()
    for metric in f1_as:
        found = decisions(accuracy, f1, prevalence, metric)
        if not found:
            parts.append(f"as {metric} they can't both hold at this prevalence")
        for implied in found:
            judged, reach = _skill(implied, prevalence, count)
            verdicts.add(judged)
            parts.append(
                f"as {metric} they imply positive calls in {_percent(implied.positive_rate)} of bars "
                f"and a balanced accuracy of {_show(implied.balanced_accuracy)} ({judged}: .500 ± "
                f"{_show(reach)})"
            )
    said = f"{name} accuracy {_given(accuracy)} with F1 {_given(f1)}: {'; '.join(parts)}."
    if len(verdicts) > 1:
        said += " Find out which averaging was printed: they disagree about skill."
    return said


def _skill(found: Decisions, prevalence: float, count: float) -> tuple[str, float]:
    """Judge a balanced accuracy against no skill; also half the width of the latter's range."""
    # Variance of the mean of two independent rates, each with its own class's number of labels.
    q = found.positive_rate
    share = 1 / (prevalence * count) + 1 / ((1 - prevalence) * count)
    reach = 1.96 * float(np.sqrt(q * (1 - q) / 4 * share))
    excess = found.balanced_accuracy - 0.5
    if abs(excess) <= reach:
        return "no skill", reach
    return ("better than no skill" if excess > 0 else "worse than no skill"), reach


def _auc(name: str, value: float, prevalence: float, count: float) -> str:
    reach = 1.96 * auc_no_skill_sd(prevalence, count)
    if abs(value - 0.5) <= reach:
        what = "inside what a score without skill gets"
    else:
        what = (
            "above chance" if value > 0.5 else "below chance, which a reversed or shifted label does"
        )
    return f"{name} AUC {_given(value)} is {what}: .500 ± {_show(reach)}."


def _train_against_test(
    train: float, test: float, prevalence: float, train_count: float, count: float
) -> str:
    """Say whether the difference of two F1 is more than sampling, and what else moves it."""
    difference = test - train
    rates = positive_rates(Metric.F1_BINARY, prevalence, train)
    sampled = [
        Metric.F1_BINARY.of(draw_confusions(prevalence, n, (rates or (prevalence,))[0], purpose=part))
        for part, n in (("train", train_count), ("test", count))
    ]
    reach = 1.96 * float(np.nanstd(sampled[1] - sampled[0]))
    side = "above" if difference > 0 else "below"
    said = f"Test F1 is {_given(abs(difference))} {side} train F1. "
    if abs(difference) <= reach:
        return f"{said}Sampling alone moves the difference by ± {_show(reach)}: it means nothing."
    said += f"Sampling alone moves the difference by ± {_show(reach)}, so the parts differ"
    other = positive_rates(Metric.F1_BINARY, prevalence, test)
    if rates and other:
        said += (
            f"; but that takes no skill: {_percent(rates[0])} positive calls give {_given(train)}, "
            f"{_percent(other[0])} give {_given(test)}"
        )
    return (
        f"{said}. Test above train doesn't mean that a model is random, nor train above test that it "
        "has learned something."
    )


def _independence(labels: int, effective: float | None) -> str:
    if effective is None:
        return (
            f"Outcomes of h bars overlap: of {labels:,} labels about {labels:,} / h are independent, "
            "and the ranges are √h times as wide."
        )
    return (
        f"{min(effective, float(labels)):,.0f} of the {labels:,} labels are taken as independent, "
        "because outcomes overlap or sessions differ."
    )
