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

LEAST = 30
"""Times that any cause has to have been supported among the patients for shares to be told."""

WORTH = 4.0
"""Times supported that what all causes have in common counts for, beside a cause's own."""


@cache
def record() -> dict[str, tuple[int, int]]:
    """Return by cause how often it held among the times it was supported, and those times."""
    rows = json.loads(files("fireassay.diagnosis").joinpath(FILE).read_text(encoding="utf-8"))
    return {cause: (row["held"], row["supported"]) for cause, row in rows.items()}


def confidence(cause: str) -> float | None:
    """Return the chance that a cause holds when it is supported; None where too little is known.

    The posterior mean of a share under a Beta prior whose mean is the share of all causes together
    (Robbins 1956, empirical Bayes; that share by Laplace's rule of succession), so that few cases say
    little and none say certainty.
    """
    rows = record()
    held, supported = rows.get(cause, (0, 0))
    of_all = sum(n for _, n in rows.values())
    if not supported or of_all < LEAST:
        return None
    common = (sum(n for n, _ in rows.values()) + 1) / (of_all + 2)
    return (held + WORTH * common) / (supported + WORTH)


def with_confidence(found: Mapping[str, CauseVerdict]) -> dict[str, CauseVerdict]:
    """Return the verdicts, the supported ones with their track record."""
    return {
        cause: verdict
        if verdict.status is not Status.SUPPORTED
        else verdict.model_copy(update={"confidence": confidence(cause)})
        for cause, verdict in found.items()
    }
