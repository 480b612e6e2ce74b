"""Is the verdict settled, so that what only illustrates it needn't be run? A pure function."""

from __future__ import annotations

from collections.abc import Sequence

from fireassay.causes import CAUSES, Side
from fireassay.diagnosis.verdict import LAST, LIMITING, adjusted, verdicts
from fireassay.findings import Evidence, Status

OPEN = ("no_signal", "underpowered")
"""Where nothing was found, every further experiment on the model belongs to the answer."""

OWN = (Side.PRIOR, Side.TRAINING, Side.MODEL)
"""Sides of which experiments on the model could still say something."""


def settled(evidence: Sequence[Evidence], alpha: float) -> str:
    """Return what settles the verdict, in words; empty while it isn't settled.

    It is settled where a fault of label, data or evaluation was seen (what the model makes of faulty
    labels isn't worth knowing), where something learns these labels and a cause on the model's side
    explains what the model lacks, and where nothing was found that it lacks.

    Parameters
    ----------
    evidence
        So far, p not yet corrected.
    alpha
        Level of every decision.
    """
    found = verdicts(adjusted(evidence), alpha)
    supported = [c for c, v in found.items() if v.status is Status.SUPPORTED]
    grave = [c for c in supported if CAUSES[c].side in LIMITING and c not in LAST]
    if grave:
        return CAUSES[grave[0]].title
    if any(found[cause].status is not Status.EXCLUDED for cause in OPEN):
        return ""
    own = [c for c in supported if CAUSES[c].side in OWN]
    if own:
        return CAUSES[own[0]].title
    undecided = [
        c for c, v in found.items() if CAUSES[c].side in OWN and v.status is Status.UNDECIDED
    ]
    return "" if undecided else "the labels are learned, and nothing is missing that was looked for"
