"""Gradient-boosted trees on the features of the bar."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from pydantic import Field

from fireassay.arrays import Float, Int
from fireassay.data.task import Task
from fireassay.models.probes import Probe, ProbeSettings, class_probabilities, probe
from fireassay.seeds import derive


class BoostingSettings(ProbeSettings):
    """Settings of the boosted trees."""

    iterations: int = Field(100, ge=1, description="Number of trees.")
    learning_rate: float = Field(0.1, gt=0, description="Shrinkage of every tree.")
    leaves: int = Field(15, ge=2, description="Leaves of a tree, at most.")
    rows_in_leaf: int = Field(100, ge=1, description="Rows in a leaf, at least.")
    l2: float = Field(1.0, ge=0, description="L2 penalty on leaf values.")


@probe
class Boosting(Probe):
    """scikit-learn's histogram gradient boosting; no early stopping, so no row is looked at twice."""

    name: ClassVar[str] = "boosting"
    settings: ClassVar[type[ProbeSettings]] = BoostingSettings

    def fit_predict(
        self, task: Task, settings: ProbeSettings, seed: int, fit: Int, predict: Int
    ) -> Float:
        """Fit a HistGradientBoosting model and predict."""
        from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

        assert isinstance(settings, BoostingSettings)
        options = {
            "max_iter": settings.iterations,
            "learning_rate": settings.learning_rate,
            "max_leaf_nodes": settings.leaves,
            "min_samples_leaf": settings.rows_in_leaf,
            "l2_regularization": settings.l2,
            "early_stopping": False,
            "random_state": derive("boosting", seed) % 2**32,
        }
        x, y = task.inputs(fit), task.label.y[fit]
        if task.label.kind == "real":
            trees = HistGradientBoostingRegressor(**options).fit(x, y)
            return np.asarray(trees.predict(task.inputs(predict)), dtype=np.float64)[:, None]
        model = HistGradientBoostingClassifier(**options).fit(x, y)
        return class_probabilities(task, model.classes_, model.predict_proba(task.inputs(predict)))
