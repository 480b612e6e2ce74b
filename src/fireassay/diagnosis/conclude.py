"""Plain words: what the verdicts come to, each sentence with the evidence that it rests on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fireassay.causes import CAUSES
from fireassay.findings import CauseVerdict, Evidence, EvidenceStatus, Sentence, Status


def assessment(
    found: Mapping[str, CauseVerdict], evidence: Sequence[Evidence], order: Sequence[str]
) -> tuple[Sentence, ...]:
    """Return the assessment: what was found, first causes first, what was excluded, what is open."""
    sentences = [_opening(found, evidence, order)]
    for i, cause in enumerate(order):
        verdict = found[cause]
        lead = "" if i == 0 else "Also: "
        text = f"{lead}{CAUSES[cause].meaning} {verdict.why}"
        sentences.append(Sentence(text=text, evidence=verdict.evidence))
    excluded = [c for c, v in found.items() if v.status is Status.EXCLUDED]
    if excluded:
        cited = tuple(dict.fromkeys(e for c in excluded for e in found[c].evidence))
        names = _listed([CAUSES[c].title for c in excluded])
        sentences.append(Sentence(text=f"Excluded by experiment: {names}.", evidence=cited))
    undecided = [c for c, v in found.items() if v.status is Status.UNDECIDED]
    if undecided:
        names = _listed([CAUSES[c].title for c in undecided])
        sentences.append(Sentence(text=f"Undecided: {names}."))
    failed = [e for e in evidence if e.status is EvidenceStatus.FAILED]
    if failed:
        sentences.append(
            Sentence(
                text=f"{len(failed)} checks failed and say nothing: "
                f"{_listed([e.check for e in failed])}.",
                evidence=tuple(e.id for e in failed),
            )
        )
    return tuple(sentences)


def _opening(
    found: Mapping[str, CauseVerdict], evidence: Sequence[Evidence], order: Sequence[str]
) -> Sentence:
    """Say in one sentence what it comes to."""
    signal = next((e for e in evidence if e.id == "signal"), None)
    cited = () if signal is None else (signal.id,)
    if order:
        first = CAUSES[order[0]]
        more = f" {len(order) - 1} more of its causes are supported." if len(order) > 1 else ""
        return Sentence(text=f"The {first.side} limits what is learned: {first.title}.{more}")
    if found["no_signal"].status is Status.EXCLUDED:
        return Sentence(
            text="There is something to learn, and nothing that was examined keeps the model from "
            "learning it.",
            evidence=cited,
        )
    return Sentence(text="Nothing that was examined explains the result.", evidence=cited)


def next_steps(found: Mapping[str, CauseVerdict], order: Sequence[str]) -> tuple[Sentence, ...]:
    """Return what to do next, in order."""
    steps = [
        Sentence(
            text=f"{CAUSES[c].title.capitalize()}: {CAUSES[c].remedy}", evidence=found[c].evidence
        )
        for c in order
    ]
    if not order:
        steps.append(
            Sentence(text="Compare configurations with `fireassay sweep`, told against chance.")
        )
    return tuple(steps)


def _listed(items: Sequence[str]) -> str:
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"
