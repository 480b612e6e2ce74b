"""The case: the Task, the user's model as set, and what the diagnosis was asked to look for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np

from fireassay.arrays import Float, Int
from fireassay.data.task import Task
from fireassay.data.units import Units, span_of, units_of
from fireassay.diagnosis.scan.candidates import LabelMaker
from fireassay.interventions import Intervention
from fireassay.interventions.permute_labels import PermuteLabels
from fireassay.interventions.plant_signal import Form, PlantSignal
from fireassay.seeds import derive
from fireassay.statistics.bootstrap import Difference, Estimate, paired_difference, session_bootstrap
from fireassay.statistics.exchange import Permutations, permute_dates
from fireassay.statistics.null import NullTest, heldout_null
from fireassay.statistics.scores import Score
from fireassay.training.trial import Run, Tasks, Trial

Runs = Mapping[str, Run]
"""Runs by trial id: what has come back so far."""

BLOCK = 10
"""Neighbouring dates within which labels are exchanged. Where label rates and predictions both wander
over the dates, exchanging all of them calls 14 % (24 test dates) to 31 % (60) of noise signal at a
nominal 5 %, blocks of ten 5 to 6 %; they keep a tenth of an effect in the null."""

STRONG = {"binary": 0.85, "multiclass": 0.85, "real": 0.5}
"""Dose of the strong planted signal: AUC, or correlation."""


@dataclass(frozen=True)
class Scored:
    """Held-out predictions beside labels, as the statistics take them.

    Attributes
    ----------
    pred, y
        `[R']` NaN where there is no prediction or no label. For several classes a row stands for
        each (bar, class): the class's probability less its mean, and whether it came true.
    offsets, clusters, symbols
        Sessions in those rows; `[S]` the unit of independence of each session (its date, or a run of
        dates) and its place there.
    key
        The trials whose predictions they are.
    """

    pred: Float
    y: Float
    offsets: Int
    clusters: Int
    symbols: Int
    key: tuple[str, ...]


@dataclass(frozen=True)
class Case:
    """All that checks plan from and judge by.

    Attributes
    ----------
    tasks
        The Tasks, the user's own as `tasks.task`.
    trial
        The user's model as set.
    references
        Reference learners on the same Task.
    effect
        The effect that matters, as a difference of the headline score from chance.
    alpha
        Level of every decision, after correction over the battery.
    draws
        Permutations behind every p.
    seeds
        Runs of every configuration of the user's model.
    full
        The user's model at its own length, where the budget shortened `trial`.
    stop_early
        Whether what only illustrates a verdict is left out once it is settled.
    skipped
        Name of the label with one more bar skipped before the outcome, where that makes sense.
    prices
        Market columns of the bars by name, `[R]`: what is known of each bar at its close.
    labels, catalogue
        Computes other targets of the same bars, and the names of those that the bars can have.
    memory
        Scores that several checks ask for, kept by what they are made of.
    """

    tasks: Tasks
    trial: Trial
    references: tuple[Trial, ...]
    effect: float
    alpha: float = 0.05
    draws: int = 999
    seeds: int = 1
    full: Trial | None = None
    stop_early: bool = True
    skipped: str | None = None
    prices: Mapping[str, Float] = field(default_factory=dict, repr=False)
    labels: LabelMaker | None = field(default=None, repr=False)
    catalogue: tuple[str, ...] = ()
    memory: dict[tuple[object, ...], Any] = field(default_factory=dict, repr=False)

    @property
    def task(self) -> Task:
        """The user's Task."""
        return self.tasks.task

    @property
    def units(self) -> Units:
        """What is exchanged and resampled whole: dates, or runs of them where labels reach on."""
        if ("units",) not in self.memory:
            panel = self.task.panel
            self.memory["units",] = units_of(panel, span_of(panel, self.task.label))
        return cast("Units", self.memory["units",])

    def told_units(self, count: int) -> str:
        """Return so many units in words."""
        return f"{count} {self.units.name or 'dates'}"

    @property
    def score(self) -> Score:
        """The headline score."""
        return Score.RANK_IC if self.task.label.kind == "real" else Score.AUC

    @property
    def metric(self) -> str:
        """The headline score's name in a report."""
        many = self.task.label.kind == "multiclass"
        return f"{self.score} (classes pooled)" if many else str(self.score)

    @property
    def chance(self) -> float:
        """The headline score without skill."""
        return self.score.chance

    @property
    def strong(self) -> PlantSignal:
        """The strong planted signal."""
        return PlantSignal(dose=STRONG[self.task.label.kind], form=Form.LINEAR)

    def planted(self, draw: int) -> PlantSignal:
        """Return a planted signal of the size that matters."""
        return PlantSignal(dose=self.chance + self.effect, form=Form.LINEAR, draw=1 + draw)

    def permuted(self, draw: int) -> PermuteLabels:
        """Return one permutation of the label sessions."""
        return PermuteLabels(draw=draw)

    def seeded(self, trial: Trial, *changes: Intervention) -> list[Trial]:
        """Return the trial under the changes, once per seed."""
        return [trial.with_(*changes, seed=trial.seed + i) for i in range(self.seeds)]

    # Judging

    def scored(self, runs: Sequence[Run]) -> Scored:
        """Return the mean of the runs' test predictions beside the labels that they learned."""
        task = self.tasks.of(runs[0].trial)
        panel, classes = task.panel, max(task.label.outputs, 1)
        mean = np.full((panel.rows, classes), np.nan)
        mean[runs[0].test.rows] = np.mean([run.test.mean for run in runs], axis=0)
        y = np.where(task.usable, task.label.y, np.nan).astype(np.float64)
        if task.label.kind == "multiclass":
            truth = (y[:, None] == np.arange(classes)).astype(np.float64)
            truth[np.isnan(y)] = np.nan
            mean, y = (mean - np.nanmean(mean, axis=0)).ravel(), truth.ravel()
        return Scored(
            pred=mean.ravel(),
            y=y,
            offsets=panel.offsets * (classes if task.label.kind == "multiclass" else 1),
            clusters=self.units.clusters,
            symbols=self.units.places,
            key=tuple(run.trial.id for run in runs),
        )

    def permutations(self, scored: Scored) -> Permutations:
        """Return the exchanges of whole test dates; the same for all learners of one label."""
        known = ~(np.isnan(scored.pred) | np.isnan(scored.y))
        count = np.r_[0, np.cumsum(known)]
        return permute_dates(
            scored.offsets,
            scored.clusters,
            self.draws,
            seed=derive("session null", self.task.fingerprint),
            block=BLOCK,
            symbols=scored.symbols,
            eligible=count[scored.offsets[1:]] > count[scored.offsets[:-1]],
            unit=self.units.name,
        )

    def against_null(self, scored: Scored, permutations: Permutations | None = None) -> NullTest:
        """Test held-out predictions against exchanged label sessions."""
        return heldout_null(
            scored.pred,
            scored.y,
            scored.offsets,
            scored.clusters,
            seed=0,
            score=self.score,
            permutations=permutations or self.permutations(scored),
        )

    def estimate(self, scored: Scored) -> Estimate:
        """Return the headline score with its interval over dates."""
        key = ("estimate", scored.key)
        if key not in self.memory:
            self.memory[key] = session_bootstrap(
                scored.pred,
                scored.y,
                scored.offsets,
                scored.clusters,
                seed=derive("interval", self.task.fingerprint),
                score=self.score,
            )
        return cast("Estimate", self.memory[key])

    def gain(self, scored: Scored, baseline: Scored) -> Difference:
        """Return what one set of predictions gains on another over the same dates."""
        key = ("gain", scored.key, baseline.key)
        if key not in self.memory:
            self.memory[key] = paired_difference(
                scored.pred,
                baseline.pred,
                scored.y,
                scored.offsets,
                scored.clusters,
                seed=derive("gain", self.task.fingerprint),
                score=self.score,
                baseline_y=baseline.y,
            )
        return cast("Difference", self.memory[key])


def pick(runs: Runs, trials: Sequence[Trial]) -> list[Run] | None:
    """Return the runs of all trials in order, or None if any hasn't come back."""
    found = [runs[t.id] for t in trials if t.id in runs]
    return found if len(found) == len(trials) else None
