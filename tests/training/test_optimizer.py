"""AdamW over the trial axis against torch's, one trial at a time."""

from __future__ import annotations

import math

import pytest
import torch

from fireassay.training.optimizer import LOG_SIGMA_BOUNDS, TrialAdamW

P = 12
RATES, DECAYS, CLIPS, SIGMA_RATES = (
    (0.01, 0.02, 0.03),
    (0.0, 0.2, 0.5),
    (math.inf, 1.0, 0.1),
    (1.0, 3.0, 2.0),
)
DECAYING = (torch.arange(P) % 3 > 0).float()


def gradients(steps: int) -> list[torch.Tensor]:
    rng = torch.Generator().manual_seed(1)
    scales = torch.logspace(-6, 1, P)
    return [torch.randn(3, 2, P, generator=rng) * scales for _ in range(steps)]


def beginning() -> torch.Tensor:
    theta = torch.randn(3, 2, P, generator=torch.Generator().manual_seed(0))
    theta[:, 1] -= 3
    return theta


def optimizer(theta: torch.Tensor) -> TrialAdamW:
    return TrialAdamW(
        theta,
        decays=DECAYING,
        decay=torch.tensor(DECAYS),
        sigma_rate=torch.tensor(SIGMA_RATES),
        clip=torch.tensor(CLIPS),
    )


def torchs(k: int, steps: int) -> torch.Tensor:
    """Trial k under torch.optim.AdamW, with clip_grad_norm_."""
    start = beginning()[k]
    decayed, kept, log_sigma = (
        torch.nn.Parameter(x.clone())
        for x in (start[0, DECAYING > 0], start[0, DECAYING == 0], start[1])
    )
    adam = torch.optim.AdamW(
        [
            {"params": [decayed], "weight_decay": DECAYS[k], "lr": RATES[k]},
            {"params": [kept], "weight_decay": 0.0, "lr": RATES[k]},
            {"params": [log_sigma], "weight_decay": 0.0, "lr": RATES[k] * SIGMA_RATES[k]},
        ]
    )
    for gradient in gradients(steps):
        g = gradient[k]
        decayed.grad, kept.grad = g[0, DECAYING > 0].clone(), g[0, DECAYING == 0].clone()
        log_sigma.grad = g[1].clone()
        torch.nn.utils.clip_grad_norm_([decayed, kept, log_sigma], CLIPS[k])
        adam.step()
    found = torch.empty(2, P)
    found[0, DECAYING > 0], found[0, DECAYING == 0] = decayed.detach(), kept.detach()
    found[1] = log_sigma.detach()
    return found


def test_every_trial_steps_as_torch_would_have_it() -> None:
    theta = beginning()
    adam, sound = optimizer(theta), torch.ones(3, dtype=torch.bool)
    for gradient in gradients(30):
        norm = adam.step(theta, gradient.clone(), torch.tensor(RATES), sound)
        assert norm.numpy() == pytest.approx(gradient.flatten(1).norm(dim=1).numpy())
    for k in range(3):
        assert torch.allclose(theta[k], torchs(k, 30), atol=2e-6)


def test_an_unsound_trial_keeps_its_weights_and_disturbs_nobody() -> None:
    theta, reference = beginning(), beginning()
    adam, other = optimizer(theta), optimizer(reference)
    everyone, rate = torch.ones(3, dtype=torch.bool), torch.tensor(RATES)
    for i, gradient in enumerate(gradients(9)):
        broken = gradient.clone()
        sound = everyone.clone()
        if i >= 3:
            broken[1, 0, 2] = (math.nan, math.inf, 1.0)[i % 3]
            sound[1] = i % 3 != 2  # a gradient that is finite though the loss wasn't
        norm = adam.step(theta, broken, rate, sound)
        assert torch.isfinite(norm[[0, 2]]).all()
        other.step(reference, gradient.clone(), rate, everyone)
        if i == 2:
            kept = theta[1].clone()
    assert torch.equal(theta[[0, 2]], reference[[0, 2]])
    assert torch.equal(theta[1], kept)
    assert all(torch.isfinite(moment).all() for moment in (adam.first, adam.second))


def test_log_sigmas_stay_where_float32_can_tell_them_apart() -> None:
    theta = beginning()
    adam, sound = optimizer(theta), torch.ones(3, dtype=torch.bool)
    for sign in (1, -1):
        for _ in range(100):
            adam.step(theta, sign * torch.ones(3, 2, P), torch.full((3,), 1.0), sound)
        assert theta[:, 1].min() >= LOG_SIGMA_BOUNDS[0]
        assert theta[:, 1].max() <= LOG_SIGMA_BOUNDS[1]
    assert (theta[:, 1] == LOG_SIGMA_BOUNDS[1]).all()


def test_trials_that_leave_take_their_moments_along() -> None:
    theta = beginning()
    adam, sound = optimizer(theta), torch.ones(3, dtype=torch.bool)
    first, second = gradients(8)[:4], gradients(8)[4:]
    for gradient in first:
        adam.step(theta, gradient.clone(), torch.tensor(RATES), sound)
    stay = torch.tensor([0, 2])
    left = theta[stay].clone()
    adam.keep(stay)
    for gradient in second:
        adam.step(left, gradient[stay].clone(), torch.tensor(RATES)[stay], sound[stay])
    for place, k in enumerate((0, 2)):
        assert torch.allclose(left[place], torchs(k, 8), atol=1e-6)


def test_its_state_brings_another_to_where_it_was() -> None:
    theta = beginning()
    adam, sound = optimizer(theta), torch.ones(3, dtype=torch.bool)
    first, second = gradients(8)[:4], gradients(8)[4:]
    for gradient in first:
        adam.step(theta, gradient.clone(), torch.tensor(RATES), sound)
    resumed, again = theta.clone(), optimizer(theta)
    again.load({name: value.clone() for name, value in adam.state().items()})
    for gradient in second:
        adam.step(theta, gradient.clone(), torch.tensor(RATES), sound)
        again.step(resumed, gradient.clone(), torch.tensor(RATES), sound)
    assert torch.equal(theta, resumed)
