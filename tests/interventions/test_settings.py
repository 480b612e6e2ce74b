"""Interventions on settings change what they name, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from fireassay.choices import PriorKind
from fireassay.errors import SettingError
from fireassay.interventions import (
    INTERVENTIONS,
    Intervention,
    SettingChange,
    TaskChange,
    from_specification,
)
from fireassay.interventions.fewer_test_dates import FewerTestDates
from fireassay.interventions.kl_off import KlOff
from fireassay.interventions.memorise import Memorise
from fireassay.interventions.only_features import OnlyFeatures
from fireassay.interventions.other_label import OtherLabel
from fireassay.interventions.permute_labels import PermuteLabels
from fireassay.interventions.plant_signal import Form, PlantSignal
from fireassay.interventions.recent_sessions import RecentSessions
from fireassay.interventions.rescale import Rescale
from fireassay.interventions.resize import Resize
from fireassay.interventions.scale_setting import ScaleSetting
from fireassay.interventions.set_prior import SetPrior
from fireassay.interventions.set_setting import SetSetting
from fireassay.interventions.unregularized import Unregularized
from fireassay.models.probes.linear import LinearSettings
from fireassay.training.settings import NetSettings, PosteriorKind

GIVEN = NetSettings(
    posterior=PosteriorKind.MEAN_FIELD,
    width=24,
    heads=3,
    dropout=0.2,
    label_smoothing=0.1,
    weight_decay=0.01,
    kl_weight=0.5,
    prior="fixed",
    prior_sigma=0.1,
    epochs=7,
)

CHANGES: list[tuple[SettingChange, dict[str, Any]]] = [
    (KlOff(), {"kl_weight": 0.0}),
    (Unregularized(), {"weight_decay": 0.0, "dropout": 0.0, "label_smoothing": 0.0}),
    (SetPrior(), {"prior": PriorKind.FAN_IN, "prior_sigma": 1.0}),
    (SetPrior(kind=PriorKind.FIXED, sigma=2.0), {"prior_sigma": 2.0}),
    (Resize(width=64, layers=3), {"width": 64, "layers": 3, "heads": 4}),
    (ScaleSetting(setting="learning_rate", factor=10.0), {"learning_rate": 0.03}),
    (ScaleSetting(setting="epochs", factor=1.5), {"epochs": 10}),
    (ScaleSetting(setting="epochs", factor=0.01), {"epochs": 1}),
    (SetSetting(setting="patience", value=0), {"patience": 0}),
    (SetSetting(setting="kl_weight", value=1), {"kl_weight": 1.0}),
]

ALL: list[Intervention] = [
    *(change for change, _ in CHANGES),
    PermuteLabels(draw=3, block=5),
    PlantSignal(dose=0.6, form=Form.LAGGED, lag=2, draw=1),
    Memorise(rows=16),
    RecentSessions(dates=4),
    FewerTestDates(dates=4),
    OnlyFeatures(names=("x1", "x0")),
    OtherLabel(name="another"),
    Rescale(scaling="robust"),
]


@pytest.mark.parametrize(("change", "expected"), CHANGES, ids=lambda value: str(value)[:40])
def test_what_is_named_changes_and_nothing_else(
    change: SettingChange, expected: dict[str, Any]
) -> None:
    assert change.applies(GIVEN)
    after = change.apply(GIVEN)
    differing = {
        name for name in NetSettings.model_fields if getattr(after, name) != getattr(GIVEN, name)
    }
    assert differing == expected.keys()
    assert {name: getattr(after, name) for name in expected} == pytest.approx(expected)
    assert isinstance(after, NetSettings)
    if change.turns:
        assert differing <= set(change.turns)


def test_a_change_of_nothing_does_not_apply() -> None:
    plain = NetSettings(kl_weight=0, weight_decay=0.0)
    for change in (
        KlOff(),
        Unregularized(),
        SetPrior(),
        ScaleSetting(setting="kl_weight", factor=0.1),
        ScaleSetting(setting="epochs", factor=1.01),
        SetSetting(setting="kl_weight", value=0),
    ):
        assert not change.applies(plain)
        assert change.apply(plain) == plain


def test_a_learner_without_the_setting_cannot_be_given_it() -> None:
    for change, _ in CHANGES:
        assert not change.applies(LinearSettings())
    assert SetSetting(setting="penalty", value=1.0).applies(LinearSettings())


@pytest.mark.parametrize("width", [2, 8, 16, 20, 34, 48, 50, 64, 72, 100, 128, 130, 256])
def test_any_even_width_can_be_had(width: int) -> None:
    after = Resize(width=width, layers=1).apply(GIVEN)
    assert isinstance(after, NetSettings)
    assert after.width == width
    assert after.width / after.heads >= min(16, width)
    if width % 32 == 0:
        assert after.width / after.heads == 16


def test_an_impossible_value_is_refused() -> None:
    for change in (
        Resize(width=17, layers=1),
        SetSetting(setting="dropout", value=1.5),
        ScaleSetting(setting="look_back", factor=100.0),
    ):
        with pytest.raises(ValidationError):
            change.apply(GIVEN)


@pytest.mark.parametrize("change", ALL, ids=lambda change: change.label)
def test_plain_data_gives_the_intervention_back(change: Intervention) -> None:
    again = from_specification(change.specification())
    assert again == change
    assert hash(again) == hash(change)
    assert type(again) is type(change)
    assert change.label.startswith(change.id)


def test_every_intervention_is_found() -> None:
    assert set(INTERVENTIONS) >= {change.id for change in ALL}
    for cls in INTERVENTIONS.values():
        assert issubclass(cls, (TaskChange, SettingChange))
        assert cls.__doc__
    with pytest.raises(SettingError, match="permute_labels"):
        from_specification({"id": "permute_label"})
