"""The JSON Schema of study.toml, for editors that complete and check TOML.

`python -m fireassay.studyfile.schema` writes docs/study.schema.json again after a setting has
changed; a test says when that was forgotten. A study names it in its first line: `#:schema URL`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from fireassay.data.targets import TARGETS
from fireassay.study import Study
from fireassay.training.settings import NETWORKS, NetSettings

URL = "https://fireassay.readthedocs.io/en/latest/study.schema.json"
FILE = Path(__file__).parents[3] / "docs" / "study.schema.json"


def study_schema() -> dict[str, Any]:
    """Return the schema (draft 2020-12) of a study.toml.

    `settings` knows those of the networks and lets others pass, which belong to other learners.
    """
    schema = Study.model_json_schema()
    nets = NetSettings.model_json_schema()
    schema["$defs"] |= nets.pop("$defs", {})
    properties = schema["properties"]
    properties["settings"] |= {"properties": nets["properties"], "additionalProperties": True}
    properties["model"]["examples"] = [*NETWORKS, "linear", "boosting"]
    properties["target"]["examples"] = [f"{name}:1" for name in TARGETS]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": URL,
        **schema,
        "title": "study.toml of fireassay",
    }


def schema_text() -> str:
    """Return the schema as the published file holds it."""
    return json.dumps(study_schema(), indent=2, ensure_ascii=False, default=str) + "\n"


if __name__ == "__main__":
    FILE.write_text(schema_text(), encoding="utf-8")
