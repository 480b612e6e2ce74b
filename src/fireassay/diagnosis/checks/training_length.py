"""Did training stop too early?"""

from __future__ import annotations

from typing import ClassVar

from fireassay.diagnosis.case import Case
from fireassay.diagnosis.checks import check
from fireassay.diagnosis.ladder import LadderCheck
from fireassay.diagnosis.rung import Rung
from fireassay.interventions.scale_setting import ScaleSetting
from fireassay.interventions.set_setting import SetSetting


@check
class TrainingLength(LadderCheck):
    """Learn for four times the epochs.

    Question: was the model still improving when training ended?

    Control: the same labels under the model as set.
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
        """Return four times the epochs, with early stopping off."""
        if not hasattr(case.trial.settings, "epochs"):
            return []
        longer = ScaleSetting(setting="epochs", factor=4.0)
        return [Rung("4 × the epochs", (longer, SetSetting(setting="patience", value=0)))]

    def cure(self, case: Case) -> tuple[()]:
        """Leave the length alone beside other changes: it would cost four times each of them."""
        return ()
