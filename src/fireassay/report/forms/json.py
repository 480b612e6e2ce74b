"""JSON: the diagnosis itself, as diagnosis.json holds it."""

from __future__ import annotations

from fireassay.findings import Diagnosis
from fireassay.report.forms import form
from fireassay.report.wording import json_escaped


@form("json", file="diagnosis.json")
def render(diagnosis: Diagnosis) -> str:
    r"""Return JSON text that `Diagnosis.from_json` reads back as an equal diagnosis.

    Hidden characters, which JSON has only inside strings, are written as \u escapes: the file may be
    read in a terminal.
    """
    return json_escaped(diagnosis.to_json()) + "\n"
