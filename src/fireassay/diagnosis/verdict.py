"""From evidence to verdicts: a pure function.

It reads which causes an evidence bears on and by which rule, never which check it came from. The
tests that can support a fault form one family; their p are corrected by Holm's procedure, so that a
sound model is called faulty at most with probability α, however many checks are run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

import numpy as np

from fireassay.causes import CAUSES, Side
from fireassay.findings import (
    Bearing,
    CauseVerdict,
    Evidence,
    EvidenceStatus,
    Rule,
    Status,
)
from fireassay.statistics.multiplicity import holm

NOT_EXAMINED = "No check of this diagnosis examined it."

FAULTS = (Rule.EFFECT, Rule.RESTORES)
"""Rules by which a significant effect calls something faulty: their tests form the family."""

HIDDEN = (
    "What was tried alone restores nothing, and nothing that was tried restores what is missing: "
    "causes that hold together hide each other."
)

IN_THE_WAY = ("features_unscaled", "kl_dominates", "over_regularized", "gradient_broken")
"""Causes that keep a model of any size, trained however long, from what it could learn."""

EXPLAINED_BY: Mapping[str, tuple[str, ...]] = {
    "capacity_too_small": (*IN_THE_WAY, "learning_rate_too_low", "learning_rate_too_high"),
    "undertrained": IN_THE_WAY,
    "learning_rate_too_high": ("overfitting",),
    "wrong_model_class": (
        *(c for c in CAUSES if CAUSES[c].side in (Side.MODEL, Side.TRAINING, Side.PRIOR)),
        *(c for c in CAUSES if CAUSES[c].side is Side.EVALUATION),
        "features_unscaled",
    ),
}
"""Causes that hold only where none of these explains the same deficit: a larger model, or more
epochs, may get past what is in the way, so may another kind of model, and a lower rate stops short of
what is learned by heart."""


REFUTED_BY: Mapping[str, tuple[str, ...]] = {
    "no_signal": ("context_too_short",),
    "underpowered": ("context_too_short",),
}
"""Causes that can't hold beside these: what a longer look-back learns of the labels is there."""


class Presence(StrEnum):
    """What an evidence says of its effect."""

    PRESENT = "present"
    ABSENT = "absent"
    UNSEEN = "not seen for lack of power"


def adjusted(evidence: Sequence[Evidence]) -> list[Evidence]:
    """Return the evidence with p corrected over the family of tests that can support a fault."""
    family = [
        i
        for i, e in enumerate(evidence)
        if e.p is not None and any(b.rule in FAULTS for b in e.bears_on)
    ]
    corrected = holm(np.array([evidence[i].p for i in family], dtype=np.float64))
    p = dict(zip(family, corrected.tolist(), strict=True))
    return [
        e if e.p is None else e.model_copy(update={"p_adjusted": p.get(i, e.p)})
        for i, e in enumerate(evidence)
    ]


BY_POWER_ALONE = (Rule.NO_EFFECT, Rule.LACK_OF_POWER)
"""Rules that ask what could have been seen of a true effect: an interval of a held-out score, which a
learner carries only a part of the effect over to, doesn't tell."""


def presence(evidence: Evidence, alpha: float, rule: Rule = Rule.EFFECT) -> Presence:
    """Tell whether an evidence's effect is present, absent, or could not have been seen.

    Present: p (corrected) ≤ α and the effect at least half of what matters. Absent: not present,
    though an effect that matters would have been detected. See `fireassay.findings.Rule`.
    """
    p = evidence.p if evidence.p_adjusted is None else evidence.p_adjusted
    matters = evidence.matters or 0.0
    excess = (evidence.effect or 0.0) - (evidence.trivial or 0.0)
    if p is not None and p <= alpha and excess >= matters / 2:
        return Presence.PRESENT
    if evidence.mde is not None and evidence.mde <= matters:
        return Presence.ABSENT
    # An interval that ends below what matters excludes it too, whatever the power was.
    high = evidence.interval.high if evidence.interval and rule not in BY_POWER_ALONE else None
    if high is not None and high - (evidence.trivial or 0.0) < matters:
        return Presence.ABSENT
    return Presence.UNSEEN


_SAYS: Mapping[Rule, Mapping[Presence, Status | None]] = {
    Rule.EFFECT: {
        Presence.PRESENT: Status.SUPPORTED,
        Presence.ABSENT: Status.EXCLUDED,
        Presence.UNSEEN: Status.UNDECIDED,
    },
    Rule.RESTORES: {
        Presence.PRESENT: Status.SUPPORTED,
        Presence.ABSENT: Status.EXCLUDED,
        Presence.UNSEEN: Status.UNDECIDED,
    },
    Rule.NO_EFFECT: {
        Presence.PRESENT: Status.EXCLUDED,
        Presence.ABSENT: Status.SUPPORTED,
        Presence.UNSEEN: Status.UNDECIDED,
    },
    Rule.BOUND: {
        Presence.PRESENT: None,
        Presence.ABSENT: Status.EXCLUDED,
        Presence.UNSEEN: None,
    },
    Rule.LACK_OF_POWER: {
        Presence.PRESENT: Status.EXCLUDED,
        Presence.ABSENT: Status.EXCLUDED,
        Presence.UNSEEN: Status.SUPPORTED,
    },
}


def says(evidence: Evidence, bearing: Bearing, alpha: float) -> Status | None:
    """Return what an evidence says of a cause; None for a mere symptom."""
    if bearing.rule is Rule.OBSERVED_FOR:
        return Status.SUPPORTED
    if bearing.rule is Rule.OBSERVED_AGAINST:
        return Status.EXCLUDED
    if bearing.rule is Rule.ILLUSTRATES or evidence.status is not EvidenceStatus.MEASURED:
        return None
    return _SAYS[bearing.rule][presence(evidence, alpha, bearing.rule)]


def verdicts(evidence: Sequence[Evidence], alpha: float = 0.05) -> dict[str, CauseVerdict]:
    """Return what is said of every cause.

    One supporting evidence supports a cause; otherwise one that excludes it, excludes it; otherwise
    it is undecided, with the reason. Pass evidence with corrected p (`adjusted`).
    """
    result = {cause: _verdict(cause, evidence, alpha) for cause in CAUSES}
    if not _restored(evidence, alpha):
        for cause, found in result.items():
            if found.status is Status.EXCLUDED and _only_restores(cause, evidence, alpha):
                result[cause] = found.model_copy(
                    update={"status": Status.UNDECIDED, "why": f"{found.why} {HIDDEN}"}
                )
    for cause, witnesses in REFUTED_BY.items():
        for other in witnesses:
            seen = result[other]
            if seen.status is Status.SUPPORTED and result[cause].status is Status.SUPPORTED:
                result[cause] = CauseVerdict(
                    status=Status.EXCLUDED, why=seen.why, evidence=seen.evidence
                )
    for cause, explanations in EXPLAINED_BY.items():
        found = result[cause]
        others = [
            CAUSES[c].title
            for c in explanations
            if c != cause and result[c].status is Status.SUPPORTED
        ]
        if found.status is Status.SUPPORTED and others:
            result[cause] = found.model_copy(
                update={
                    "status": Status.UNDECIDED,
                    "why": f"{found.why} But {' and '.join(others)} may explain it: mend that first.",
                    "share": None,
                }
            )
    return result


def _restored(evidence: Sequence[Evidence], alpha: float) -> bool:
    """Tell whether the removal of any cause was seen to restore what is missing."""
    return any(
        b.rule is Rule.RESTORES and says(e, b, alpha) is Status.SUPPORTED
        for e in evidence
        for b in e.bears_on
    )


def _only_restores(cause: str, evidence: Sequence[Evidence], alpha: float) -> bool:
    """Tell whether a cause is excluded by nothing but ladders that restored nothing."""
    rules = {b.rule for s, _, b in _said(cause, evidence, alpha) if s is Status.EXCLUDED}
    return rules == {Rule.RESTORES}


def _said(
    cause: str, evidence: Sequence[Evidence], alpha: float
) -> list[tuple[Status, Evidence, Bearing]]:
    """Return what each evidence says of a cause, bounds that others contradict left out."""
    bears = [(e, b) for e in evidence for b in e.bears_on if b.cause == cause]
    said = [(status, e, b) for e, b in bears if (status := says(e, b, alpha)) is not None]
    open_bound = any(
        b.rule is Rule.BOUND
        and e.status is EvidenceStatus.MEASURED
        and presence(e, alpha) is not Presence.ABSENT
        for e, b in bears
    )
    return [item for item in said if not (open_bound and item[2].rule is Rule.BOUND)]


def _verdict(cause: str, evidence: Sequence[Evidence], alpha: float) -> CauseVerdict:
    said = _said(cause, evidence, alpha)
    for status in (Status.SUPPORTED, Status.EXCLUDED, Status.UNDECIDED):
        chosen = [(e, b) for s, e, b in said if s is status]
        if not chosen:
            continue
        # The evidence that restores most speaks first.
        chosen.sort(key=lambda item: -(item[1].share or 0.0))
        shares = [b.share for _, b in chosen if b.share is not None]
        return CauseVerdict(
            status=status,
            why=_why(status, *chosen[0]),
            evidence=tuple(dict.fromkeys(e.id for e, _ in chosen)),
            share=max(shares) if shares and status is Status.SUPPORTED else None,
        )
    tried = [e for e in evidence if any(b.cause == cause for b in e.bears_on)]
    return CauseVerdict(
        status=Status.UNDECIDED,
        why=tried[0].reading if tried else NOT_EXAMINED,
        evidence=tuple(e.id for e in tried),
    )


def _why(status: Status, evidence: Evidence, bearing: Bearing) -> str:
    note = bearing.note or evidence.reading
    note = note if note.endswith((".", "!", "?")) else f"{note}."
    if status is Status.UNDECIDED:
        return f"{note} {_power(evidence)}"
    return note


def _power(evidence: Evidence) -> str:
    """Say why an evidence could not decide."""
    if evidence.mde is None or evidence.matters is None:
        return "The sessions can't decide it."
    return (
        f"Only an effect of {evidence.mde:.3f} or more would have been seen; "
        f"{evidence.matters:.3f} matters."
    )


LAST = ("no_signal", "underpowered", "metric_artefact")
"""What is said of the labels as they are: whatever is wrong with label, data or evaluation explains
it and is to be mended first."""

ORDER = (Side.EVALUATION, Side.LABEL, Side.DATA, Side.PRIOR, Side.TRAINING, Side.MODEL)
"""Sides in the order in which they decide: what is wrong with the evaluation, the label or the data
limits everything that could be learned; the rest is ordered by how much each restores."""

LIMITING = (Side.EVALUATION, Side.LABEL, Side.DATA)


def primary(found: Mapping[str, CauseVerdict]) -> tuple[str, ...]:
    """Return the supported causes, the most decisive first."""
    supported = [c for c, v in found.items() if v.status is Status.SUPPORTED]

    def place(cause: str) -> tuple[int, int, float, int]:
        side = CAUSES[cause].side
        if cause in LAST:
            return (1, LAST.index(cause), 0.0, 0)
        if side in LIMITING:
            return (0, ORDER.index(side), 0.0, 0)
        return (2, 0, -(found[cause].share or 0.0), ORDER.index(side))

    return tuple(sorted(supported, key=place))
