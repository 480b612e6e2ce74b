"""Cohorts: K trials of equal shape trained in lockstep on one device.

Parameters, optimiser moments, labels, learning rates and every other setting that isn't a shape carry
a leading trial axis. A trial's random streams derive from its own seed, so its result doesn't depend
on who shares its cohort. A trial that diverges or stops early is dropped unnoticed by its neighbours.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from functools import cached_property, partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from fireassay.arrays import AnyArray, Int
from fireassay.data.task import Task
from fireassay.models.transformer import Architecture, Batch, Dropout, Transformer
from fireassay.models.variational import MeanField, Weights
from fireassay.training.acceleration import TIMED, Mode, fastest, modes
from fireassay.training.batches import Feeder, Step, training_steps
from fireassay.training.lanes import shared_out, side_by_side
from fireassay.training.measuring import measure_row, rows_of, spread_evenly
from fireassay.training.member import Member
from fireassay.training.optimizer import TrialAdamW
from fireassay.training.prediction import Forecaster, Predictive
from fireassay.training.settings import SHAPE_FIELDS, TRACE_DRAWS, Estimator, NetSettings
from fireassay.training.start import centre_on, start
from fireassay.training.step import Lane, Share, learning_rate
from fireassay.training.trial import RunStatus, Trial, cohort_id

TIMED_STEPS, TIMED_ROWS = 3, 6000
"""Training steps at least, and rows about, that a timing of this machine runs."""


def architecture(task: Task, settings: NetSettings) -> Architecture:
    """Return the network's shape for a Task under the settings."""
    return Architecture(
        inputs=len(task.panel.features),
        outputs=task.label.outputs,
        width=settings.width,
        layers=settings.layers,
        heads=settings.heads,
        look_back=settings.look_back,
        mlp_ratio=settings.mlp_ratio,
        positions=settings.positions,
        activation=settings.activation,
        noise=task.label.kind == "real",
    )


def cohort_key(settings: NetSettings, task: Task) -> tuple[object, ...]:
    """Return what trials of one cohort have in common: the shapes and the sessions they see."""
    return (
        task.panel.fingerprint,
        task.scaling,
        task.label.kind,
        task.label.classes,
        settings.networks,
        task.split.train.tobytes(),
        task.split.validation.tobytes(),
        task.split.test.tobytes(),
        *(getattr(settings, name) for name in SHAPE_FIELDS),
    )


class Cohort:
    """K trials in lockstep.

    Parameters
    ----------
    trials
        Trials of equal `cohort_key`, each with the Task it learns (after its interventions).
    device
        Where it runs.

    Attributes
    ----------
    trials
        The trials.
    members
        Their networks, in a row those of one trial: their records and how they ended. The trial axis
        holds networks, so a deep ensemble trains in lockstep with itself.
    net, feeder
        The network and its inputs.
    epoch, seconds
        Epochs done, and the time they took.
    mode
        How its steps are executed; None until the first, which chooses it.
    """

    def __init__(self, trials: Sequence[tuple[Trial, Task]], device: str = "cpu") -> None:
        self.device = device
        self.trials = [trial for trial, _ in trials]
        self.members = [
            Member(trial, task, network)
            for trial, task in trials
            for network in range(_networks(trial))
        ]
        first = self.members[0]
        self.task, self.shape = first.task, first.settings
        self.kind = first.task.label.kind
        self.net = Transformer(architecture(first.task, first.settings))
        self.feeder = Feeder(first.task, device, self.net.arch.windows)
        self.epoch, self.seconds = 0, 0.0
        self.mode: Mode | None = None
        self.posterior = start(
            self.net.layout,
            [m.settings for m in self.members],
            [m.seed for m in self.members],
            device,
        )
        self.kept = self.posterior.at(self.posterior.theta.detach().clone())
        """All trials at the weights to keep: the best epoch's."""
        self.began = self.posterior.mean.detach().clone()
        self.gradient = torch.zeros(len(self.members), len(self.net.layout.parameters))
        self.active = list(range(len(self.members)))
        self.y = torch.as_tensor(np.stack([m.training_labels for m in self.members]), device=device)
        self.weight = self._label_weights()
        self.optimizer = self._optimizer()
        self.trace = {
            name: (part, spread_evenly(self.task, part, self.shape.trace_rows))
            for name, part in (
                ("train", self.task.split.train),
                ("validation", self.task.split.validation),
                ("test", self.task.split.test),
            )
            if len(part)
        }

    @property
    def finished(self) -> bool:
        """Whether no trial is running."""
        return not self.active

    @property
    def running(self) -> list[Member]:
        """Members in the lockstep, in the order of the trial axis."""
        return [self.members[i] for i in self.active]

    @property
    def id(self) -> str:
        """The name under which its state is kept."""
        return cohort_id(self.trials)

    @property
    def networks(self) -> int:
        """Networks of each trial."""
        return self.shape.networks

    def centre(self, k: int, mean: Tensor) -> None:
        """Centre prior and start of network k on trained weights `[P]`; before the first epoch."""
        centre_on(self.posterior, k, mean, self.members[k].settings.prior_sigma)
        self.kept.theta[k, 0] = mean
        self.began[k] = mean

    def train(self) -> None:
        """Train until every trial has ended."""
        while not self.finished:
            self.train_epoch()

    def cut_short(self) -> None:
        """End all running trials with the weights that are best so far."""
        for member in self.running:
            member.status = RunStatus.CUT_SHORT
        self._let_go()

    def train_epoch(self) -> float:
        """Run one epoch for all running trials, record it, and let go of those that end.

        Returns the seconds that it took.
        """
        began = time.perf_counter()
        members = self.running
        steps = self._steps()
        if self.mode is None:
            self.mode = self._fastest_mode(steps)
        lanes = self._lanes(len(steps))
        sums = torch.zeros(3, len(members), device=self.device)
        sound = torch.ones(len(members), dtype=torch.bool, device=self.device)
        norm = torch.zeros(len(members), device=self.device)
        for i, step in enumerate(steps):
            parts, gradient = self._gradient(lanes, step, i)
            sound &= torch.isfinite(parts[0])
            if i == len(steps) - 1:
                self._note_gradient(gradient)
            rate = torch.tensor(
                [learning_rate(m.settings, self.epoch, i, len(steps)) for m in members],
                device=self.device,
            )
            norm = self.optimizer.step(self.posterior.theta.detach(), gradient, rate, sound)
            sound &= torch.isfinite(norm)
            sums += parts
        self.epoch += 1
        self._record(sums / len(steps), sound, norm)
        spent = time.perf_counter() - began
        self.seconds += spent
        return spent

    def time_rows(self) -> tuple[float, float]:
        """Return the seconds of training on a row once, and of predicting it from one draw.

        For one trial; no weight is moved.
        """
        steps = self._steps()
        lanes = self._lanes(len(steps))
        self._gradient(lanes, steps[0], 0)  # the first call allocates
        began, rows = time.perf_counter(), 0
        for step in steps[: max(TIMED_STEPS, -(-TIMED_ROWS // steps[0].rows.size))]:
            self._gradient(lanes, step, 0)
            rows += step.rows.size
        training = (time.perf_counter() - began) / (rows * len(self.active))
        part = spread_evenly(self.task, self.task.split.train, TIMED_ROWS)
        began, at = time.perf_counter(), rows_of(self.task, part)
        self.forecast(self.posterior, self.active, part, at, TRACE_DRAWS, "timing")
        spent = time.perf_counter() - began
        return training, spent / (len(at) * TRACE_DRAWS * len(self.active))

    def _steps(self) -> list[Step]:
        """Return the steps of the next epoch."""
        return training_steps(
            self.task.panel.offsets,
            self.task.split.train,
            labels=self.shape.batch_labels,
            groups=self.shape.groups if self.shape.estimator is Estimator.GROUPED else 1,
            window=max(self.net.arch.windows),
            path=("epoch", self.epoch),
        )

    def share(self, part: slice | None = None) -> Share:
        """Return running trials, all or those in a part of the axis."""
        if part is None:
            return Share(self.running, self.active, self.posterior)
        theta = self.posterior.theta.detach()[part].requires_grad_(True)
        posterior = self.posterior.at(theta, part)
        return Share(self.running[part], self.active[part], posterior)

    def _lanes(self, steps: int, mode: Mode | None = None) -> list[Lane]:
        """Return the running trials, shared out among threads for an epoch."""
        mode = mode or self.mode or Mode.PLAIN
        parts = shared_out(len(self.active), self.device)
        return [Lane(self, steps, self.share(part), mode) for part in parts]

    @cached_property
    def compiled(self) -> Callable[[Weights, Batch, Dropout], Tensor]:
        """The network, compiled when it is first called."""
        made: Callable[[Weights, Batch, Dropout], Tensor] = torch.compile(self.net.__call__)
        return made

    def _fastest_mode(self, steps: list[Step]) -> Mode:
        """Return the mode of the shortest step on this device; no weight is moved."""
        candidates = modes(self.device, self.shape.epochs * len(steps))
        if candidates == [Mode.PLAIN]:
            return Mode.PLAIN

        def seconds(mode: Mode) -> float:
            lanes = self._lanes(len(steps), mode)  # with streams of their own, left behind here
            for i in range(TIMED + 2):
                if i == 2:
                    torch.cuda.synchronize()
                    began = time.perf_counter()
                self._gradient(lanes, steps[i % len(steps)], 0)
            torch.cuda.synchronize()
            return time.perf_counter() - began

        return fastest(candidates, seconds)

    def _gradient(
        self, lanes: list[Lane], step: Step, index: int, batch: Batch | None = None
    ) -> tuple[Tensor, Tensor]:
        """Return `[3, K]` loss, NLL and KL of one step, and the gradient `[K, 2, P]` of the loss.

        `batch` holds the step's inputs, where they don't come from the panel.
        """
        batch = batch or self.feeder(step)
        found = side_by_side([partial(lane.gradient, batch, step, index) for lane in lanes])
        parts, gradients = zip(*found, strict=True)
        return torch.cat(parts, dim=1), torch.cat(gradients)

    def state(self) -> tuple[dict[str, AnyArray], dict[str, Any]]:
        """Return all that the next epoch depends on: arrays, and a record as plain data.

        Random streams derive from seeds and the epoch's number, so they have no state.
        """
        tensors = {
            "theta": self.posterior.theta.detach(),
            "kept": self.kept.theta,
            "prior_mean": self.kept.prior_mean,
            "prior_log_sigma": self.kept.prior_log_sigma,
            "began": self.began,
            "gradient": self.gradient,
            **self.optimizer.state(),
        }
        record = {
            "epoch": self.epoch,
            "seconds": self.seconds,
            "mode": self.mode,
            "active": self.active,
            "members": [m.record_state() for m in self.members],
        }
        return {name: t.cpu().numpy() for name, t in tensors.items()}, record

    def load(self, arrays: dict[str, AnyArray], record: dict[str, Any]) -> None:
        """Take up the state that `state` returned; what follows is as if never interrupted."""
        # Copies, so that they are aligned as torch's own are: matrix products round by alignment.
        tensors = {name: torch.tensor(a, device=self.device) for name, a in arrays.items()}
        self.epoch, self.seconds = record["epoch"], record["seconds"]
        self.mode = Mode(record["mode"]) if record["mode"] else None
        self.active = record["active"]
        for member, state in zip(self.members, record["members"], strict=True):
            member.load_state(state)
        index = torch.tensor(self.active, device=self.device, dtype=torch.long)
        self.kept.theta.copy_(tensors["kept"])
        self.kept.prior_mean.copy_(tensors["prior_mean"])
        self.kept.prior_log_sigma.copy_(tensors["prior_log_sigma"])
        self.posterior = self.kept.at(tensors["theta"].requires_grad_(True), index)
        self.began = tensors["began"]
        self.gradient = tensors["gradient"].cpu()
        self.optimizer.keep(index)
        self.optimizer.load(tensors)

    def _label_weights(self) -> Tensor | None:
        weights = [m.task.weight for m in self.members]
        if all(w is None for w in weights):
            return None
        ones = np.ones(self.task.panel.rows, dtype=np.float32)
        return torch.as_tensor(
            np.stack([ones if w is None else w for w in weights]), device=self.device
        )

    def _optimizer(self) -> TrialAdamW:
        layout = self.net.layout

        def vector(values: list[float]) -> Tensor:
            return torch.tensor(values, device=self.device)

        settings = [m.settings for m in self.members]
        return TrialAdamW(
            self.posterior.theta.detach(),
            decays=layout.spread_over([float(p.decays) for p in layout.parameters]).to(self.device),
            decay=vector([s.weight_decay for s in settings]),
            sigma_rate=vector([s.sigma_rate for s in settings]),
            clip=vector([s.clip or math.inf for s in settings]),
        )

    def _note_gradient(self, gradient: Tensor) -> None:
        """Keep the RMS gradient of every parameter."""
        pieces = self.net.layout.split(gradient[:, 0])
        rms = torch.stack([p.flatten(1).square().mean(1).sqrt() for p in pieces], 1)
        self.gradient[self.active] = rms.cpu()

    def _record(self, means: Tensor, sound: Tensor, norm: Tensor) -> None:
        """Measure all running trials after an epoch, keep the best weights, drop who has ended."""
        members = self.running
        rows: list[dict[str, float]] = []
        for member, (loss, fit, kl), size in zip(
            members, means.T.tolist(), norm.tolist(), strict=True
        ):
            kl = kl if member.settings.random else 0.0
            rows.append(
                {
                    "epoch": float(self.epoch),
                    "loss": loss,
                    "train_nll_drawn": fit,
                    "kl": kl,
                    "kl_per_label": kl / member.labels,
                    "gradient_norm": size,
                }
            )
        for name, (_, sessions) in self.trace.items():
            at = rows_of(self.task, sessions)
            draws = min(TRACE_DRAWS, self.shape.draws)
            predicted = self.forecast(self.posterior, self.active, sessions, at, draws, "trace")
            sound = sound & torch.isfinite(predicted.mean).flatten(1).all(1)
            for k, (member, row) in enumerate(zip(members, rows, strict=True)):
                row.update(
                    {f"{name}_{n}": v for n, v in measure_row(member, at, predicted, k).items()}
                )
        theta = self.posterior.theta.detach()
        for k, (member, row, ok) in enumerate(zip(members, rows, sound.tolist(), strict=True)):
            if member.record(row, sound=ok):
                self.kept.theta[self.active[k]] = theta[k]
        self._let_go()

    def forecast(
        self, posterior: MeanField, who: list[int], sessions: Int, rows: Int, draws: int, purpose: str
    ) -> Predictive:
        """Predict rows of sessions by the networks at these places, from a posterior of theirs."""
        members = [self.members[i] for i in who]
        forecaster = Forecaster(
            self.net,
            posterior,
            [m.settings for m in members],
            [m.seed for m in members],
            self.feeder,
            self.kind,
        )
        return forecaster(np.sort(sessions), rows, draws, purpose)

    def _let_go(self) -> None:
        """Drop trials that have ended from the lockstep."""
        stay = [k for k, i in enumerate(self.active) if self.members[i].running]
        if len(stay) == len(self.active):
            return
        index = torch.tensor(stay, device=self.device, dtype=torch.long)
        self.active = [self.active[k] for k in stay]
        self.posterior = self.posterior.keep(index)
        self.optimizer.keep(index)


def _networks(trial: Trial) -> int:
    assert isinstance(trial.settings, NetSettings)
    return trial.settings.networks
