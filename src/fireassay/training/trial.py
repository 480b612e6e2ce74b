"""Trial and Run: what is to be trained, as hashable data, and what came back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any

from pydantic import BaseModel

from fireassay.arrays import Float, Int
from fireassay.data.task import Task
from fireassay.interventions import Intervention, SettingChange, TaskChange


@dataclass(frozen=True)
class Trial:
    """One training run, described completely; equal trials run once.

    Attributes
    ----------
    learner
        Name of the learner.
    settings
        Its settings, after all interventions on settings.
    task
        Fingerprint of the user's Task.
    interventions
        Changes made to the Task, in order.
    seed
        Every draw of the trial derives from it: start, weight noise, dropout. The order of sessions
        doesn't: trials in lockstep see the same.
    """

    learner: str
    settings: BaseModel
    task: str
    interventions: tuple[TaskChange, ...] = ()
    seed: int = 0

    def specification(self) -> dict[str, Any]:
        """Return the trial as plain data."""
        return {
            "learner": self.learner,
            "settings": self.settings.model_dump(mode="json"),
            "task": self.task,
            "interventions": [i.specification() for i in self.interventions],
            "seed": self.seed,
        }

    @cached_property
    def id(self) -> str:
        """Twelve hexadecimal digits that name the trial and its folder."""
        text = json.dumps(self.specification(), sort_keys=True)
        return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()

    def with_(self, *changes: Intervention, seed: int | None = None) -> Trial:
        """Return the trial under further interventions, on settings or on the Task."""
        settings, tasks = self.settings, list(self.interventions)
        for change in changes:
            if isinstance(change, SettingChange):
                settings = change.apply(settings)
            elif isinstance(change, TaskChange):
                tasks.append(change)
        ordered = tuple(sorted(tasks, key=lambda c: c.stage))
        return Trial(self.learner, settings, self.task, ordered, self.seed if seed is None else seed)

    def apply(self, task: Task) -> Task:
        """Return the Task that this trial learns."""
        for change in self.interventions:
            task = change.apply(task)
        return task


@dataclass
class Tasks:
    """The user's Task and the ones that interventions make of it, each made once.

    Attributes
    ----------
    task
        The user's Task.
    """

    task: Task
    _made: dict[tuple[object, ...], Task] = field(default_factory=dict)

    def of(self, trial: Trial) -> Task:
        """Return the Task that a trial learns."""
        if trial.interventions not in self._made:
            self._made[trial.interventions] = trial.apply(self.task)
        return self._made[trial.interventions]


def cohort_id(trials: Sequence[Trial]) -> str:
    """Twelve hexadecimal digits that name a set of trials in this order."""
    text = " ".join(trial.id for trial in trials)
    return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()


class RunStatus(StrEnum):
    """How a trial ended."""

    DONE = "done"
    DIVERGED = "diverged"
    """Loss, gradient or predictions became infinite or NaN; scores are those of the weights kept
    before."""
    CUT_SHORT = "cut short"
    """Stopped by the budget; scores are those of the best epoch so far."""


@dataclass(frozen=True, eq=False)
class Predictions:
    """Posterior predictive on labelled rows.

    Attributes
    ----------
    rows
        `[n]` rows of the panel.
    mean
        `[n, C]` predictive probabilities (binary: of class 1), or means of a regression in the
        label's units.
    total, expected
        `[n]` predictive entropy and expected entropy over draws, in nats; their difference is the
        mutual information between label and weights. For a regression total and expected
        *variance*, in squared label units.
    """

    rows: Int
    mean: Float
    total: Float
    expected: Float


@dataclass(frozen=True, eq=False)
class Run:
    """What came back from a trial.

    Attributes
    ----------
    trial
        What was run.
    status
        How it ended.
    history
        One row an epoch: losses, KL and metrics by name (`train_auc`, `test_nll`, ...).
    test, validation
        Predictions on the labelled rows of those sessions.
    best_epoch
        Epoch whose weights were kept, from 1; 0 where the first one diverged: those of the start.
    seconds
        Time spent, its share of the cohort's.
    details
        Further figures by name: KL in nats, share of weights above noise, gradient per parameter,
        change per parameter, N.
    """

    trial: Trial
    status: RunStatus
    history: tuple[dict[str, float], ...]
    test: Predictions
    validation: Predictions
    best_epoch: int
    seconds: float
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def final(self) -> dict[str, float]:
        """The history's row of the epoch whose weights were kept; empty where there is none.

        What the history measured on a part of the sessions is replaced by the same measure on all of
        them, where that was predicted in the end (`details["measured"]`).
        """
        row = self.history[self.best_epoch - 1] if self.best_epoch else {}
        return {**row, **self.details.get("measured", {})}
