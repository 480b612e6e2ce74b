"""Regression on a table of independent rows: many splits of it, trained in lockstep.

The same variational layers, KL and optimiser as the Transformer's, on a problem with published
figures: homoscedastic mean-field VI of a small perceptron (Hernández-Lobato and Adams 2015,
arXiv:1502.05336; Gal and Ghahramani 2016, arXiv:1506.02142). Trials are the splits.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from fireassay.choices import Part
from fireassay.models.mlp import MLP
from fireassay.models.transformer import NO_DROPOUT, Dropout
from fireassay.models.variational import MeanField, Weights
from fireassay.training.lanes import shared_out, side_by_side
from fireassay.training.objective import nll
from fireassay.training.optimizer import TrialAdamW
from fireassay.training.settings import NetSettings
from fireassay.training.start import start
from fireassay.training.step import learning_rate
from fireassay.training.streams import normal, stream

EVERY_PART = tuple(part for part in Part if part is not Part.NOISE)
"""Every weight and bias is random; the noise scale is a point estimate."""


@dataclass(frozen=True, eq=False)
class Fit:
    """K perceptrons, trained.

    Attributes
    ----------
    net, posterior
        The network, and K posteriors over its weights.
    settings, seeds
        `[K]` of each.
    log_noise
        ln of the noise's SD, where it was fixed.
    """

    net: MLP
    posterior: MeanField
    settings: tuple[NetSettings, ...]
    seeds: tuple[int, ...]
    log_noise: float | None

    def predict(self, x: Tensor, draws: int) -> tuple[Tensor, Tensor]:
        """Return locations `[K, S, n]` of S draws at `x [K, n, F]`, and the noise's SD `[K]`."""
        members = zip(self.settings, self.seeds, strict=True)
        streams = [stream("cpu", seed, "final") for _, seed in members]
        rates = [s.dropout if s.stands_for.masks else 0.0 for s in self.settings]
        random = self.posterior.random
        if not bool(random.any()) and not any(rates):
            draws = 1
        with torch.no_grad():
            noise = normal(streams, random, draws, self.net.layout.size)
            weights = self.posterior.draw(noise)
            dropout = Dropout(rates, [stream("cpu", seed, "masks") for seed in self.seeds])
            out = self.net(weights, x.repeat_interleave(draws, 0), dropout)
            noise_sd = _log_noise(self, weights).unflatten(0, (len(x), -1))[:, 0, 0].exp()
        return out[..., 0].unflatten(0, (len(x), draws)), noise_sd


def fit(
    net: MLP,
    x: Tensor,
    y: Tensor,
    settings: Sequence[NetSettings],
    seeds: Sequence[int],
    *,
    steps: int,
    batch: int,
    log_noise: float | None = None,
) -> Fit:
    """Minimise mean NLL + KL / n of K trials, each on its own rows.

    Parameters
    ----------
    x, y
        `[K, n, F]` inputs and `[K, n]` targets of the K trials, standardised.
    settings, seeds
        `[K]`; `groups` and `epochs` are not looked at.
    steps, batch
        Steps of the optimiser, and rows in each.
    log_noise
        ln of the noise's SD where it's known; None: learned.
    """
    parts = shared_out(len(x), "cpu")
    work = [
        partial(_fit, net, x[part], y[part], settings[part], seeds[part], steps, batch, log_noise)
        for part in parts
    ]
    found = side_by_side(work)
    whole = start(net.layout, settings, seeds, "cpu")
    posterior = whole.at(torch.cat([one.posterior.theta.detach() for one in found]))
    return Fit(net, posterior, tuple(settings), tuple(seeds), log_noise)


def _fit(
    net: MLP,
    x: Tensor,
    y: Tensor,
    settings: Sequence[NetSettings],
    seeds: Sequence[int],
    steps: int,
    batch: int,
    log_noise: float | None,
) -> Fit:
    trials, rows, _ = x.shape
    posterior = start(net.layout, settings, seeds, "cpu")
    made = Fit(net, posterior, tuple(settings), tuple(seeds), log_noise)
    groups = max(s.groups if s.random else 1 for s in settings)
    batch = max(groups, min(batch, rows) // groups * groups)
    streams = {
        purpose: [stream("cpu", seed, purpose) for seed in seeds]
        for purpose in ("rows", "weights", "dropout")
    }
    dropout = NO_DROPOUT
    if any(s.dropout for s in settings):
        dropout = Dropout([s.dropout for s in settings], streams["dropout"])
    layout = net.layout
    optimizer = TrialAdamW(
        posterior.theta.detach(),
        decays=layout.spread_over([float(p.decays) for p in layout.parameters]),
        decay=torch.tensor([s.weight_decay for s in settings]),
        sigma_rate=torch.tensor([s.sigma_rate for s in settings]),
        clip=torch.tensor([s.clip or math.inf for s in settings]),
    )
    price = torch.tensor([s.kl_weight / rows if s.random else 0.0 for s in settings])
    everyone, sound = torch.arange(trials).unsqueeze(1), torch.ones(trials, dtype=torch.bool)
    order, at = torch.empty(trials, 0, dtype=torch.long), 0
    for i in range(steps):
        if at + batch > order.shape[1]:
            order, at = torch.stack([torch.randperm(rows, generator=g) for g in streams["rows"]]), 0
        index = order[:, at : at + batch]
        at += batch
        # Rows are independent, so any of them may share a draw: as many groups as draws.
        inputs = x[everyone, index].unflatten(1, (groups, -1)).flatten(0, 1)
        target = y[everyone, index].unflatten(1, (groups, -1))
        weights = posterior.draw(normal(streams["weights"], posterior.random, groups, layout.size))
        out = net(weights, inputs, dropout).unflatten(0, (trials, groups))
        spread = _log_noise(made, weights).unflatten(0, (trials, -1))
        loss = nll("real", out, target, log_noise=spread).mean((1, 2)) + price * posterior.kl()
        (gradient,) = torch.autograd.grad(loss.sum(), posterior.theta)
        rate = torch.tensor([learning_rate(_whole(s), 0, i, steps) for s in settings])
        optimizer.step(posterior.theta.detach(), gradient, rate, sound)
    return made


def _log_noise(made: Fit, weights: Weights) -> Tensor:
    """Return `[N, 1]` ln of the noise's SD in every draw."""
    learned = weights[made.net.log_noise]
    return learned if made.log_noise is None else torch.full_like(learned, made.log_noise)


def _whole(settings: NetSettings) -> NetSettings:
    """Return settings under which the rate's course takes the whole run: one epoch."""
    return settings if settings.epochs == 1 else settings.model_copy(update={"epochs": 1})
