"""How often a cause held when it was supported: counted on simulated patients, not judged by feel.

The counts come from the tuning half of the gauntlet (`python -m fireassay.clinic.record FOLDER`
writes them), so the table that is reported on the other half also tells whether they are honest.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from fireassay.findings import CauseVerdict, Status

FILE = "track_record.json"

LEAST = 5
"""Times that a cause has to have been supported among the patients for its share to be told."""


@cache
def record() -> dict[str, tuple[int, int]]:
    """Return by cause how often it held among the times it was supported, and those times."""
    rows = json.loads(files("fireassay.diagnosis").joinpath(FILE).read_text(encoding="utf-8"))
    return {cause: (row["held"], row["supported"]) for cause, row in rows.items()}


def confidence(cause: str) -> float | None:
    """Return the chance that a cause holds when it is supported; None where too little is known.

    The posterior mean of a share under the prior of Jeffreys, Beta(½, ½): it never says certainty.
    """
    held, supported = record().get(cause, (0, 0))
    return (held + 0.5) / (supported + 1) if supported >= LEAST else None


def with_confidence(found: Mapping[str, CauseVerdict]) -> dict[str, CauseVerdict]:
    """Return the verdicts, the supported ones with their track record."""
    return {
        cause: verdict
        if verdict.status is not Status.SUPPORTED
        else verdict.model_copy(update={"confidence": confidence(cause)})
        for cause, verdict in found.items()
    }
