"""Grouped draws, one shared draw and signs per sequence estimate the same objective.

What must agree is the distribution of a session under one draw of the weights: its expected loss and
the spread of its mean prediction. Signs per bar keep the loss of each bar but let the spread average
out over a session.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest
import torch

from fireassay.models.transformer import Transformer
from fireassay.models.variational import MeanField
from fireassay.training.batches import Feeder, Step, pack
from fireassay.training.cohort import Cohort, architecture
from fireassay.training.objective import nll
from fireassay.training.settings import Estimator
from fireassay.training.start import start
from fireassay.training.step import Sampler
from tests.training.tasks import BAYESIAN, make_task, trial_of

COPIES = 1500
TASK = make_task(sessions=8, bars=(6, 10), validation=0)
WIDE = BAYESIAN.model_copy(update={"posterior_sigma": 0.4, "layers": 1})
SESSIONS = TASK.split.train.tolist()
GROUPS = [SESSIONS[0::3], SESSIONS[1::3], SESSIONS[2::3]]


@dataclass(frozen=True, eq=False)
class Drawn:
    """Losses and predictions of many independent steps.

    `loss [copies, sessions]` is the mean NLL of a session's labels, `mean [copies, sessions]` its
    mean logit.
    """

    loss: torch.Tensor
    mean: torch.Tensor

    @property
    def spread(self) -> float:
        """SD of a session's mean prediction over draws, averaged over sessions."""
        return self.mean.var(0).mean().sqrt().item()

    @property
    def step_loss(self) -> torch.Tensor:
        """`[copies]` the loss of the whole step."""
        return self.loss.mean(1)


@cache
def drawn(way: str) -> Drawn:
    """Draw COPIES steps: equal posteriors stand side by side, each with its own streams."""
    net = Transformer(architecture(TASK, WIDE))
    feeder = Feeder(TASK, "cpu", net.arch.windows)
    one = start(net.layout, [WIDE], [1], "cpu")
    posterior = MeanField(
        net.layout,
        one.theta.detach().expand(COPIES, -1, -1).clone(),
        one.scale.expand(COPIES, -1),
        one.prior_mean,
        one.prior_log_sigma,
        one.empirical,
    )
    groups = GROUPS if way == "grouped" else [SESSIONS]
    step = pack(TASK.panel.offsets, groups, max(net.arch.windows))
    noise = torch.randn(
        COPIES, len(groups), net.layout.size, generator=torch.Generator().manual_seed(5)
    )
    if way in ("grouped", "shared"):
        weights = posterior.draw(noise)
    else:
        sequence = torch.as_tensor(step.sequence[0])
        if way == "per bar":
            sequence = torch.arange(step.rows.shape[1])
        streams = [torch.Generator().manual_seed(k) for k in range(COPIES)]
        weights = posterior.flipout(noise, streams, int(sequence.max()) + 1, sequence)
    with torch.no_grad():
        outputs = net(weights, feeder(step)).unflatten(0, (COPIES, -1))
    y = feeder.gather(torch.as_tensor(TASK.label.y)[None], step)
    loss = nll("binary", outputs, y.expand(COPIES, -1, -1))
    found = [[], []]
    for g, sessions in enumerate(groups):
        for s in sessions:
            mine = torch.as_tensor(TASK.panel.session_of_row[step.rows[g].clip(min=0)] == s)
            mine &= torch.as_tensor(step.rows[g] >= 0)
            found[0].append(loss[:, g, mine & ~y[0, g].isnan()].mean(1))
            found[1].append(outputs[:, g, mine, 0].mean(1))
    return Drawn(*(torch.stack(part, 1) for part in found))


@pytest.mark.parametrize("way", ["grouped", "per sequence"])
def test_the_estimators_agree(way: str) -> None:
    shared, other = drawn("shared"), drawn(way)
    gap = other.step_loss.mean() - shared.step_loss.mean()
    error = np.hypot(shared.step_loss.std().item(), other.step_loss.std().item()) / COPIES**0.5
    assert abs(gap.item()) < 4 * error
    assert error < 0.02
    assert other.spread == pytest.approx(shared.spread, rel=0.06)
    # What they are for: sessions under their own weights average the noise of a step's loss.
    assert other.step_loss.std() < 0.9 * shared.step_loss.std()


def test_signs_per_bar_would_be_another_objective() -> None:
    """The noise averages out over a session, whose bars then see different weights."""
    assert drawn("per bar").spread < 0.7 * drawn("shared").spread


@pytest.mark.parametrize("estimator", Estimator)
def test_a_cohort_draws_as_its_estimator_says(estimator: Estimator) -> None:
    trials = [(trial_of(TASK, WIDE, seed=k, estimator=estimator, groups=3), TASK) for k in range(2)]
    cohort = Cohort(trials)
    (step,) = cohort._steps()[:1]
    assert len(step.rows) == (3 if estimator is Estimator.GROUPED else 1)
    weights = Sampler(cohort, 0).weights(cohort.feeder(step), step)
    assert weights.count == 2 * len(step.rows)
    assert (type(weights).__name__ == "FlipoutWeights") == (estimator is Estimator.FLIPOUT)


def test_draws_of_one_epoch_are_fresh_and_belong_to_their_graph() -> None:
    """Two draws of a sampler in one loss: each gradient with its own noise, not the last one's."""

    def cohort() -> tuple[Cohort, Step]:
        made = Cohort([(trial_of(TASK, WIDE), TASK)])
        return made, made._steps()[0]

    def loss(made: Cohort, sampler: Sampler, step: Step) -> torch.Tensor:
        batch = made.feeder(step)
        return made.net(sampler.weights(batch, step), batch).square().mean()

    made, step = cohort()
    sampler = Sampler(made, 0)
    first, second = loss(made, sampler, step), loss(made, sampler, step)
    assert first != second
    (together,) = torch.autograd.grad((first + second) / 2, made.posterior.theta)
    made, step = cohort()
    sampler = Sampler(made, 0)
    apart = [
        torch.autograd.grad(loss(made, sampler, step), made.posterior.theta)[0] for _ in range(2)
    ]
    assert torch.allclose(together, (apart[0] + apart[1]) / 2, atol=1e-6)
    assert not torch.allclose(together, apart[1], atol=1e-3)
