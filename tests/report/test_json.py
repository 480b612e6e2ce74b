from __future__ import annotations

import json
import runpy
from pathlib import Path

import jsonschema
import pytest

from fireassay.findings import Diagnosis
from fireassay.report import render
from fireassay.report.schema import FILE, diagnosis_schema, schema_text

from .examples import minimal, vwap_noise
from .hostile import hostile

MAKERS = [vwap_noise, minimal, lambda: hostile(20)]


@pytest.mark.parametrize("make", MAKERS)
def test_the_form_reads_back_as_an_equal_diagnosis(make: object) -> None:
    diagnosis = make()
    again = Diagnosis.from_json(render(diagnosis, "json"))
    assert again.to_json() == diagnosis.to_json()


def test_hidden_characters_are_escaped() -> None:
    text = render(hostile(100), "json")
    assert not set("\x1b\x9b\u200b\u202e\u2066\U000e0041") & set(text)


def test_the_published_schema_is_current() -> None:
    """Run `python -m fireassay.report.schema` when this fails."""
    assert FILE.read_text(encoding="utf-8") == schema_text()


@pytest.mark.parametrize("make", MAKERS)
def test_diagnoses_fit_the_schema(make: object) -> None:
    schema = diagnosis_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(json.loads(render(make(), "json")), schema)


@pytest.mark.parametrize(
    ("where", "value"),
    [
        ("schema_version", "0.9"),
        ("primary", ["made_up"]),
        ("causes", {}),
        ("evidence", []),
        ("surprise", 1),
    ],
)
def test_what_does_not_fit_is_refused(where: str, value: object) -> None:
    tree = json.loads(render(minimal(), "json"))
    tree[where] = value
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(tree, diagnosis_schema())


def test_the_command_writes_the_published_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fireassay.report.schema.FILE", tmp_path / "schema.json")
    monkeypatch.setattr("fireassay.report.schema.TRAINING", tmp_path / "train.json")
    runpy.run_module("fireassay.report.schema", run_name="__main__")
    assert (tmp_path / "schema.json").read_text(encoding="utf-8") == schema_text()
