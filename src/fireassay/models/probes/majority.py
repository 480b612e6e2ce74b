"""The class prior (or the mean) of the training rows: what no skill scores."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from fireassay.arrays import Float, Int
from fireassay.data.task import Task
from fireassay.models.probes import Probe, ProbeSettings, probe


@probe
class Majority(Probe):
    """Predict the training rows' class frequencies, or their mean, at every bar."""

    name: ClassVar[str] = "majority"

    def fit_predict(
        self, task: Task, settings: ProbeSettings, seed: int, fit: Int, predict: Int
    ) -> Float:
        """Return the same prediction for every row."""
        y = task.label.y[fit].astype(np.float64)
        if task.label.kind == "multiclass":
            share = np.bincount(y.astype(np.int64), minlength=len(task.label.classes)) / len(y)
            return np.tile(share, (len(predict), 1))
        return np.full((len(predict), 1), y.mean())
