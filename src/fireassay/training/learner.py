"""Learners: whatever fits on a Task and predicts per bar, behind one protocol.

Diagnosis knows learners only through it. The Transformer runs many trials in lockstep; a probe (or a
person's own module) runs them one after the other.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import BaseModel

from fireassay.arrays import AnyArray
from fireassay.data.task import Task
from fireassay.errors import unknown_name
from fireassay.models.probes import PROBES
from fireassay.training.module_settings import PREFIX
from fireassay.training.settings import NETWORKS, SMALL, NetSettings
from fireassay.training.store import Store
from fireassay.training.trial import Run, Trial

Group = Sequence[tuple[Trial, Task]]
"""Trials that run together, each with the Task it learns (after its interventions)."""

Weights = dict[str, AnyArray]


@dataclass(frozen=True)
class EpochNews:
    """What is told after an epoch of a cohort.

    Attributes
    ----------
    trials
        Trials that took part.
    epoch, epochs
        Epochs done, and those of the longest trial.
    seconds
        Time of this epoch.
    labels
        Labels learned from in it, over all trials.
    row
        The history's new row of the first trial that ran.
    rows
        The new row of each trial that ran, by its id; of an ensemble that of its first network.
    ended
        Whether it was the last: predictions follow.
    """

    trials: int
    epoch: int
    epochs: int
    seconds: float
    labels: float
    row: Mapping[str, float] = field(default_factory=dict)
    ended: bool = False
    rows: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


@dataclass
class Progress:
    """What training tells, and asks: `stop()` True ends a cohort after its epoch."""

    epoch: Callable[[EpochNews], None] = lambda _news: None
    stop: Callable[[], bool] = lambda: False


@dataclass
class Setting:
    """Where and under whose eyes a group runs.

    Attributes
    ----------
    device
        Where networks run.
    store
        The run folder, or None to keep nothing.
    progress
        What is told, and when to stop.
    """

    device: str = "cpu"
    store: Store | None = None
    progress: Progress = field(default_factory=Progress)


class Learner(ABC):
    """A way to learn.

    Attributes
    ----------
    name
        As users write it with --model.
    knobs
        Names of the settings that interventions may turn.
    """

    name: str
    knobs: frozenset[str]

    @abstractmethod
    def default(self) -> BaseModel:
        """Return its settings where the user sets none."""

    @abstractmethod
    def run(self, group: Group, setting: Setting) -> list[tuple[Run, Weights]]:
        """Train the trials of a group; return their runs in order, with the weights to keep."""

    def cohort_key(self, settings: BaseModel, task: Task) -> Hashable:
        """Return what trials that may run together have in common; None: each runs alone."""
        return None

    def cohort_size(self, settings: BaseModel, task: Task, device: str) -> int:
        """Return how many trials may run together on the device."""
        return 1


def learner(name: str) -> Learner:
    """Return the learner of that name; raises SettingError with the nearest names."""
    if name in NETWORKS or name in SMALL:
        from fireassay.training.network import LEARNERS

        return LEARNERS[name]
    if name in PROBES:
        from fireassay.training.probing import ProbeLearner

        return ProbeLearner(PROBES[name]())
    if name.startswith(PREFIX):
        from fireassay.training.module import ModuleLearner

        return ModuleLearner(name)
    raise unknown_name("model", name, learner_names())


def learner_names() -> list[str]:
    """Return the names of all learners."""
    return sorted([*NETWORKS, *SMALL, *PROBES])


def default_settings(name: str) -> BaseModel:
    """Return a learner's settings where the user sets none, without loading PyTorch.

    Raises
    ------
    SettingError
        If there is no learner of that name; names the nearest.
    """
    if name in NETWORKS:
        return NetSettings(posterior=NETWORKS[name])
    if name in SMALL:
        return NetSettings(**SMALL[name])
    return learner(name).default()
