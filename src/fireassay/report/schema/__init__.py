"""The JSON Schemas of diagnosis.json and train.json, published beside the code that writes them.

`python -m fireassay.report.schema` writes them again after the findings have changed; a test says
when that was forgotten.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from fireassay import trained
from fireassay.causes import CAUSES
from fireassay.findings import SCHEMA_VERSION, Diagnosis

FILE = Path(__file__).parent / "diagnosis.schema.json"
TRAINING = Path(__file__).parent / "train.schema.json"


def diagnosis_schema() -> dict[str, Any]:
    """Return the schema (draft 2020-12) of what `Diagnosis.to_json` writes."""
    schema = Diagnosis.model_json_schema(mode="serialization")
    properties = schema["properties"]
    properties["schema_version"] = {"const": SCHEMA_VERSION, "type": "string"}
    names = sorted(CAUSES)
    properties["causes"] |= {"propertyNames": {"enum": names}, "required": names}
    properties["primary"]["items"]["enum"] = names
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"https://fireassay.readthedocs.io/schema/diagnosis-{SCHEMA_VERSION}.json",
        **schema,
    }


def training_schema() -> dict[str, Any]:
    """Return the schema (draft 2020-12) of what `Trained.to_json` writes."""
    schema = trained.Trained.model_json_schema(mode="serialization")
    version = trained.SCHEMA_VERSION
    schema["properties"]["schema_version"] = {"const": version, "type": "string"}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"https://fireassay.readthedocs.io/schema/train-{version}.json",
        **schema,
    }


def schema_text(schema: dict[str, Any] | None = None) -> str:
    """Return a schema (that of a diagnosis, if none is given) as the published file holds it."""
    return json.dumps(schema or diagnosis_schema(), indent=2, ensure_ascii=False) + "\n"
