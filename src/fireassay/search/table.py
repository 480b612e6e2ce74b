"""The table of a sweep as it grows: numbered configurations, their runs, and the row of each."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from fireassay.diagnosis.case import Case, Scored
from fireassay.interventions.score_validation import ScoreValidation
from fireassay.models.probes import ProbeSettings
from fireassay.search.grid import Configuration
from fireassay.swept import Row
from fireassay.training.store import Store
from fireassay.training.trial import Run, RunStatus, Trial


@dataclass
class Table:
    """The rows of a folder as they grow: what was ever tried in it, old rows first.

    Attributes
    ----------
    case, store
        What is asked, and where it is kept.
    searched
        Whether an optimiser needs the validation score of every row.
    numbered
        Configurations in the order of their rows.
    runs
        What came back, by trial id.
    """

    case: Case
    store: Store
    searched: bool
    numbered: list[Configuration] = field(default_factory=list)
    runs: dict[str, Run] = field(default_factory=dict)
    _open: list[int] = field(default_factory=list)

    def kept(self) -> list[Configuration]:
        """Return what the folder's rows were when it was left."""
        return [Configuration.read(row) for row in json.loads(self.store.read("rows.json") or "[]")]

    def add(self, batch: Sequence[Configuration]) -> list[Trial]:
        """Give new configurations the next numbers; return the trials that have not run.

        The plan is stored before anything of it runs.
        """
        known = {one.key for one in self.numbered}
        new = {one.key: one for one in batch if one.key not in known}
        self._open += range(len(self.numbered), len(self.numbered) + len(new))
        self.numbered += new.values()
        rows = [one.specification() for one in self.numbered]
        every = {trial.id: trial for one in self.numbered for trial in self._wanted(one)}
        plan = [{"id": trial.id, **trial.specification()} for trial in every.values()]
        self.store.write("rows.json", json.dumps(rows, indent=1))
        self.store.write("plan.json", json.dumps(plan, indent=1))
        return [trial for trial in every.values() if trial.id not in self.runs]

    def take(self, run: Run) -> Iterator[Row]:
        """Yield the rows that are finished by a run."""
        self.runs[run.trial.id] = run
        for i in list(self._open):
            if all(trial.id in self.runs for trial in self._wanted(self.numbered[i])):
                self._open.remove(i)
                yield self.row(i)

    def losses(self, batch: Sequence[Configuration]) -> dict[str, float]:
        """Return the validation loss of configurations that were trained, by their keys."""
        sign = 1.0 if chosen_by(self.case) == "NLL" else -1.0
        found = {one.key: self._validation(one) for one in batch}
        return {key: math.nan if value is None else sign * value for key, value in found.items()}

    @property
    def each(self) -> list[list[Run]]:
        """The runs of every row."""
        return [[self.runs[trial.id] for trial in self.trials(one)] for one in self.numbered]

    def row(self, index: int, scored: Scored | None = None) -> Row:
        """Return a row without its p."""
        one = self.numbered[index]
        runs = [self.runs[trial.id] for trial in self.trials(one)]
        return _row(self.case, index + 1, one, runs, self._validation(one), scored)

    def trials(self, one: Configuration) -> list[Trial]:
        """Return a configuration's trials, a seed each."""
        trial = Trial(one.model, one.settings, self.case.task.fingerprint, seed=one.seed)
        return self.case.seeded(trial)

    def _choosing(self, one: Configuration) -> list[Trial]:
        """Return the trials whose validation score a row is chosen by; none where there is no such.

        A learner that is fitted on validation sessions is fitted once more without them.
        """
        trials = self.trials(one)
        if not isinstance(one.settings, ProbeSettings):
            return trials
        return [trial.with_(ScoreValidation()) for trial in trials] if self.searched else []

    def _wanted(self, one: Configuration) -> list[Trial]:
        return list(dict.fromkeys([*self.trials(one), *self._choosing(one)]))

    def _validation(self, one: Configuration) -> float | None:
        """Return the mean over seeds of the score that a row is chosen by."""
        runs = [self.runs[trial.id] for trial in self._choosing(one)]
        part = "test" if isinstance(one.settings, ProbeSettings) else "validation"
        name = f"{part}_{chosen_by(self.case).lower().replace('²', '2')}"
        found = [run.final[name] for run in runs if name in run.final]
        return float(np.mean(found)) if runs and len(found) == len(runs) else None


def chosen_by(case: Case) -> str:
    """Return the validation score that rows are chosen by: proper, and known of every learner."""
    return "R²" if case.task.label.kind == "real" else "NLL"


def _row(
    case: Case,
    number: int,
    one: Configuration,
    runs: Sequence[Run],
    validation: float | None,
    scored: Scored | None = None,
) -> Row:
    estimate = case.estimate(scored or case.scored(runs))
    ended = {run.status for run in runs} - {RunStatus.DONE}
    names = dict.fromkeys(name for run in runs for name in run.final)
    metrics = {
        name: float(np.mean([run.final.get(name, math.nan) for run in runs])) for name in names
    }
    return Row(
        number=number,
        changes={key: _plain(value) for key, value in one.changes.items()},
        trials=tuple(run.trial.id for run in runs),
        status=next(iter(sorted(ended)), RunStatus.DONE).value,
        score=estimate.value,
        interval=None if math.isnan(estimate.low) else estimate.interval,
        validation=validation,
        metrics=metrics,
        epochs=max(len(run.history) for run in runs),
        seconds=sum(run.seconds for run in runs),
    )


def _plain(value: Any) -> Any:
    return value if isinstance(value, bool | int | float | str) else str(value)
