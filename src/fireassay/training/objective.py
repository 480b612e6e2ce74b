"""What is minimised: mean NLL per label + (kl_weight / N) · KL, all in nats.

N is the number of distinct labels of the training split and is passed in. A step of L labelled bars
sums their NLL and divides by the labels a step is expected to have, N / steps, so ragged sessions
weigh by their labels; KL enters once a step. Summed over an epoch this is steps / N times the
negative ELBO when kl_weight is 1 (Blundell et al. 2015, arXiv:1505.05424, section 3.4).
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from fireassay.data.task import Kind
from fireassay.training.settings import KlSchedule, NoiseKind

STUDENT_DF = 4.0
"""Degrees of freedom of the Student-t noise: tails about those of short-horizon returns."""


def nll(
    kind: Kind,
    outputs: Tensor,
    y: Tensor,
    *,
    smoothing: Tensor | None = None,
    log_noise: Tensor | None = None,
    noise: NoiseKind = NoiseKind.GAUSSIAN,
) -> Tensor:
    """Return the negative log likelihood of every label in nats; 0 where there is no label.

    Parameters
    ----------
    kind
        Likelihood: Bernoulli, categorical, or a location with learned noise.
    outputs
        `[..., n, C]` logits, or `[..., n, 1]` locations.
    y
        `[..., n]` labels, NaN where there is none; a regression's in units of its training SD.
    smoothing
        Broadcasts against y: weight of the uniform distribution over classes in the label.
    log_noise
        Broadcasts against y: ln of the noise scale (regression).
    """
    known = ~torch.isnan(y)
    target = torch.nan_to_num(y)
    if kind == "binary":
        if smoothing is not None:
            target = target * (1 - smoothing) + 0.5 * smoothing
        loss = F.binary_cross_entropy_with_logits(outputs[..., 0], target, reduction="none")
    elif kind == "multiclass":
        log_p = F.log_softmax(outputs, dim=-1)
        loss = -log_p.gather(-1, target.long().unsqueeze(-1)).squeeze(-1)
        if smoothing is not None:
            loss = (1 - smoothing) * loss - smoothing * log_p.mean(-1)
    else:
        assert log_noise is not None
        z = (target - outputs[..., 0]) * torch.exp(-log_noise)
        if noise is NoiseKind.GAUSSIAN:
            loss = 0.5 * z.square() + log_noise + 0.5 * math.log(2 * math.pi)
        else:
            df = STUDENT_DF
            constant = math.lgamma(df / 2) - math.lgamma((df + 1) / 2) + 0.5 * math.log(df * math.pi)
            loss = 0.5 * (df + 1) * torch.log1p(z.square() / df) + log_noise + constant
    return torch.where(known, loss, torch.zeros_like(loss))


def kl_factor(schedule: KlSchedule, progress: float) -> float:
    """Return the factor on the KL weight at a share of the run, 0 ≤ progress < 1."""
    if schedule is KlSchedule.WARM_UP:
        return min(1.0, 2 * progress)
    if schedule is KlSchedule.CYCLICAL:
        return min(1.0, 2 * (4 * progress % 1))
    return 1.0


def information_budget(labels: float, r2: float) -> float:
    """Nats of KL that a label with predictable share `r2` can pay: −(N/2) ln(1 − R²)."""
    return -0.5 * labels * math.log1p(-r2)


def probabilities(kind: Kind, outputs: Tensor) -> Tensor:
    """`[..., C]` outputs to probabilities (or locations unchanged)."""
    if kind == "binary":
        return torch.sigmoid(outputs)
    if kind == "multiclass":
        return torch.softmax(outputs, dim=-1)
    return outputs


def entropy(kind: Kind, p: Tensor) -> Tensor:
    """`[..., C]` probabilities to entropy in nats `[...]`; binary p has C = 1."""
    if kind == "binary":
        p = torch.cat([p, 1 - p], dim=-1)
    return torch.special.entr(p).sum(-1)
