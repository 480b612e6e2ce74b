"""Laplace posteriors of trained heads, from the training sessions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch

from fireassay.models.laplace import Head, curvature, output_curvature, refuse_large
from fireassay.training.batches import evaluation_steps
from fireassay.training.objective import STUDENT_DF, probabilities
from fireassay.training.prediction import PASS_NUMBERS
from fireassay.training.settings import NoiseKind

if TYPE_CHECKING:
    from fireassay.training.cohort import Cohort


def fit_heads(cohort: Cohort, who: Sequence[int]) -> list[Head]:
    """Return the posteriors of the heads of the networks at these places, at their kept weights.

    The curvature is summed over the labels that were learned from, each with its weight and the power
    on the likelihood; of overlapping labels a power of N_eff / N leaves what they are worth
    (`likelihood_power`). Student-t noise counts by its Fisher information, (ν + 1) / (ν + 3) of a
    Gaussian's of the same scale.
    """
    net, kind, feeder = cohort.net, cohort.kind, cohort.feeder
    index = torch.tensor(list(who), device=cohort.device)
    posterior = cohort.kept.keep(index)
    first = net.layout.place(net.head.weight)
    scalars = sum(net.layout.parameters[i].size for i in net.head.parameters)
    refuse_large(scalars)
    y, weight = cohort.y[index], cohort.weight
    sums = torch.zeros(len(who), scalars, scalars, dtype=torch.float64, device=cohort.device)
    longest = int(feeder.panel.lengths[cohort.task.split.train].max())
    steps = evaluation_steps(
        feeder.panel.offsets,
        cohort.task.split.train,
        rows=max(longest, PASS_NUMBERS // (len(who) * net.arch.width)),
        window=max(net.arch.windows),
    )
    with torch.no_grad():
        weights = posterior.at_mean()
        for step in steps:
            hidden = net.hidden(weights, feeder(step))
            p = probabilities(kind, net.head(weights, hidden)).double()
            learned = ~feeder.gather(y, step).isnan()[:, 0]
            for k in range(len(who)):
                rows = learned[k]
                phi = hidden[k, rows].double()
                phi = torch.cat([phi, torch.ones_like(phi[:, :1])], dim=1)
                each = output_curvature(kind, p[k, rows])
                if weight is not None:
                    counts = feeder.gather(weight[index], step)[k, 0, rows]
                    each = each * counts.double().view(-1, 1, 1)
                sums[k] += curvature(phi, each)
        theta = posterior.mean[:, first : first + scalars]
        heads = []
        for k, place in enumerate(who):
            member, scale = cohort.members[place], 1.0
            if net.log_noise is not None:
                scale = math.exp(-2 * float(weights[net.log_noise][k]))
                if member.settings.noise is NoiseKind.STUDENT:
                    scale *= (STUDENT_DF + 1) / (STUDENT_DF + 3)
            heads.append(Head.of(sums[k] * scale * member.power, theta[k]))
    return heads
