"""The executor: equal trials once, kept ones not at all, and halves where memory runs out."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path

import numpy as np
import pytest
import torch
from pydantic import BaseModel

from fireassay.data.task import Task
from fireassay.interventions.permute_labels import PermuteLabels
from fireassay.models.probes import ProbeSettings
from fireassay.training import network, settings
from fireassay.training.execute import Executor, out_of_memory
from fireassay.training.learner import (
    EpochNews,
    Group,
    Learner,
    Progress,
    Setting,
    Weights,
    learner,
)
from fireassay.training.settings import PosteriorKind
from fireassay.training.store import Store
from fireassay.training.trial import Predictions, Run, RunStatus, Tasks, Trial
from tests.training.tasks import BAYESIAN, SMALL, make_task, trial_of


class Crowded(Learner):
    """Learns nothing; has memory for so many trials at a time."""

    name = "crowded"
    knobs = frozenset()

    def __init__(self, room: int, error: Exception) -> None:
        self.room = room
        self.error = error
        self.groups: list[list[int]] = []

    def default(self) -> BaseModel:
        return ProbeSettings()

    def cohort_key(self, settings: BaseModel, task: Task) -> Hashable:
        return "any"

    def cohort_size(self, settings: BaseModel, task: Task, device: str) -> int:
        return 8

    def run(self, group: Group, setting: Setting) -> list[tuple[Run, Weights]]:
        self.groups.append([trial.seed for trial, _ in group])
        if len(group) > self.room:
            raise self.error
        nothing = Predictions(*(np.zeros(0) for _ in range(4)))
        return [(Run(trial, RunStatus.DONE, (), nothing, nothing, 0, 0.0), {}) for trial, _ in group]


ERRORS = {
    "cuda": torch.OutOfMemoryError("CUDA out of memory"),
    "cpu": RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried"),
    "numpy": MemoryError("Unable to allocate"),
}


@pytest.fixture
def crowded(monkeypatch: pytest.MonkeyPatch) -> Crowded:
    made = Crowded(3, ERRORS["cuda"])
    monkeypatch.setitem(settings.NETWORKS, "crowded", PosteriorKind.DETERMINISTIC)
    monkeypatch.setitem(network.LEARNERS, "crowded", made)
    return made


def trials_of(count: int, task: Task) -> list[Trial]:
    return [Trial("crowded", ProbeSettings(), task.fingerprint, seed=k) for k in range(count)]


@pytest.mark.parametrize("error", ERRORS)
def test_a_group_that_finds_no_memory_is_halved_until_it_fits(crowded: Crowded, error: str) -> None:
    crowded.error = ERRORS[error]
    task = make_task()
    runs = list(Executor(Tasks(task))(trials_of(10, task)))
    assert [run.trial.seed for run in runs] == list(range(10))
    halves = [list(range(8)), [0, 1, 2, 3], [0, 1], [2, 3], [4, 5, 6, 7], [4, 5], [6, 7], [8, 9]]
    assert crowded.groups == halves


def test_what_is_no_lack_of_memory_is_raised_at_once(crowded: Crowded) -> None:
    crowded.error = RuntimeError("shapes differ")
    task = make_task()
    with pytest.raises(RuntimeError, match="shapes differ"):
        list(Executor(Tasks(task))(trials_of(4, task)))
    assert len(crowded.groups) == 1


def test_a_single_trial_without_memory_is_raised(crowded: Crowded) -> None:
    crowded.room = 0
    task = make_task()
    with pytest.raises(torch.OutOfMemoryError):
        list(Executor(Tasks(task))(trials_of(1, task)))


def test_what_torch_raises_on_the_cpu_is_told_as_lack_of_memory() -> None:
    with pytest.raises(RuntimeError) as caught:
        torch.empty(2**55)
    assert out_of_memory(caught.value)
    assert not out_of_memory(RuntimeError("mat1 and mat2 shapes cannot be multiplied"))


def test_halves_of_a_real_cohort_are_what_the_whole_would_have_been(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Memory runs out after an epoch, with a checkpoint of the whole group kept: it is forgotten."""
    task = make_task()
    trials = [trial_of(task, s, k) for k, s in enumerate((SMALL, BAYESIAN, SMALL, BAYESIAN))]
    whole = {run.trial.id: run for run in Executor(Tasks(task))(trials)}
    monkeypatch.setattr(network, "CHECKPOINT_S", 0.0)
    store = Store(tmp_path)

    def full(news: EpochNews) -> None:
        if news.trials > 2:
            assert list((tmp_path / "cohorts").iterdir())
            raise ERRORS["cuda"]

    runs = list(Executor(Tasks(task), Setting("cpu", store, Progress(full)))(trials))
    assert [run.trial for run in runs] == trials
    for run in runs:
        assert run.test.mean == pytest.approx(whole[run.trial.id].test.mean, abs=1e-5)
    assert not list((tmp_path / "cohorts").iterdir())


def test_equal_trials_run_once_and_kept_ones_not_at_all(tmp_path: Path, crowded: Crowded) -> None:
    task = make_task()
    first, second, third = trials_of(3, task)
    setting = Setting("cpu", Store(tmp_path))
    runs = list(Executor(Tasks(task), setting)([first, second, first]))
    assert [run.trial.seed for run in runs] == [0, 1]
    runs = list(Executor(Tasks(task), setting)([third, second, first]))
    assert [run.trial.seed for run in runs] == [1, 0, 2]
    assert crowded.groups == [[0, 1], [2]]


def test_trials_of_one_shape_run_together_and_probes_alone() -> None:
    task = make_task(sessions=30)
    linear = learner("linear").default()
    trials = [
        trial_of(task, SMALL),
        Trial("linear", linear, task.fingerprint),
        trial_of(task, BAYESIAN),
        trial_of(task, SMALL, width=16),
        trial_of(task, SMALL, learning_rate=0.1).with_(PermuteLabels()),
        Trial("linear", linear, task.fingerprint, (PermuteLabels(),)),
    ]
    groups = Executor(Tasks(task)).groups(trials)
    assert [[trials.index(trial) for trial, _ in group] for group in groups] == [
        [0, 2, 4],
        [1],
        [3],
        [5],
    ]
    for group in groups:
        for trial, learned in group:
            assert learned.history == tuple(i.label for i in trial.interventions)


def test_cohorts_are_no_larger_than_memory_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    task = make_task()
    transformer = learner("transformer")
    monkeypatch.setattr(network, "free_memory", lambda _device: 2**40)
    assert transformer.cohort_size(SMALL, task, "cpu") == network.MOST_TRIALS
    monkeypatch.setattr(network, "free_memory", lambda _device: 0)
    assert transformer.cohort_size(SMALL, task, "cpu") == 1
    sizes = []
    for memory in (2**20, 2**21, 2**22):
        monkeypatch.setattr(network, "free_memory", lambda _device, m=memory: m)
        sizes.append(transformer.cohort_size(SMALL, task, "cpu"))
    assert sizes == sorted(set(sizes))
    monkeypatch.undo()
    assert network.free_memory("cpu") > 2**20


def test_a_stop_is_heeded_after_an_epoch_and_the_run_is_taken_up_again(tmp_path: Path) -> None:
    task = make_task()
    trial = trial_of(task, SMALL, epochs=6, patience=0)
    told: list[EpochNews] = []
    progress = Progress(told.append, lambda: told[-1].epoch == 2)
    (cut,) = Executor(Tasks(task), Setting("cpu", Store(tmp_path), progress))([trial])
    assert cut.status is RunStatus.CUT_SHORT
    assert len(cut.history) == 2
    assert [news.epoch for news in told] == [1, 2]
    assert told[0].trials == 1
    assert told[0].epochs == 6
    assert told[0].labels == task.labels
    (whole,) = Executor(Tasks(task), Setting("cpu", Store(tmp_path)))([trial])
    assert whole.status is RunStatus.DONE
    (alone,) = Executor(Tasks(task))([trial])
    assert np.array_equal(whole.test.mean, alone.test.mean)
