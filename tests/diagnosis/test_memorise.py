"""What keeps a module from memorising is named; a wrong rate, or a small module, isn't blamed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from fireassay.diagnosis.case import Case
from fireassay.diagnosis.checks.memorise import MemoriseFew
from fireassay.diagnosis.verdict import verdicts
from fireassay.findings import CauseVerdict, Evidence, Status
from fireassay.training.execute import Executor
from fireassay.training.recall import remember
from fireassay.training.trial import Run
from tests.diagnosis.cases import case_of
from tests.training import modules
from tests.training.tasks import make_task, trial_of
from tests.training.test_module import trial_of as module_of


def memorised(
    factory: Callable[..., object], **changes: object
) -> tuple[Evidence, CauseVerdict, dict[str, Run]]:
    task = make_task(sessions=30, features=4)
    trial = module_of(task, factory, **{"learning_rate": 1e-3, **changes})
    return judged(replace(case_of(task), trial=trial))


def judged(case: Case) -> tuple[Evidence, CauseVerdict, dict[str, Run]]:
    runs: dict[str, Run] = {}
    for _ in range(3):
        wanted = MemoriseFew().plan(case, runs)
        runs |= {run.trial.id: run for run in Executor(case.tasks)(wanted)}
    assert MemoriseFew().plan(case, runs) == []
    (evidence,) = MemoriseFew().judge(case, runs)
    return evidence, verdicts([evidence])["gradient_broken"], runs


FAULTS = [
    (modules.frozen, {}, "6 of 6 parameters are frozen"),
    (modules.sound, {"loss": remember(modules.wrong_sign)}, "the loss has the wrong sign"),
    (modules.sigmoid_twice, {}, "probabilities already"),
    (modules.softmax_twice, {}, "probabilities already"),
    (modules.dead, {}, "units of 4 (ReLU) give the same at every bar from the start"),
    (modules.saturated, {}, "(Sigmoid) give the same at every bar"),
    (modules.exploding, {}, "Gradients explode on their way back: 0.weight"),
    (modules.CutOff, {}, "No gradient reaches encoder.weight, encoder.bias"),
    (modules.Deaf, {}, "outputs are the same at every bar"),
]


def named(factory: Callable[..., object], changes: dict[str, object], said: str) -> None:
    evidence, verdict, _ = memorised(factory, **changes)
    assert verdict.status is Status.SUPPORTED, evidence.reading
    assert evidence.numbers["removed at a small network of ours"] > 0.9
    assert said in verdict.why


@pytest.mark.slow
@pytest.mark.parametrize(("factory", "changes", "said"), FAULTS[:1])
def test_a_broken_gradient_is_named(
    factory: Callable[..., object], changes: dict[str, object], said: str
) -> None:
    named(factory, changes, said)


@pytest.mark.slow
@pytest.mark.parametrize(("factory", "changes", "said"), FAULTS[1:])
def test_other_broken_gradients_are_named(
    factory: Callable[..., object], changes: dict[str, object], said: str
) -> None:
    named(factory, changes, said)


@pytest.mark.parametrize(
    "factory", [modules.sound, pytest.param(modules.Recurrent, marks=pytest.mark.slow)]
)
def test_a_sound_module_memorises_at_once(factory: Callable[..., object]) -> None:
    evidence, verdict, runs = memorised(factory, weight_decay=0.5)
    assert verdict.status is Status.EXCLUDED, evidence.reading
    assert len(runs) == 1


@pytest.mark.slow
def test_a_rate_is_not_taken_for_a_broken_gradient() -> None:
    evidence, verdict, _ = memorised(modules.sound, learning_rate=1e-7)
    assert verdict.status is Status.EXCLUDED
    assert "not at learning rate 1e-07: the rate is at fault" in evidence.reading


@pytest.mark.slow
def test_a_module_that_is_too_small_is_not_blamed() -> None:
    evidence, verdict, _ = memorised(modules.tiny)
    assert verdict.status is Status.UNDECIDED
    assert "may be too small" in evidence.reading


def test_networks_are_spared_what_they_showed_already() -> None:
    """Nothing is missing, or nothing is known to be: no run is spent."""
    task = make_task()
    case = replace(case_of(task), trial=trial_of(task))
    assert MemoriseFew().plan(case, {}) == []
    assert MemoriseFew().judge(case, {}) == []
    assert MemoriseFew().applies(case) == ""
    assert "gradients" in MemoriseFew().applies(case_of(task))
