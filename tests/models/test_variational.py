"""The variational primitive against torch.distributions, and the faults of published layers."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from scipy.optimize import minimize_scalar
from torch.distributions import Normal, kl_divergence

from fireassay.choices import Part, PriorKind
from fireassay.models.variational import (
    FlipoutWeights,
    Layout,
    MeanField,
    Parameter,
    empirical_log_sigma,
    kl_normal,
)
from fireassay.training.settings import NetSettings, PosteriorKind
from fireassay.training.start import CENTRED_FLOOR, centre_on, start

FAN_INS = {"a.weight": 12, "a.bias": 12, "norm.gain": 1, "b.weight": 7, "b.bias": 7, "log_noise": 1}


def layout() -> Layout:
    found = Layout()
    found.declare(Parameter("a.weight", (12, 7), 12, Part.MLP))
    found.declare(Parameter("a.bias", (7,), 12, Part.MLP, spread=0.0, decays=False))
    found.declare(Parameter("norm.gain", (7,), 1, Part.NORM, centre=1.0, spread=0.0, decays=False))
    found.declare(Parameter("b.weight", (7, 3), 7, Part.HEAD, spread=0.1))
    found.declare(Parameter("b.bias", (3,), 7, Part.HEAD, spread=0.0, decays=False))
    found.declare(Parameter("log_noise", (1,), 1, Part.NOISE, spread=0.0, decays=False))
    return found


ALL_PARTS = tuple(Part)


def settings(kind: PriorKind, sigma: float = 0.7, parts: tuple[Part, ...] = ALL_PARTS) -> NetSettings:
    return NetSettings(
        posterior=PosteriorKind.MEAN_FIELD, prior=kind, prior_sigma=sigma, bayesian=parts
    )


def moved(posterior: MeanField, seed: int = 0) -> MeanField:
    """Give means and log sigmas values that no symmetry holds."""
    rng = torch.Generator().manual_seed(seed)
    shift = torch.randn(posterior.theta.shape, generator=rng)
    return posterior.at((posterior.theta.detach() + 0.5 * shift).requires_grad_(True))


def by_name(found: Layout, flat: torch.Tensor) -> dict[str, torch.Tensor]:
    cuts = np.cumsum([0] + [p.size for p in found.parameters])
    return {
        p.name: flat[low:high]
        for p, (low, high) in zip(found.parameters, pairwise(cuts), strict=True)
    }


def prior_sigma_of(kind: PriorKind, posterior: MeanField, name: str, sigma: float) -> torch.Tensor:
    """The prior's standard deviations of one tensor, from the definitions."""
    mean = by_name(posterior.layout, posterior.mean[0].detach().double())[name]
    centre = by_name(posterior.layout, posterior.prior_mean[0].double())[name]
    deviation = by_name(posterior.layout, torch.exp(posterior.theta[0, 1].detach().double()))[name]
    if kind is PriorKind.FIXED:
        return torch.full_like(mean, sigma)
    if kind is PriorKind.FAN_IN:
        return torch.full_like(mean, sigma / math.sqrt(FAN_INS[name]))
    if kind is PriorKind.CENTRED:
        least = CENTRED_FLOOR / math.sqrt(FAN_INS[name])
        return torch.clamp(sigma * centre.abs(), min=least)
    total = sum(float((m - c) ** 2 + s**2) for m, c, s in zip(mean, centre, deviation, strict=True))
    return torch.full_like(mean, math.sqrt((total + 2 * 0.01) / (len(mean) + 2 * 1.0 + 2)))


@pytest.mark.parametrize("kind", PriorKind)
def test_kl_is_the_sum_that_torch_gives(kind: PriorKind) -> None:
    """Summed over every weight but the observation noise, which is a point estimate."""
    posterior = start(layout(), [settings(kind)], [3], "cpu")
    if kind is PriorKind.CENTRED:
        trained = torch.randn(posterior.layout.size, generator=torch.Generator().manual_seed(8))
        trained[5] = 0.0  # a dead weight keeps a prior of positive width
        centre_on(posterior, 0, trained, 0.7)
        assert torch.equal(posterior.prior_mean[0], trained)
        assert torch.equal(posterior.mean[0], trained)
    posterior = moved(posterior)
    total = 0.0
    for p in posterior.layout.parameters:
        if p.part is Part.NOISE:
            continue
        mean, log_sigma, centre = (
            by_name(posterior.layout, flat.detach().double())[p.name]
            for flat in (posterior.mean[0], posterior.theta[0, 1], posterior.prior_mean[0])
        )
        prior = Normal(centre, prior_sigma_of(kind, posterior, p.name, 0.7))
        total += float(kl_divergence(Normal(mean, torch.exp(log_sigma)), prior).sum())
    assert total > 100
    assert posterior.kl()[0].item() == pytest.approx(total, rel=1e-6)


@pytest.mark.parametrize("kind", PriorKind)
def test_gradients_by_hand_are_autograds(kind: PriorKind) -> None:
    """The KL's against that of `torch.distributions`, a draw's against μ + σ ε written out."""
    posterior = start(layout(), [settings(kind), settings(kind, parts=(Part.MLP,))], [3, 4], "cpu")
    posterior = moved(posterior)
    theta = posterior.theta.detach().double().requires_grad_(True)
    scale, centre, prior = (
        t.double() for t in (posterior.scale, posterior.prior_mean, posterior.prior_log_sigma_now())
    )
    cost = torch.randn(2, dtype=torch.float64, generator=torch.Generator().manual_seed(5))

    twice = MeanField(layout(), theta, scale, centre, prior, torch.tensor([False, False]))
    (found,) = torch.autograd.grad((cost * twice.kl()).sum(), theta)
    each = kl_divergence(
        Normal(theta[:, 0], torch.exp(theta[:, 1])), Normal(centre, torch.exp(prior))
    )
    (expected,) = torch.autograd.grad((cost * (scale * each).sum(1)).sum(), theta)
    assert torch.allclose(found, expected.nan_to_num(), rtol=1e-9)

    for draws in (1, 3):
        noise = torch.randn(2, draws, layout().size, dtype=torch.float64)
        (found,) = torch.autograd.grad(sum(t.pow(3).sum() for t in twice.draw(noise).tensors), theta)
        w = theta[:, :1] + (torch.exp(theta[:, 1]) * scale).unsqueeze(1) * noise
        (expected,) = torch.autograd.grad(w.pow(3).sum(), theta)
        assert torch.allclose(found, expected, rtol=1e-9)


def test_priors_of_fresh_trials_are_centred_where_their_parameters_start() -> None:
    posterior = start(layout(), [settings(PriorKind.FAN_IN)], [3], "cpu")
    centre = by_name(posterior.layout, posterior.prior_mean[0])
    assert (centre["norm.gain"] == 1).all()
    assert all((centre[name] == 0).all() for name in FAN_INS if name != "norm.gain")


def test_kl_grows_with_the_number_of_weights() -> None:
    """Averaged over the weights it would be 2,080 times too small on a 64 × 64 layer."""
    found = {}
    for width in (8, 64):
        sizes = Layout()
        sizes.declare(Parameter("weight", (width, width), width, Part.MLP))
        theta = torch.zeros(1, 2, sizes.size)
        theta[:, 1] = math.log(0.1)
        ones, zeros = torch.ones(1, sizes.size), torch.zeros(1, sizes.size)
        posterior = MeanField(sizes, theta, ones, zeros, zeros, torch.tensor([False]))
        found[width] = posterior.kl().item()
    one = float(kl_divergence(Normal(0.0, 0.1), Normal(0.0, 1.0)))
    assert found[8] == pytest.approx(64 * one, rel=1e-5)
    assert found[64] == pytest.approx(4096 * one, rel=1e-5)


def test_the_prior_scale_is_a_standard_deviation() -> None:
    posterior = start(layout(), [settings(PriorKind.FIXED, sigma=0.2)], [0], "cpu")
    theta = posterior.theta.detach().clone()
    theta[:, 0] = posterior.prior_mean
    theta[:, 1] = math.log(0.2)
    assert posterior.at(theta).kl().item() == pytest.approx(0, abs=1e-5)
    theta[:, 1] = math.log(0.04)  # its variance
    assert posterior.at(theta).kl().item() > 100


def test_kl_keeps_its_precision_near_zero() -> None:
    """A sum over 100,000 weights that lie on the prior must not become noise."""
    log_sigma = torch.tensor([-2.0, -2.0 + 1e-4, -2.0 - 1e-4])
    found = kl_normal(torch.zeros(3), log_sigma, torch.zeros(3), torch.full((3,), -2.0))
    assert found[0] == 0
    assert found[1:].numpy() == pytest.approx([1e-8, 1e-8], rel=1e-2)


@pytest.mark.parametrize("name", ["a.weight", "norm.gain", "b.bias"])
def test_empirical_prior_is_the_maximum_of_the_elbo(name: str) -> None:
    """Found again by a search over one tensor's prior scale, the hyperprior's density included."""
    posterior = moved(start(layout(), [settings(PriorKind.EMPIRICAL)], [3], "cpu"))
    a, b = 1.5, 0.2
    found = empirical_log_sigma(
        posterior.mean, posterior.theta[:, 1], posterior.prior_mean, posterior.layout, a, b
    )
    values = by_name(posterior.layout, found[0])[name]
    assert (values == values[0]).all()
    mean, log_sigma, centre = (
        by_name(posterior.layout, flat.detach().double())[name]
        for flat in (posterior.mean[0], posterior.theta[0, 1], posterior.prior_mean[0])
    )

    def loss(log_prior: float) -> float:
        prior = Normal(centre, math.exp(log_prior))
        kl = float(kl_divergence(Normal(mean, torch.exp(log_sigma)), prior).sum())
        variance = math.exp(2 * log_prior)
        log_density = -(a + 1) * math.log(variance) - b / variance  # inverse gamma, up to a constant
        return kl - log_density

    best = minimize_scalar(loss, bounds=(-6, 3), method="bounded", options={"xatol": 1e-6}).x
    assert values[0].item() == pytest.approx(best, abs=1e-4)


def test_empirical_prior_lets_no_gradient_through() -> None:
    """At its maximum the total derivative is the partial one (the envelope theorem)."""
    posterior = moved(start(layout(), [settings(PriorKind.EMPIRICAL)], [3], "cpu"))
    (gradient,) = torch.autograd.grad(posterior.kl().sum(), posterior.theta)
    fitted = empirical_log_sigma(
        posterior.mean, posterior.theta[:, 1], posterior.prior_mean, posterior.layout
    )
    fixed = MeanField(
        posterior.layout,
        posterior.theta,
        posterior.scale,
        posterior.prior_mean,
        fitted,
        torch.tensor([False]),
    )
    (partial,) = torch.autograd.grad(fixed.kl().sum(), posterior.theta)
    assert torch.allclose(gradient, partial)


def test_point_estimates_cost_nothing_and_do_not_spread() -> None:
    parts = (Part.MLP,)
    posterior = moved(start(layout(), [settings(PriorKind.FIXED, parts=parts)], [3], "cpu"))
    each = by_name(posterior.layout, posterior.kl_elements()[0])
    weights = posterior.draw(torch.randn(1, 5, posterior.layout.size))
    for index, p in enumerate(posterior.layout.parameters):
        spread = (weights[index].amax(0) - weights[index].amin(0)).max().item()
        if p.part is Part.MLP:
            assert each[p.name].min() > 0
            assert spread > 0
        else:
            assert (each[p.name] == 0).all()
            assert spread == 0


def test_a_deterministic_trial_is_a_posterior_of_scale_zero() -> None:
    both = [settings(PriorKind.FAN_IN), NetSettings()]
    posterior = moved(start(layout(), both, [3, 3], "cpu"))
    assert posterior.random.tolist() == [True, False]
    assert posterior.kl()[1] == 0
    draws = posterior.draw(torch.randn(2, 3, posterior.layout.size))
    means = posterior.at_mean(3)
    for index in range(len(posterior.layout.parameters)):
        assert torch.equal(draws[index][3:], means[index][3:])
    assert not torch.equal(draws[0][:3], means[0][:3])
    assert posterior.above_noise()[1] == 0


def test_a_start_depends_on_its_seed_alone() -> None:
    kinds = [settings(PriorKind.FAN_IN), settings(PriorKind.FIXED, 3.0), NetSettings()]
    three = start(layout(), kinds, [5, 5, 6], "cpu")
    assert torch.equal(three.mean[0], three.mean[1])
    assert not torch.equal(three.mean[0], three.mean[2])
    alone = start(layout(), [NetSettings()], [6], "cpu")
    assert torch.equal(three.mean[2], alone.mean[0])
    wide = Layout()
    wide.declare(Parameter("w", (200, 100), 200, Part.MLP, centre=2.0, spread=0.5))
    one = start(wide, [settings(PriorKind.FAN_IN)], [0], "cpu")
    assert one.mean.mean().item() == pytest.approx(2, abs=0.002)
    assert one.mean.std().item() == pytest.approx(0.5 / math.sqrt(200), rel=0.02)
    assert one.sigma[0, 0].item() == pytest.approx(0.05 / math.sqrt(200))


def test_share_above_the_noise() -> None:
    one = Layout()
    one.declare(Parameter("w", (4,), 1, Part.MLP))
    one.declare(Parameter("n", (1,), 1, Part.NOISE))
    theta = torch.tensor([[[0.3, -0.3, 0.1, 0.0, 9.0], [math.log(0.2)] * 5]])
    scale = torch.tensor([[1.0, 1.0, 1.0, 1.0, 0.0]])
    zeros = torch.zeros(1, 5)
    posterior = MeanField(one, theta, scale, zeros, zeros, torch.tensor([False]))
    assert posterior.above_noise().item() == 0.5


def test_two_draws_in_one_graph_have_the_mean_of_their_gradients() -> None:
    """A layer that keeps its noise in a buffer gives ∂/∂σ with the last draw's noise for both."""
    posterior = moved(start(layout(), [settings(PriorKind.FAN_IN)], [3], "cpu"))
    noise = torch.randn(2, 1, 1, posterior.layout.size, generator=torch.Generator().manual_seed(1))
    cost = torch.arange(1.0, 1 + 12 * 7).view(12, 7)

    def loss(draw: int) -> torch.Tensor:
        return (cost * posterior.draw(noise[draw])[0].square()).sum()

    both = [loss(0), loss(1)]
    (together,) = torch.autograd.grad((both[0] + both[1]) / 2, posterior.theta)
    apart = [torch.autograd.grad(loss(i), posterior.theta)[0] for i in range(2)]
    assert torch.allclose(together, (apart[0] + apart[1]) / 2, rtol=1e-5)
    side_by_side = posterior.draw(noise[:, 0].transpose(0, 1))[0]
    (batched,) = torch.autograd.grad((cost * side_by_side.square()).sum() / 2, posterior.theta)
    assert torch.allclose(together, batched, rtol=1e-5)
    # By hand: ∂/∂ ln σ of Σ c w² is the mean over draws of 2 c w σ ε.
    mean, sigma = posterior.mean[0, :84].detach(), posterior.sigma[0, :84].detach()
    by_hand = torch.stack(
        [2 * cost.flatten() * (mean + sigma * e[0, 0, :84]) * sigma * e[0, 0, :84] for e in noise]
    ).mean(0)
    assert torch.allclose(together[0, 1, :84], by_hand, rtol=1e-4)


def test_draws_have_the_posterior_moments() -> None:
    posterior = moved(start(layout(), [settings(PriorKind.FAN_IN)], [3], "cpu"))
    noise = torch.randn(1, 20_000, posterior.layout.size, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        w = posterior.draw(noise)[0].flatten(1)
        assert torch.allclose(w.mean(0), posterior.mean[0, :84], atol=0.1)
        assert torch.allclose(w.std(0), posterior.sigma[0, :84], rtol=0.03)


def signed(posterior: MeanField, sequence: torch.Tensor, seeds: tuple[int, ...]) -> FlipoutWeights:
    noise = torch.randn(
        posterior.trials, 1, posterior.layout.size, generator=torch.Generator().manual_seed(2)
    )
    streams = [torch.Generator().manual_seed(s) for s in seeds]
    found = posterior.flipout(noise, streams, int(sequence.max()) + 1, sequence)
    assert isinstance(found, FlipoutWeights)
    return found


@pytest.mark.parametrize("shared", [False, True])
def test_flipout_is_a_weight_matrix_for_each_sequence(shared: bool) -> None:
    """W = M + Δ ∘ (s_in s_outᵀ), the signs drawn again here from equal generators."""
    two = [settings(PriorKind.FAN_IN), settings(PriorKind.FIXED)]
    posterior = moved(start(layout(), two, [3, 4], "cpu"))
    sequence = torch.tensor([0, 0, 1, 1, 1, 2])
    weights = signed(posterior, sequence, (7, 8))
    x = torch.randn(1 if shared else 2, 6, 12, generator=torch.Generator().manual_seed(9))
    found = weights.linear_shared(x, 0, 1) if shared else weights.linear(x, 0, 1)
    for k, seed in enumerate((7, 8)):
        stream = torch.Generator().manual_seed(seed)
        s_in, s_out = (
            2.0 * torch.randint(0, 2, (3, width), generator=stream) - 1 for width in (12, 7)
        )
        assert set(s_in.flatten().tolist()) == {-1.0, 1.0}
        mean, bias = weights.means[0][k], weights.means[1][k]
        delta, bias_delta = weights.tensors[0][k] - mean, weights.tensors[1][k] - bias
        for t, s in enumerate(sequence.tolist()):
            w = mean + delta * torch.outer(s_in[s], s_out[s])
            expected = x[0 if shared else k, t] @ w + bias + bias_delta * s_out[s]
            assert torch.allclose(found[k, t], expected, atol=1e-5)


def test_flipout_without_spread_is_the_mean() -> None:
    """Signs turn the draw's deviation only: turning the whole weight would lose the mean."""
    posterior = moved(start(layout(), [NetSettings()], [3], "cpu"))
    x = torch.randn(1, 6, 12, generator=torch.Generator().manual_seed(9))
    found = signed(posterior, torch.arange(6), (7,)).linear(x, 0, 1)
    assert torch.allclose(found, posterior.at_mean().linear(x, 0, 1), atol=1e-6)


def test_shared_inputs_give_what_repeated_inputs_give() -> None:
    many = [settings(PriorKind.FAN_IN)] * 3
    posterior = moved(start(layout(), many, [3, 4, 5], "cpu"))
    draws = 2
    noise = torch.randn(3, draws, posterior.layout.size, generator=torch.Generator().manual_seed(2))
    weights = posterior.draw(noise)
    for groups in (1, draws):
        x = torch.randn(groups, 6, 12, generator=torch.Generator().manual_seed(9))
        repeated = x.expand(3 * draws, -1, -1) if groups == 1 else x.repeat(3, 1, 1)
        assert torch.allclose(
            weights.linear_shared(x, 0, 1), weights.linear(repeated, 0, 1), atol=1e-5
        )


def test_lookup_takes_rows_of_each_draws_own_table() -> None:
    table = Layout()
    table.declare(Parameter("positions", (5, 4), 4, Part.EMBEDDING))
    posterior = moved(start(table, [settings(PriorKind.FAN_IN)] * 3, [3, 4, 5], "cpu"))
    noise = torch.randn(3, 2, posterior.layout.size, generator=torch.Generator().manual_seed(2))
    weights = posterior.draw(noise)
    for index in (torch.tensor([[0, 4, 4]]), torch.tensor([[0, 4, 4], [1, 2, 3]])):
        found = weights.lookup(index, 0)
        for n in range(6):
            for i in range(3):
                row = index[n % len(index), i]
                assert torch.equal(found[n, i], weights[0][n, row])
