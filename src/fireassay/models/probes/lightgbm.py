"""Gradient-boosted trees by LightGBM, where it is installed."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from fireassay.arrays import Float, Int
from fireassay.data.task import Task
from fireassay.errors import SettingError
from fireassay.models.probes import Probe, ProbeSettings, class_probabilities, probe
from fireassay.models.probes.boosting import BoostingSettings
from fireassay.seeds import derive


@probe
class LightGBM(Probe):
    """LightGBM's trees with the settings of `boosting`; `pip install fireassay[lightgbm]`.

    Raises
    ------
    SettingError
        If LightGBM isn't installed.
    """

    name: ClassVar[str] = "lightgbm"
    settings: ClassVar[type[ProbeSettings]] = BoostingSettings

    def fit_predict(
        self, task: Task, settings: ProbeSettings, seed: int, fit: Int, predict: Int
    ) -> Float:
        """Fit LightGBM's classifier or regressor and predict."""
        try:
            from lightgbm import LGBMClassifier, LGBMRegressor
        except ImportError:
            raise SettingError(
                "LightGBM isn't installed",
                where="model lightgbm",
                fix="pip install 'fireassay[lightgbm]', or take --model boosting.",
            ) from None
        assert isinstance(settings, BoostingSettings)
        options: dict[str, Any] = {
            "n_estimators": settings.iterations,
            "learning_rate": settings.learning_rate,
            "num_leaves": settings.leaves,
            "min_child_samples": settings.rows_in_leaf,
            "reg_lambda": settings.l2,
            "random_state": derive("lightgbm", seed) % 2**31,
            "deterministic": True,
            "force_row_wise": True,
            "verbosity": -1,
        }
        x, y = task.inputs(fit), task.label.y[fit]
        if task.label.kind == "real":
            trees = LGBMRegressor(**options).fit(x, y)
            return np.asarray(trees.predict(task.inputs(predict)), dtype=np.float64)[:, None]
        model = LGBMClassifier(**options).fit(x, y)
        shares = np.asarray(model.predict_proba(task.inputs(predict)))
        return class_probabilities(task, np.asarray(model.classes_), shares)
