"""Where training starts: initial means and sigmas, and the priors, of K trials."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from fireassay.choices import Part, PriorKind
from fireassay.models.variational import Layout, MeanField
from fireassay.training.settings import NetSettings
from fireassay.training.streams import stream

CENTRED_FLOOR = 1e-3
"""Least prior scale around a trained weight, in 1/√fan_in: a dead weight isn't nailed down."""


def fan_in_scale(layout: Layout) -> Tensor:
    """`[P]` 1/√fan_in of every scalar."""
    return layout.spread_over([1 / math.sqrt(p.fan_in) for p in layout.parameters])


def start(
    layout: Layout, settings: Sequence[NetSettings], seeds: Sequence[int], device: str
) -> MeanField:
    """Return the posteriors and priors of K trials before the first step.

    Means are normal with SD spread/√fan_in around the parameter's centre, drawn on the CPU from the
    trial's seed, so that a trial starts at the same weights on every device and under every prior.
    """
    count, unit = len(settings), fan_in_scale(layout)
    centre = layout.spread_over([p.centre for p in layout.parameters])
    spread = unit * layout.spread_over([p.spread for p in layout.parameters])
    theta = torch.empty(count, 2, layout.size)
    scale = torch.zeros(count, layout.size)
    prior_log_sigma = torch.zeros(count, layout.size)
    for k, (s, seed) in enumerate(zip(settings, seeds, strict=True)):
        theta[k, 0] = centre + spread * torch.randn(
            layout.size, generator=stream("cpu", seed, "start")
        )
        theta[k, 1] = torch.log(s.posterior_sigma * unit)
        if s.random:
            chosen = set(s.bayesian) - {Part.NOISE}
            scale[k] = layout.spread_over([float(p.part in chosen) for p in layout.parameters])
        prior = unit if s.prior is PriorKind.FAN_IN else torch.ones_like(unit)
        prior_log_sigma[k] = torch.log(s.prior_sigma * prior)
    empirical = torch.tensor([s.prior is PriorKind.EMPIRICAL for s in settings])
    return MeanField(
        layout,
        theta.to(device).requires_grad_(True),
        scale.to(device),
        centre.repeat(count, 1).to(device),
        prior_log_sigma.to(device),
        empirical.to(device),
    )


def centre_on(posterior: MeanField, trial: int, mean: Tensor, prior_sigma: float) -> None:
    """Centre the prior and the start of one trial on trained weights `[P]` (PriorKind.CENTRED).

    The prior's scale is prior_sigma · |m|, bounded below by CENTRED_FLOOR: the scale at which MOPED
    starts its posterior (Krishnan et al. 2020, arXiv:1906.05323).
    """
    floor = CENTRED_FLOOR * fan_in_scale(posterior.layout).to(mean.device)
    with torch.no_grad():
        posterior.prior_mean[trial] = mean
        posterior.prior_log_sigma[trial] = torch.log(torch.maximum(prior_sigma * mean.abs(), floor))
        posterior.theta[trial, 0] = mean


def logit_scale(layout: Layout, settings: NetSettings, width: int) -> float:
    """Return the SD of a logit that the prior of the head implies for unit-scale activations.

    The last norm leaves activations of unit variance, so a logit's prior variance is the sum of the
    head's weight variances plus its bias variance. Said before training: a scale of 10 means that the
    prior is certain (and wrong) at most bars; one of .01 that it can't leave the class prior.
    """
    unit = 1 / math.sqrt(width)
    sigma = settings.prior_sigma * (unit if settings.prior is PriorKind.FAN_IN else 1.0)
    head = [p for p in layout.parameters if p.part is Part.HEAD]
    outputs = max(p.shape[-1] for p in head)
    return sigma * math.sqrt(sum(p.size for p in head) / outputs)
