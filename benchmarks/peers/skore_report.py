"""skore's checks: on the patient's own model, on gradient boosting, and over splits in time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from cases import Case, Remark, each
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import TimeSeriesSplit
from skore import CrossValidationReport, EstimatorReport

OWN = ("SKD001", "SKD002", "SKD004", "SKD008", "SKD009")
"""Checks that need no refit of the model: what can be asked of predictions."""
BOOSTED = ("SKD002", "SKD011", "SKD012")
"""Checks that refit or permute: asked of gradient boosting. SKD011 isn't said where SKD002 is."""
SPLITS = ("SKD003",)
"""The check that needs several splits."""


class Recorded(ClassifierMixin, BaseEstimator):
    """A classifier that returns what the patient's own model predicted of a row.

    Parameters
    ----------
    rows
        Table of features and `proba`.
    """

    def __init__(self, rows: pd.DataFrame) -> None:
        self.rows = rows

    def fit(self, X: pd.DataFrame, y: object = None) -> Recorded:
        """Keep the predictions under a hash of their row's features."""
        self.classes_ = np.array([0, 1])
        self.features_ = list(X)
        keys = pd.util.hash_pandas_object(self.rows[self.features_], index=False)
        self.kept_ = dict(zip(keys, self.rows["proba"], strict=True))
        return self

    def predict_proba(self, X: pd.DataFrame) -> np.ndarray:
        """Return `[n, 2]` probabilities; a row that wasn't predicted is an error."""
        keys = pd.util.hash_pandas_object(X[self.features_], index=False)
        one = np.array([self.kept_[key] for key in keys])
        return np.column_stack([1 - one, one])

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        """Return the likelier class."""
        return (self.predict_proba(X)[:, 1] > 0.5).astype(int)


def looks(case: Case) -> tuple[list[Remark], dict[str, Any]]:
    """Return all issues and tips of the three reports."""
    features = case.features
    parts = {
        "X_train": case.train[features],
        "y_train": case.train["label"],
        "X_test": case.test[features],
        "y_test": case.test["label"],
    }
    model = HistGradientBoostingClassifier(max_iter=20, max_leaf_nodes=15, random_state=0)
    whole = case.rows
    asked = [
        (EstimatorReport(Recorded(whole), **parts, pos_label=1), OWN),
        (EstimatorReport(model, **parts, pos_label=1), BOOSTED),
        (
            CrossValidationReport(
                model, whole[features], whole["label"], splitter=TimeSeriesSplit(5), pos_label=1
            ),
            SPLITS,
        ),
    ]
    remarks, sections = [], {}
    for report, codes in asked:
        others = [text.split(" - ")[0] for text in report.checks.available()]
        found = report.checks.summarize(ignore=[c for c in others if c not in codes]).frame()
        for row in found.itertuples():
            if row.code not in codes or (row.code == "SKD002" and codes is not OWN):
                continue
            sections[row.code] = f"{row.section}: {row.explanation or ''}"
            if row.section in ("issue", "tip"):
                text = f"{row.title}: {row.explanation}"
                remarks.append(Remark(row.code, text, row.section))
    return remarks, sections


if __name__ == "__main__":
    each("skore", ("skore", "scikit-learn"), looks)
