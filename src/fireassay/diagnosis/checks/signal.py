"""Does any learner find a relation between these features and this label?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from fireassay.diagnosis.case import Case, Runs, Scored, pick
from fireassay.diagnosis.checks import Check, Cost, check
from fireassay.diagnosis.ground import small_planted
from fireassay.diagnosis.variants import variants
from fireassay.findings import Bearing, Evidence, Mark, Plot, Rule, Series
from fireassay.statistics.multiplicity import westfall_young
from fireassay.training.trial import Run, Trial


@check
class Signal(Check):
    """Test all learners' held-out scores at once against exchanged label sessions.

    Question: does any learner, the user's model among them, predict later sessions better than it
    would if features and labels had nothing to do with each other?

    Null: labels of whole test dates are exchanged, the same exchanges for all learners; the p of the
    best learner is corrected for their number by Westfall and Young's step-down max-T.

    What it can't say: that there is no signal. The minimal detectable effect says how large a
    relation could have been missed. It is the held-out score's own (2.49 null SDs, a little more for
    the best of several), divided by the part of a planted signal of the size that matters that the
    same learner carries over to held-out sessions.
    """

    id: ClassVar[str] = "signal"
    question: ClassVar[str] = (
        "Does any learner find a relation between these features and this label?"
    )
    causes: ClassVar[tuple[str, ...]] = ("no_signal", "underpowered")
    cost: ClassVar[Cost] = Cost.VARIANTS

    def plan(self, case: Case, runs: Runs) -> list[Trial]:
        """Plan references and the user's model on the labels, references on small planted ones."""
        wanted = [*case.references, *case.seeded(case.trial), *small_planted(case)]
        return [t for t in wanted if t.id not in runs]

    def judge(self, case: Case, runs: Runs) -> list[Evidence]:
        """Test the learners jointly."""
        learners = real_learners(case, runs)
        if not learners:
            return []
        scored = {name: case.scored(found) for name, found in learners.items()}
        exchanges = case.permutations(next(iter(scored.values())))
        tests = {name: case.against_null(s, exchanges) for name, s in scored.items()}
        observed = np.array([t.observed for t in tests.values()])
        null = np.stack([t.values for t in tests.values()], axis=1)
        joint = westfall_young(observed, null)
        names = list(tests)
        best = int(np.argmax(joint.statistic))
        test, name = tests[names[best]], names[best]
        critical = _critical(null, case.alpha)
        mde = min(
            self._mde(case, runs, n, (critical + 0.8416) * t.sd / t.moved) for n, t in tests.items()
        )
        estimate = case.estimate(scored[name])
        excess = test.observed - case.chance
        found = joint.p_adjusted[best] <= case.alpha
        reading = (
            f"The best of {len(tests)} learners ({name}) scores {case.metric} {test.observed:.3f}, "
            f"{'beyond' if found else 'inside'} what exchanged label sessions give"
        )
        numbers = {"excess over chance": excess}
        dates = test.units * case.units.span
        if np.isfinite(mde):
            reading += f"; {case.metric} {case.chance + mde:.3f} would be seen in 80 % of such data"
            needed = math.ceil(dates * (mde / case.effect) ** 2)
            numbers[f"test dates needed to see {case.metric} {case.chance + case.effect:g}"] = needed
            if not found and mde > case.effect:
                reading += (
                    f", {case.chance + case.effect:.3f} on about {needed:,} test dates instead of "
                    f"{dates:,}"
                )
        elif not found:
            reading += "; with so few dates nothing could have been seen"
        reading += "."
        rows = {f"{case.metric} {n}": t.observed for n, t in tests.items()}
        return [
            Evidence(
                id=self.id,
                check=self.id,
                question=self.question,
                experiment=(
                    f"{len(tests)} learners fitted on {len(case.task.split.train)} sessions, "
                    f"scored on later ones: {case.told_units(test.units)}."
                ),
                control=f"{test.kind}, {len(test.values)} times, the same for all learners.",
                metric=case.metric,
                effect=test.observed,
                trivial=case.chance,
                interval=estimate.interval,
                null=test.to_finding(),
                p=float(joint.p_adjusted[best]),
                mde=mde,
                matters=case.effect,
                sessions=test.units,
                trials=tuple(r.trial.id for found in learners.values() for r in found),
                bears_on=(
                    Bearing(cause="no_signal", rule=Rule.NO_EFFECT, note=reading),
                    Bearing(cause="underpowered", rule=Rule.LACK_OF_POWER, note=reading),
                ),
                reading=reading,
                caveat=(
                    "It speaks of these learners and features, and of relations at least as large "
                    "as the minimal detectable effect."
                ),
                numbers={**rows, **numbers},
            ),
            _learners(case, scored),
        ]

    def _mde(self, case: Case, runs: Runs, name: str, held_out: float) -> float:
        """Return the true effect that a learner's held-out effect stands for."""
        carried = []
        for trial in small_planted(case):
            found = pick(runs, [trial]) if trial.learner == name else None
            if found:
                scored = case.scored(found)
                carried.append(case.estimate(scored).value - case.chance)
        part = float(np.mean(carried)) / case.effect if carried else 0.0
        return held_out / part if part > 0.05 else float("inf")


def real_learners(case: Case, runs: Runs) -> dict[str, list[Run]]:
    """Return the runs on the labels as they are: references, the user's model and its variants.

    All of them are told to the joint test, so that the best of them is judged as the best of them.
    """
    found: dict[str, list[Run]] = {}
    for trial in case.references:
        if trial.id in runs:
            found[trial.learner] = [runs[trial.id]]
    as_set = pick(runs, case.seeded(case.trial))
    if as_set:
        found["your model"] = as_set
    for rung in variants(case):
        changed = pick(runs, case.seeded(case.trial, *rung.changes))
        if changed:
            found[f"your model, {rung.name}"] = changed
    return found


def _critical(null: np.ndarray, alpha: float) -> float:
    """Return the 1 − α quantile of the largest standardised null score; infinite for few draws."""
    if len(null) < 1 / alpha - 1:
        return math.inf
    sd = null.std(axis=0, ddof=1)
    z = (null - null.mean(axis=0)) / np.where(sd > 0, sd, np.inf)
    return float(np.quantile(z.max(axis=1), 1 - alpha))


def _learners(case: Case, scored: Mapping[str, Scored]) -> Evidence:
    """Show every learner's score beside its own null."""
    estimates = {n: case.estimate(s) for n, s in scored.items()}
    names = tuple(estimates)
    return Evidence(
        id="learners",
        check="signal",
        question="What does each learner score on later sessions?",
        experiment="Each learner's held-out score with its interval over dates.",
        control="95 % of the null lies below the right end of the grey band.",
        metric=case.metric,
        sessions=next(iter(estimates.values())).units,
        bears_on=(Bearing(cause="no_signal", rule=Rule.ILLUSTRATES),),
        reading=", ".join(f"{n} {e.value:.3f}" for n, e in estimates.items()) + ".",
        caveat="Intervals tell how sessions differ, not how training runs do.",
        numbers={n: e.value for n, e in estimates.items()},
        plot=Plot(
            kind="ladder",
            title="Held-out score of every learner",
            x_label=case.metric,
            series=(
                Series(
                    name=case.metric,
                    x=names,
                    y=tuple(e.value for e in estimates.values()),
                    low=tuple(e.low for e in estimates.values()),
                    high=tuple(e.high for e in estimates.values()),
                    style="points",
                ),
            ),
            marks=(
                Mark(axis="y", value=case.chance, label="chance"),
                Mark(axis="y", value=case.chance + case.effect, label="what matters"),
            ),
        ),
    )
