"""deepchecks: its full suite (data integrity, train-test validation, model evaluation).

Times aren't handed over: with them the suite finds that time foretells the label (a predictive power
above 0 is enough) on every patient, and what it says of dates that overlap is void here: none do.
The search for weak segments is left out: it takes minutes a patient and stands for no cause.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from cases import Case, Remark, each
from deepchecks.core import CheckFailure, ConditionCategory
from deepchecks.tabular import Dataset
from deepchecks.tabular.suites import full_suite

SEVERITY = {ConditionCategory.FAIL: "issue", ConditionCategory.WARN: "tip"}


def looks(case: Case) -> tuple[list[Remark], dict[str, Any]]:
    """Return the conditions that aren't met, and which checks could not run."""
    later = case.test.set_axis(case.test.index + len(case.train))  # or it renames them, and warns
    parts = [
        Dataset(
            part[[*case.features, "label"]],
            label="label",
            cat_features=[],
            label_type="binary",
        )
        for part in (case.train, later)
    ]
    proba = [np.column_stack([1 - part["proba"], part["proba"]]) for part in (case.train, case.test)]
    suite = full_suite()
    for place, check in list(suite.checks.items()):
        if type(check).__name__ == "WeakSegmentsPerformance":
            suite.remove(place)
    found = suite.run(
        *parts,
        y_proba_train=proba[0],
        y_proba_test=proba[1],
        y_pred_train=proba[0].argmax(1),
        y_pred_test=proba[1].argmax(1),
        model_classes=[0, 1],
        with_display=False,
    )
    remarks, not_run = [], {}
    for result in found.results:
        name = type(result.check).__name__
        if isinstance(result, CheckFailure):
            not_run[name] = str(result.exception)[:200]
            continue
        for condition in result.conditions_results:
            if condition.category in SEVERITY:
                text = f"{result.header}: {condition.details}"
                remarks.append(Remark(name, text, SEVERITY[condition.category]))
    return remarks, {"not run": not_run}


if __name__ == "__main__":
    each("deepchecks", ("deepchecks", "scikit-learn"), looks)
