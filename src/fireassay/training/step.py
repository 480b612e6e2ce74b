"""One training step of a cohort: weights drawn, loss per trial, learning rate."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from fireassay.models.transformer import Batch, Dropout, Span
from fireassay.models.variational import MeanField, Weights
from fireassay.training.acceleration import Mode
from fireassay.training.batches import Step
from fireassay.training.member import Member
from fireassay.training.objective import kl_factor, nll
from fireassay.training.settings import Estimator, KlSchedule, NetSettings, Schedule
from fireassay.training.streams import normal, stream

if TYPE_CHECKING:
    from fireassay.training.cohort import Cohort


@dataclass(frozen=True, eq=False)
class Share:
    """Running trials of a cohort that stand side by side on its axis.

    Attributes
    ----------
    members
        The trials.
    places
        Their places in the cohort.
    posterior
        Their posteriors: a leaf of its own, on the same memory as the cohort's.
    """

    members: list[Member]
    places: list[int]
    posterior: MeanField


class Sampler:
    """Weights and dropout of one epoch's steps, each trial's from its own streams.

    Parameters
    ----------
    cohort, epoch
        Whose.
    share
        The trials to draw for; None: all that run.
    """

    def __init__(self, cohort: Cohort, epoch: int, share: Share | None = None) -> None:
        share = share or cohort.share()
        members = share.members
        self.cohort = cohort
        self.posterior = share.posterior
        self.random = any(m.settings.random for m in members)
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
        posterior, draws = self.posterior, batch.x.shape[0]
        if not self.random:
            return posterior.at_mean(draws)
        noise = normal(self.streams["weights"], posterior.random, draws, posterior.layout.size)
        if self.cohort.shape.estimator is Estimator.FLIPOUT:
            return posterior.flipout(noise, self.streams["signs"], step.sequences, batch.sequence[0])
        return posterior.draw(noise)


class Objective:
    """Loss of running trials in the steps of an epoch.

    Parameters
    ----------
    cohort, steps
        Whose, and the number of steps of its epoch.
    share
        The trials; None: all that run.
    """

    def __init__(self, cohort: Cohort, steps: int, share: Share | None = None) -> None:
        share = share or cohort.share()
        members, device = share.members, cohort.device

        def vector(values: list[float]) -> Tensor:
            return torch.tensor(values, device=device)

        self.cohort = cohort
        self.steps = steps
        self.members = members
        self.posterior = share.posterior
        self.random = any(m.settings.random for m in members)
        self.y = cohort.y[share.places]
        self.weight = None if cohort.weight is None else cohort.weight[share.places]
        self.labels = vector([m.labels for m in members])
        smoothing = [m.settings.label_smoothing for m in members]
        self.smoothing = vector(smoothing).view(-1, 1, 1) if any(smoothing) else None
        self.free_bits = vector([m.settings.free_bits for m in members])
        self.price = vector([m.kl_price for m in members])
        self.scheduled = any(m.settings.kl_schedule is not KlSchedule.CONSTANT for m in members)

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
        cohort, count = self.cohort, len(self.members)
        log_noise = None
        if cohort.net.log_noise is not None:
            log_noise = weights[cohort.net.log_noise].unflatten(0, (count, -1))
        each = nll(
            cohort.kind,
            outputs.unflatten(0, (count, -1)),
            cohort.feeder.gather(self.y, step),
            smoothing=self.smoothing,
            log_noise=log_noise,
            noise=cohort.shape.noise,
        )
        if self.weight is not None:
            each = each * torch.nan_to_num(cohort.feeder.gather(self.weight, step))
        # An epoch holds N labels in `steps` steps: dividing by their expected number leaves ragged
        # sessions their weight, which a mean over the batch wouldn't.
        fit = each.sum((1, 2)) * (self.steps / self.labels)
        if not self.random:
            return fit, fit, torch.zeros_like(fit)
        kl = self.posterior.kl()
        return fit + self._price(index) * torch.maximum(kl, self.free_bits), fit, kl

    def _price(self, index: int) -> Tensor:
        """Return `[K]` the price of a nat of KL in a step, by each trial's schedule."""
        if not self.scheduled:
            return self.price
        now = self.cohort.epoch + index / self.steps
        factors = [kl_factor(m.settings.kl_schedule, now / m.settings.epochs) for m in self.members]
        return self.price * torch.tensor(factors, device=self.price.device)


class Lane:
    """The steps of one epoch for running trials that one thread takes care of.

    Parameters
    ----------
    cohort, steps, share
        As of an `Objective`.
    mode
        How its steps are executed.
    """

    def __init__(self, cohort: Cohort, steps: int, share: Share, mode: Mode = Mode.PLAIN) -> None:
        self.net = cohort.compiled if mode.compiled else cohort.net
        self.mode = mode
        self.device = cohort.device.split(":", maxsplit=1)[0]
        self.theta = share.posterior.theta
        self.sampler = Sampler(cohort, cohort.epoch, share)
        self.objective = Objective(cohort, steps, share)

    def gradient(self, batch: Batch, step: Step, index: int) -> tuple[Tensor, Tensor]:
        """Return `[3, K]` loss, NLL and KL of one step, and the gradient `[K, 2, P]` of the loss."""
        weights = self.sampler.weights(batch, step)
        if self.mode.reduced:
            with torch.autocast(self.device, torch.bfloat16):
                outputs = self.net(weights, batch, self.sampler.dropout).float()
        else:
            outputs = self.net(weights, batch, self.sampler.dropout)
        losses, fit, kl = self.objective(weights, outputs, step, index)
        (gradient,) = torch.autograd.grad(losses.sum(), self.theta)
        return torch.stack([losses.detach(), fit.detach(), kl.detach()]), gradient


def learning_rate(settings: NetSettings, epoch: int, index: int, steps: int) -> float:
    """Learning rate of a step: linear warm-up, then constant or a cosine to 5 % of the peak."""
    total, at = settings.epochs * steps, epoch * steps + index
    rise = max(1.0, settings.warm_up * total)
    factor = min(1.0, (at + 1) / rise)
    if settings.schedule is Schedule.COSINE:
        share = min(1.0, max(0.0, (at - rise) / max(1.0, total - rise)))
        factor *= 0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * share))
    return settings.learning_rate * factor
