"""Does regularization keep the model from learning?"""

from __future__ import annotations

from typing import ClassVar

from fireassay.diagnosis.case import Case, Runs, pick
from fireassay.diagnosis.checks import check
from fireassay.diagnosis.ground import shortfall
from fireassay.diagnosis.ladder import LadderCheck
from fireassay.diagnosis.rung import Rung
from fireassay.interventions.set_setting import SetSetting
from fireassay.interventions.unregularized import Unregularized
from fireassay.training.trial import Trial

PARTS = {
    "dropout": "dropout off",
    "label_smoothing": "label smoothing off",
    "weight_decay": "weight decay off",
}


@check
class Regularization(LadderCheck):
    """Learn without weight decay, dropout and label smoothing, together and singly.

    Question: is what the model lacks held back by regularization?

    Control: the same labels under the model as set. Singly only where they restore it together.
    """

    id: ClassVar[str] = "regularization"
    question: ClassVar[str] = "Does regularization keep the model from learning?"
    causes: ClassVar[tuple[str, ...]] = ("over_regularized",)
    cause: ClassVar[str] = "over_regularized"
    turns: ClassVar[str] = "regularization"

    def rungs(self, case: Case) -> list[Rung]:
        """Return each regularizer off, then all of them."""
        settings = case.trial.settings
        parts = [
            Rung(text, (SetSetting(setting=name, value=0.0),))
            for name, text in PARTS.items()
            if getattr(settings, name, 0.0)
        ]
        whole = Rung("regularization off", (Unregularized(),))
        return [*parts, whole] if len(parts) > 1 else parts

    def plan(self, case: Case, runs: Runs) -> list[Trial]:
        """Plan all of them off; each one off where that has restored something."""
        short = shortfall(case, runs)
        rungs = self.turnable(case)
        if short is None or not rungs:
            return []
        together = short.trials(case, *rungs[-1].changes)
        found = pick(runs, together)
        if found is None:
            return [t for t in together if t.id not in runs]
        gain = case.gain(case.scored(found), short.as_set)
        if gain.value < 0.5 * short.missing.value:
            return []
        return super().plan(case, runs)
