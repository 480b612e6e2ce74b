"""The study: read back as written, changed key by key, and compared with the one in a run folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from fireassay.api.settings import described, study_keys
from fireassay.errors import SettingError
from fireassay.study import Study, differences, refuse_other_study, resolve, seconds
from fireassay.training.store import Store

CHANGED: dict[str, Any] = {
    "data.location": "bars.csv",
    "data.columns.time": "when",
    "features": ["rsi_14", "columns:f_*"],
    "target": "direction:5,skip=1",
    "split.test": 0.25,
    "settings.width": 32,
    "settings.bayesian": ["head"],
    "diagnosis.effect": 0.02,
    "seed": 7,
}


def test_toml_gives_the_same_study_back(tmp_path: Path) -> None:
    study = resolve(**CHANGED)
    (tmp_path / "study.toml").write_text(study.to_toml())
    assert Study.from_toml(tmp_path / "study.toml") == study
    assert Study.from_toml(tmp_path / "study.toml").learner_settings() == study.learner_settings()


def test_a_file_is_overridden_key_by_key(tmp_path: Path) -> None:
    (tmp_path / "study.toml").write_text(resolve(**CHANGED).to_toml())
    study = resolve(
        "other.csv", tmp_path / "study.toml", **{"settings.layers": 3, "target": "column:y"}
    )
    assert study.data.location == "other.csv"
    assert study.data.columns == {"time": "when"}
    assert study.settings == {"width": 32, "bayesian": ["head"], "layers": 3}
    assert study.target == "column:y"


def test_a_scenario_fills_what_is_left_open() -> None:
    study = resolve("sim:vwap-noise")
    assert (study.model, study.target) == ("bayesian", "vwap_reversion:1")
    assert study.settings["prior_sigma"] == 0.1
    other = resolve("sim:vwap-noise", model="linear", target="direction:1")
    assert (other.model, other.target, other.settings) == ("linear", "direction:1", {})


@pytest.mark.parametrize(
    ("text", "value"), [("90s", 90.0), ("3m", 180.0), ("1h", 3600.0), ("unlimited", float("inf"))]
)
def test_durations(text: str, value: float) -> None:
    assert seconds(text) == value


def test_differences_name_every_key_and_both_values() -> None:
    one = resolve(**{"settings.width": 32, "split.test": 0.2})
    other = resolve(**{"settings.layers": 1, "split.test": 0.3, "data.stale": "drop"})
    assert sorted(differences(one, other), key=lambda row: row[0]) == [
        ("data.stale", "keep", "drop"),
        ("settings.layers", None, 1),
        ("settings.width", 32, None),
        ("split.test", 0.2, 0.3),
    ]
    assert differences(one, one) == []


@pytest.fixture
def begun(tmp_path: Path) -> Path:
    """A folder in which a study was begun, and something was trained."""
    store = Store(tmp_path)
    store.write("study.toml", resolve("bars.csv", **{"settings.epochs": 20}).to_toml())
    store.write("trials/0123456789ab/run.json", "{}")
    return tmp_path


def test_the_same_study_may_go_on(begun: Path) -> None:
    refuse_other_study(resolve("bars.csv", **{"settings.epochs": 20}), begun)


def test_what_a_diagnosis_looks_for_may_differ(begun: Path) -> None:
    study = resolve("bars.csv", **{"settings.epochs": 20, "diagnosis.seeds": 3})
    refuse_other_study(study, begun)


def test_another_study_is_told_by_its_keys(begun: Path) -> None:
    study = resolve("bars.csv", **{"settings.epochs": 30, "model": "linear"})
    with pytest.raises(SettingError) as told:
        refuse_other_study(study, begun)
    assert "model = 'bayesian' there and 'linear' here" in str(told.value)
    assert "settings.epochs = 20 there and 30 here" in str(told.value)


def test_nothing_trained_nothing_mixed(tmp_path: Path) -> None:
    Store(tmp_path).write("study.toml", resolve("bars.csv").to_toml())
    refuse_other_study(resolve("other.csv"), tmp_path)


def test_a_diagnosis_is_not_written_over(begun: Path) -> None:
    (begun / "diagnosis.json").write_text("{}")
    with pytest.raises(SettingError, match="holds a diagnosis"):
        refuse_other_study(resolve("bars.csv", **{"settings.epochs": 20}), begun)


def test_keywords_are_named_as_the_flags() -> None:
    study, frame = described(
        "bars.csv",
        None,
        {
            "target": "direction:1",
            "sessions": "24/7",
            "test": 0.2,
            "permutations": 99,
            "seeds": 2,
            "draws": 5,
            "learning_rate": 0.01,
            "features": ("rsi_14",),
            "validation": None,
        },
    )
    assert frame is None
    assert study.data.location == "bars.csv"
    assert study.data.sessions == "24/7"
    assert (study.split.test, study.split.validation) == (0.2, 0.1)
    assert (study.diagnosis.draws, study.diagnosis.seeds) == (99, 2)
    assert study.settings == {"draws": 5, "learning_rate": 0.01}
    assert study.features == ("rsi_14",)


def test_every_flag_of_the_command_line_is_a_keyword() -> None:
    from fireassay.cli.app import data_flags, diagnosis_flags

    names = {
        opt.lstrip("-").replace("-", "_")
        for flag in (*data_flags(), *diagnosis_flags())
        for declared in flag.parameter.default.param_decls
        for opt in declared.split("/")[:1]
    }
    assert names <= set(study_keys())


def test_a_table_is_no_location_and_a_study_can_be_changed() -> None:
    table = pl.DataFrame({"a": [1]})
    study, frame = described(table, resolve("bars.csv"), {"epochs": 3, "data.stale": "drop"})
    assert frame is table
    assert study.settings == {"epochs": 3}
    assert study.data.stale == "drop"


@pytest.mark.parametrize(
    ("keywords", "told"),
    [
        ({"epohcs": 3}, "unknown setting 'epohcs'. Did you mean epochs?"),
        ({"sesions": "24/7"}, "unknown setting 'sesions'. Did you mean sessions"),
        ({"model": "baesian"}, "unknown model 'baesian'"),
        ({"model": "linear", "epochs": 3}, "unknown setting 'epochs'"),
        ({"test": 2.0}, "split.test = 2.0"),
        ({"spilt.test": 0.2}, "spilt"),
    ],
)
def test_unknown_keywords_are_told_with_the_nearest(keywords: dict[str, Any], told: str) -> None:
    with pytest.raises(SettingError) as error:
        described("bars.csv", None, keywords)
    assert told in str(error.value)


def test_a_scenario_fills_in_keys_of_the_study_and_settings_of_the_model() -> None:
    study = resolve("sim:unscaled")
    assert study.scaling == "none"
    assert study.model == "transformer"
    study.learner_settings()
    assert resolve("sim:unscaled", scaling="robust").scaling == "robust"


def test_a_label_end_is_a_number_of_bars_or_a_column() -> None:
    asked = {"target": "column:y"}
    assert resolve("own.csv", label_end="5", **asked).spec.end == "5"
    assert resolve("own.csv", label_end="column:known", **asked).spec.end == "known"
