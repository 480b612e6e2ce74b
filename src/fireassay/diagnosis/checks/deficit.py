"""Does another learner find more in the same labels?"""

from __future__ import annotations

from typing import ClassVar

from fireassay.diagnosis.case import Case, Runs
from fireassay.diagnosis.checks import Check, Cost, check
from fireassay.diagnosis.deficit import deficit_evidence
from fireassay.diagnosis.ground import confirmations, ground
from fireassay.findings import Bearing, Evidence, Rule
from fireassay.training.trial import Trial


@check
class Deficit(Check):
    """Compare the model as set with the best reference learner on the labels as they are.

    Question: is there something in these labels that another learner finds and this model doesn't?

    Control: the same test dates, paired. Without a deficit no change of settings can be what the
    model lacks; with one, and no setting that explains it, the kind of model is the cause.
    """

    id: ClassVar[str] = "deficit"
    question: ClassVar[str] = "Does another learner find more in the same labels?"
    causes: ClassVar[tuple[str, ...]] = ("wrong_model_class",)
    cost: ClassVar[Cost] = Cost.CONTROL

    def plan(self, case: Case, runs: Runs) -> list[Trial]:
        """Plan the model as set and the references on the labels as they are."""
        wanted = [*case.references, *case.seeded(case.trial), *confirmations(case, runs, "real")]
        return [t for t in wanted if t.id not in runs]

    def judge(self, case: Case, runs: Runs) -> list[Evidence]:
        """Compare the model as set with the best reference."""
        experiment = "All learners on the labels as they are."
        caveat = "The references see each bar's features alone unless their name says otherwise."
        found = deficit_evidence(self, case, runs, "real", experiment, caveat)
        at = ground(case, runs, "real")
        if at is None or (at.suspect(case) and not at.whole and case.full is not None):
            return found  # the deficit may be the budget's
        blame = [Bearing(cause="wrong_model_class", rule=Rule.EFFECT, note=e.reading) for e in found]
        return [
            e.model_copy(update={"bears_on": (*e.bears_on, bearing)})
            for e, bearing in zip(found, blame, strict=True)
        ]
