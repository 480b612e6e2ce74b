"""What a diagnosis may cost, and what that buys: sessions, epochs, checks.

Training time is predicted from the time of one step of the user's own network on this machine.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from pydantic import BaseModel

from fireassay.arrays import Int
from fireassay.data.task import Task
from fireassay.interventions import Intervention, from_specification
from fireassay.interventions.fewer_test_dates import FewerTestDates
from fireassay.interventions.recent_sessions import RecentSessions
from fireassay.interventions.scale_setting import ScaleSetting
from fireassay.training.module_settings import ModuleSettings
from fireassay.training.settings import TRACE_DRAWS, NetSettings
from fireassay.training.trial import Tasks, Trial

LEAST_DATES = 30
"""Training dates below which a diagnosis would speak of another problem than the user's."""

LEAST_EPOCHS = 4

CONFIRMING = 0.35
"""Share of the time left that one run at the user's own length may take."""

RESERVE = 0.15
"""Share of the budget kept for judging and writing the report."""

PLANNED_TRIALS = 16
"""Trials of the user's network that the checks ask for, about: three kinds of labels for the model as
set and for each of its usual changes, then the ladders on one of them."""

OVERHEAD_S, OVERHEAD_PER_ROW_S = 6.0, 2e-4
"""Seconds of a diagnosis that aren't the network's: reference learners, judging with a thousand
permutations, writing."""

TRAINED = (NetSettings, ModuleSettings)
"""Settings of what is trained by steps: what a budget has to shorten."""

CONTROL_S = 5.0
"""Seconds allowed for a small network that stands beside somebody's own module as a control."""

MOST_OFF = 4.0
"""Bound on what one round's time may correct the prediction by."""

BATTERY_DRAWS = 2
"""Posterior draws of a prediction inside the battery: an antithetic pair."""

TEST_ROWS, LEAST_TEST_DATES = 20_000, 60
"""Bars about that a shortened trial is scored on, and dates at least, spread over the test part."""

BATTERY_ROWS, BATTERY_ROWS_STOPPING = 1200, 3000
"""Bars of each part that the per-epoch measures look at inside the battery, and where early stopping
goes by them; what is judged is predicted on all test bars."""


@dataclass
class Clock:
    """Time spent against the budget.

    Attributes
    ----------
    limit_s
        The budget; infinite for none.
    began
        When the diagnosis began.
    held_s
        Seconds kept for what is trained after the battery.
    """

    limit_s: float
    began: float = field(default_factory=time.perf_counter)
    held_s: float = 0.0

    @property
    def spent(self) -> float:
        """Seconds since the diagnosis began."""
        return time.perf_counter() - self.began

    @property
    def left(self) -> float:
        """Seconds left for training."""
        return self.limit_s * (1 - RESERVE) - self.spent - self.held_s

    @property
    def over(self) -> bool:
        """Whether training has to end now for the report to come in time."""
        return self.left < 0


@dataclass
class Rate:
    """Speed of the user's network here.

    Attributes
    ----------
    training, predicting
        Seconds to train on one bar once, and to predict it once from one draw.
    size
        Relative work per bar that they were measured at (`work`).
    of
        Kind of settings that they were measured of.
    correction
        What predictions turned out to be off by, so far.
    """

    training: float
    predicting: float
    size: float
    of: type[BaseModel] = NetSettings
    correction: float = 1.0

    def seconds(self, trial: Trial, task: Task) -> float:
        """Predict the time of a trial, predictions included."""
        s = trial.settings
        if not isinstance(s, TRAINED):
            return 2e-5 * task.panel.rows
        if isinstance(s, NetSettings) != (self.of is NetSettings):
            return CONTROL_S
        lengths = task.panel.lengths
        train, test = (_rows(lengths, part) for part in (task.split.train, task.split.test))
        validation = _rows(lengths, task.split.validation)
        own = isinstance(s, ModuleSettings)
        if own:
            train = task.labels  # a window a label, where a network reads whole sessions
        traced = sum(min(s.trace_rows, n) for n in (train, validation, test))
        traced *= 1 if own else TRACE_DRAWS
        final = (1 if isinstance(s, ModuleSettings) else s.draws) * (test + validation)
        trained = self.training * s.epochs * train
        predicted = self.predicting * (s.epochs * traced + final)
        networks = s.networks if isinstance(s, NetSettings) else 1
        return self.correction * networks * work(s) / self.size * (trained + predicted)

    def learn(self, predicted: float, took: float) -> None:
        """Correct the speed by what trials of `predicted` seconds took."""
        if predicted > 0 and took > 0:
            factor = self.correction * took / predicted
            self.correction = min(MOST_OFF, max(1 / MOST_OFF, factor))


def _rows(lengths: Int, sessions: Int) -> int:
    return int(lengths[sessions].sum())


def work(s: NetSettings | ModuleSettings) -> float:
    """Relative work per bar: matrix products and attention; of somebody's own module the window."""
    if isinstance(s, ModuleSettings):
        return float(s.look_back)
    per_layer = (4 + 2 * s.mlp_ratio) * s.width**2 + 4 * s.width * s.look_back / s.layers
    return float(s.layers * per_layer + 60 * s.width * s.layers)


def measure_rate(trial: Trial, task: Task, device: str) -> Rate:
    """Time some training steps and a prediction of the user's network."""
    settings = trial.settings
    if isinstance(settings, ModuleSettings):
        from fireassay.training.fitting import Fitting, seeded
        from fireassay.training.module import ModuleLearner

        with seeded(trial.seed, device):
            fitting = Fitting(ModuleLearner(trial.learner), trial, task, device)
            return Rate(*fitting.time_rows(), work(settings), ModuleSettings)
    from fireassay.training.cohort import Cohort

    assert isinstance(settings, NetSettings)
    cohort = Cohort([(trial, task)], device)
    return Rate(*cohort.time_rows(), work(settings))


@dataclass(frozen=True)
class Afforded:
    """The user's trial as the budget allows it.

    Attributes
    ----------
    trial
        With as many sessions and epochs as the budget buys.
    full
        At the user's own length; None if that is what `trial` is.
    changes
        What made the one of the other.
    note
        What was shortened, in words.
    """

    trial: Trial
    full: Trial | None = None
    changes: tuple[Intervention, ...] = ()
    note: str = ""

    def to_json(self, limit_s: float) -> str:
        """Return what was decided, for a run that goes on later: the clock would decide anew."""
        changes = [c.specification() for c in self.changes]
        told = {
            "trial": self.trial.id,
            "changes": changes,
            "note": self.note,
            "limit_s": str(limit_s),
        }
        return json.dumps(told, indent=1)

    @classmethod
    def read(cls, trial: Trial, text: str, limit_s: float) -> Afforded | None:
        """Return what was decided for the same trial; None if for another, or another budget."""
        row, whole = json.loads(text), _for_battery(trial)
        if row.get("limit_s") != str(limit_s):
            return None
        changes = tuple(from_specification(c) for c in row["changes"])
        shortened = whole.with_(*changes)
        if shortened.id != row["trial"]:
            return None
        full = whole.with_(*(c for c in changes if isinstance(c, FewerTestDates)))
        return cls(shortened, full if changes else None, changes, row["note"])


def fit_to_budget(trial: Trial, task: Task, rate: Rate, clock: Clock) -> Afforded:
    """Return the user's trial with as many sessions and epochs as the budget buys.

    Epochs are kept as set as long as half of the training dates can be; then dates, then epochs
    give way, down to LEAST_DATES and LEAST_EPOCHS.
    """
    settings = trial.settings
    if not isinstance(settings, TRAINED):
        return Afforded(trial)
    trial = _for_battery(trial)
    dates = _dates(task, task.split.train)
    left = max(clock.left - OVERHEAD_S - OVERHEAD_PER_ROW_S * task.panel.rows, 1.0)
    if PLANNED_TRIALS * rate.seconds(trial, task) <= left:
        return Afforded(trial)
    changes: list[Intervention] = []
    tested = _dates(task, task.split.test)
    bars = _rows(task.panel.lengths, task.split.test)
    scored = min(tested, max(LEAST_TEST_DATES, round(tested * TEST_ROWS / bars)))
    if scored < tested:
        fewer = FewerTestDates(dates=scored)
        changes.append(fewer)
        task = fewer.apply(task)
    full = trial.with_(*changes)
    whole = rate.seconds(trial, task)
    # A deficit has to be confirmed once at the user's own length, where that can be afforded at all.
    kept_for_it = whole if whole <= CONFIRMING * left else 0.0
    share = (left - kept_for_it) / (PLANNED_TRIALS * whole)
    kept = max(share, 0.5)
    epochs = max(LEAST_EPOCHS, round(settings.epochs * min(1.0, share / kept)))
    if share / kept < LEAST_EPOCHS / settings.epochs:
        kept *= share / kept * settings.epochs / LEAST_EPOCHS
    chosen = min(dates, max(LEAST_DATES, round(dates * kept)))
    if epochs < settings.epochs:
        changes.append(ScaleSetting(setting="epochs", factor=epochs / settings.epochs))
    if chosen < dates:
        changes.append(RecentSessions(dates=chosen))
    if not changes:
        return Afforded(trial)
    told = [f"{epochs} of {settings.epochs} epochs"] if epochs < settings.epochs else []
    if chosen < dates:
        told.append(f"the latest {chosen} of {dates} training dates")
    if scored < tested:
        told.append(f"{scored} of {tested} test dates, spread evenly")
    note = f"To fit the budget the network's trials are limited to {', '.join(told)}"
    return Afforded(trial.with_(*changes), full, tuple(changes), f"{note}.")


def _for_battery(trial: Trial) -> Trial:
    """Return the trial with as many draws and bars in its measures as experiments need."""
    settings = trial.settings
    assert isinstance(settings, TRAINED)
    rows = BATTERY_ROWS_STOPPING if settings.patience else BATTERY_ROWS
    changed = {"trace_rows": min(settings.trace_rows, rows)}
    if isinstance(settings, NetSettings):
        changed["draws"] = min(settings.draws, BATTERY_DRAWS)
    return replace(trial, settings=settings.model_copy(update=changed))


def _dates(task: Task, sessions: Int) -> int:
    return len(set(task.panel.clusters[sessions].tolist()))


def affordable(
    trials: Sequence[Trial], worth: Mapping[str, float], tasks: Tasks, rate: Rate, clock: Clock
) -> tuple[list[Trial], list[Trial]]:
    """Divide trials into those that fit the time left, the best value first, and those that don't.

    Parameters
    ----------
    worth
        What each trial tells, by its id (`battery.Pooled` says how it is counted). What is worth most
        for a second of training comes first.
    """
    cost = {t.id: rate.seconds(t, tasks.of(t)) for t in trials}
    left, yes, no = clock.left, [], []
    for trial in sorted(trials, key=lambda t: cost[t.id] / worth[t.id]):
        if cost[trial.id] <= left:
            left -= cost[trial.id]
            yes.append(trial)
        else:
            no.append(trial)
    return yes, no
