"""Runs trials: equal ones once, kept ones not at all, those of equal shape together."""

from __future__ import annotations

import gc
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field

import torch

from fireassay.data.task import Task
from fireassay.training.learner import Group, Setting, learner
from fireassay.training.trial import Run, RunStatus, Tasks, Trial


def out_of_memory(error: BaseException) -> bool:
    """Tell whether an error says so; torch's CPU allocator raises a plain RuntimeError."""
    said = isinstance(error, (torch.OutOfMemoryError, MemoryError))
    return said or "DefaultCPUAllocator: can't allocate memory" in str(error)


@dataclass
class Executor:
    """Runs trials.

    Attributes
    ----------
    tasks
        The Tasks that trials learn.
    setting
        Device, run folder and progress.
    """

    tasks: Tasks
    setting: Setting = field(default_factory=Setting)

    def __call__(self, trials: Sequence[Trial]) -> Iterator[Run]:
        """Yield the runs of all distinct trials as they end, those already kept first."""
        waiting: dict[str, Trial] = {}
        store = self.setting.store
        for trial in {t.id: t for t in trials}.values():
            kept = store.load_run(trial) if store else None
            if kept is None or kept.status is RunStatus.CUT_SHORT:
                waiting[trial.id] = trial
            else:
                yield kept
        for group in self.groups(list(waiting.values())):
            yield from self._run(group)

    def groups(self, trials: Sequence[Trial]) -> list[Group]:
        """Group trials that may run in lockstep, in the order in which they were asked for."""
        together: dict[Hashable, list[tuple[Trial, Task]]] = {}
        for trial in trials:
            task = self.tasks.of(trial)
            key = learner(trial.learner).cohort_key(trial.settings, task)
            together.setdefault(trial.id if key is None else key, []).append((trial, task))
        parts: list[Group] = []
        for group in together.values():
            trial, task = group[0]
            size = learner(trial.learner).cohort_size(trial.settings, task, self.setting.device)
            parts += [group[i : i + size] for i in range(0, len(group), size)]
        return parts

    def _run(self, group: Group) -> Iterator[Run]:
        try:
            ended = learner(group[0][0].learner).run(group, self.setting)
        except (RuntimeError, MemoryError) as error:
            if len(group) == 1 or not out_of_memory(error):
                raise
            ended = None
        if ended is None:
            # Outside the handler the failed cohort's memory can be freed before its halves run.
            gc.collect()
            if self.setting.store:
                self.setting.store.drop_cohort([trial for trial, _ in group])
            if self.setting.device.startswith("cuda"):
                torch.cuda.empty_cache()
            half = len(group) // 2
            yield from self._run(group[:half])
            yield from self._run(group[half:])
            return
        store = self.setting.store
        for run, weights in ended:
            if store:
                store.save_run(run, weights)
            yield run
        if store:
            store.drop_cohort([trial for trial, _ in group])
