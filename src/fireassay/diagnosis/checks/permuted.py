"""Does the pipeline score permuted labels above chance?"""

from __future__ import annotations

from typing import ClassVar

from fireassay.diagnosis.case import Case, Runs, pick
from fireassay.diagnosis.checks import Check, Cost, check
from fireassay.findings import Bearing, Evidence, Rule
from fireassay.training.trial import Trial


@check
class Permuted(Check):
    """Train the model as set on labels exchanged between sessions, and score it on such labels.

    Question: does the evaluation itself reward something that isn't skill?

    Null: the exchanged labels are exchanged again among the test dates. A pipeline that beats it
    shares information between training and test sessions, or scores on what it fitted. A feature
    that copies the label isn't caught by this: it loses its label along with the others.
    """

    id: ClassVar[str] = "permuted"
    question: ClassVar[str] = "Does the pipeline score permuted labels above chance?"
    causes: ClassVar[tuple[str, ...]] = ("contaminated_split",)
    cost: ClassVar[Cost] = Cost.CONTROL

    def plan(self, case: Case, runs: Runs) -> list[Trial]:
        """Plan the model as set and the first reference on one permutation."""
        return [t for t in self._trials(case) if t.id not in runs]

    def judge(self, case: Case, runs: Runs) -> list[Evidence]:
        """Test the score on permuted labels against its null."""
        found = pick(runs, [case.trial.with_(case.permuted(0))])
        if found is None:
            return []
        scored = case.scored(found)
        test, estimate = case.against_null(scored), case.estimate(scored)
        numbers = {f"{case.metric} your model": test.observed}
        for trial in self._trials(case)[1:]:
            if trial.id in runs:
                value = case.estimate(case.scored([runs[trial.id]])).value
                numbers[f"{case.metric} {trial.learner}"] = value
        inside = test.p > case.alpha
        reading = (
            f"On permuted labels the model as set scores {case.metric} {test.observed:.3f}, "
            f"{'as chance would' if inside else 'above chance'}."
        )
        return [
            Evidence(
                id=self.id,
                check=self.id,
                question=self.question,
                experiment="The model as set, trained and scored on labels of other sessions.",
                control=f"{test.kind}, {len(test.values)} times.",
                metric=case.metric,
                effect=test.observed,
                trivial=case.chance,
                interval=estimate.interval,
                null=test.to_finding(),
                p=test.p,
                mde=test.mde(case.alpha),
                matters=case.effect,
                sessions=test.units,
                trials=tuple(r.trial.id for r in found),
                bears_on=(Bearing(cause="contaminated_split", rule=Rule.EFFECT, note=reading),),
                reading=reading,
                caveat="A feature that copies the label isn't caught by this control.",
                numbers=numbers,
            )
        ]

    def _trials(self, case: Case) -> list[Trial]:
        return [t.with_(case.permuted(0)) for t in (case.trial, *case.references)]
