"""Does the pipeline score permuted labels above chance?"""

from __future__ import annotations

from typing import ClassVar

from fireassay.diagnosis.case import Case, Runs, pick
from fireassay.diagnosis.checks import Check, Cost, check
from fireassay.findings import Bearing, Evidence, Rule
from fireassay.training.trial import Trial

CONFIRMING = 2
"""Further permutations that have to agree before a split is called contaminated."""


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
        """Plan one permutation; two more where the model as set beats chance on the first."""
        wanted = self._trials(case)
        if self._suspect(case, runs):
            wanted += [case.trial.with_(case.permuted(draw)) for draw in range(1, CONFIRMING + 1)]
        return [t for t in wanted if t.id not in runs]

    def judge(self, case: Case, runs: Runs) -> list[Evidence]:
        """Test the score on permuted labels against its null."""
        found = pick(runs, [case.trial.with_(case.permuted(0))])
        if found is None:
            return []
        more = [
            runs[t.id]
            for draw in range(1, CONFIRMING + 1)
            if (t := case.trial.with_(case.permuted(draw))).id in runs
        ]
        tests = [case.against_null(case.scored([run])) for run in (*found, *more)]
        scored, test = case.scored(found), tests[0]
        estimate = case.estimate(scored)
        numbers = {f"{case.metric} your model": test.observed}
        for trial in self._trials(case)[1:]:
            if trial.id in runs:
                value = case.estimate(case.scored([runs[trial.id]])).value
                numbers[f"{case.metric} {trial.learner}"] = value
        suspect = self._suspect(case, runs)
        # One permutation in twenty looks so by chance: what is wrong with a split shows in each.
        p = max(t.p for t in tests)
        reading = (
            f"On permuted labels the model as set scores {case.metric} {test.observed:.3f}, "
            f"{'above chance' if suspect else 'as chance would'}."
        )
        if suspect and more:
            again = ", ".join(f"{t.observed:.3f}" for t in tests[1:])
            confirmed = "so it is no accident" if p <= case.alpha else "so the first was chance"
            reading += f" On other permutations {again}: {confirmed}."
        rule = Rule.ILLUSTRATES if suspect and len(more) < CONFIRMING else Rule.EFFECT
        return [
            Evidence(
                id=self.id,
                check=self.id,
                question=self.question,
                experiment="The model as set, trained and scored on labels of other sessions.",
                control=f"{test.kind}, {len(test.values)} times.",
                metric=case.metric,
                effect=min(t.observed for t in tests),
                trivial=case.chance,
                interval=estimate.interval if len(tests) == 1 else None,
                null=test.to_finding(),
                p=p,
                mde=test.mde(case.alpha),
                matters=case.effect,
                sessions=test.units,
                trials=tuple(run.trial.id for run in (*found, *more)),
                bears_on=(Bearing(cause="contaminated_split", rule=rule, note=reading),),
                reading=reading,
                caveat="A feature that copies the label isn't caught by this control.",
                numbers=numbers,
            )
        ]

    def _suspect(self, case: Case, runs: Runs) -> bool:
        """Tell whether the first permutation was scored above chance."""
        found = pick(runs, [case.trial.with_(case.permuted(0))])
        return found is not None and case.against_null(case.scored(found)).p <= case.alpha

    def _trials(self, case: Case) -> list[Trial]:
        return [t.with_(case.permuted(0)) for t in (case.trial, *case.references)]
