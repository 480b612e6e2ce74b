"""Trials as plain data: equal ones are one, and their names are stable."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from pydantic import ValidationError

from fireassay.choices import Part
from fireassay.interventions import from_specification
from fireassay.interventions.kl_off import KlOff
from fireassay.interventions.memorise import Memorise
from fireassay.interventions.only_features import OnlyFeatures
from fireassay.interventions.permute_labels import PermuteLabels
from fireassay.interventions.plant_signal import PlantSignal
from fireassay.interventions.set_setting import SetSetting
from fireassay.training.learner import learner, learner_names
from fireassay.training.settings import SHAPE_FIELDS, NetSettings
from fireassay.training.trial import Tasks, Trial, cohort_id
from tests.training.tasks import make_task

GIVEN = Trial("bayesian", NetSettings(posterior="mean_field"), "f00", seed=3)


def test_equal_trials_have_equal_ids() -> None:
    """Whichever way they came about: by default, by validation, from text, by a change of nothing."""
    default = NetSettings(posterior="mean_field")
    ways = [
        default,
        NetSettings.model_validate(default.model_dump()),
        NetSettings.model_validate_json(default.model_dump_json()),
        NetSettings(
            posterior="mean_field", bayesian=["mlp", "head", "embedding", "attention", "mlp"]
        ),
        NetSettings(posterior="mean_field", kl_weight=1, width=64),
        SetSetting(setting="kl_weight", value=1).apply(default),
    ]
    trials = [Trial("bayesian", s, "f00", seed=3) for s in ways]
    assert len(set(trials)) == 1
    assert {t.id for t in trials} == {GIVEN.id}


def test_every_difference_makes_another_id() -> None:
    others = [
        GIVEN,
        GIVEN.with_(seed=4),
        GIVEN.with_(KlOff()),
        GIVEN.with_(PermuteLabels()),
        GIVEN.with_(PermuteLabels(draw=1)),
        GIVEN.with_(PermuteLabels(), PlantSignal(dose=0.6)),
        Trial("transformer", GIVEN.settings, "f00", seed=3),
        Trial("bayesian", GIVEN.settings, "f01", seed=3),
    ]
    assert len({t.id for t in others}) == len(others)


def test_ids_are_the_same_in_another_process() -> None:
    """Python's own hashes of text differ between processes; names of folders must not."""
    code = (
        "from tests.training.test_trial import GIVEN;"
        "from fireassay.interventions.plant_signal import PlantSignal;"
        "print(GIVEN.id, GIVEN.with_(PlantSignal(dose=0.6)).id)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.split() == [GIVEN.id, GIVEN.with_(PlantSignal(dose=0.6)).id]


def test_a_specification_is_json_and_gives_the_trial_back() -> None:
    trial = GIVEN.with_(KlOff(), PlantSignal(dose=0.6), Memorise(rows=8))
    plain = json.loads(json.dumps(trial.specification()))
    again = Trial(
        plain["learner"],
        NetSettings.model_validate(plain["settings"]),
        plain["task"],
        tuple(from_specification(i) for i in plain["interventions"]),
        plain["seed"],
    )
    assert again == trial
    assert again.id == trial.id


def test_changes_are_made_in_the_order_of_their_stages() -> None:
    """Labels, then features, then sessions, in whatever order they were asked for."""
    plant, only, few = PlantSignal(dose=0.9), OnlyFeatures(names=("x0",)), Memorise(rows=8)
    one, other = GIVEN.with_(few, only, plant), GIVEN.with_(plant).with_(few).with_(only)
    assert one.interventions == other.interventions == (plant, only, few)
    assert one.id == other.id
    task = make_task(sessions=30)
    assert [step.split("(")[0] for step in one.apply(task).history] == [
        "plant_signal",
        "only_features",
        "memorise",
    ]


def test_settings_change_at_once_and_leave_no_trace_in_the_task() -> None:
    trial = GIVEN.with_(KlOff())
    assert trial.settings.kl_weight == 0
    assert trial.interventions == ()
    assert trial == GIVEN.with_(SetSetting(setting="kl_weight", value=0.0))


def test_a_changed_task_is_made_once() -> None:
    task = make_task(sessions=30)
    tasks = Tasks(task)
    plain, permuted = (Trial("linear", GIVEN.settings, "f00", c) for c in ((), (PermuteLabels(),)))
    assert tasks.of(plain) is task
    assert tasks.of(permuted) is tasks.of(permuted)
    assert tasks.of(permuted).fingerprint != task.fingerprint


def test_a_cohorts_name_is_that_of_its_trials_in_order() -> None:
    other = GIVEN.with_(seed=4)
    assert cohort_id([GIVEN, other]) != cohort_id([other, GIVEN])
    assert cohort_id([GIVEN]) != GIVEN.id


def test_settings_refuse_what_cannot_be() -> None:
    for bad in (
        {"width": 10, "heads": 4},
        {"width": 12, "heads": 4},
        {"dropout": 1.0},
        {"learning_rate": 0},
        {"prior_sigma": 0},
        {"unheard_of": 1},
        {"posterior": "laplac"},
        {"bayesian": ["elbow"]},
    ):
        with pytest.raises(ValidationError):
            NetSettings.model_validate(bad)


def test_all_settings_are_described_and_shapes_are_settings() -> None:
    assert all(field.description for field in NetSettings.model_fields.values())
    assert set(SHAPE_FIELDS) < set(NetSettings.model_fields)
    assert Part.NOISE not in NetSettings().bayesian
    assert Part.NORM not in NetSettings().bayesian


@pytest.mark.parametrize("name", learner_names())
def test_every_learner_is_found_by_its_name(name: str) -> None:
    found = learner(name)
    assert found.name == name
    assert found.knobs == set(type(found.default()).model_fields)
    assert type(found.default()).model_validate(found.default().model_dump()) == found.default()
