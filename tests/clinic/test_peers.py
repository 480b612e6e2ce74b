"""The mapping from what other tools say to causes, and what they are given."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from benchmarks import peers

from fireassay.causes import CAUSES
from fireassay.clinic.patient import PATIENTS, Half

FIGURES: dict[str, Any] = {
    "p": 0.05,
    "shuffled_auc": 0.7,
    "curve": [0.6, 0.65, 0.69, 0.7],
    "curve_sd": [0.02, 0.02, 0.02, 0.02],
    "model_auc": 0.7,
    "dummy_auc": 0.5,
    "own_auc": 0.7,
    "own_train_auc": 0.72,
    "auc_se": 0.01,
}
"""Of the scikit-learn recipe on a healthy patient."""


def answer(*remarks: tuple[str, str, str], **figures: float) -> dict[str, Any]:
    """Return what a peer's script writes."""
    listed = [{"id": i, "text": text, "severity": severity} for i, text, severity in remarks]
    return {"figures": figures, "remarks": listed, "seconds": 1.0, "failure": ""}


def understood(peer: str, patient: str, *remarks: tuple[str, str, str], **f: float) -> peers.Read:
    """Apply the rules."""
    return peers.understand(peer, answer(*remarks, **f), PATIENTS[patient], 0)


def test_rules_name_causes_of_the_list() -> None:
    named = {c for rules in peers.RULES.values() for rule in rules for c in rule.causes}
    assert named <= set(CAUSES)
    assert set(peers.RULES) == set(peers.SCRIPTS)
    for script in peers.SCRIPTS.values():
        assert (Path(peers.__file__).parent / "peers" / script).is_file()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, []),
        ({"p": 0.2}, ["nothing"]),
        ({"p": 0.2, "curve": [0.5, 0.5, 0.5, 0.53]}, ["nothing, more rows help"]),
        ({"own_auc": 0.51, "own_train_auc": 0.52}, ["another model learns"]),
        ({"own_auc": 0.51, "own_train_auc": 0.52, "model_auc": 0.5}, ["gone on later rows"]),
        ({"own_train_auc": 0.85}, ["overfits"]),
    ],
)
def test_recipe(changed: dict[str, Any], said: list[str]) -> None:
    flat = {"curve": [0.6, 0.65, 0.69, 0.69]} if changed.get("p") else {}
    told = peers.recipe_remarks({**FIGURES, **flat, **changed})
    assert [remark["id"] for remark in told] == said


def test_underfitting_means_another_model_where_boosting_is_better() -> None:
    under = ("SKD002", "Potential underfitting: near the dummy", "issue")
    worse = ("SKD009", "Baseline: Test scores are significantly worse than boosting", "tip")
    par = ("SKD009", "Baseline: Your model is on par with boosting", "tip")
    beaten = understood("skore", "linear-on-xor", under, worse)
    assert beaten.said == ((peers.BEATEN, "issue"),)
    assert beaten.signal is True
    assert peers.first_right(beaten)
    nothing = understood("skore", "random-labels", under, par)
    assert nothing.said == ((peers.NOTHING, "issue"),)
    assert nothing.signal is False
    assert peers.first_right(nothing)


def test_tips_are_no_false_alarms_and_issues_come_first() -> None:
    tip = ("SKD012", "Useless features: f_07", "tip")
    healthy = understood("skore", "healthy-strong", tip)
    assert peers.first_right(healthy)
    assert peers.figures_of([healthy])["precision of what is said"] == "–"
    split = ("SKD003", "Inconsistent performance", "issue")
    ill = understood("skore", "healthy-strong", tip, split)
    assert [severity for _, severity in ill.said] == ["issue", "tip"]
    assert peers.alarmed(ill)


def test_single_rows_are_no_cause() -> None:
    few = ("label", "label: 900 of 10000 rows", "issue")
    assert understood("cleanlab", "random-labels", few, label=0.09).said == ()
    many = understood("cleanlab", "random-labels", few, label=0.3)
    assert many.signal is False
    assert peers.first_right(many)


def test_half_of_the_question_counts_only_where_it_is_named() -> None:
    simple = ("SimpleModelComparison", "None: gain", "issue")
    assert not peers.half_right(understood("deepchecks", "weight-decay", simple))
    fit = ("SKD002", "Potential underfitting: near the dummy", "issue")
    worse = ("SKD009", "Test scores are significantly worse", "tip")
    assert peers.half_right(understood("skore", "weight-decay", fit, worse))


def test_table_counts_what_was_asked() -> None:
    reads = {
        "cleanlab": [understood("cleanlab", "healthy-strong", label=0.1)],
        "deepchecks": [
            understood("deepchecks", "healthy-strong", ("LabelDrift", "Label Drift: .3", "issue"))
        ],
    }
    table = peers.markdown(reads)
    assert "| false alarm on healthy patients | 0/1 = 0.00 | 1/1 = 1.00 |" in table
    assert "| healthy-strong: healthy | 1/1 label 10% | 0/1 label drift |" in table


@pytest.mark.slow
def test_peers_see_later_rows_apart(tmp_path: Path) -> None:
    peers.hand_over("linear-on-xor", Half.TUNING, 0, tmp_path / "case")
    table = pl.read_parquet(tmp_path / "case" / "rows.parquet")
    train, test = (table.filter(pl.col("part") == part) for part in ("train", "test"))
    assert train["time"].max() < test["time"].min()  # type: ignore[operator]
    assert table["label"].is_in([0, 1]).all()
    assert table["proba"].is_between(0, 1).all()
    # A linear model can't tell an exclusive or: its probabilities stay near one half.
    assert table["proba"].std() < 0.1
