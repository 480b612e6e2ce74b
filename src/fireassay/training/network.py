"""The Transformer as a learner: trials of equal shape in one cohort."""

from __future__ import annotations

import time
from collections.abc import Hashable
from dataclasses import replace
from pathlib import Path

import torch
from pydantic import BaseModel

from fireassay.choices import PriorKind
from fireassay.data.task import Task
from fireassay.training.cohort import Cohort, cohort_key
from fireassay.training.learner import EpochNews, Group, Learner, Setting, Weights
from fireassay.training.outcome import Outcome
from fireassay.training.settings import NETWORKS, SMALL, NetSettings, PosteriorKind
from fireassay.training.trial import Run, Trial

MEMORY_SHARE = 0.4
"""Share of the free memory that a cohort may take."""

MOST_TRIALS = 32
"""Trials of one cohort at most: beyond it a CPU gains nothing, and results come later."""

ACTIVATIONS = 34
"""Floats that a layer keeps for the backward pass, per row and channel (measured)."""

CHECKPOINT_S = 2.0
"""Seconds of training between checkpoints, at least: an epoch that is lost costs no more."""


class NetLearner(Learner):
    """The Transformer under one kind of posterior, in the size of its default settings."""

    def __init__(self, name: str, settings: NetSettings) -> None:
        self.name = name
        self.settings = settings
        self.knobs = frozenset(NetSettings.model_fields)

    def default(self) -> NetSettings:
        """Return the settings of this posterior and size."""
        return self.settings

    def cohort_key(self, settings: BaseModel, task: Task) -> Hashable:
        """Return the shapes and the sessions that a cohort shares."""
        assert isinstance(settings, NetSettings)
        return cohort_key(settings, task)

    def cohort_size(self, settings: BaseModel, task: Task, device: str) -> int:
        """Return how many trials of this shape fit into the free memory, in networks MOST_TRIALS."""
        assert isinstance(settings, NetSettings)
        rows = max(settings.batch_labels, int(task.panel.lengths.max()))
        step = 4 * rows * settings.width * settings.layers * ACTIVATIONS
        labels = 8 * task.panel.rows
        room = int(MEMORY_SHARE * free_memory(device))
        most = min(MOST_TRIALS, room // (step + labels))
        return max(1, most // settings.networks)

    def run(self, group: Group, setting: Setting) -> list[tuple[Run, Weights]]:
        """Train in lockstep, keeping a checkpoint every few seconds; resume from one if there is."""
        cohort, twins, store = Cohort(group, setting.device), _twins(group), setting.store
        resumed = store is not None and store.resume_cohort(cohort)
        if twins and not resumed:
            point = Cohort(list(twins.values()), setting.device)
            if store:
                store.resume_cohort(point)
            _train(point, setting)
            for place, k in enumerate(twins):
                cohort.centre(k, point.kept.mean[place].detach())
        _train(cohort, setting)
        outcome = Outcome(cohort)
        runs = [(run, outcome.weights(k)) for k, run in enumerate(outcome.runs())]
        if twins and store:
            store.drop_cohort([trial for trial, _ in twins.values()])
        return runs


def _twins(group: Group) -> dict[int, tuple[Trial, Task]]:
    """Return the deterministic trials on whose weights priors are to be centred, by place."""
    found = {}
    for k, (trial, task) in enumerate(group):
        settings = trial.settings
        assert isinstance(settings, NetSettings)
        if settings.random and settings.prior is PriorKind.CENTRED:
            point = settings.model_copy(update={"posterior": PosteriorKind.DETERMINISTIC})
            found[k] = (replace(trial, settings=point), task)
    return found


def _train(cohort: Cohort, setting: Setting) -> None:
    """Train until every trial has ended, or a stop is asked for; keep checkpoints, tell of epochs."""
    store, kept_at = setting.store, time.perf_counter()
    while not cohort.finished:
        running = cohort.running
        labels = sum(m.labels for m in running)
        trials, epochs = len(running), max(m.settings.epochs for m in running)
        seconds = cohort.train_epoch()
        if store and time.perf_counter() - kept_at > CHECKPOINT_S:
            store.save_cohort(cohort)
            kept_at = time.perf_counter()
        rows = {m.trial.id: m.history[-1] for m in reversed(running)}
        row, ended = running[0].history[-1], cohort.finished
        setting.progress.epoch(
            EpochNews(trials, cohort.epoch, epochs, seconds, labels, row, ended, rows)
        )
        if setting.progress.stop():
            cohort.cut_short()


def free_memory(device: str) -> int:
    """Return the bytes that are free on the device."""
    if device.startswith("cuda"):
        return int(torch.cuda.mem_get_info(device)[0])
    meminfo = Path("/proc/meminfo")
    if meminfo.exists():
        for line in meminfo.read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    return 4 * 2**30


LEARNERS: dict[str, Learner] = {
    **{name: NetLearner(name, NetSettings(posterior=kind)) for name, kind in NETWORKS.items()},
    **{name: NetLearner(name, NetSettings(**size)) for name, size in SMALL.items()},
}
