"""One training step of a cohort: weights drawn, loss per trial, learning rate."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from fireassay.models.transformer import Batch, Dropout, Span
from fireassay.models.variational import Weights
from fireassay.training.batches import Step
from fireassay.training.objective import kl_factor, nll
from fireassay.training.settings import Estimator, NetSettings, Schedule
from fireassay.training.streams import normal, stream

if TYPE_CHECKING:
    from fireassay.training.cohort import Cohort


class Sampler:
    """Weights and dropout of one epoch's steps, each trial's from its own streams."""

    def __init__(self, cohort: Cohort, epoch: int) -> None:
        members = cohort.running
        self.cohort = cohort
        self.streams = {
            purpose: [stream(cohort.device, m.seed, purpose, epoch) for m in members]
            for purpose in ("weights", "dropout", "signs")
        }
        self.dropout = Dropout(
            [m.settings.dropout for m in members],
            self.streams["dropout"],
            [Span.SESSION if m.settings.masks else Span.BAR for m in members],
        )

    def weights(self, batch: Batch, step: Step) -> Weights:
        """Return the step's K · G draws."""
        posterior, draws = self.cohort.posterior, batch.x.shape[0]
        random = posterior.random
        if not bool(random.any()):
            return posterior.at_mean(draws)
        noise = normal(self.streams["weights"], random, draws, posterior.layout.size)
        if self.cohort.shape.estimator is Estimator.FLIPOUT:
            return posterior.flipout(noise, self.streams["signs"], step.sequences, batch.sequence[0])
        return posterior.draw(noise)


class Objective:
    """Loss of every running trial in one step of an epoch."""

    def __init__(self, cohort: Cohort, steps: int) -> None:
        members, device = cohort.running, cohort.device
        self.cohort = cohort
        self.steps = steps
        self.y = cohort.y[cohort.active]
        self.weight = None if cohort.weight is None else cohort.weight[cohort.active]
        self.labels = torch.tensor([m.labels for m in members], device=device)
        self.smoothing = torch.tensor([m.settings.label_smoothing for m in members], device=device)
        self.free_bits = torch.tensor([m.settings.free_bits for m in members], device=device)

    def __call__(
        self, weights: Weights, outputs: Tensor, step: Step, index: int
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return `[K]` loss per label, NLL per label and KL in nats.

        Parameters
        ----------
        weights, outputs
            The draws and their outputs `[K · G, n, C]`.
        step, index
            The rows `[A, n]`, and the step's place in the epoch.
        """
        cohort, members = self.cohort, self.cohort.running
        count = len(members)
        log_noise = None
        if cohort.net.log_noise is not None:
            log_noise = weights[cohort.net.log_noise].unflatten(0, (count, -1))
        each = nll(
            cohort.kind,
            outputs.unflatten(0, (count, -1)),
            cohort.feeder.gather(self.y, step),
            smoothing=self.smoothing.view(-1, 1, 1),
            log_noise=log_noise,
            noise=cohort.shape.noise,
        )
        if self.weight is not None:
            each = each * torch.nan_to_num(cohort.feeder.gather(self.weight, step))
        # An epoch holds N labels in `steps` steps: dividing by their expected number leaves ragged
        # sessions their weight, which a mean over the batch wouldn't.
        fit = each.sum((1, 2)) * (self.steps / self.labels)
        kl = cohort.posterior.kl()
        now = cohort.epoch + index / self.steps
        price = torch.tensor(
            [
                m.kl_price * kl_factor(m.settings.kl_schedule, now / m.settings.epochs)
                for m in members
            ],
            device=cohort.device,
        )
        return fit + price * torch.maximum(kl, self.free_bits), fit, kl


def learning_rate(settings: NetSettings, epoch: int, index: int, steps: int) -> float:
    """Learning rate of a step: linear warm-up, then constant or a cosine to 5 % of the peak."""
    total, at = settings.epochs * steps, epoch * steps + index
    rise = max(1.0, settings.warm_up * total)
    factor = min(1.0, (at + 1) / rise)
    if settings.schedule is Schedule.COSINE:
        share = min(1.0, max(0.0, (at - rise) / max(1.0, total - rise)))
        factor *= 0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * share))
    return settings.learning_rate * factor
