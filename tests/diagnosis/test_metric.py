"""Decisions that hide skill are told from those that show it, and from no skill."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit

from fireassay.data.task import Task
from fireassay.diagnosis.case import Case, Runs
from fireassay.diagnosis.checks.metric import MetricArtefact
from fireassay.diagnosis.verdict import adjusted, verdicts
from fireassay.findings import CauseVerdict, Evidence, Status
from fireassay.training.execute import Executor
from fireassay.training.learner import learner
from fireassay.training.trial import Predictions, Run, RunStatus, Trial
from tests.diagnosis.cases import case_of
from tests.training.tasks import make_task


def weakly(prevalence: float, strength: float, seed: int = 0) -> Task:
    """A Task whose label is positive with a logit of log-odds + strength times a feature."""
    task = make_task(sessions=60, bars=(30, 40), strength=0.0, seed=seed)
    rng = np.random.default_rng(seed)
    x = task.panel.values[:, 0]
    chance = expit(np.log(prevalence / (1 - prevalence)) + strength * x)
    y = np.where(np.isnan(task.label.y), np.nan, rng.random(len(x)) < chance)
    return task.with_label(y, "drawn")


def judged(task: Task, name: str = "linear", reference: str = "") -> tuple[Evidence, CauseVerdict]:
    case, runs = trained(task, name, reference)
    (evidence,) = adjusted(MetricArtefact().judge(case, runs))
    return evidence, verdicts([evidence])["metric_artefact"]


def trained(task: Task, name: str, reference: str = "") -> tuple[Case, Runs]:
    def trial(of: str) -> Trial:
        return Trial(of, learner(of).default(), task.fingerprint)

    case = replace(
        case_of(task, draws=199),
        trial=trial(name),
        references=(trial(reference),) if reference else (),
    )
    wanted = [*MetricArtefact().plan(case, {}), *case.references]
    return case, {run.trial.id: run for run in Executor(case.tasks)(wanted)}


def test_a_threshold_that_hides_the_skill_is_named() -> None:
    """At 15 % positives no probability passes ½, though they rank the bars well."""
    evidence, verdict = judged(weakly(0.15, 0.5))
    assert verdict.status is Status.SUPPORTED
    assert "the threshold hides the skill" in verdict.why
    assert evidence.numbers["share called positive"] == pytest.approx(0, abs=0.01)
    assert evidence.numbers["accuracy"] == pytest.approx(
        evidence.numbers["share of the larger class"], abs=0.005
    )
    assert (
        evidence.table[1]["your model"]
        < 0.03
        < 0.15
        < evidence.table[1]["at threshold of the prevalence"]
    )


def test_decisions_that_show_the_skill_are_cleared() -> None:
    evidence, verdict = judged(weakly(0.5, 1.0))
    assert verdict.status is Status.EXCLUDED
    assert evidence.effect is not None
    assert evidence.effect > 0.7


def test_without_skill_the_metric_hides_none() -> None:
    _, verdict = judged(weakly(0.15, 0.0))
    assert verdict.status is not Status.SUPPORTED
    _, verdict = judged(weakly(0.15, 0.5), "majority")
    assert verdict.status is not Status.SUPPORTED


def test_a_model_that_falls_short_is_not_the_metrics_fault() -> None:
    """Trees find what a linear model can't: its collapsed decisions are a symptom."""
    task = weakly(0.2, 0.4)
    x = task.panel.values
    rng = np.random.default_rng(1)
    logit = -2 + 0.3 * x[:, 0] + 3 * (x[:, 1] * x[:, 2] > 0.3)
    y = np.where(np.isnan(task.label.y), np.nan, rng.random(len(x)) < expit(logit))
    task = task.with_label(y, "drawn")
    alone, _ = judged(task)
    assert alone.numbers["share called positive"] < 0.01
    _, verdict = judged(task, reference="boosting")
    assert verdict.status is Status.UNDECIDED


def test_it_waits_for_the_run_and_needs_two_classes() -> None:
    task = weakly(0.5, 0.5)
    case, runs = trained(task, "linear")
    assert MetricArtefact().judge(case, {}) == []
    assert MetricArtefact().plan(case, runs) == []
    assert MetricArtefact().applies(case) == ""
    assert "real" in MetricArtefact().applies(case_of(make_task("real")))


def collapsed(
    seed: int, sessions: int, bars: int, prevalence: float, horizon: int, skill: float = 0.0
) -> tuple[Case, Runs]:
    """A persistent score that calls no bar of the rarer class, beside overlapping labels."""
    task = make_task(sessions=sessions, bars=(bars, bars + 8), strength=0.0, seed=seed)
    rng = np.random.default_rng(seed)
    shocks = rng.standard_normal((2, task.panel.rows))
    score = np.zeros(task.panel.rows)
    for bar in range(bars + 8):
        at = np.flatnonzero(task.panel.bar_of_row == bar)
        score[at] = shocks[0, at] if bar == 0 else 0.9 * score[at - 1] + 0.436 * shocks[0, at]
    noise = np.convolve(shocks[1], np.ones(horizon))[: len(score)] / np.sqrt(horizon)
    outcome = skill * score + np.sqrt(1 - skill**2) * noise
    y = (outcome > np.quantile(outcome, 1 - prevalence)).astype(float)
    task = task.with_label(np.where(np.isnan(task.label.y), np.nan, y), "drawn")
    task = replace(task, label=replace(task.label, horizon=horizon))
    bound = np.minimum if prevalence < 0.5 else np.maximum
    mean = bound(prevalence + 0.03 * score, 0.49 if prevalence < 0.5 else 0.51)[task.test_rows, None]
    case, told = case_of(task, draws=199), mean[:, 0]
    test = Predictions(task.test_rows, mean, told, told)
    empty = Predictions(task.test_rows[:0], mean[:0], told[:0], told[:0])
    return case, {case.trial.id: Run(case.trial, RunStatus.DONE, (), test, empty, 1, 0.0)}


MARKETS = (
    (100, 30, 0.3, 1),
    (60, 70, 0.42, 10),
    (200, 10, 0.15, 1),
    (100, 30, 0.6, 12),
    (40, 70, 0.45, 5),
)


@pytest.mark.statistical
def test_models_that_know_nothing_blame_the_metric_once_in_a_hundred_times_at_most() -> None:
    """300 of them: 10 were blamed at the level itself, 1 at a fifth of it."""
    blamed = 0
    for i in range(300):
        (evidence,) = adjusted(
            MetricArtefact().judge(*collapsed(9000 + i, *MARKETS[i % len(MARKETS)]))
        )
        blamed += verdicts([evidence])["metric_artefact"].status is Status.SUPPORTED
    assert blamed <= 3


def test_a_score_that_is_turned_over_is_told_and_not_blamed() -> None:
    (evidence,) = adjusted(MetricArtefact().judge(*collapsed(1, 100, 30, 0.3, 1, skill=-0.4)))
    assert evidence.effect is not None
    assert evidence.effect < 0.4
    assert "the wrong way round" in evidence.reading
    assert "inside what exchanged" not in evidence.reading
    assert verdicts([evidence])["metric_artefact"].status is not Status.SUPPORTED
    (sound,) = adjusted(MetricArtefact().judge(*collapsed(1, 100, 30, 0.3, 1, skill=0.4)))
    assert verdicts([sound])["metric_artefact"].status is Status.SUPPORTED
