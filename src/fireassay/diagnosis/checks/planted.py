"""Does the model as set learn a signal that is known to be there?"""

from __future__ import annotations

from typing import ClassVar

from fireassay.diagnosis.case import Case, Runs
from fireassay.diagnosis.checks import Check, Cost, check
from fireassay.diagnosis.deficit import deficit_evidence
from fireassay.diagnosis.ground import PLANTED, can_plant, confirmations, small_planted
from fireassay.findings import Evidence
from fireassay.training.trial import Trial


@check
class Planted(Check):
    """Learn labels with a strong planted signal, by the model as set and by the reference learners.

    Question: is the fault on the model's side? A model that learns a known signal about as well as
    the best learner does can learn; what it doesn't find in the real labels isn't its fault.

    Control: reference learners on the same labels, paired over test dates, say what could be reached.
    What the model lacks of it is the most that a change of settings could restore.

    References: Adebayo et al. (2018), Sanity checks for saliency maps, arXiv:1810.03292
    """

    id: ClassVar[str] = "planted"
    question: ClassVar[str] = "Does the model as set learn a signal that is known to be there?"
    causes: ClassVar[tuple[str, ...]] = ()
    cost: ClassVar[Cost] = Cost.CONTROL

    def applies(self, case: Case) -> str:
        """Tell whether there is a feature to plant a signal in."""
        level = "features are level over a session: a planted signal would ask for extrapolation"
        return "" if can_plant(case) else level

    def plan(self, case: Case, runs: Runs) -> list[Trial]:
        """Plan the model as set and the references on the strong planted signal."""
        wanted = case.seeded(case.trial, case.strong)
        wanted += [r.with_(case.strong) for r in case.references]
        wanted += confirmations(case, runs, PLANTED)
        # Told by the test for signal: what a reference carries over of an effect that matters.
        wanted += small_planted(case)
        return [t for t in wanted if t.id not in runs]

    def judge(self, case: Case, runs: Runs) -> list[Evidence]:
        """Compare the model as set with the best reference."""
        experiment = (
            "Labels of other sessions, most of them replaced by what three of the features say; "
            "prevalence, sessions and bars as in the real labels."
        )
        caveat = "One signal of one form: interactions and lags are other questions."
        return deficit_evidence(self, case, runs, PLANTED, experiment, caveat)
