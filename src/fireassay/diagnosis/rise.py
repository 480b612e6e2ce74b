"""Rises: does a change of settings raise the held-out score on the labels as they are?

Ladders look for what a reference learner finds and the model lacks. Some causes show without that:
a model may be too large for its labels, or not look back far enough, and no reference does better.
Each rung is compared with the model as set, paired over test dates. That interval holds how sessions
differ, not how training runs do, so the best rung and the model as set are trained once more from
another seed before anything is blamed.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from fireassay.diagnosis.case import Case, Runs, Scored, pick
from fireassay.diagnosis.checks import Check, Cost
from fireassay.diagnosis.ladder import changes_of, mildest, rungs_plot
from fireassay.diagnosis.rung import Rung, changes_anything
from fireassay.findings import Bearing, Evidence, Interval, Mark, Plot, Rule
from fireassay.statistics.bootstrap import Difference, Estimate
from fireassay.statistics.multiplicity import holm
from fireassay.statistics.null import detectable
from fireassay.training.trial import Trial

AGAIN = 1000
"""Added to the seed of the runs that confirm."""


@dataclass(frozen=True)
class Risen:
    """What a rung gave: its score, its gain on the model as set, and p corrected for all rungs."""

    rung: Rung
    value: Estimate
    gain: Difference
    p: float
    trials: tuple[Trial, ...]


class RiseCheck(Check):
    """A check of one cause by changes that raise the held-out score where it holds.

    Attributes
    ----------
    cause
        What it supports or excludes.
    weight
        A gain of so many times half the effect that matters is one.
    """

    cause: ClassVar[str]
    weight: ClassVar[float] = 1.0
    cost: ClassVar[Cost] = Cost.VARIANTS

    @abstractmethod
    def rungs(self, case: Case) -> list[Rung]:
        """Return the changes, mildest first."""

    def base(self, case: Case, runs: Runs) -> Rung | None:
        """Return what the changes are made to: the model as set; None where it can't tell."""
        return Rung("as set", ())

    def first(self, case: Case) -> list[Rung]:
        """Return the changes that are tried before any has raised the score."""
        return self.turnable(case)

    def applies(self, case: Case) -> str:
        """Tell whether the model has anything to turn."""
        return "" if self.turnable(case) else "the model as set has nothing of the kind to turn"

    def turnable(self, case: Case) -> list[Rung]:
        """Return the changes that change anything."""
        return [rung for rung in self.rungs(case) if changes_anything(case, rung)]

    def plan(self, case: Case, runs: Runs) -> list[Trial]:
        """Plan the first changes; where one raises the score, the others and another seed."""
        base = self.base(case, runs)
        if base is None:
            return []
        wanted = list(_trials(case, base))
        wanted += [t for rung in self.first(case) for t in _trials(case, base, rung)]
        best = self.best(case, runs, base)
        if best is not None and self.suspected(case, best):
            wanted += [t for rung in self.turnable(case) for t in _trials(case, base, rung)]
            # Of the others the best may be another one: confirmed is what is best in the end.
            if all(t.id in runs for t in wanted):
                wanted += [*again(case, base), *again(case, base, best.rung)]
        return [t for t in {t.id: t for t in wanted}.values() if t.id not in runs]

    def best(self, case: Case, runs: Runs, base: Rung) -> Risen | None:
        """Return the rung of the largest gain that has come back."""
        found = risen(case, runs, base, self.turnable(case))
        return max(found, key=lambda r: r.gain.value, default=None)

    def judge(self, case: Case, runs: Runs) -> list[Evidence]:
        """Tell whether a change raises the held-out score, and does so again."""
        base = self.base(case, runs)
        if base is None:
            return []
        as_set = pick(runs, list(_trials(case, base)))
        best = self.best(case, runs, base)
        if as_set is None or best is None:
            return []
        confirmed = _confirmed(case, runs, base, best.rung)
        gain, p, value = best.gain, best.p, best.gain.value
        sure = self.suspected(case, best)
        if sure and confirmed is not None:
            p, value = max(p, confirmed.p), min(value, confirmed.value)
        start = case.estimate(case.scored(as_set)).value
        beside = "" if not base.changes else f" beside {base.name}"
        reading = (
            f"With {best.rung.name}{beside}, {case.metric} of later sessions goes from {start:.3f} "
            f"to {best.value.value:.3f}"
        )
        present = (
            sure
            and confirmed is not None
            and p <= case.alpha
            and value >= self.weight * case.effect / 2
        )
        if present and confirmed is not None:
            reading += f", and by {confirmed.value:+.3f} from another seed: it helps."
        elif sure and confirmed is not None:
            reading += f", but by {confirmed.value:+.3f} from another seed: that was chance."
        elif sure:
            reading += "; whether it does from another seed wasn't afforded."
        elif self.large(case, best):
            reading += ": that is nearer to chance, and not beyond it."
        else:
            reading += ": no rise that matters and that these sessions can show."
        open_yet = self.large(case, best) and confirmed is None
        rule = Rule.ILLUSTRATES if open_yet else self.rule(case, present=present)
        found = risen(case, runs, base, self.turnable(case))
        return [
            Evidence(
                id=self.id,
                check=self.id,
                question=self.question,
                experiment=(
                    f"{', '.join(r.rung.name for r in found)}{beside}, on the labels as they are."
                ),
                control="The model as set on the same labels, paired over test dates.",
                metric=f"gain in {case.metric}",
                effect=value,
                trivial=0.0,
                interval=None if sure else Interval(low=gain.low, high=gain.high, level=gain.level),
                p=p,
                mde=detectable(gain.se),
                matters=self.weight * case.effect,
                sessions=gain.units,
                trials=tuple(t.id for r in found for t in r.trials),
                bears_on=(Bearing(cause=self.cause, rule=rule, note=self.note(case, runs, reading)),),
                reading=reading,
                caveat="Of settings other than those tried it says nothing.",
                numbers={f"{case.metric} as set{beside}": start}
                | {f"{case.metric} {r.rung.name}": r.value.value for r in found},
                remedy=changes_of(case, mildest(found, best.gain.value)) if present else (),
                plot=_plot(case, start, found, self.question),
            )
        ]

    def suspected(self, case: Case, best: Risen) -> bool:
        """Tell whether a gain is large, and takes the score beyond chance.

        Where the relation turned, what learns less of it loses less: that is no cure.
        """
        return self.large(case, best) and best.value.low > case.chance

    def large(self, case: Case, best: Risen) -> bool:
        """Tell whether a gain is significant and of a size that matters."""
        return best.p <= case.alpha and best.gain.value >= self.weight * case.effect / 2

    def rule(self, case: Case, *, present: bool) -> Rule:
        """Return the rule by which the evidence decides, once it is known to be sound."""
        return Rule.EFFECT

    def note(self, case: Case, runs: Runs, reading: str) -> str:
        """Return what is said of the cause."""
        return reading


def risen(case: Case, runs: Runs, base: Rung, rungs: list[Rung]) -> list[Risen]:
    """Return what each rung that has come back gave, with p corrected for their number."""
    as_set = pick(runs, list(_trials(case, base)))
    if as_set is None:
        return []
    before, found = case.scored(as_set), []
    for rung in rungs:
        trials = _trials(case, base, rung)
        came = pick(runs, list(trials))
        if came is not None:
            scored: Scored = case.scored(came)
            found.append((rung, case.estimate(scored), case.gain(scored, before), trials))
    if not found:
        return []
    p = holm(np.array([gain.p for _, _, gain, _ in found]))
    return [
        Risen(rung, value, gain, float(p[i]), trials)
        for i, (rung, value, gain, trials) in enumerate(found)
    ]


def again(case: Case, base: Rung, *rungs: Rung) -> tuple[Trial, ...]:
    """Return the trials of a rung from another seed."""
    return tuple(t.with_(seed=t.seed + AGAIN) for t in _trials(case, base, *rungs))


def _trials(case: Case, base: Rung, *rungs: Rung) -> tuple[Trial, ...]:
    return tuple(case.seeded(case.trial, *base.changes, *(c for rung in rungs for c in rung.changes)))


def _confirmed(case: Case, runs: Runs, base: Rung, rung: Rung) -> Difference | None:
    """Return the gain of a rung from another seed, if that has come back."""
    before, after = pick(runs, list(again(case, base))), pick(runs, list(again(case, base, rung)))
    if before is None or after is None:
        return None
    return case.gain(case.scored(after), case.scored(before))


def _plot(case: Case, start: float, found: list[Risen], title: str) -> Plot:
    marks = (
        Mark(axis="y", value=start, label="as set"),
        Mark(axis="y", value=case.chance, label="chance"),
    )
    return rungs_plot(case, found, marks, title)
