"""Ridge-penalised linear and logistic regression on the features of the bar."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from pydantic import Field

from fireassay.arrays import Float, Int
from fireassay.data.task import Task
from fireassay.models.probes import Probe, ProbeSettings, class_probabilities, probe


class LinearSettings(ProbeSettings):
    """Settings of the linear probe."""

    penalty: float = Field(10.0, ge=0, description="L2 penalty on the sum of squared coefficients.")


@probe
class Linear(Probe):
    """Logistic regression (ridge regression for a real label) on scaled features."""

    name: ClassVar[str] = "linear"
    settings: ClassVar[type[ProbeSettings]] = LinearSettings

    def fit_predict(
        self, task: Task, settings: ProbeSettings, seed: int, fit: Int, predict: Int
    ) -> Float:
        """Fit scikit-learn's LogisticRegression or Ridge and predict."""
        from sklearn.linear_model import LogisticRegression, Ridge

        assert isinstance(settings, LinearSettings)
        x, y = task.inputs(fit), task.label.y[fit]
        if task.label.kind == "real":
            ridge = Ridge(alpha=settings.penalty).fit(x, y)
            return np.asarray(ridge.predict(task.inputs(predict)), dtype=np.float64)[:, None]
        model = LogisticRegression(C=1 / max(settings.penalty, 1e-12), max_iter=200, tol=1e-3)
        model.fit(x, y)
        return class_probabilities(task, model.classes_, model.predict_proba(task.inputs(predict)))
