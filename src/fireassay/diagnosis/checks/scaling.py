"""Do features on incomparable scales keep the model from learning?"""

from __future__ import annotations

from typing import ClassVar

from fireassay.diagnosis.case import Case
from fireassay.diagnosis.checks import check
from fireassay.diagnosis.ladder import LadderCheck
from fireassay.diagnosis.rung import Rung
from fireassay.interventions.rescale import Rescale


@check
class FeatureScaling(LadderCheck):
    """Learn with features standardised on the training sessions.

    Question: are some features so large or small that the rest are not seen?

    Control: the same labels with features as set.
    """

    id: ClassVar[str] = "scaling"
    question: ClassVar[str] = "Do features on incomparable scales keep the model from learning?"
    causes: ClassVar[tuple[str, ...]] = ("features_unscaled",)
    cause: ClassVar[str] = "features_unscaled"
    turns: ClassVar[str] = "the features' scaling"

    def rungs(self, case: Case) -> list[Rung]:
        """Return standardised features, where they aren't."""
        return [] if case.task.scaling != "none" else [Rung("features standardised", (Rescale(),))]
