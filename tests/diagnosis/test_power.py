"""How small an effect would have been seen, and whether more data would help."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest

from fireassay.data.task import Task
from fireassay.diagnosis.battery import run_battery
from fireassay.diagnosis.budget import Clock
from fireassay.diagnosis.checks.ceiling import LOST, Ceiling
from fireassay.diagnosis.checks.own_power import OwnPower, _reading
from fireassay.diagnosis.checks.planted import Planted
from fireassay.diagnosis.checks.power import MADE_FOR, TRIALS, Power, planted_curves
from fireassay.findings import Evidence, EvidenceStatus
from fireassay.interventions.plant_signal import Form, Lively, PlantSignal
from fireassay.statistics.power import PowerCurve
from fireassay.training.execute import Executor
from fireassay.training.learner import default_settings
from fireassay.training.settings import NetSettings
from fireassay.training.trial import Run, Trial
from tests.diagnosis.cases import case_of
from tests.training.tasks import make_task


def noise(sessions: int, kind: str = "binary", seed: int = 0) -> Task:
    return make_task(
        kind,  # type: ignore[arg-type]
        sessions=sessions,
        bars=(30, 36),
        features=5,
        strength=0.0,
        seed=seed,
    )


def ceiling(task: Task) -> Evidence:
    (evidence,) = Ceiling().judge(case_of(task), {})
    return evidence


def test_more_sessions_see_smaller_effects_and_each_form_has_its_learner() -> None:
    few, many = (planted_curves(case_of(noise(n))) for n in (50, 200))
    assert len(few) == 9
    dose = {(e.learner, e.form): e.curve.dose80 for e in many}
    for small, large in zip(few, many, strict=True):
        if small.learner == MADE_FOR[small.form]:
            assert small.curve.low < small.curve.dose80 < small.curve.high
            # Four times the sessions: half the effect, or less where learning it was hard as well.
            assert 0.2 < large.curve.dose80 / small.curve.dose80 < 0.75
    for form, learner in MADE_FOR.items():
        others = [d for (name, f), d in dose.items() if f is form and name != learner]
        assert dose[learner, form] < 1.25 * min(others)
    assert dose["ridge", Form.LAGGED] > 3 * dose["ridge on lags", Form.LAGGED]
    assert dose["ridge", Form.INTERACTION] > 3 * dose["ridge on products", Form.INTERACTION]


@pytest.mark.statistical
def test_what_is_found_in_80_percent_is_found_in_80_percent() -> None:
    """The dose that is read off, planted again in other draws."""
    case = case_of(noise(120))
    linear = next(e for e in planted_curves(case) if e.learner == "ridge" and e.form is Form.LINEAR)
    again = replace(case, effect=linear.curve.dose80 / 1.4, memory={})
    shares = [e for e in planted_curves(again) if e.learner == "ridge" and e.form is Form.LINEAR]
    share = shares[0].share[list(np.round(shares[0].sizes / linear.curve.dose80, 6)).index(1.0)]
    assert abs(share - 0.8) <= 2.6 * np.sqrt(0.8 * 0.2 / TRIALS) + 0.05


@pytest.mark.parametrize("kind", ["binary", "multiclass", "real"])
def test_the_evidence_of_each_kind_of_label(kind: str) -> None:
    (evidence,) = Power().judge(case_of(noise(60, kind)), {})
    assert evidence.interval is not None
    assert evidence.effect is not None
    assert evidence.interval.low < evidence.effect < evidence.interval.high
    assert evidence.plot is not None
    assert evidence.plot.marks[0].label == "80 %"
    assert "Found in 80 % of cases" in evidence.reading


def test_too_little_is_told() -> None:
    task = make_task(sessions=8)
    for check in (Power(), Ceiling()):
        (evidence,) = check.judge(case_of(task), {})
        assert evidence.status is EvidenceStatus.NOT_APPLICABLE


@pytest.mark.slow
def test_more_data_helps_where_little_was_learned_from_many_features() -> None:
    steep = make_task(sessions=100, bars=(8, 10), features=80, strength=3.0, seed=1)
    found = ceiling(steep)
    assert found.effect is not None
    assert found.effect > 0.005
    assert found.numbers["more data"] in ("helps", "can't be told")
    flat = ceiling(make_task(sessions=300, bars=(30, 36), features=3, strength=0.7, seed=1))
    assert flat.numbers["more data"] == "doesn't help"
    assert "hardly helps" in flat.reading


def test_noise_has_nothing_to_extend_and_its_ceiling_is_low() -> None:
    found = ceiling(noise(120))
    assert found.numbers["more data"] == "nothing to extend"
    assert found.numbers["ceiling, upper end"] < 0.62  # type: ignore[operator]
    assert found.plot is not None
    assert found.plot.kind == "learning-curve"


@pytest.mark.statistical
def test_the_bracket_holds_the_planted_effect() -> None:
    """Signals of AUC .62, of which a few hundred sessions show most."""
    inside = 0
    for seed in range(6):
        task = PlantSignal(dose=0.62, form=Form.LINEAR, draw=seed).apply(noise(120, seed=seed))
        numbers = ceiling(task).numbers
        low, high = float(numbers["ceiling, lower end"]), float(numbers["ceiling, upper end"])
        inside += low <= 0.62 <= high
    assert inside >= 5


def test_many_signals_share_what_is_known_of_the_features() -> None:
    task = noise(30)
    lively = Lively.of(task)
    for form in Form:
        plant = PlantSignal(dose=0.7, form=form, draw=3)
        once = plant.ingredients(task, lively).planted(0.7)
        assert np.array_equal(once.astype(np.float32), plant.apply(task).label.y, equal_nan=True)
        rows = np.flatnonzero(task.usable)[::3]
        some, whole = plant.ingredients(task, lively, rows), plant.ingredients(task, lively)
        for name in ("y", "f", "known", "chance"):
            expected = getattr(whole, name)[rows].astype(float)
            assert getattr(some, name).astype(float) == pytest.approx(expected, nan_ok=True)


def test_label_noise_costs_less_the_more_there_is_to_learn_from() -> None:
    """One label in ten exchanged: dear where a few rows decide, next to nothing where many do."""
    few, many = (ceiling(make_task(sessions=n, bars=(20, 24), strength=0.8)) for n in (40, 250))
    lost = [float(e.numbers[LOST]) for e in (few, many)]
    for e, value in zip((few, many), lost, strict=True):
        assert float(e.numbers[f"{LOST}, 95 % from"]) <= value <= float(e.numbers[f"{LOST}, to"])
        assert f"One training label in ten exchanged costs {value:.3f}" in e.reading
    assert lost[0] > lost[1]
    assert abs(lost[1]) < 0.005
    assert "cleaner labels would hardly help it" in many.reading


def test_multiclass_scores_are_those_of_the_case() -> None:
    found = ceiling(make_task("multiclass", sessions=120, bars=(20, 24), strength=1.5))
    assert found.numbers["AUC (classes pooled) reached"] > 0.7  # type: ignore[operator]


def test_a_slow_machine_keeps_its_budget_for_training() -> None:
    case = case_of(noise(40))
    slow = Clock(100.0, began=time.perf_counter() - 20)
    battery = run_battery(case, lambda _trials: (), slow, None, only=["power", "ceiling"])
    assert {e.status for e in battery.evidence} == {EvidenceStatus.NOT_AFFORDED}
    assert len(battery.not_afforded) == 2


def test_a_size_beyond_those_tried_is_told_as_that() -> None:
    def curve(middle: float, low: float, high: float) -> PowerCurve:
        return PowerCurve(middle, low, high, level=0.95, shape=2.0, alpha=0.05)

    case, sizes, ridge = case_of(noise(30)), np.array([0.03, 0.06, 0.35]), curve(0.03, 0.02, 0.05)
    tiny = _reading(case, curve(0.007, 0.0, 0.043), ridge, "ridge", sizes, 5)
    assert "AUC less than 0.530 in 80 %" in tiny
    assert "less than 0.530 to 0.543" in tiny
    assert "No difference" in tiny
    large = _reading(case, curve(0.105, 0.06, np.inf), ridge, "ridge", sizes, 5)
    assert "0.560 to more than 0.850" in large
    assert "at least 1.2 times as large" in large


@pytest.mark.slow
def test_a_trained_model_has_a_size_that_it_finds() -> None:
    task = noise(80)
    settings = NetSettings(width=16, layers=1, heads=2, look_back=4, epochs=30, patience=0)
    linear = Trial("linear", default_settings("linear"), task.fingerprint)
    case = replace(
        case_of(task),
        trial=Trial("transformer", settings, task.fingerprint),
        references=(linear,),
    )
    runs: dict[str, Run] = {}
    for check in (Planted(), OwnPower()):
        runs |= {run.trial.id: run for run in Executor(case.tasks)(check.plan(case, runs))}
    (evidence,) = OwnPower().judge(case, runs)
    assert len(evidence.trials) == 5
    assert evidence.effect is not None
    assert case.chance + case.effect <= evidence.effect <= case.strong.dose
    assert "Your model finds a linear relation" in evidence.reading
