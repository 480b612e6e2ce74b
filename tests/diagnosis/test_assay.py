"""The assay of a trained model: what is said of it follows from its held-out score and the null."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from fireassay.data.splits import Split
from fireassay.data.task import Task
from fireassay.diagnosis.assay import Assay, assay
from fireassay.diagnosis.case import Case
from fireassay.diagnosis.foresight import foreseen, told_before
from fireassay.training.execute import Executor
from fireassay.training.learner import learner
from fireassay.training.objective import information_budget
from fireassay.training.settings import NetSettings
from fireassay.training.trial import Run, RunStatus, Tasks, Trial
from tests.training.tasks import BAYESIAN, make_task

BARS = (30, 40)


def case_of(
    task: Task, name: str = "linear", settings: NetSettings | None = None, **more: object
) -> Case:
    chosen = settings or learner(name).default()
    trial = Trial(name, chosen, task.fingerprint)
    values = {"effect": 0.03, "draws": 199, **more}
    return Case(Tasks(task), trial, (), **values)  # type: ignore[arg-type]


def runs_of(case: Case) -> list[Run]:
    kept = {run.trial.id: run for run in Executor(case.tasks)(case.seeded(case.trial))}
    return [kept[trial.id] for trial in case.seeded(case.trial)]


def judged(task: Task, name: str = "linear", **more: object) -> Assay:
    case = case_of(task, name, **more)
    return assay(case, runs_of(case))


def text(found: Assay) -> str:
    return " ".join(sentence.text for sentence in found.assessment)


def signal(kind: str = "binary") -> Task:
    return make_task(kind, sessions=40, bars=BARS, strength=1.0)


def noise(kind: str = "binary") -> Task:
    return make_task(kind, sessions=40, bars=BARS, strength=0.0, seed=3)


@pytest.mark.parametrize("kind", ["binary", "multiclass", "real"])
def test_a_learned_signal_is_said_to_beat_chance(kind: str) -> None:
    found = judged(signal(kind))
    assert found.assessment[0].text.startswith("The model predicts later sessions better than chance")
    assert found.held_out.p == 1 / 200
    assert found.held_out.interval is not None
    assert found.held_out.interval.low > found.held_out.trivial
    assert "later sessions are predicted better too" in text(found)


@pytest.mark.parametrize("kind", ["binary", "multiclass", "real"])
def test_noise_is_said_to_be_chance_with_what_could_have_been_seen(kind: str) -> None:
    found = judged(noise(kind))
    assert "can't be told from chance" in found.assessment[0].text
    assert found.held_out.p > 0.05
    seen = f"{found.held_out.trivial + found.held_out.mde:.3f} would have been told from chance"
    assert seen in found.assessment[1].text
    assert "`fireassay diagnose`" in found.assessment[1].text


def test_what_matters_decides_whether_more_sessions_are_needed() -> None:
    assert "would most likely have shown" in text(judged(noise(), effect=0.4))
    assert "take more sessions" in text(judged(noise(), effect=0.001))


def test_a_constant_prediction_is_called_one() -> None:
    found = judged(signal(), "majority")
    assert found.assessment[0].text.startswith("The model says the same at every bar")
    assert found.held_out.mde is None
    assert found.held_out.p == 1
    assert len(found.assessment) == 1


@pytest.mark.parametrize("sessions", [2, 3])
def test_very_few_dates_are_said_to_be_too_few(sessions: int) -> None:
    task = make_task(sessions=20, bars=BARS, strength=0.0)
    order = np.arange(20)
    task = replace(task, split=Split(order[:15], order[15:17], order[20 - sessions :]))
    said = text(judged(task))
    assert "more sessions" in said
    assert "nan" not in said


def test_test_labels_of_one_class_leave_the_score_undefined() -> None:
    task = signal()
    y = task.label.y.copy()
    y[task.test_rows] = 1
    found = judged(replace(task, label=replace(task.label, y=y)))
    assert "AUC isn't defined on the test sessions" in found.assessment[0].text
    assert found.held_out.p is None
    assert "nan" not in text(found)


def test_the_score_is_the_one_that_a_diagnosis_judges() -> None:
    case = case_of(signal())
    runs = runs_of(case)
    found, scored = assay(case, runs), case.scored(runs)
    test = case.against_null(scored)
    assert (found.held_out.effect, found.held_out.p) == (test.observed, test.p)
    assert found.held_out.mde == test.mde(case.alpha)
    assert found.members[0].score == case.estimate(scored).value


def test_a_fit_that_harms_later_sessions_is_told() -> None:
    case = case_of(noise())
    (run,) = runs_of(case)
    certain = np.where(run.test.mean > np.median(run.test.mean), 0.95, 0.05).astype(np.float32)
    y = case.task.label.y[run.test.rows]
    loss = float(-np.log(np.where(y[:, None] > 0.5, certain, 1 - certain)).mean())
    history = ({**run.history[0], "train_nll": 0.5, "test_nll": loss},)
    overfit = replace(run, test=replace(run.test, mean=certain), history=history)
    said = text(assay(case, [overfit]))
    assert "what is fitted there makes later predictions worse" in said
    assert f"NLL 0.5000 on training sessions and {loss:.4f} on later ones" in said


def test_a_fit_worse_than_no_skill_is_told() -> None:
    case = case_of(signal())
    (run,) = runs_of(case)
    poor = replace(run, history=({**run.history[0], "train_nll": 0.9},))
    assert "as probabilities they are no better, even of the training" in text(assay(case, [poor]))


def test_a_run_that_diverged_is_told() -> None:
    case = case_of(signal())
    (run,) = runs_of(case)
    said = text(assay(case, [replace(run, status=RunStatus.DIVERGED)]))
    assert "1 of 1 runs diverged" in said


def test_an_edge_that_dies_when_a_bar_is_skipped_may_be_bounce() -> None:
    task = signal()
    gone = replace(task.label, name="skipped", y=np.random.default_rng(0).permuted(task.label.y))
    lasting = replace(task.label, name="skipped")
    assert "may be bid-ask bounce" in text(judged(replace(task, others=(gone,)), skipped="skipped"))
    assert "so it lasts" in text(judged(replace(task, others=(lasting,)), skipped="skipped"))


@pytest.fixture(scope="module")
def bayesian() -> tuple[Case, list[Run]]:
    settings = BAYESIAN.model_copy(update={"epochs": 4, "kl_weight": 2.0, "patience": 4})
    case = case_of(signal(), "bayesian", settings, seeds=2)
    return case, runs_of(case)


def test_kl_stands_beside_what_labels_can_pay(bayesian: tuple[Case, list[Run]]) -> None:
    case, runs = bayesian
    found = assay(case, runs)
    ledger, labels = found.ledger, case.task.effective_labels
    assert ledger is not None
    assert ledger.kl == pytest.approx(np.mean([run.details["kl"] for run in runs]))
    assert ledger.budget == pytest.approx(-labels / 2 * math.log(1 - 0.06**2))
    assert ledger.budget == pytest.approx(information_budget(labels, 0.0036))
    y = case.task.label.y
    share = y[case.task.train_rows].mean()
    later = y[case.task.test_rows]
    prior = -np.mean(later * np.log(share) + (1 - later) * np.log(1 - share))
    nll = np.mean([run.final["test_nll"] for run in runs])
    assert ledger.earned == pytest.approx(labels * (prior - nll), rel=1e-4)
    assert f"{ledger.budget / 2:,.3g} at this KL weight of 2" in text(found)


def test_seeds_are_members_and_their_spread_is_told(bayesian: tuple[Case, list[Run]]) -> None:
    case, runs = bayesian
    found = assay(case, runs)
    assert [member.seed for member in found.members] == [0, 1]
    assert len({member.score for member in found.members}) == 2
    scores = sorted(member.score for member in found.members)
    assert f"The 2 seeds score {scores[0]:.3f} to {scores[1]:.3f}" in text(found)


def test_a_validation_loss_that_still_falls_is_told(bayesian: tuple[Case, list[Run]]) -> None:
    case, runs = bayesian
    last = [replace(run, best_epoch=4) for run in runs]
    assert "still falling in the last of 4 epochs" in text(assay(case, last))
    early = [replace(run, best_epoch=2) for run in runs]
    assert "still falling" not in text(assay(case, early))


def test_what_is_said_before_training() -> None:
    task = signal()
    plain = case_of(task, "bayesian", BAYESIAN)
    before = foreseen(plain)
    assert before.labels == task.labels
    assert before.random is not None
    assert before.parameters is not None
    assert 0 < before.random < before.parameters
    said = " ".join(told_before(plain, before))
    assert f"{task.labels:,} labels in {len(task.split.train)} sessions to learn from" in said
    assert f"{before.kl_start:,.0f} nats from the prior" in said


@pytest.mark.parametrize(
    ("sigma", "told"), [(20.0, "it is certain, and as often wrong"), (0.02, "leave one half")]
)
def test_a_prior_that_says_too_much_or_too_little_is_told(sigma: float, told: str) -> None:
    case = case_of(signal(), "bayesian", BAYESIAN.model_copy(update={"prior_sigma": sigma}))
    assert told in told_before(case, foreseen(case))[-1]


def test_overlapping_labels_are_worth_fewer() -> None:
    task = signal()
    case = case_of(replace(task, label=replace(task.label, horizon=5)))
    before = foreseen(case)
    assert before.effective == pytest.approx(before.labels / 5)
    assert f"worth about {before.labels / 5:,.0f} independent ones" in told_before(case, before)[0]
