"""Grounds: labels on which the user's model may fall short of what can be learned.

Three grounds are tried: labels with a strong planted signal, with a faint one where the strong one is
learned, and the labels as they are. On each the best reference learner says what can be reached at
least; what the model as set lacks of it is the deficit. Without a deficit there is nothing that a
change of settings could restore, so one paired test excludes all causes on the model's side at once.
With one, ladders look for the change that restores it.

Where the budget shortened training, a deficit may be the budget's. It counts only once the model as
set, trained at the user's own length, has shown it too (`case.full`); the ladders then compare runs
of the short length with each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fireassay.diagnosis.case import Case, Runs, Scored, pick
from fireassay.interventions import TaskChange
from fireassay.interventions.plant_signal import Form, PlantSignal, plantable
from fireassay.statistics.bootstrap import Difference, Estimate
from fireassay.training.trial import Run, Trial

SHORT = 0.3
"""Part of the attainable excess over chance that must be missing to call it a deficit."""


PLANTED, FAINT, REAL = "planted", "faint", "real"
"""Grounds, in the order in which they are asked: where the truth is known comes first."""

FAINT_DOSE = {"binary": 0.65, "multiclass": 0.65, "real": 0.2}
"""Dose of the faint planted signal: a prior or a penalty may let a strong signal through and stop
what markets hold."""

SAID = {
    PLANTED: "a strong planted signal",
    FAINT: "a faint planted signal",
    REAL: "the labels as they are",
}


def planting(case: Case, name: str) -> tuple[PlantSignal, ...]:
    """Return what plants a ground's signal; nothing for the labels as they are."""
    if name == REAL:
        return ()
    faint = PlantSignal(dose=FAINT_DOSE[case.task.label.kind], form=Form.LINEAR)
    return (faint if name == FAINT else case.strong,)


@dataclass(frozen=True)
class Ground:
    """Labels on which the model as set is compared with reference learners.

    Attributes
    ----------
    name
        PLANTED, FAINT or REAL.
    changes
        What makes these labels out of the user's.
    as_set
        The model's predictions, and their score.
    best
        Name and score of the best reference learner.
    missing
        What the best reference gains on the model as set, paired over test dates.
    excess
        Best score of any learner over chance.
    whole
        Score of the model as set at the user's own length, and what it lacks; None where the budget
        shortened nothing, or that run hasn't come back.
    """

    name: str
    changes: tuple[TaskChange, ...]
    as_set: Scored
    value: Estimate
    best: str
    best_value: Estimate
    missing: Difference
    excess: float
    whole: tuple[Estimate, Difference] | None = None

    @property
    def own(self) -> Estimate:
        """Score of the model as set, at the user's own length where that was run."""
        return self.whole[0] if self.whole else self.value

    @property
    def lacking(self) -> Difference:
        """What the model as set lacks, at the user's own length where that was run."""
        return self.whole[1] if self.whole else self.missing

    def short(self, case: Case) -> bool:
        """Tell whether a deficit is there, and isn't the budget's."""
        if case.full is not None and self.whole is None:
            return False
        return self.suspect(case) and self._large(case, self.lacking)

    def suspect(self, case: Case) -> bool:
        """Tell whether the runs of the length that the budget allows show a deficit."""
        return self._large(case, self.missing)

    def _large(self, case: Case, missing: Difference) -> bool:
        """Tell whether a deficit is significant, and a good part of what can be learned."""
        return missing.p <= case.alpha and missing.value >= self.size(case)

    def size(self, case: Case) -> float:
        """Return the deficit from which one is called so: a good part of what can be learned."""
        return max(SHORT * self.excess, case.effect / 2)

    def trials(self, case: Case, *more: object) -> list[Trial]:
        """Return the trials of the user's model on this ground under further changes."""
        return case.seeded(case.trial, *self.changes, *more)  # type: ignore[arg-type]


def ground(case: Case, runs: Runs, name: str) -> Ground | None:
    """Return a ground if the model as set and a reference have come back on it."""
    if name != REAL and not can_plant(case):
        return None
    changes = planting(case, name)
    as_set = pick(runs, case.seeded(case.trial, *changes))
    if as_set is None:
        return None
    scored = case.scored(as_set)
    references: dict[str, tuple[Scored, Estimate]] = {}
    for trial in case.references:
        found: list[Run] | None = pick(runs, [trial.with_(*changes)])
        if found:
            other = case.scored(found)
            references[trial.learner] = (other, case.estimate(other))
    if not references:
        return None
    best = max(references, key=lambda n: references[n][1].value)
    value, (other, best_value) = case.estimate(scored), references[best]
    at_length = pick(runs, whole_trials(case, changes))
    whole = None
    if at_length:
        long = case.scored(at_length)
        whole = case.estimate(long), case.gain(other, long)
    return Ground(
        name=name,
        changes=changes,
        as_set=scored,
        value=value,
        best=best,
        best_value=best_value,
        missing=case.gain(other, scored),
        excess=max(best_value.value, value.value) - case.chance,
        whole=whole,
    )


def can_plant(case: Case) -> bool:
    """Tell whether a planted signal would ask for learning, not for extrapolation."""
    if ("plantable",) not in case.memory:
        case.memory["plantable",] = plantable(case.task)
    return bool(case.memory["plantable",])


def whole_trials(case: Case, changes: Sequence[TaskChange]) -> list[Trial]:
    """Return the trials of the model as set at the user's own length; none if nothing is shorter."""
    return [] if case.full is None else case.seeded(case.full, *changes)


def confirmations(case: Case, runs: Runs, name: str) -> list[Trial]:
    """Return the trials that tell whether a deficit on this ground is the budget's."""
    found = ground(case, runs, name)
    if found is None or not found.suspect(case):
        return []
    return [t for t in whole_trials(case, found.changes) if t.id not in runs]


PLANTED_DRAWS = 3
"""Planted signals of the size that matters, each with other features and weights."""


def small_planted(case: Case) -> list[Trial]:
    """Return the fastest reference on signals of the size that matters.

    It says what is carried over to later sessions; the minimal detectable effect is the least of all
    learners', so one is enough.
    """
    small = [case.planted(draw) for draw in range(PLANTED_DRAWS)]
    return [reference.with_(plant) for reference in case.references[:1] for plant in small]


def grounds(case: Case, runs: Runs) -> list[Ground]:
    """Return the grounds known so far, the planted ones first: there the truth is known."""
    return [g for name in (PLANTED, FAINT, REAL) if (g := ground(case, runs, name)) is not None]


def shortfall(case: Case, runs: Runs) -> Ground | None:
    """Return the first ground on which the model as set falls short; None if on none."""
    return next((g for g in grounds(case, runs) if g.short(case)), None)
