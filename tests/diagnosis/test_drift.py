"""Relations that change are found; features that merely drift aren't called a change."""

from __future__ import annotations

import numpy as np
import pytest

from fireassay.diagnosis.checks.drift import LEVEL, Drift
from fireassay.findings import EvidenceStatus, Rule, Status
from tests.diagnosis.cases import case_of, judged, prepared, simulated
from tests.training.tasks import make_task


@pytest.mark.parametrize(
    ("name", "cut"), [("relation-flips", 0.5), ("relation-fades", 0.5), ("shuffled-late", 0.7)]
)
def test_a_changed_relation_is_found_and_where(name: str, cut: float) -> None:
    evidence, verdict = judged(Drift(), simulated(name, sessions=80))
    assert verdict.status is Status.SUPPORTED
    assert evidence.numbers["cut at share of dates"] == pytest.approx(cut, abs=0.11)
    assert evidence.p == 0.001


def test_momentum_that_flips_is_found_in_prices() -> None:
    features = ("return_1", "return_5", "bar_range", "vwap_deviation")
    case = simulated("momentum-flips", bar_minutes=5, features=features)
    _, verdict = judged(Drift(), case)
    assert verdict.status is Status.SUPPORTED


@pytest.mark.parametrize("name", ["healthy-strong", "even"])
def test_a_relation_that_stays_is_cleared(name: str) -> None:
    _, verdict = judged(Drift(), simulated(name))
    assert verdict.status is Status.EXCLUDED


def test_features_that_wander_are_shown_and_not_blamed() -> None:
    evidence, verdict = judged(Drift(), simulated("random-walks"))
    assert verdict.status is not Status.SUPPORTED
    apart = evidence.numbers["AUC of telling test dates from training dates"]
    assert isinstance(apart, float)
    assert apart > 0.8
    still, _ = judged(Drift(), simulated("healthy-strong"))
    apart = still.numbers["AUC of telling test dates from training dates"]
    assert apart == pytest.approx(0.5, abs=0.05)


def test_a_class_prior_that_drifts_is_no_change_of_the_relation() -> None:
    _, verdict = judged(Drift(), simulated("prevalence-shift"))
    assert verdict.status is not Status.SUPPORTED


def test_between_its_level_and_the_diagnosis_it_is_left_open() -> None:
    """Noise drawn until its p lies there; so little of it that any difference is large."""
    for seed in range(150):
        task = make_task(sessions=24, bars=(12, 16), strength=0.0, seed=seed, validation=0.0)
        evidence, verdict = judged(Drift(), case_of(task, draws=199))
        assert evidence.p is not None
        if LEVEL < evidence.p <= 0.05:
            assert evidence.bears_on[0].rule is Rule.ILLUSTRATES
            assert verdict.status is Status.UNDECIDED
            assert f"p = {evidence.p:.3f}" in verdict.why
            return
    pytest.fail("no noise came near")


def test_few_dates_say_nothing() -> None:
    made = prepared("healthy-strong", sessions=18)
    (evidence,) = Drift().judge(case_of(made.task), {})
    assert evidence.status is EvidenceStatus.NOT_APPLICABLE


def test_what_matters_is_the_ic_of_the_auc_that_matters() -> None:
    """By simulation: a normal score whose AUC is .53 has that IC with the label."""
    evidence, _ = judged(Drift(), simulated("random-labels", prevalence=0.3, sessions=40))
    rng = np.random.default_rng(0)
    y = rng.random(2_000_000) < 0.3
    # Two unit normals d apart: AUC = Φ(d / √2) = .53.
    score = rng.standard_normal(len(y)) + 0.1065 * y
    assert evidence.matters == pytest.approx(np.corrcoef(score, y)[0, 1], rel=0.03)
