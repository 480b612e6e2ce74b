"""`fireassay init`: the study.toml that it writes can be read, used, and checked by an editor."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import polars as pl
import pytest
from typer.testing import CliRunner, Result

import fireassay
from fireassay.cli.app import app
from fireassay.study import Study
from fireassay.studyfile.schema import FILE, URL, schema_text, study_schema

DEFAULT = re.compile(r"^# (?=[a-z_]+ = )", re.MULTILINE)


@pytest.fixture(scope="module")
def columns(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "bars.parquet"
    fireassay.simulate("healthy-strong", sessions=12)[0].write_parquet(path)
    return path


@pytest.fixture(scope="module")
def prices(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "bars.csv"
    fireassay.simulate("learnable", sessions=12, bar_minutes=5)[0].write_csv(path)
    return path


def invoke(*args: object) -> Result:
    return CliRunner().invoke(app, [str(arg) for arg in args], env={"COLUMNS": "80"})


def test_what_is_written_is_a_study_of_the_data(columns: Path, tmp_path: Path) -> None:
    result = invoke("init", columns, "--out", tmp_path / "study.toml", "--session", "gap:90m")
    assert result.exit_code == 0, result.output
    study = Study.from_toml(tmp_path / "study.toml")
    assert study.target == "column:y"
    assert study.features == ("columns:f_*",)
    assert study.label_end == "column:label_end"
    assert study.data.location == str(columns)
    assert study.data.sessions == "gap:90m"
    assert "12 sessions of about 78 bars" in result.stdout
    assert "8 numeric columns" in result.stdout
    inspected = invoke("inspect", "--study", tmp_path / "study.toml", "--output", "quiet")
    assert inspected.exit_code == 0, inspected.output


def test_prices_get_a_target_of_the_catalogue(prices: Path, tmp_path: Path) -> None:
    found = fireassay.init(prices, tmp_path / "study.toml")
    study = Study.from_toml(tmp_path / "study.toml")
    assert study.target == found.target == "vwap_reversion:1"
    assert study.features == ("catalogue",)
    text = (tmp_path / "study.toml").read_text()
    assert text.startswith(f"#:schema {URL}\n")
    assert "#   direction:1: Will the price be higher or lower" in text
    assert all("mechanical" not in question for _, question in found.targets)
    assert max(map(len, text.split("\n"))) <= 130


def test_what_stands_behind_a_comment_is_the_default(columns: Path, tmp_path: Path) -> None:
    fireassay.init(columns, tmp_path / "study.toml")
    text = (tmp_path / "study.toml").read_text()
    set_, all_ = tmp_path / "set.toml", tmp_path / "all.toml"
    set_.write_text(text)
    every = DEFAULT.sub("", text)
    assert len(every) < len(text) - 100
    all_.write_text(every)
    one, other = Study.from_toml(set_), Study.from_toml(all_)
    left_out = {"settings", "sweep"}  # the grid is an example
    assert one.model_dump(exclude=left_out) == other.model_dump(exclude=left_out)
    assert one.learner_settings() == other.learner_settings()


def test_a_table_in_memory_and_unlikely_names_are_taken(tmp_path: Path) -> None:
    table, _ = fireassay.simulate("healthy-strong", sessions=12)
    odd = table.rename({"f_00": "a\nb = 1 # x", "f_01": 'q"uote', "y": "Label"})
    found = fireassay.init(odd, tmp_path / "study.toml")
    assert found.target == "column:Label"
    study = Study.from_toml(tmp_path / "study.toml")
    assert set(study.features) == {"columns:a\nb = 1 # x", 'columns:q"uote', "columns:f_*"}


def test_a_file_that_is_there_is_kept_unless_forced(prices: Path, tmp_path: Path) -> None:
    out = tmp_path / "study.toml"
    out.write_text("mine")
    refused = invoke("init", prices, "-o", out)
    assert refused.exit_code == 2
    assert "--force" in refused.stderr
    assert out.read_text() == "mine"
    assert invoke("init", prices, "-o", out, "--force").exit_code == 0
    assert invoke("init", tmp_path / "nothing.csv", "-o", tmp_path / "x.toml").exit_code == 2


def test_the_published_schema_is_current() -> None:
    assert FILE.read_text(encoding="utf-8") == schema_text(), "python -m fireassay.studyfile.schema"
    jsonschema.Draft202012Validator.check_schema(study_schema())


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ('target = "direction:5"\n[settings]\nepochs = 5\nprior = "fan_in"', True),
        ("[settings]\npenalty = 3.0", True),
        ("[sweep.grid]\nwidth = [8, 16]", True),
        ("targt = 1", False),
        ('[settings]\nepochs = "many"', False),
        ("[split]\ntest = 1.5", False),
    ],
)
def test_the_schema_takes_and_refuses_what_a_study_does(text: str, valid: bool) -> None:
    values: dict[str, Any] = tomllib.loads(text)
    checker = jsonschema.Draft202012Validator(study_schema())
    assert checker.is_valid(values) == valid


def test_a_written_study_fits_the_schema(columns: Path, prices: Path, tmp_path: Path) -> None:
    checker = jsonschema.Draft202012Validator(json.loads(schema_text()))
    for i, data in enumerate((columns, prices, pl.read_parquet(columns))):
        fireassay.init(data, tmp_path / f"{i}.toml")
        text = (tmp_path / f"{i}.toml").read_text()
        checker.validate(tomllib.loads(text))
        checker.validate(tomllib.loads(DEFAULT.sub("", text)))
