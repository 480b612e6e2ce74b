"""Classifiers without skill: closed forms, scikit-learn, and the range of F1 without skill."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import f1_score

from fireassay.statistics.no_skill import (
    F1_METRICS,
    Metric,
    Trivial,
    auc_no_skill_sd,
    best_without_skill,
    decisions,
    expected,
    no_skill_range,
    positive_rates,
)
from fireassay.statistics.scores import auc


def test_range_at_prevalence_45_and_600_labels() -> None:
    found = no_skill_range(Metric.F1_BINARY, Trivial.MATCHED, 0.45, 600)
    assert found.low == pytest.approx(0.397, abs=0.002)
    assert found.high == pytest.approx(0.502, abs=0.002)
    assert found.holds(0.45)
    assert not found.holds(0.52)


@pytest.mark.parametrize("prevalence", [0.1, 0.4, 0.6])
def test_expected_values_in_closed_form(prevalence: float) -> None:
    for rate in (0.0, 0.2, 0.5, 1.0):
        f1 = 2 * prevalence * rate / (prevalence + rate)
        assert expected(Metric.F1_BINARY, prevalence, rate) == pytest.approx(f1)
        accuracy = prevalence * rate + (1 - prevalence) * (1 - rate)
        assert expected(Metric.ACCURACY, prevalence, rate) == pytest.approx(accuracy)
        assert expected(Metric.BALANCED_ACCURACY, prevalence, rate) == pytest.approx(0.5)
    most = 2 * prevalence / (1 + prevalence)
    assert best_without_skill(Metric.F1_BINARY, prevalence) == pytest.approx(most)
    assert no_skill_range(
        Metric.ACCURACY, Trivial.MAJORITY, prevalence, 1e6
    ).typical == pytest.approx(max(prevalence, 1 - prevalence))


def test_ranges_are_those_of_drawn_cells() -> None:
    """The four cells of 200 rows drawn at once, F1 written out."""
    rng = np.random.default_rng(0)
    tp, fp, fn, tn = rng.multinomial(200, [0.15, 0.35, 0.15, 0.35], 20_000).T
    one, zero = 2 * tp / (2 * tp + fp + fn), 2 * tn / (2 * tn + fp + fn)
    positives = (tp + fn) / 200
    drawn = {
        Metric.F1_BINARY: one,
        Metric.F1_MACRO: (one + zero) / 2,
        Metric.F1_WEIGHTED: positives * one + (1 - positives) * zero,
        Metric.ACCURACY: (tp + tn) / 200,
    }
    for metric, values in drawn.items():
        found = no_skill_range(metric, Trivial.COIN, 0.3, 200)
        assert (found.low, found.high) == pytest.approx(
            np.quantile(values, [0.025, 0.975]), abs=0.004
        )


def test_deviation_of_the_auc() -> None:
    rng = np.random.default_rng(1)
    drawn = [auc(rng.random(200), (rng.random(200) < 0.3).astype(float)) for _ in range(1000)]
    assert np.std(drawn) == pytest.approx(auc_no_skill_sd(0.3, 200), rel=0.1)
    assert no_skill_range(Metric.AUC, Trivial.COIN, 0.3, 200).high == pytest.approx(
        np.quantile(drawn, 0.975), abs=0.01
    )
    assert no_skill_range(Metric.AUC, Trivial.ALL_POSITIVE, 0.3, 200).high == 0.5


@pytest.mark.parametrize("metric", F1_METRICS)
def test_positive_rates_give_the_value_back(metric: Metric) -> None:
    for rate in (0.1, 0.45, 0.8):
        value = expected(metric, 0.4, rate)
        found = positive_rates(metric, 0.4, value)
        assert min(abs(q - rate) for q in found) < 1e-3
        for q in found:
            assert expected(metric, 0.4, q) == pytest.approx(value, abs=1e-4)
    assert positive_rates(metric, 0.4, 0.9) == ()


@pytest.mark.parametrize("metric", F1_METRICS)
def test_decisions_have_that_accuracy_and_f1(metric: Metric) -> None:
    prevalence, recall, false_positives = 0.4, 0.5, 0.2
    tp, fp = prevalence * recall, (1 - prevalence) * false_positives
    accuracy = tp + 1 - prevalence - fp
    rng = np.random.default_rng(0)
    y = rng.random(200_000) < prevalence
    said = np.where(y, rng.random(200_000) < recall, rng.random(200_000) < false_positives)
    average = {"F1 of class 1": "binary", "macro F1": "macro", "weighted F1": "weighted"}[metric]
    f1 = f1_score(y, said, average=average)
    found = decisions(accuracy, f1, prevalence, metric)
    assert min(abs(d.recall - recall) for d in found) < 0.02
    best = min(found, key=lambda d: abs(d.recall - recall))
    assert best.false_positive_rate == pytest.approx(false_positives, abs=0.02)
    assert best.balanced_accuracy == pytest.approx(0.65, abs=0.01)
    assert decisions(0.95, 0.2, prevalence, metric) == ()
    assert decisions(1.0, 0.5, prevalence, metric) == ()
