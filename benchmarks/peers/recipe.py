"""The scikit-learn recipe: permutation test, dummy classifier, learning curve, a second model.

`permutation_test_score` as its documentation has it: rows permuted, folds of shuffled rows. The model
is histogram gradient boosting: a patient's own network can't be refitted a hundred times, and is
judged by what it predicts of the later rows.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from cases import Case, Remark, each
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, learning_curve, permutation_test_score

MODEL = HistGradientBoostingClassifier(max_iter=20, max_leaf_nodes=15, random_state=0)
ROWS = 4000
"""Rows of the permutation test and the learning curve, the first ones: bounds the cost."""
PERMUTATIONS = 19
"""The fewest whose p can be .05."""
FOLDS = StratifiedKFold(3, shuffle=True, random_state=0)


def looks(case: Case) -> tuple[list[Remark], dict[str, Any]]:
    """Return the figures of the recipe; what they say is the reader's to judge."""
    head, features = case.rows.head(ROWS), case.features
    x, y = head[features], head["label"]
    score, _, p = permutation_test_score(
        MODEL, x, y, cv=FOLDS, n_permutations=PERMUTATIONS, scoring="roc_auc", random_state=0
    )
    sizes, _, curve = learning_curve(
        MODEL, x, y, cv=FOLDS, train_sizes=np.linspace(0.25, 1.0, 4), scoring="roc_auc"
    )
    late, known = case.test[features], case.test["label"]
    fitted = MODEL.fit(case.train[features], case.train["label"])
    dummy = DummyClassifier(strategy="prior").fit(x, y)
    ones = int(known.sum())
    figures = {
        "p": p,
        "shuffled_auc": score,
        "curve_sizes": sizes.tolist(),
        "curve": curve.mean(1).tolist(),
        "curve_sd": curve.std(1).tolist(),
        "model_auc": roc_auc_score(known, fitted.predict_proba(late)[:, 1]),
        "dummy_auc": roc_auc_score(known, dummy.predict_proba(late)[:, 1]),
        "own_auc": roc_auc_score(known, case.test["proba"]),
        "own_train_auc": roc_auc_score(case.train["label"], case.train["proba"]),
        # Mann and Whitney's, of independent rows: what a user of the recipe would take.
        "auc_se": ((len(known) + 1) / (12 * ones * (len(known) - ones))) ** 0.5,
    }
    return [], figures


if __name__ == "__main__":
    each("recipe", ("scikit-learn",), looks)
