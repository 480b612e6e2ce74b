"""Trains into a run folder and dies by SIGKILL, as in a power cut.

    python -m tests.training.killed FOLDER MOMENT

Moments: `epoch:N` after N epochs; `write:N` when the N-th file is whole but not yet under its name;
`saved:N` when N runs are kept; `never` lives, and tells of every epoch for somebody else to kill it.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import NoReturn

import fireassay.training.network
from fireassay.data.task import Task
from fireassay.training.execute import Executor
from fireassay.training.learner import EpochNews, Progress, Setting
from fireassay.training.store import Store
from fireassay.training.trial import Run, Tasks, Trial
from tests.training.tasks import BAYESIAN, SMALL, make_task, trial_of

EPOCHS = 5


def die() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("killed")


def plan() -> tuple[Task, list[Trial]]:
    """Trials that run in one cohort; one stops early, one trains its prior first."""
    task = make_task(sessions=12)
    return task, [
        trial_of(task, SMALL, 1, epochs=EPOCHS, dropout=0.2),
        trial_of(task, BAYESIAN, 2, epochs=EPOCHS, patience=1, learning_rate=0.05),
        trial_of(task, BAYESIAN, 3, epochs=EPOCHS, prior="centred"),
    ]


def train(folder: Path, progress: Progress | None = None) -> dict[str, Run]:
    """Run the plan with a checkpoint after every epoch; return the runs by trial."""
    fireassay.training.network.CHECKPOINT_S = 0.0
    task, trials = plan()
    execute = Executor(Tasks(task), Setting("cpu", Store(folder), progress or Progress()))
    return {run.trial.id: run for run in execute(trials)}


def main() -> None:
    folder, moment = Path(sys.argv[1]), sys.argv[2]
    what, _, at = moment.partition(":")
    seen = 0

    def count() -> None:
        nonlocal seen
        seen += 1
        if seen == int(at):
            die()

    def epoch(news: EpochNews) -> None:
        print("epoch", news.epoch, flush=True)
        if what == "epoch":
            count()

    replace, save = Path.replace, Store.save_run
    if what == "write":

        def counted(self: Path, target: Path) -> Path:
            if self.suffix != ".writable" and ".writable" not in self.name:
                count()
            return replace(self, target)

        Path.replace = counted  # type: ignore[method-assign, assignment]
    if what == "saved":

        def saved(self: Store, *run: object) -> None:
            save(self, *run)  # type: ignore[arg-type]
            count()

        Store.save_run = saved  # type: ignore[method-assign, assignment]
    train(folder, Progress(epoch))


if __name__ == "__main__":
    main()
