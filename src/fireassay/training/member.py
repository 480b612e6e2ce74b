"""One trial inside a cohort: the arrays of its Task, what is recorded of it, and when it ends."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from fireassay.arrays import Float, Int
from fireassay.data.task import Task
from fireassay.training.settings import KlSchedule, NetSettings
from fireassay.training.streams import network_seed
from fireassay.training.trial import RunStatus, Trial


def label_scale(task: Task) -> tuple[float, float]:
    """Return mean and SD of a real label on the training rows; 0 and 1 for classes."""
    if task.label.kind != "real":
        return 0.0, 1.0
    y = task.label.y[task.train_rows].astype(np.float64)
    return float(y.mean()), float(y.std()) or 1.0


@dataclass
class Member:
    """A trial's network, its Task, and its record.

    Attributes
    ----------
    trial, task
        What is trained, and on what (after the trial's interventions).
    network
        Which of the trial's networks, from 0: an ensemble has several.
    labels
        N of the objective: the training labels' total weight.
    centre, spread
        Mean and SD of a real label on the training rows; predictions are given in label units.
    history
        One row an epoch.
    status
        None while it runs.
    best_epoch, best_value
        The epoch whose weights are kept, and its validation NLL; 0 and infinite before the first.
    """

    trial: Trial
    task: Task
    network: int = 0
    labels: float = 0.0
    centre: float = 0.0
    spread: float = 1.0
    history: list[dict[str, float]] = field(default_factory=list)
    status: RunStatus | None = None
    best_epoch: int = 0
    best_value: float = math.inf

    def __post_init__(self) -> None:
        rows = self.task.train_rows
        weight = self.task.weight
        self.labels = float(len(rows) if weight is None else weight[rows].sum())
        self.centre, self.spread = label_scale(self.task)

    @property
    def settings(self) -> NetSettings:
        """The trial's settings."""
        assert isinstance(self.trial.settings, NetSettings)
        return self.trial.settings

    @property
    def seed(self) -> int:
        """What its draws derive from."""
        return network_seed(self.trial.seed, self.network)

    @property
    def running(self) -> bool:
        """Whether it still trains."""
        return self.status is None

    @property
    def training_labels(self) -> Float:
        """`[R]` labels as the network learns them, NaN on every row it doesn't learn from."""
        y = np.full(self.task.panel.rows, np.nan, dtype=np.float32)
        rows = self.task.train_rows
        y[rows] = (self.task.label.y[rows] - self.centre) / self.spread
        return y

    @property
    def power(self) -> float:
        """Power on the likelihood: what a label counts for."""
        power = self.settings.likelihood_power
        if power == "effective":
            return self.task.effective_labels / max(self.task.labels, 1)
        return power

    @property
    def kl_price(self) -> float:
        """Weight of one nat of KL in the loss per label, before the schedule."""
        s = self.settings
        return s.kl_weight / (self.labels * self.power) if s.random else 0.0

    def scored_rows(self, rows: Int) -> tuple[Int, Float]:
        """Return places in `rows` that carry a label of this trial, and those labels."""
        places = np.flatnonzero(self.task.usable[rows])
        return places, self.task.label.y[rows[places]].astype(np.float64)

    def record_state(self) -> dict[str, Any]:
        """Return the record as plain data, for a checkpoint."""
        return {
            "history": self.history,
            "status": self.status,
            "best_epoch": self.best_epoch,
            "best_value": self.best_value,
        }

    def load_state(self, state: dict[str, Any]) -> None:
        """Take up the record that `record_state` returned."""
        self.history = state["history"]
        self.status = None if state["status"] is None else RunStatus(state["status"])
        self.best_epoch, self.best_value = state["best_epoch"], state["best_value"]

    def record(self, row: dict[str, float], *, sound: bool) -> bool:
        """Add an epoch's row; return whether its weights are the ones to keep so far.

        Early stopping looks at the validation NLL, and only once the KL schedule has reached its
        full weight; without validation sessions or patience the last epoch is kept.
        """
        self.history.append(row)
        epoch, s = len(self.history), self.settings
        if not sound:
            self.status = RunStatus.DIVERGED
            return False
        stops = s.patience > 0 and "validation_nll" in row
        comparable = s.kl_schedule is KlSchedule.CONSTANT or epoch > 0.5 * s.epochs
        better = not stops or not comparable or row["validation_nll"] < self.best_value
        if better:
            self.best_epoch = epoch
            self.best_value = row["validation_nll"] if stops and comparable else math.inf
        if epoch >= s.epochs or (stops and comparable and epoch - self.best_epoch >= s.patience):
            self.status = RunStatus.DONE
        return better
