"""cleanlab: Datalab over all rows, with cross-validated probabilities of gradient boosting."""

from __future__ import annotations

from typing import Any

from cases import Case, Remark, each
from cleanlab import Datalab
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


def looks(case: Case) -> tuple[list[Remark], dict[str, Any]]:
    """Return every kind of issue of which Datalab reports any, with the share of rows."""
    rows = case.rows
    raw, y = rows[case.features], rows["label"]
    model = HistGradientBoostingClassifier(max_iter=20, max_leaf_nodes=15, random_state=0)
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    proba = cross_val_predict(model, raw, y, cv=folds, method="predict_proba")
    filled = SimpleImputer(keep_empty_features=True)
    prepared = make_pipeline(filled, StandardScaler()) if case.scaled else filled
    lab = Datalab({"label": y.to_numpy()}, label_name="label", verbosity=0)
    lab.find_issues(pred_probs=proba, features=prepared.fit_transform(raw))
    summary = lab.get_issue_summary()
    counts = {row.issue_type: int(row.num_issues) for row in summary.itertuples()}
    remarks = [
        Remark(kind, f"{kind}: {count} of {len(rows)} rows")
        for kind, count in counts.items()
        if count
    ]
    shares = {kind: count / len(rows) for kind, count in counts.items()}
    scores = {f"{row.issue_type} score": row.score for row in summary.itertuples()}
    return remarks, {**shares, **scores}


if __name__ == "__main__":
    each("cleanlab", ("cleanlab", "scikit-learn"), looks)
