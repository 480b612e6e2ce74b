"""What to change because of each supported cause: the settings that were seen to work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fireassay.causes import CAUSES
from fireassay.findings import CauseVerdict, Change, Evidence, Prescription, Status


def prescriptions(
    found: Mapping[str, CauseVerdict], evidence: Mapping[str, Evidence], order: Sequence[str]
) -> tuple[Prescription, ...]:
    """Return one prescription for each supported cause, in the order given.

    The changes are those that the evidence itself carries (`Evidence.remedy`): the mildest setting
    that was seen to restore learning.
    """
    result = []
    for cause in order:
        verdict = found[cause]
        if verdict.status is not Status.SUPPORTED:
            continue
        changes: dict[str, Change] = {}
        for item in verdict.evidence:
            for change in evidence[item].remedy:
                changes.setdefault(change.setting, change)
        result.append(
            Prescription(
                cause=cause,
                title=CAUSES[cause].remedy,
                changes=tuple(changes.values()),
                why=verdict.why,
                evidence=verdict.evidence,
            )
        )
    return tuple(result)


def merged(items: Sequence[Prescription]) -> tuple[Change, ...]:
    """Return the changes of all prescriptions together; the earlier one wins a setting."""
    changes: dict[str, Change] = {}
    for item in items:
        for change in item.changes:
            changes.setdefault(change.setting, change)
    return tuple(changes.values())
