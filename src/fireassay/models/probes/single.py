"""The single best feature: what one column reaches alone."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from pydantic import Field

from fireassay.arrays import Float, Int
from fireassay.data.task import Task
from fireassay.models.probes import Probe, ProbeSettings, class_probabilities, probe

PRIOR = 0.01
"""Part of the class frequencies in what a leaf predicts."""


class SingleSettings(ProbeSettings):
    """Settings of the single feature."""

    leaves: int = Field(8, ge=2, description="Leaves of its tree, at most: steps of the prediction.")
    folds: int = Field(3, ge=2, description="Blocks of dates by which the feature is chosen.")


@probe
class Single(Probe):
    """The one feature whose small tree predicts held-out blocks of the training dates best.

    The tree finds thresholds and even functions (abs(x) > c) as well as slopes. The feature is chosen
    inside the training rows, so that its score on later ones is that of one feature, not the best
    of many.
    """

    name: ClassVar[str] = "single"
    settings: ClassVar[type[ProbeSettings]] = SingleSettings

    def fit_predict(
        self, task: Task, settings: ProbeSettings, seed: int, fit: Int, predict: Int
    ) -> Float:
        """Choose the feature and fit its tree."""
        from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

        assert isinstance(settings, SingleSettings)
        x, y = task.inputs(fit), task.label.y[fit].astype(np.float64)
        real = task.label.kind == "real"
        options = {
            "max_leaf_nodes": settings.leaves,
            "min_samples_leaf": max(1, len(fit) // (4 * settings.leaves)),
            "random_state": seed % 2**32,
        }
        tree = DecisionTreeRegressor if real else DecisionTreeClassifier
        # Squared error of the label, or of its classes' indicators: one rule for every kind.
        truth = y[:, None] if real else (y[:, None] == np.unique(y)).astype(np.float64)
        dates = task.panel.clusters[task.panel.session_of_row[fit]]
        order = np.unique(dates, return_inverse=True)[1]
        block = order * settings.folds // (int(order.max()) + 1)
        error = np.zeros(x.shape[1])
        for k in range(settings.folds):
            held = block == k
            if held.all() or not held.any():
                continue
            for j in range(x.shape[1]):
                one = DecisionTreeRegressor(**options).fit(x[~held, j : j + 1], truth[~held])
                guess = one.predict(x[held, j : j + 1]).reshape(int(held.sum()), -1)
                error[j] += float(((truth[held] - guess) ** 2).sum())
        best = int(error.argmin())
        model = tree(**options).fit(x[:, best : best + 1], y)
        at = task.inputs(predict)[:, best : best + 1]
        if real:
            return np.asarray(model.predict(at), dtype=np.float64)[:, None]
        # A leaf of one class alone is no certainty.
        share = np.array([np.mean(y == c) for c in model.classes_])
        mixed = (1 - PRIOR) * model.predict_proba(at) + PRIOR * share
        return class_probabilities(task, model.classes_, mixed)
