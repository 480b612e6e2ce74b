"""Did training stop too early?"""

from __future__ import annotations

from typing import ClassVar

from fireassay.diagnosis.case import Case, Runs, pick
from fireassay.diagnosis.checks import check
from fireassay.diagnosis.ground import Ground, shortfall
from fireassay.diagnosis.ladder import Climb, LadderCheck, climb, ladder_checks, restores
from fireassay.diagnosis.rung import Rung
from fireassay.findings import Bearing, Evidence, EvidenceStatus, Rule
from fireassay.interventions.scale_setting import ScaleSetting
from fireassay.interventions.set_setting import SetSetting
from fireassay.training.trial import Trial

ENOUGH = 0.9
"""Part of what is missing from which on a change that takes no longer leaves nothing to be gained by
longer training."""

LONGER = (4, 16)
"""Times the epochs: the second only where the first brings a part of what is missing."""

ALIKE = "learning_rate_too_low"
"""A larger rate and longer training cure the same: the one doesn't make the other needless."""


@check
class TrainingLength(LadderCheck):
    """Learn for four times the epochs, and for sixteen where that brings a part.

    Question: was the model still improving when training ended?

    Control: the same labels under the model as set.

    It costs four times every other rung, so it is asked last, and not where another change (but a
    larger rate) restores nearly all that is missing in the time that the user gave.
    """

    id: ClassVar[str] = "training_length"
    question: ClassVar[str] = "Did training stop too early?"
    causes: ClassVar[tuple[str, ...]] = ("undertrained",)
    cause: ClassVar[str] = "undertrained"

    def applies(self, case: Case) -> str:
        """Tell whether the length is the user's own, and not the budget's."""
        if case.full is not None:
            return "the budget shortened training, so that longer training would repair the budget"
        return super().applies(case)

    def rungs(self, case: Case) -> list[Rung]:
        """Return four and sixteen times the epochs, early stopping off."""
        if not hasattr(case.trial.settings, "epochs"):
            return []
        return [
            Rung(
                f"{factor} × the epochs",
                (
                    ScaleSetting(setting="epochs", factor=float(factor)),
                    SetSetting(setting="patience", value=0),
                ),
            )
            for factor in LONGER
        ]

    def plan(self, case: Case, runs: Runs) -> list[Trial]:
        """Plan the longer run once all shorter ones are back and none of them restores enough."""
        short = shortfall(case, runs)
        if short is None or _waits(case, runs, short) or _enough(case, runs, short):
            return []
        longer = self.turnable(case)
        first = climb(case, runs, short, longer[:1])[1:]
        if not (first and _rising(case, short, first[0])):
            longer = longer[:1]
        missing = [t for rung in longer for t in short.trials(case, *rung.changes)]
        return [t for t in missing if t.id not in runs] or self.on_the_labels(case, runs, short)

    def judge(self, case: Case, runs: Runs) -> list[Evidence]:
        """Compare the longer run with the model as set, or tell what made it needless."""
        short = shortfall(case, runs)
        other = _enough(case, runs, short) if short is not None else None
        if short is None or other is None:
            found = super().judge(case, runs)
            if not found and short is not None and _waits(case, runs, short):
                why = "The budget left out shorter runs, which come first: take a larger --budget."
                return [self.without(EvidenceStatus.NOT_AFFORDED, why)]
            longest = climb(case, runs, short, self.turnable(case))[1:][-1:] if short else []
            if short is not None and longest and _rising(case, short, longest[0]):
                return [_open(e) for e in found]
            return found
        reading = (
            f"Not asked: {other.rung.name} takes {case.metric} from {short.value.value:.3f} to "
            f"{other.value.value:.3f} in the same time, which leaves little to longer training."
        )
        return [
            Evidence(
                id=self.id,
                check=self.id,
                question=self.question,
                trials=tuple(t.id for t in other.trials),
                bears_on=(Bearing(cause=self.cause, rule=Rule.ILLUSTRATES, note=reading),),
                reading=reading,
            )
        ]

    def cure(self, case: Case) -> tuple[()]:
        """Leave the length alone beside other changes: it would cost four times each of them."""
        return ()


def _others() -> list[LadderCheck]:
    return [ladder for ladder in ladder_checks() if not isinstance(ladder, TrainingLength)]


def _rising(case: Case, short: Ground, first: Climb) -> bool:
    """Tell whether a longer run learns more, and not yet enough: a still longer one may."""
    gain = first.gain
    return gain.value > 0 and gain.p <= case.alpha and not restores(case, short, gain)


def _open(evidence: Evidence) -> Evidence:
    """Return the evidence as one that excludes nothing: more was learned the longer it trained."""
    told = f"{evidence.reading} It was still rising: still longer training may."
    bears = tuple(
        b.model_copy(update={"rule": Rule.ILLUSTRATES, "note": told, "share": None})
        for b in evidence.bears_on
    )
    return evidence.model_copy(update={"reading": told, "bears_on": bears})


def _waits(case: Case, runs: Runs, short: Ground) -> bool:
    """Tell whether rungs of other ladders haven't come back."""
    return any(
        pick(runs, short.trials(case, *rung.changes)) is None
        for ladder in _others()
        if not ladder.applies(case)
        for rung in ladder.turnable(case)
    )


def _enough(case: Case, runs: Runs, short: Ground) -> Climb | None:
    """Return the change that restores nearly all that is missing; None if none does."""
    found = [
        c
        for ladder in _others()
        if ladder.cause != ALIKE
        for c in climb(case, runs, short, ladder.turnable(case))[1:]
        if c.gain.p <= case.alpha
        and restores(case, short, c.gain)
        and c.gain.value >= ENOUGH * short.missing.value
    ]
    return max(found, key=lambda c: c.gain.value, default=None)
