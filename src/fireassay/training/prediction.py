"""Posterior predictive of K trials on sessions: means, entropies, and what they decompose into."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from fireassay.arrays import Int
from fireassay.data.task import Kind
from fireassay.models.transformer import NO_DROPOUT, Batch, Dropout, Span, Transformer
from fireassay.models.variational import MeanField, Weights
from fireassay.training.batches import Feeder, evaluation_steps
from fireassay.training.objective import STUDENT_DF, entropy, probabilities
from fireassay.training.settings import NetSettings, NoiseKind
from fireassay.training.streams import normal, stream

PASS_NUMBERS = 2**22
"""Channel values of one layer that an evaluation pass may hold: bounds its memory."""


@dataclass(frozen=True)
class Predictive:
    """The predictive distribution of K trials at n rows.

    Attributes
    ----------
    mean
        `[K, n, C]` probabilities, or locations in training SDs.
    total, expected
        `[K, n]` predictive entropy and expected entropy in nats; variances for a regression.
    draws
        `[K, S, n, C]` probabilities or locations of each posterior draw, where they were kept.
    """

    mean: Tensor
    total: Tensor
    expected: Tensor
    draws: Tensor | None = None


def mixed(kind: Kind, found: Predictive, networks: int) -> Predictive:
    """Return what every `networks` predictives in a row say together, each as likely as the other.

    The predictive of an ensemble is the mixture of its members' (Lakshminarayanan et al. 2017,
    arXiv:1612.01474): what they disagree about is mutual information between label and network, for
    a regression variance between their means.
    """
    if networks == 1:
        return found
    means = found.mean.unflatten(0, (-1, networks))
    within, mean = found.total.unflatten(0, (-1, networks)), means.mean(1)
    if kind == "real":
        total = within.mean(1) + (means - mean.unsqueeze(1))[..., 0].square().mean(1)
    else:
        total = entropy(kind, mean)
    return Predictive(mean, total, found.expected.unflatten(0, (-1, networks)).mean(1))


@dataclass(frozen=True)
class Forecaster:
    """Draws from the posteriors of K trials and predicts with them.

    Parameters
    ----------
    net, posterior
        The network and K posteriors over its weights.
    settings, seeds
        `[K]` settings and seeds of the trials: draws derive from the seed, so a trial predicts the
        same whoever stands beside it.
    feeder
        Where inputs come from.
    kind
        The likelihood.
    """

    net: Transformer
    posterior: MeanField
    settings: Sequence[NetSettings]
    seeds: Sequence[int]
    feeder: Feeder
    kind: Kind

    def __call__(
        self, sessions: Int, rows: Int, draws: int, purpose: str, *, keep: bool = False
    ) -> Predictive:
        """Predict at sorted `rows [n]` of the sessions given; each session is read whole.

        `keep` keeps what every draw predicts.
        """
        weights, draws = self._weights(draws, purpose)
        trials, device, arch = len(self.seeds), self.feeder.device, self.net.arch
        mean = torch.zeros(trials, len(rows), arch.outputs, device=device)
        total = torch.zeros(trials, len(rows), device=device)
        expected = torch.zeros(trials, len(rows), device=device)
        each = torch.zeros(trials, draws, len(rows), arch.outputs) if keep else None
        if len(rows) == 0:
            return Predictive(mean, total, expected, each)
        longest = int(self.feeder.panel.lengths[sessions].max())
        per_pass = max(longest, PASS_NUMBERS // (trials * draws * arch.width))
        steps = evaluation_steps(
            self.feeder.panel.offsets, sessions, rows=per_pass, window=max(arch.windows)
        )
        with torch.no_grad():
            for step in steps:
                flat = step.rows[0]
                place = np.searchsorted(rows, flat).clip(max=len(rows) - 1)
                hit = np.flatnonzero(rows[place] == flat)
                if not len(hit):
                    continue
                outputs = self._outputs(weights, draws, self.feeder(step), purpose)
                picked = outputs[:, torch.as_tensor(hit, device=device)].unflatten(0, (trials, -1))
                at = torch.as_tensor(place[hit], device=device)
                p = probabilities(self.kind, picked)
                mean[:, at], total[:, at], expected[:, at] = self._moments(p, weights)
                if each is not None:
                    each[:, :, at.cpu()] = p.cpu()
        return Predictive(mean, total, expected, each)

    def _weights(self, draws: int, purpose: str) -> tuple[Weights, int]:
        """Return the weights of K · S draws, and S: 1 where nothing is random.

        Draws come in antithetic pairs μ ± σ ε: each is a draw of the posterior, and where outputs are
        about linear in the weights the mean of a pair is that of many (Hammersley and Morton 1956).
        """
        random = self.posterior.random
        if not bool(random.any()) and not self._masks:
            draws = 1
        streams = [stream(self.feeder.device, seed, purpose) for seed in self.seeds]
        half = normal(streams, random, -(-draws // 2), self.posterior.layout.size)
        noise = torch.cat([half, -half], dim=1)[:, :draws]
        with torch.no_grad():
            return self.posterior.draw(noise), draws

    def _outputs(self, weights: Weights, draws: int, batch: Batch, purpose: str) -> Tensor:
        """`[K · S, n, C]` outputs; what all draws have in common is computed once."""
        if self._masks or not self._head_alone:
            return self.net(weights, batch, self._dropout(purpose))
        hidden = self.net.hidden(self.posterior.at_mean(), batch)
        return self.net.head(weights, hidden.repeat_interleave(draws, dim=0))

    @property
    def _masks(self) -> bool:
        return any(s.masks for s in self.settings)

    @cached_property
    def _head_alone(self) -> bool:
        """Whether draws differ in the head only."""
        moving = [bool(part.any()) for part in self.net.layout.split(self.posterior.moves)]
        return not any(m for i, m in enumerate(moving) if i not in self.net.head.parameters)

    def _dropout(self, purpose: str) -> Dropout:
        """Return the masks of the draws: streams begin anew, so every pass sees the same."""
        if not self._masks:
            return NO_DROPOUT
        rates = [s.dropout if s.masks else 0.0 for s in self.settings]
        streams = [stream(self.feeder.device, seed, purpose, "dropout") for seed in self.seeds]
        return Dropout(rates, streams, [Span.DRAW] * len(rates))

    def _moments(self, p: Tensor, weights: Weights) -> tuple[Tensor, Tensor, Tensor]:
        """`[K, S, n, C]` what draws predict to predictive mean, total and expected uncertainty."""
        mean = p.mean(1)
        if self.kind != "real":
            return mean, entropy(self.kind, mean), entropy(self.kind, p).mean(1)
        assert self.net.log_noise is not None
        variance = torch.exp(2 * weights[self.net.log_noise]).unflatten(0, p.shape[:2])
        if self.settings[0].noise is NoiseKind.STUDENT:
            variance = variance * STUDENT_DF / (STUDENT_DF - 2)
        expected = variance.mean(1).expand(-1, p.shape[2])
        return mean, expected + p[..., 0].var(1, correction=0), expected
