"""Longer training is asked of last, and on until it restores what is missing or stops to rise."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fireassay.diagnosis.case import Case
from fireassay.diagnosis.checks import training_length
from fireassay.diagnosis.checks.training_length import LONGER, TrainingLength
from fireassay.diagnosis.ground import REAL, shortfall
from fireassay.diagnosis.ladder import LadderCheck, climb
from fireassay.diagnosis.rung import Rung
from fireassay.diagnosis.verdict import adjusted, verdicts
from fireassay.findings import Status
from fireassay.interventions.set_setting import SetSetting
from fireassay.training.execute import Executor
from fireassay.training.learner import learner
from fireassay.training.trial import Run, Trial
from tests.diagnosis.cases import case_of
from tests.training.tasks import make_task, trial_of

SLOW = {
    "epochs": 1,
    "patience": 0,
    "learning_rate": 3e-4,
    "batch_labels": 64,
    "width": 8,
    "look_back": 1,
    "weight_decay": 0.0,
}


def begun(**changes: object) -> tuple[Case, dict[str, Run]]:
    """A case whose model and reference have learned the labels as they are."""
    task = make_task(sessions=60, bars=(30, 40), strength=2.0, seed=3)
    reference = Trial("linear", learner("linear").default(), task.fingerprint)
    case = replace(
        case_of(task, draws=199), trial=trial_of(task, **{**SLOW, **changes}), references=(reference,)
    )
    return case, ran(case, [case.trial, reference])


def ran(case: Case, trials: list[Trial]) -> dict[str, Run]:
    return {run.trial.id: run for run in Executor(case.tasks)(trials)}


@pytest.fixture(scope="module")
def short() -> tuple[Case, dict[str, Run]]:
    return begun()


def test_it_waits_for_everything_that_takes_no_longer(short) -> None:
    case, runs = short
    at = shortfall(case, runs)
    assert at is not None
    assert at.name == REAL
    assert TrainingLength().plan(case, runs) == []


@pytest.mark.slow
def test_it_goes_on_while_more_is_learned(short, monkeypatch) -> None:
    monkeypatch.setattr(training_length, "_others", list)
    case, runs = short
    runs = dict(runs)
    check = TrainingLength()
    asked = []
    for _ in range(3):
        planned = check.plan(case, runs)
        asked += [t.settings.epochs for t in planned]
        runs |= ran(case, planned)
    evidence = adjusted(check.judge(case, runs))
    verdict = verdicts(evidence)["undertrained"]
    epochs = [case.trial.settings.epochs * factor for factor in LONGER]
    assert asked in (epochs[:1], epochs), evidence[0].reading
    # What four times the epochs bring decides whether sixteen are tried, and nothing is excluded
    # while more is still learned.
    first = climb(case, runs, shortfall(case, runs), check.turnable(case)[:1])[1]
    assert first.gain.value > 0
    assert len(asked) == 1 + training_length._rising(case, shortfall(case, runs), first)
    assert verdict.status is not Status.EXCLUDED, evidence[0].reading


def test_a_change_that_takes_no_longer_makes_it_needless(short, monkeypatch) -> None:
    case, runs = short
    monkeypatch.setattr(training_length, "_others", lambda: [Rate()])
    (trial,) = Rate().plan(case, runs)
    runs = {**runs, **ran(case, [trial])}
    assert TrainingLength().plan(case, runs) == []
    (evidence,) = TrainingLength().judge(case, runs)
    assert evidence.reading.startswith("Not asked: a hundred times the rate")
    assert verdicts([evidence])["undertrained"].status is Status.UNDECIDED


class Rate(LadderCheck):
    """A rate at which an epoch suffices, under the name of another cause."""

    id = "rate"
    question = "?"
    causes = ("over_regularized",)
    cause = "over_regularized"

    def rungs(self, case: Case) -> list[Rung]:
        value = 100 * case.trial.settings.learning_rate
        return [Rung("a hundred times the rate", (SetSetting(setting="learning_rate", value=value),))]
