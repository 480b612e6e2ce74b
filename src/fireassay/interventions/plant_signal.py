"""Replace the labels by ones that the features predict, to a known degree: the positive control."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

import numpy as np
from pydantic import Field

from fireassay.arrays import Bool, Float, Int
from fireassay.data.task import Scaler, Task
from fireassay.interventions import TaskChange, intervention
from fireassay.interventions.permute_labels import permuted_labels
from fireassay.seeds import generator

BOUND = 3.0
"""Scaled features are clipped here, so that no tail carries the signal alone."""


class Form(StrEnum):
    """What of the features the planted label depends on."""

    LINEAR = "linear"
    """A sum of three features at the same bar."""
    INTERACTION = "interaction"
    """The product of two features at the same bar: no feature alone shows it."""
    LAGGED = "lagged"
    """The linear sum, `lag` bars earlier."""


@intervention
class PlantSignal(TaskChange):
    """Plant a signal of known size.

    Question: would this learner have found an effect of this size in these features, with labels of
    this prevalence, overlap and number?

    Labels are exchanged between sessions as in `permute_labels`; then a share π of them, drawn at
    random, is replaced by the class that a function f of the features says, its thresholds at the
    label's own class frequencies. Prevalence is kept. For a binary label the AUC of f is
    ½ + π / 2 = `dose`, since TPR − FPR = π. For a real label it is y = √R² f + √(1 − R²) y₀ in
    standard units, with correlation `dose`.

    Attributes
    ----------
    dose
        AUC of the best predictor (classes) or its correlation with the label (real).
    form
        The function f.
    lag
        Bars, for the lagged form.
    draw
        Which features, weights and replaced labels.
    """

    id: ClassVar[str] = "plant_signal"
    dose: float = Field(gt=0, le=1)
    form: Form = Form.LINEAR
    lag: int = Field(8, ge=1)
    draw: int = 0

    def apply(self, task: Task) -> Task:
        """Return the Task with planted labels."""
        y = permuted_labels(task, self.draw).astype(np.float64)
        f = self.function(task)
        rng = generator("plant_signal", "replaced", self.draw)
        known = ~np.isnan(y) & ~np.isnan(f)
        if task.label.kind == "real":
            centre, spread = np.nanmean(y), np.nanstd(y)
            f = (f - f[known].mean()) / f[known].std()
            z = self.dose * f + np.sqrt(1 - self.dose**2) * (y - centre) / spread
            planted = np.where(known, centre + spread * z, y)
        else:
            share = max(0.0, 2 * (self.dose - 0.5))
            replaced = known & (rng.random(len(y)) < share)
            planted = np.where(replaced, _by_frequency(f, y, known), y)
        return task.with_label(planted, self.label)

    def function(self, task: Task) -> Float:
        """Return `[R]` f, NaN where it isn't known (the first bars under a lag)."""
        rng = generator("plant_signal", "function", self.draw)
        chosen = _lively(task)
        chosen = rng.choice(chosen, size=min(3, len(chosen)), replace=False)
        # Standardised on its own, so that the same signal is planted however the model scales.
        values = task.panel.values[:, chosen]
        z = Scaler.fit(values[task.train_rows], "standard")(values)
        z = np.clip(z, -BOUND, BOUND).astype(np.float64)
        if self.form is Form.INTERACTION and len(chosen) > 1:
            return z[:, 0] * z[:, 1]
        weights = rng.choice([-1.0, 1.0], size=len(chosen)) * rng.uniform(0.5, 1.0, len(chosen))
        f: Float = z @ weights
        if self.form is Form.LAGGED:
            lagged = np.full_like(f, np.nan)
            lagged[self.lag :] = f[: -self.lag]
            lagged[task.panel.bar_of_row < self.lag] = np.nan
            return lagged
        return f


def _lively(task: Task) -> Int:
    """Return columns that are known and vary within sessions: a planted label then does too.

    A feature that is constant over a session would plant one label per session, which only a test
    over very many sessions could find.
    """
    rows = task.train_rows
    rows = rows[:: max(1, len(rows) // 20_000)]
    values = task.panel.values[rows]
    x = np.clip(Scaler.fit(values, "standard")(values), -BOUND, BOUND)
    session = task.panel.session_of_row[rows]
    _, at = np.unique(session, return_inverse=True)
    count = np.bincount(at)[:, None]
    means = np.stack([np.bincount(at, x[:, j]) for j in range(x.shape[1])], 1) / count
    total = x.var(axis=0)
    within = (x - means[at]).var(axis=0)
    known = 1 - np.isnan(values).mean(axis=0)
    score = np.where(total > 1e-8, within / np.maximum(total, 1e-8), 0.0) * known
    lively = np.flatnonzero(score > 0.5)
    return lively if len(lively) else np.array([int(np.argmax(score))])


def _by_frequency(f: Float, y: Float, known: Bool) -> Float:
    """Return `[R]` the class that f says, with the class frequencies of y."""
    classes, count = np.unique(y[known], return_counts=True)
    bounds = np.quantile(f[known], np.cumsum(count / count.sum())[:-1])
    return classes[np.searchsorted(bounds, np.nan_to_num(f), side="right")]
