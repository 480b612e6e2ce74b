"""Is the model too small for what there is to learn?"""

from __future__ import annotations

from typing import ClassVar

from fireassay.diagnosis.case import Case
from fireassay.diagnosis.checks import check
from fireassay.diagnosis.ladder import LadderCheck
from fireassay.diagnosis.rung import Rung
from fireassay.interventions.resize import Resize
from fireassay.training.settings import NetSettings

ENOUGH = 32
"""Width that a small model is brought to before it is doubled."""


@check
class Capacity(LadderCheck):
    """Learn with a wider and with a deeper model.

    Question: does another size learn what this one doesn't?

    Control: the same labels under the model as set. A planted signal needs little capacity, so a
    model that learns it may still be too small for the real labels.
    """

    id: ClassVar[str] = "capacity"
    question: ClassVar[str] = "Is the model too small for what there is to learn?"
    causes: ClassVar[tuple[str, ...]] = ("capacity_too_small",)
    cause: ClassVar[str] = "capacity_too_small"
    bounded_by: ClassVar[tuple[str, ...]] = ("real",)

    def rungs(self, case: Case) -> list[Rung]:
        """Return a model of twice the width (at least 32), and one more layer on top of that."""
        settings = case.trial.settings
        if not isinstance(settings, NetSettings):
            return []
        width = max(ENOUGH, 2 * settings.width)
        layers = settings.layers
        return [
            Rung(f"{width} wide", (Resize(width=width, layers=layers),)),
            Rung(f"{width} wide, {layers + 1} layers", (Resize(width=width, layers=layers + 1),)),
        ]

    def cure(self, case: Case) -> tuple[()]:
        """Leave the size alone beside other changes: it doesn't undo another fault."""
        return ()
