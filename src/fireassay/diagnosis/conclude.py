"""Plain words: what the verdicts come to, each sentence with the evidence that it rests on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fireassay.causes import CAUSES
from fireassay.diagnosis.scan import advice
from fireassay.diagnosis.verdict import Presence, presence
from fireassay.findings import CauseVerdict, DataAudit, Evidence, EvidenceStatus, Sentence, Status

SHORTFALLS = ("deficit", "planted", "planted_faint")
"""Evidence of what the model lacks, that of the user's own labels first."""

WHY_OPEN = "What keeps it from more isn't decided: the experiments that could tell are named below."


def decisive_first(
    evidence: Sequence[Evidence], found: Mapping[str, CauseVerdict], order: Sequence[str]
) -> list[Evidence]:
    """Order evidence for a reader: what supports the primary causes, then as it was taken."""
    cited = [e for cause in order for e in found[cause].evidence]
    place = {id_: i for i, id_ in enumerate(dict.fromkeys(cited))}
    return sorted(evidence, key=lambda e: place.get(e.id, len(place)))


def grave(audit: DataAudit, evidence: Sequence[Evidence]) -> tuple[Sentence, ...]:
    """Say first what makes results on the data as it stands wrong, however good they look."""
    said = []
    for item in audit.items:
        if not item.grave:
            continue
        share = item.share or 0.0
        text = f"Mend the data first: {share:.1%} of its bars are {item.what}. {item.advice}"
        more = [e for e in evidence if item.id in e.audited]
        text = " ".join([text, *(e.audited[item.id] for e in more)])
        said.append(Sentence(text=text, evidence=tuple(e.id for e in more)))
    return tuple(said)


def inspected(evidence: Sequence[Evidence]) -> tuple[Sentence, ...]:
    """Return the assessment where nothing was trained: what each look at the data showed."""
    shown = [e for e in evidence if e.status is EvidenceStatus.MEASURED]
    sentences = [Sentence(text=e.reading, evidence=(e.id,)) for e in shown]
    sentences.append(
        Sentence(
            text="Whether anything can be learned, and what keeps a model from it, takes training: "
            "`fireassay diagnose`."
        )
    )
    return tuple(sentences)


def assessment(
    found: Mapping[str, CauseVerdict],
    evidence: Sequence[Evidence],
    order: Sequence[str],
    alpha: float = 0.05,
) -> tuple[Sentence, ...]:
    """Return the assessment: what was found, first causes first, what was excluded, what is open."""
    if not any(e.id == "signal" for e in evidence):
        return inspected(evidence)
    sentences = [_opening(found, evidence, order, alpha)]
    for i, cause in enumerate(order):
        verdict = found[cause]
        lead = "" if i == 0 else "Also: "
        text = f"{lead}{CAUSES[cause].meaning} {verdict.why}"
        sentences.append(Sentence(text=text, evidence=verdict.evidence))
    undecided = [c for c, v in found.items() if v.status is Status.UNDECIDED]
    for lead, wanted in (
        ("Excluded", [c for c, v in found.items() if v.status is Status.EXCLUDED]),
        ("Tried and undecided", [c for c in undecided if found[c].evidence]),
        ("Not examined", [c for c in undecided if not found[c].evidence]),
    ):
        if wanted:
            cited = tuple(dict.fromkeys(e for c in wanted for e in found[c].evidence))
            names = _listed([CAUSES[c].title for c in wanted])
            sentences.append(Sentence(text=f"{lead}: {names}.", evidence=cited))
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


def _short(evidence: Sequence[Evidence], alpha: float) -> Evidence | None:
    """Return the evidence that the model falls short of what others learn; None if there is none."""
    by_id = {e.id: e for e in evidence}
    known = [by_id[name] for name in SHORTFALLS if name in by_id]
    return next((e for e in known if presence(e, alpha) is Presence.PRESENT), None)


def _opening(
    found: Mapping[str, CauseVerdict],
    evidence: Sequence[Evidence],
    order: Sequence[str],
    alpha: float,
) -> Sentence:
    """Say in one sentence what it comes to."""
    signal = next((e for e in evidence if e.id == "signal"), None)
    cited = () if signal is None else (signal.id,)
    if order:
        first, *others = (CAUSES[cause] for cause in order)
        text = f"The {first.side} limits what is learned: {first.title}."
        if others:
            text += f" That apart: {'; '.join(c.title for c in others)}."
        return Sentence(text=text, evidence=found[order[0]].evidence)
    short = _short(evidence, alpha)
    if short is not None:
        return Sentence(text=f"{short.reading} {WHY_OPEN}", evidence=(short.id,))
    if found["no_signal"].status is Status.EXCLUDED:
        return Sentence(
            text="There is something to learn, and nothing that was examined keeps the model from "
            "learning it.",
            evidence=cited,
        )
    return Sentence(text="Nothing that was examined explains the result.", evidence=cited)


def next_steps(
    found: Mapping[str, CauseVerdict], order: Sequence[str], evidence: Sequence[Evidence] = ()
) -> tuple[Sentence, ...]:
    """Return what to do next, in order; last which targets could be learned, where that is known."""
    steps = [
        Sentence(
            text=f"{CAUSES[c].title[:1].upper()}{CAUSES[c].title[1:]}: {CAUSES[c].remedy}",
            evidence=found[c].evidence,
        )
        for c in order
    ]
    if not order:
        steps.append(
            Sentence(text="Compare configurations with `fireassay sweep`, told against chance.")
        )
    return (*steps, *advice(evidence))


def _listed(items: Sequence[str]) -> str:
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"
