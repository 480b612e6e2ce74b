"""Does the model as set learn a faint signal that is known to be there?"""

from __future__ import annotations

from typing import ClassVar

from fireassay.diagnosis.case import Case, Runs
from fireassay.diagnosis.checks import Check, Cost, check
from fireassay.diagnosis.deficit import deficit_evidence
from fireassay.diagnosis.ground import FAINT, PLANTED, can_plant, confirmations, ground, planting
from fireassay.findings import Evidence
from fireassay.training.trial import Trial


@check
class PlantedFaint(Check):
    """Learn labels with a faint planted signal, where a strong one is learned.

    Question: does something stop a small signal that lets a large one through? A signal of AUC .85
    can pay for thousands of nats of KL and outgrows a penalty; one of .65 pays a twelfth of it.

    Control: reference learners on the same labels, paired over test dates.

    What misleads it: a network that needs more sessions than a linear model does to learn a linear
    signal falls short too; the ladders tell whether a setting is to blame.
    """

    id: ClassVar[str] = "planted_faint"
    question: ClassVar[str] = "Does the model as set learn a faint signal that is known to be there?"
    causes: ClassVar[tuple[str, ...]] = ()
    cost: ClassVar[Cost] = Cost.CONTROL

    def applies(self, case: Case) -> str:
        """Tell whether there is a feature to plant a signal in."""
        return "" if can_plant(case) else "features are level over a session"

    def plan(self, case: Case, runs: Runs) -> list[Trial]:
        """Plan the model as set and the references, once the strong signal is known to be learned."""
        strong = ground(case, runs, PLANTED)
        if strong is None or strong.suspect(case):
            return []
        changes = planting(case, FAINT)
        wanted = case.seeded(case.trial, *changes)
        wanted += [r.with_(*changes) for r in case.references]
        wanted += confirmations(case, runs, FAINT)
        return [t for t in wanted if t.id not in runs]

    def judge(self, case: Case, runs: Runs) -> list[Evidence]:
        """Compare the model as set with the best reference."""
        experiment = (
            "Labels of other sessions, some of them replaced by what three of the features say; "
            "prevalence, sessions and bars as in the real labels."
        )
        caveat = "One signal of one form: interactions and lags are other questions."
        return deficit_evidence(self, case, runs, FAINT, experiment, caveat)
