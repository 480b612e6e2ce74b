"""AdamW over the trial axis: one fused update for all parameters of all trials."""

from __future__ import annotations

import torch
from torch import Tensor

LOG_SIGMA_BOUNDS = (-14.0, 4.0)
"""Posterior scales outside e^−14 … e^4 only lose float32 precision."""


class TrialAdamW:
    """AdamW (Loshchilov and Hutter 2019, arXiv:1711.05101) with settings per trial.

    Parameters
    ----------
    theta
        `[K, 2, P]` means and log sigmas.
    decays
        `[P]` 1 where weight decay applies.
    decay
        `[K]` weight decay, multiplied by the learning rate in each step.
    sigma_rate
        `[K]` step size of log sigmas, in learning rates.
    clip
        `[K]` bound on the gradient norm over all parameters of a trial; infinite for none.
    """

    def __init__(
        self,
        theta: Tensor,
        *,
        decays: Tensor,
        decay: Tensor,
        sigma_rate: Tensor,
        clip: Tensor,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
    ) -> None:
        self.first = torch.zeros_like(theta)
        self.second = torch.zeros_like(theta)
        self.steps = 0
        self.decay = decay.unsqueeze(1) * decays
        self.sigma_rate = sigma_rate.unsqueeze(1)
        self.clip = clip
        self.betas = betas
        self.eps = eps

    @torch.no_grad()
    def step(self, theta: Tensor, gradient: Tensor, rate: Tensor, sound: Tensor) -> Tensor:
        """Update theta in place and return `[K]` gradient norms before clipping.

        Parameters
        ----------
        theta, gradient
            `[K, 2, P]`; the gradient is overwritten.
        rate
            `[K]` learning rates of this step.
        sound
            `[K]` bool: trials that move; the others keep their weights, and their moments fade.
        """
        norm = gradient.flatten(1).norm(dim=1)
        moves = sound & torch.isfinite(norm)
        factor = (self.clip / norm.clamp(min=1e-30)).clamp(max=1.0)
        gradient.mul_(factor.view(-1, 1, 1))
        if not bool(moves.all()):
            gradient = torch.where(moves.view(-1, 1, 1), gradient, torch.zeros_like(gradient))
        self.steps += 1
        b1, b2 = self.betas
        self.first.lerp_(gradient, 1 - b1)
        self.second.mul_(b2).addcmul_(gradient, gradient, value=1 - b2)
        scale = (self.second / (1 - b2**self.steps)).sqrt_().add_(self.eps)
        update = (self.first / (1 - b1**self.steps)).div_(scale)
        rate = (rate * moves).unsqueeze(1)
        mean, log_sigma = theta[:, 0], theta[:, 1]
        mean -= rate * (update[:, 0] + self.decay * mean)
        log_sigma -= rate * self.sigma_rate * update[:, 1]
        log_sigma.clamp_(*LOG_SIGMA_BOUNDS)
        return norm

    def state(self) -> dict[str, Tensor]:
        """Return the moments and the step count, for a checkpoint."""
        return {
            "adam.first": self.first,
            "adam.second": self.second,
            "adam.steps": torch.tensor(self.steps),
        }

    def load(self, state: dict[str, Tensor]) -> None:
        """Take up the state that `state` returned."""
        self.first.copy_(state["adam.first"])
        self.second.copy_(state["adam.second"])
        self.steps = int(state["adam.steps"])

    def keep(self, index: Tensor) -> None:
        """Drop all trials but those at the index."""
        self.first, self.second = self.first[index], self.second[index]
        self.decay, self.sigma_rate = self.decay[index], self.sigma_rate[index]
        self.clip = self.clip[index]
