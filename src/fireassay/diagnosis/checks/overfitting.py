"""Does the model fit noise of its training sessions?"""

from __future__ import annotations

import math
from typing import ClassVar

from fireassay.diagnosis.case import Case, Runs, pick
from fireassay.diagnosis.checks import check
from fireassay.diagnosis.rise import RiseCheck
from fireassay.diagnosis.rung import Rung
from fireassay.findings import Bearing, Evidence, Rule
from fireassay.interventions.recent_sessions import RecentSessions
from fireassay.interventions.resize import Resize
from fireassay.interventions.scale_setting import ScaleSetting
from fireassay.interventions.set_setting import SetSetting
from fireassay.training.settings import NetSettings
from fireassay.training.trial import Trial

LEAST_WIDTH, LEAST_EPOCHS = 8, 8
"""Width, and epochs, below which a model isn't made smaller or trained for less."""

LEAST_LOOK_BACK = 4
"""Bars below which a look-back isn't shortened."""

DROPOUT, DECAY, PATIENCE = 0.3, 1.0, 3
"""Values that regularization is raised to."""


@check
class Overfitting(RiseCheck):
    """Learn the labels as they are with less capacity, more regularization, and for less long.

    Question: does a simpler or more constrained model score better on later sessions?

    Control: the model as set, paired over test dates, and both once more from another seed where it
    seems so. A score on training sessions far above the one on later sessions is only the symptom: it
    says how much could be lost to overfitting at most. Where it isn't there, nothing is tried.
    """

    id: ClassVar[str] = "overfitting"
    question: ClassVar[str] = "Does the model fit noise of its training sessions?"
    causes: ClassVar[tuple[str, ...]] = ("overfitting",)
    cause: ClassVar[str] = "overfitting"
    # A little more regularization helps many a sound model a little; that isn't blamed.
    weight: ClassVar[float] = 2.0

    def rungs(self, case: Case) -> list[Rung]:
        """Return early stopping, fewer epochs, dropout, decay, smaller models, a nearer look-back."""
        s, found = case.trial.settings, []
        if getattr(s, "patience", None) == 0 and len(case.task.split.validation):
            stopping = SetSetting(setting="patience", value=PATIENCE)
            found.append(Rung("early stopping", (stopping,)))
        if getattr(s, "epochs", 0) >= LEAST_EPOCHS:
            shorter = ScaleSetting(setting="epochs", factor=0.25)
            found.append(Rung("a quarter of the epochs", (shorter,)))
        rate = getattr(s, "dropout", 1.0)
        if rate < DROPOUT and (rate or isinstance(s, NetSettings)):  # a module may have no dropout
            found.append(
                Rung(f"dropout {DROPOUT:g}", (SetSetting(setting="dropout", value=DROPOUT),))
            )
        if getattr(s, "weight_decay", DECAY) < DECAY:
            decay = SetSetting(setting="weight_decay", value=DECAY)
            found.append(Rung(f"weight decay {DECAY:g}", (decay,)))
        if isinstance(s, NetSettings) and s.width >= 2 * LEAST_WIDTH:
            width = max(LEAST_WIDTH, s.width // 4 // 2 * 2)
            found.append(Rung(f"{width} wide, 1 layer", (Resize(width=width, layers=1),)))
        bars = getattr(s, "look_back", 0) // 4
        if bars >= LEAST_LOOK_BACK:
            nearer = SetSetting(setting="look_back", value=bars)
            found.append(Rung(f"look-back {bars} bars", (nearer,)))
        return found

    def plan(self, case: Case, runs: Runs) -> list[Trial]:
        """Plan the changes where the training score leaves room for them."""
        return super().plan(case, runs) if self._room(case, runs) > case.effect else []

    def judge(self, case: Case, runs: Runs) -> list[Evidence]:
        """Tell whether a constraint raises the score of later sessions."""
        room = self._room(case, runs)
        if math.isnan(room):
            return []
        if room > case.effect:
            return super().judge(case, runs)
        train, test = self._scores(case, runs)
        reading = (
            f"The model scores {case.metric} {train:.3f} on training sessions and {test:.3f} on "
            "later ones: there is no gap that overfitting could have made."
        )
        shortened = case.full is not None and _epochs(case.full) != _epochs(case.trial)
        rule = Rule.ILLUSTRATES if shortened else Rule.OBSERVED_AGAINST
        if shortened:
            reading += " But the budget shortened its training."
        return [
            Evidence(
                id=self.id,
                check=self.id,
                question=self.question,
                experiment="The score on training sessions beside that on later ones.",
                trials=tuple(t.id for t in case.seeded(case.trial)),
                bears_on=(Bearing(cause=self.cause, rule=rule, note=reading),),
                reading=reading,
                numbers={f"{case.metric} training": train, f"{case.metric} later": test},
            )
        ]

    def rule(self, case: Case, *, present: bool) -> Rule:
        """Let what the budget made of the training blame nobody, and clear nobody."""
        if case.full is None:
            return Rule.EFFECT
        fewer = any(isinstance(i, RecentSessions) for i in case.trial.interventions)
        shorter = _epochs(case.full) != _epochs(case.trial)
        return Rule.ILLUSTRATES if (fewer if present else shorter) else Rule.EFFECT

    def note(self, case: Case, runs: Runs, reading: str) -> str:
        """Tell the symptom beside the experiment."""
        train, test = self._scores(case, runs)
        return f"On training sessions it scores {train:.3f}, later {test:.3f}. {reading}"

    def _scores(self, case: Case, runs: Runs) -> tuple[float, float]:
        """Return the score on training sessions and on later ones, means over seeds."""
        found = pick(runs, case.seeded(case.trial))
        if found is None:
            return math.nan, math.nan
        name = "train_rank_ic" if case.task.label.kind == "real" else "train_auc"
        train = [run.final.get(name, math.nan) for run in found]
        return sum(train) / len(train), case.estimate(case.scored(found)).value

    def _room(self, case: Case, runs: Runs) -> float:
        """Return what overfitting can have cost at most, one-sided at 5 %; NaN if it isn't known.

        A fit to the training sessions scores about as well there as any model of its kind could on
        later ones, so what it lost is at most the gap.
        """
        train, test = self._scores(case, runs)
        found = pick(runs, case.seeded(case.trial))
        if found is None or math.isnan(train):
            return math.nan
        return train - test + 1.645 * case.estimate(case.scored(found)).se


def _epochs(trial: Trial) -> int:
    return int(getattr(trial.settings, "epochs", 0))
