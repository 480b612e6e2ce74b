"""Replace the labels by ones that the features predict, to a known degree: the positive control."""

from __future__ import annotations

from dataclasses import dataclass
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


@dataclass(frozen=True, eq=False)
class Lively:
    """Features that a signal may be planted in, and their scaling on the training rows.

    Attributes
    ----------
    columns
        Columns that are known and vary within sessions.
    scaler
        Standardises them on their own, so that the same signal is planted however a model scales.
    """

    columns: Int
    scaler: Scaler

    @classmethod
    def of(cls, task: Task) -> Lively:
        """Look at a Task's features."""
        columns = _lively(task)
        values = task.panel.values[np.ix_(task.train_rows, columns)]
        return cls(columns, Scaler.fit(values, "standard"))

    def standardised(self, task: Task, chosen: Int, rows: Int | None = None) -> Float:
        """Return `[R, n]` some of the columns, scaled and clipped; of the rows given, if any are."""
        own = Scaler(self.scaler.centre[chosen], self.scaler.scale[chosen], self.scaler.clip)
        at = self.columns[chosen]
        values = task.panel.values
        z = own(values[:, at] if rows is None else values[rows[:, None], at])
        return np.clip(z, -BOUND, BOUND).astype(np.float64)


@dataclass(frozen=True, eq=False)
class Ingredients:
    """Labels without a signal, and what plants one into them at any dose.

    Attributes
    ----------
    y
        `[R]` exchanged labels, NaN where there is none.
    f
        `[R]` the function of the features, NaN where it isn't known.
    known
        `[R]` where both are.
    chance
        `[R]` uniform draws that say which labels are replaced; None for a real label.
    """

    y: Float
    f: Float
    known: Bool
    chance: Float | None

    def planted(self, dose: float) -> Float:
        """Return `[R]` the labels with a signal of this AUC (classes) or correlation (real)."""
        y, f, known = self.y, self.f, self.known
        if not known.any():  # a lag longer than the sessions
            return y
        if self.chance is None:
            centre, spread = np.nanmean(y), np.nanstd(y)
            f = (f - f[known].mean()) / f[known].std()
            z = dose * f + np.sqrt(1 - dose**2) * (y - centre) / spread
            return np.where(known, centre + spread * z, y)
        replaced = known & (self.chance < max(0.0, 2 * (dose - 0.5)))
        return np.where(replaced, _by_frequency(f, y, known), y)


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
        return task.with_label(self.ingredients(task).planted(self.dose), self.label)

    def ingredients(
        self, task: Task, lively: Lively | None = None, rows: Int | None = None
    ) -> Ingredients:
        """Return what the planted labels are made of, whatever the dose.

        Many signals in one Task share what is known of its features: give `Lively.of(task)`. Where
        only some rows' labels are wanted, give `rows`: thresholds are then those of these rows.
        """
        y = permuted_labels(task, self.draw, rows=rows).astype(np.float64)
        f = self.function(task, lively, rows)
        known = ~np.isnan(y) & ~np.isnan(f)
        chance = None
        if task.label.kind != "real":
            chance = generator("plant_signal", "replaced", self.draw).random(task.panel.rows)
            chance = chance if rows is None else chance[rows]
        return Ingredients(y, f, known, chance)

    def function(self, task: Task, lively: Lively | None = None, rows: Int | None = None) -> Float:
        """Return `[R]` f, NaN where it isn't known (the first bars under a lag)."""
        rng = generator("plant_signal", "function", self.draw)
        known = lively or Lively.of(task)
        count = len(known.columns)
        chosen = rng.choice(count, size=min(TAKEN, count), replace=False)
        lag = self.lag if self.form is Form.LAGGED else 0
        at = np.arange(task.panel.rows) if rows is None else rows
        z = known.standardised(task, chosen, np.maximum(at - lag, 0) if lag else rows)
        if self.form is Form.INTERACTION and len(chosen) > 1:
            return z[:, 0] * z[:, 1]
        weights = rng.choice([-1.0, 1.0], size=len(chosen)) * rng.uniform(0.5, 1.0, len(chosen))
        f: Float = z @ weights
        if lag:
            f = np.where(task.panel.bar_of_row[at] < lag, np.nan, f)
        return f


LIVELY = 0.5
"""Part of its variance that a lively feature has within sessions."""

LEAST, TAKEN = 0.1, 3
"""Where none is lively: the part that as many features as a signal takes have at least."""


def plantable(task: Task) -> bool:
    """Tell whether features vary within sessions.

    Where all are level over a session and wander from one to the next, a planted label tells how a
    learner extrapolates to levels that it never saw, not whether it can learn.
    """
    within = np.sort(_within(task))
    return bool(within[-1] > LIVELY or within[-min(TAKEN, len(within))] >= LEAST)


def _lively(task: Task) -> Int:
    """Return columns that are known and vary within sessions: a planted label then does too.

    A feature that is constant over a session would plant one label per session, which only a test
    over very many sessions could find.
    """
    score = _within(task)
    lively = np.flatnonzero(score > LIVELY)
    return lively if len(lively) else np.array([int(np.argmax(score))])


def _within(task: Task) -> Float:
    """Return `[F]` how much of its variance a feature has within sessions, times its known share."""
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
    score: Float = np.where(total > 1e-8, within / np.maximum(total, 1e-8), 0.0) * known
    return score


def _by_frequency(f: Float, y: Float, known: Bool) -> Float:
    """Return `[R]` the class that f says, with the class frequencies of y."""
    classes, count = np.unique(y[known], return_counts=True)
    bounds = np.quantile(f[known], np.cumsum(count / count.sum())[:-1])
    return classes[np.searchsorted(bounds, np.nan_to_num(f), side="right")]
