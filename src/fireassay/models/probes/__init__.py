"""Reference learners, one file each: what can be learned without our Transformer.

A probe is fitted on the training and validation rows of a Task (it doesn't stop early) and predicts
per bar. Probes see each bar's features alone; those that look back build their own context.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np
from pydantic import BaseModel, ConfigDict

from fireassay.arrays import Float, Int
from fireassay.data.splits import purged
from fireassay.data.task import Task
from fireassay.registry import Registry


class ProbeSettings(BaseModel):
    """Base of probes' settings."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Probe(ABC):
    """A reference learner.

    Attributes
    ----------
    name
        Its name.
    settings
        The class of its settings.
    """

    name: ClassVar[str]
    settings: ClassVar[type[ProbeSettings]] = ProbeSettings

    @abstractmethod
    def fit_predict(
        self, task: Task, settings: ProbeSettings, seed: int, fit: Int, predict: Int
    ) -> Float:
        """Fit on the rows `fit` and return predictions `[len(predict), C]`.

        Probabilities (binary: of class 1, C = 1) or, for a real label, locations.
        """


PROBES: Registry[type[Probe]] = Registry("probe", "fireassay.models.probes")


def probe(cls: type[Probe]) -> type[Probe]:
    """Register a probe under its name."""
    return PROBES.add(cls.name, cls)


def fitting_rows(task: Task) -> Int:
    """Labelled rows of training and validation sessions, purged against the test sessions."""
    keep = purged(task.panel, task.label.end, task.split.fitted, task.split.test)
    return np.flatnonzero(keep & task.usable)


def class_probabilities(task: Task, classes: Float, probabilities: Float) -> Float:
    """Bring `[n, seen classes]` probabilities of a scikit-learn classifier into `[n, C]`.

    Classes that the training rows don't hold get probability 0.
    """
    count = max(2, len(task.label.classes))
    full = np.zeros((len(probabilities), count), dtype=np.float64)
    full[:, classes.astype(np.int64)] = probabilities
    return full[:, 1:2] if task.label.kind == "binary" else full
