"""What a trained cohort brought: predictions, measures and weights of every trial."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property

import numpy as np
import torch

from fireassay.arrays import AnyArray
from fireassay.models.laplace import Head, LastLayer
from fireassay.models.variational import MeanField
from fireassay.training.cohort import Cohort
from fireassay.training.heads import fit_heads
from fireassay.training.measuring import measure_row, predictions, rows_of
from fireassay.training.member import Member
from fireassay.training.prediction import mixed
from fireassay.training.trial import Run, RunStatus


class Outcome:
    """What a cohort brought, once its training has ended.

    Parameters
    ----------
    cohort
        Its kept weights are what is predicted with.
    """

    def __init__(self, cohort: Cohort) -> None:
        self.cohort = cohort

    @cached_property
    def heads(self) -> dict[int, Head]:
        """Laplace posteriors of the heads, by the network's place; of those that have one."""
        cohort = self.cohort
        wanted = [k for k, m in enumerate(cohort.members) if m.settings.stands_for.head]
        return dict(zip(wanted, fit_heads(cohort, wanted), strict=True)) if wanted else {}

    def runs(self) -> list[Run]:
        """Predict with the kept weights of every trial; return the runs in the trials' order."""
        cohort = self.cohort
        everyone, kept = list(range(len(cohort.members))), self.posteriors()
        predicted = {
            name: (rows, mixed(cohort.kind, found, cohort.networks))
            for name, part in (
                ("test", cohort.task.split.test),
                ("validation", cohort.task.split.validation),
                ("train", cohort.trace["train"][1]),  # measured from as many draws as the others
            )
            for rows in (rows_of(cohort.task, part),)
            for found in (cohort.forecast(kept, everyone, part, rows, cohort.shape.draws, "final"),)
        }
        kl, above = cohort.kept.kl().tolist(), cohort.kept.above_noise().tolist()
        pieces = cohort.net.layout.split((cohort.kept.mean - cohort.began).abs())
        changed = torch.stack([p.flatten(1).amax(1) for p in pieces], 1).cpu()
        names = [p.name for p in cohort.net.layout.parameters]
        runs = []
        for k, trial in enumerate(cohort.trials):
            team = self._team(k)
            members = [cohort.members[i] for i in team]
            first, random = members[0], members[0].settings.random
            details = {
                "labels": first.labels,
                "parameters": cohort.net.layout.size * len(team),
                "kl": kl[team[0]] if random else 0.0,
                "above_noise": above[team[0]] if random else None,
                "gradient": dict(zip(names, cohort.gradient[team].mean(0).tolist(), strict=True)),
                "changed": dict(zip(names, changed[team].mean(0).tolist(), strict=True)),
                "measured": {
                    f"{part}_{name}": value
                    for part, found in predicted.items()
                    for name, value in measure_row(first, *found, k).items()
                },
                **self._told_of_head(team[0]),
            }
            runs.append(
                Run(
                    trial=trial,
                    status=_worst(members),
                    history=_together([m.history for m in members]),
                    test=predictions(first, *predicted["test"], k),
                    validation=predictions(first, *predicted["validation"], k),
                    best_epoch=round(float(np.mean([m.best_epoch for m in members]))),
                    seconds=cohort.seconds / len(cohort.trials),
                    details=details,
                )
            )
        return runs

    def _team(self, k: int) -> list[int]:
        """Return the places of a trial's networks on the trial axis."""
        networks = self.cohort.networks
        return list(range(k * networks, (k + 1) * networks))

    def posteriors(self) -> MeanField:
        """Return the kept posteriors of all networks, heads included."""
        cohort = self.cohort
        if not self.heads:
            return cohort.kept
        scalars = next(iter(self.heads.values())).factor.shape[0]
        factors = torch.zeros(len(cohort.members), scalars, scalars, device=cohort.device)
        for k, head in self.heads.items():
            factors[k] = head.factor.float()
        return LastLayer(cohort.kept, factors, cohort.net.layout.place(cohort.net.head.weight))

    def _told_of_head(self, k: int) -> dict[str, float]:
        head = self.heads.get(k)
        if head is None:
            return {}
        return {"prior_precision": head.precision, "determined": head.determined}

    def weights(self, k: int) -> dict[str, AnyArray]:
        """Return the kept posterior of the trial at place k, and its prior, by name.

        `[P]` each, of an ensemble `[M, P]`; with a Laplace posterior also `head_factor [H, H]`, L
        with L Lᵀ the head's covariance, and the prior's scale that it was fitted with.
        """
        cohort = self.cohort
        kept, team = cohort.kept, self._team(k)
        head = self.heads.get(team[0])
        prior = kept.prior_log_sigma_now()[team].clone()
        if head is not None:
            first = cohort.net.layout.place(cohort.net.head.weight)
            prior[:, first : first + len(head.factor)] = -0.5 * math.log(head.precision)
        arrays = {
            "mean": kept.mean[team],
            "log_sigma": kept.theta[team, 1],
            "scale": kept.scale[team],
            "prior_mean": kept.prior_mean[team],
            "prior_log_sigma": prior,
        }
        if len(team) == 1:
            arrays = {name: value[0] for name, value in arrays.items()}
        if head is not None:
            arrays["head_factor"] = head.factor.float()
        return {name: value.detach().cpu().numpy() for name, value in arrays.items()}


def _worst(members: Sequence[Member]) -> RunStatus:
    """Return how a trial ended whose networks ended so."""
    ended = {member.status or RunStatus.CUT_SHORT for member in members}
    return next(s for s in (RunStatus.DIVERGED, RunStatus.CUT_SHORT, RunStatus.DONE) if s in ended)


def _together(histories: Sequence[Sequence[dict[str, float]]]) -> tuple[dict[str, float], ...]:
    """Return one row an epoch: the mean over the networks that trained in it."""
    if len(histories) == 1:
        return tuple(histories[0])
    rows = []
    for epoch in range(max(len(history) for history in histories)):
        there = [history[epoch] for history in histories if epoch < len(history)]
        rows.append({name: float(np.mean([row[name] for row in there])) for name in there[0]})
    return tuple(rows)
