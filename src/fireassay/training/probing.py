"""Probes as learners: fitted once per trial, scored on every part of the split."""

from __future__ import annotations

import time

import numpy as np

from fireassay.arrays import Float, Int
from fireassay.data.task import Kind
from fireassay.models.probes import Probe, ProbeSettings, fitting_rows
from fireassay.training.learner import Group, Learner, Setting, Weights
from fireassay.training.measures import measures
from fireassay.training.trial import Predictions, Run, RunStatus


class ProbeLearner(Learner):
    """A reference learner, one trial after the other."""

    def __init__(self, probe: Probe) -> None:
        self.name = probe.name
        self.probe = probe
        self.knobs = frozenset(probe.settings.model_fields)

    def default(self) -> ProbeSettings:
        """Return the probe's settings."""
        return self.probe.settings()

    def run(self, group: Group, setting: Setting) -> list[tuple[Run, Weights]]:
        """Fit on training and validation rows; predict validation, test and training rows."""
        ((trial, task),) = group
        assert isinstance(trial.settings, ProbeSettings)
        began = time.perf_counter()
        fit = fitting_rows(task)
        parts = {"test": task.test_rows, "validation": task.validation_rows, "train": task.train_rows}
        rows = np.concatenate(list(parts.values()))
        predicted = self.probe.fit_predict(task, trial.settings, trial.seed, fit, rows)
        ends = np.cumsum([len(at) for at in parts.values()])[:-1]
        pieces = dict(zip(parts, np.split(predicted, ends), strict=True))
        kind, y = task.label.kind, task.label.y
        row = {"epoch": 1.0}
        for name, at in parts.items():
            if len(at):
                found = measures(kind, pieces[name], y[at].astype(np.float64))
                row.update({f"{name}_{key}": value for key, value in found.items()})
        run = Run(
            trial=trial,
            status=RunStatus.DONE,
            history=(row,),
            test=without_posterior(parts["test"], pieces["test"], kind),
            validation=without_posterior(parts["validation"], pieces["validation"], kind),
            best_epoch=1,
            seconds=time.perf_counter() - began,
            details={"labels": len(fit)},
        )
        return [(run, {})]


def without_posterior(rows: Int, mean: Float, kind: Kind) -> Predictions:
    """Return the predictions of a learner without a posterior: all uncertainty is the label's."""
    if kind == "real":
        uncertainty = np.zeros(len(rows), dtype=np.float32)
    else:
        p = np.concatenate([mean, 1 - mean], axis=1) if mean.shape[1] == 1 else mean
        uncertainty = -(p * np.log(np.clip(p, 1e-12, 1))).sum(1).astype(np.float32)
    return Predictions(rows, mean.astype(np.float32), uncertainty, uncertainty)
