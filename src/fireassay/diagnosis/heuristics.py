"""Rules of thumb that people apply, with their numbers on this case and what they can't say."""

from __future__ import annotations

import math

import numpy as np

from fireassay.diagnosis.case import Case, Runs
from fireassay.findings import Heuristic, Sentence
from fireassay.statistics.clustering import effective_labels
from fireassay.statistics.heuristics import correlation_rule, entropy_rule, f1_rule, kl_rule
from fireassay.statistics.metrics_reading import MetricsReading, Printed, read_metrics
from fireassay.statistics.scores import ic


def heuristics(case: Case, runs: Runs) -> tuple[Heuristic, ...]:
    """Return the rules of thumb that apply to the case."""
    task = case.task
    rows = task.train_rows
    y = task.label.y[rows].astype(np.float64)
    found = []
    if task.label.kind != "real":
        found.append(entropy_rule(y))
    # A sample of rows is enough for a number that only serves to be corrected.
    part = rows[:: max(1, len(rows) // 50_000)]
    x, label = task.inputs(part).astype(np.float64), task.label.y[part].astype(np.float64)
    correlations = np.nan_to_num([ic(x[:, j], label) for j in range(x.shape[1])])
    found.append(correlation_rule(correlations, len(part)))
    as_set = runs.get(case.trial.id)
    if as_set is None or task.label.kind != "binary":
        return tuple(found)
    final = as_set.final
    if {"train_f1", "test_f1"} <= set(final):
        found.append(
            f1_rule(
                final["train_f1"],
                final["test_f1"],
                prevalence=_prevalence(case),
                effective=_effective(case),
            )
        )
    if final.get("kl_per_label"):
        found.append(kl_rule(final["kl_per_label"], final["train_nll"]))
    return tuple(found)


def metrics_reading(case: Case, runs: Runs) -> tuple[Sentence, ...]:
    """Say what the model's own train and test metrics can and can't mean."""
    reading = read_printed(case, runs)
    return reading.sentences if reading else ()


def read_printed(case: Case, runs: Runs) -> MetricsReading | None:
    """Read the model's own train and test metrics; None unless test labels are of two classes."""
    as_set = runs.get(case.trial.id)
    if as_set is None or case.task.label.kind != "binary" or not 0 < _prevalence(case) < 1:
        return None
    final = {name: value for name, value in as_set.final.items() if not math.isnan(value)}
    printed = [
        Printed(*(final.get(f"{part}_{name}") for name in ("accuracy", "f1", "auc")))
        for part in ("train", "test")
    ]
    return read_metrics(
        *printed,
        prevalence=_prevalence(case),
        labels=len(case.task.test_rows),
        train_labels=case.task.labels,
        effective=_effective(case),
    )


def _prevalence(case: Case) -> float:
    return float(case.task.label.y[case.task.test_rows].mean())


def _effective(case: Case) -> float:
    """Return the effective number of test labels."""
    task = case.task
    y = np.full(task.panel.rows, np.nan)
    y[task.test_rows] = task.label.y[task.test_rows]
    return effective_labels(y, task.panel.offsets, task.panel.clusters)
