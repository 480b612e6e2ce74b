"""The one variational primitive: a parameter with a mean, a log sigma and a prior.

Every layer declares its parameters in a `Layout`, which places them in one flat vector of P numbers
per trial. `MeanField` holds that vector for K trials at once: means and log sigmas `[K, 2, P]`,
priors `[K, P]`. A draw is one fused operation over the flat vector, the KL is one reduction, and a
deterministic model is the same thing with its scale switched off, so that both run in one cohort.

Posterior q(w) = Π N(μᵢ, σᵢ²), prior p(w) = Π N(mᵢ, sᵢ²), reparameterised as w = μ + σ ε
(Kingma and Welling 2014, arXiv:1312.6114; Blundell et al. 2015, arXiv:1505.05424).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from fireassay.choices import Part


@dataclass(frozen=True)
class Parameter:
    """One tensor of a model.

    Attributes
    ----------
    name
        Dotted path, such as `layers.0.attention.qkv.weight`.
    shape
        Its shape without the trial axis.
    fan_in
        Number of inputs that a unit sums over: sets the initial scale and the 1/√fan_in prior.
    part
        Which part of the model it belongs to.
    centre
        Value around which it starts, and the mean of its prior (1 for gains, else 0).
    spread
        Standard deviation of its start, in units of 1/√fan_in; 0 starts at the centre.
    decays
        Whether weight decay applies: matrices yes, biases, gains and noise scales no.
    """

    name: str
    shape: tuple[int, ...]
    fan_in: int
    part: Part
    centre: float = 0.0
    spread: float = 1.0
    decays: bool = True

    @property
    def size(self) -> int:
        """Number of scalars."""
        return math.prod(self.shape)


@dataclass
class Layout:
    """The parameters of a model, in order, and their places in the flat vector."""

    parameters: list[Parameter] = field(default_factory=list)

    def declare(self, parameter: Parameter) -> int:
        """Append a parameter; return its index, by which its layer asks for it."""
        self.parameters.append(parameter)
        return len(self.parameters) - 1

    @property
    def size(self) -> int:
        """P, the number of scalars of one trial."""
        return sum(p.size for p in self.parameters)

    def place(self, index: int) -> int:
        """Return where a parameter's first scalar stands in the flat vector."""
        return sum(p.size for p in self.parameters[:index])

    def split(self, flat: Tensor) -> tuple[Tensor, ...]:
        """Cut `[..., P]` into views `[..., *shape]`, one for each parameter."""
        pieces = torch.split(flat, [p.size for p in self.parameters], dim=-1)
        lead = flat.shape[:-1]
        return tuple(
            piece.reshape(*lead, *p.shape) for piece, p in zip(pieces, self.parameters, strict=True)
        )

    def spread_over(self, values: Sequence[float]) -> Tensor:
        """Return `[P]` with one value for each parameter, repeated over its scalars."""
        sizes = torch.tensor([p.size for p in self.parameters])
        return torch.repeat_interleave(torch.tensor(values, dtype=torch.float32), sizes)

    def owner(self) -> Tensor:
        """Return `[P]` int64: the index of the parameter that each scalar belongs to."""
        sizes = torch.tensor([p.size for p in self.parameters])
        return torch.repeat_interleave(torch.arange(len(self.parameters)), sizes)


def kl_normal(mean: Tensor, log_sigma: Tensor, prior_mean: Tensor, prior_log_sigma: Tensor) -> Tensor:
    """KL(N(mean, sigma²) ‖ N(prior_mean, prior_sigma²)) in nats, elementwise.

    The scales enter as logarithms of standard deviations, never as variances.
    """
    log_ratio = log_sigma - prior_log_sigma
    shift = (mean - prior_mean) * torch.exp(-prior_log_sigma)
    return 0.5 * (torch.expm1(2 * log_ratio) + shift.square()) - log_ratio


def empirical_log_sigma(
    mean: Tensor,
    log_sigma: Tensor,
    prior_mean: Tensor,
    layout: Layout,
    a: float = 1.0,
    b: float = 0.01,
) -> Tensor:
    """Return `[K, P]` ln σ_p per tensor, σ_p² = (Σ((μ − m)² + σ²) + 2b) / (n + 2a + 2).

    The maximum of the ELBO over a prior variance that each tensor shares, under an inverse-gamma
    (a, b) hyperprior, in closed form (Wu et al. 2019, arXiv:1810.03958). No gradient flows.
    """
    with torch.no_grad():
        owner = layout.owner().to(mean.device)
        moment = (mean - prior_mean).square() + torch.exp(2 * log_sigma)
        sums = mean.new_zeros(mean.shape[0], len(layout.parameters)).index_add_(1, owner, moment)
        count = mean.new_tensor([float(p.size) for p in layout.parameters])
        variance = (sums + 2 * b) / (count + 2 * a + 2)
        return 0.5 * torch.log(variance)[:, owner]


class _Draw(torch.autograd.Function):
    """w = μ + σ ε in one pass over the weights, and its gradient in one pass over the draws."""

    @staticmethod
    def forward(ctx: Any, theta: Tensor, scale: Tensor, noise: Tensor) -> Tensor:
        """`[K, 2, P]`, `[K, P]` and `[K, G, P]` to `[K, G, P]`."""
        sigma = torch.exp(theta[:, 1]).mul_(scale)
        # The graph keeps this noise, so any number of draws may enter one loss.
        ctx.save_for_backward(sigma, noise)
        return torch.addcmul(theta[:, :1], sigma.unsqueeze(1), noise)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        """∂/∂μ is the sum over draws of the gradient, ∂/∂ ln σ that of gradient · ε, times σ."""
        (gradient,), (sigma, noise) = gradients, ctx.saved_tensors
        found = gradient.new_empty(len(sigma), 2, sigma.shape[1])
        torch.sum(gradient, 1, out=found[:, 0])
        log_sigma = torch.mul(gradient[:, 0], noise[:, 0], out=found[:, 1])
        for g in range(1, noise.shape[1]):
            log_sigma.addcmul_(gradient[:, g], noise[:, g])
        log_sigma.mul_(sigma)
        return found, None, None


class _KL(torch.autograd.Function):
    """Σ KL(q ‖ p) of a trial and its gradient, which `kl_normal` gives in more passes."""

    @staticmethod
    def forward(
        ctx: Any, theta: Tensor, scale: Tensor, prior_mean: Tensor, prior_log_sigma: Tensor
    ) -> Tensor:
        """`[K, 2, P]` and thrice `[K, P]` to `[K]`."""
        precision = torch.exp(-prior_log_sigma)
        shift = (theta[:, 0] - prior_mean).mul_(precision)
        log_ratio = theta[:, 1] - prior_log_sigma
        excess = torch.expm1(2 * log_ratio)
        ctx.save_for_backward(scale, shift * precision, excess)
        each = torch.addcmul(excess, shift, shift).mul_(0.5).sub_(log_ratio)
        return torch.linalg.vecdot(scale, each)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None, None]:
        """∂/∂μ = (μ − m) / s², ∂/∂ ln σ = σ² / s² − 1."""
        scale, by_mean, by_log_sigma = ctx.saved_tensors
        weight = scale * gradients[0].unsqueeze(1)
        return torch.stack([by_mean * weight, by_log_sigma * weight], 1), None, None, None


class Weights:
    """Weights of N draws, asked for by parameter index; computes a linear map.

    Attributes
    ----------
    count
        N: trials times draws of each.
    """

    def __init__(self, tensors: tuple[Tensor, ...]) -> None:
        self.tensors = tensors
        self.count = tensors[0].shape[0]

    def __getitem__(self, index: int) -> Tensor:
        """`[N, *shape]` a parameter that acts elementwise (a gain, a noise scale)."""
        return self.tensors[index]

    def linear(self, x: Tensor, weight: int, bias: int) -> Tensor:
        """`[N, n, in] -> [N, n, out]` by the weight `[N, in, out]` and bias `[N, out]`."""
        return torch.baddbmm(self.tensors[bias].unsqueeze(1), x, self.tensors[weight])

    def linear_shared(self, x: Tensor, weight: int, bias: int) -> Tensor:
        """`[A, n, in] -> [N, n, out]` for inputs that all trials share; A is 1 or the draws G.

        The weights of all trials stand side by side in one matrix, so the inputs are never copied
        per trial.
        """
        w = self.tensors[weight]
        count, d_in, d_out = w.shape
        groups, rows = x.shape[:2]
        multiple = count // groups
        side_by_side = (
            w.view(multiple, groups, d_in, d_out).permute(1, 2, 0, 3).reshape(groups, d_in, -1)
        )
        out = torch.bmm(x, side_by_side).view(groups, rows, multiple, d_out)
        stacked = out.permute(2, 0, 1, 3).reshape(count, rows, d_out)
        return stacked + self.tensors[bias].unsqueeze(1)

    def lookup(self, index: Tensor, table: int) -> Tensor:
        """`[A, n] -> [N, n, d]` rows of the table `[N, size, d]`."""
        t = self.tensors[table]
        groups = index.shape[0]
        spread = index.expand(t.shape[0] // groups, *index.shape).reshape(t.shape[0], -1)
        return torch.gather(t, 1, spread.unsqueeze(-1).expand(-1, -1, t.shape[-1]))


class FlipoutWeights(Weights):
    """One draw per trial, decorrelated between sequences by random signs.

    y = x M + ((x ∘ s_in) Δ) ∘ s_out with Δ = W − M the draw's deviation from the mean and signs
    that are constant over a sequence, so a session sees one weight matrix throughout: its marginal
    distribution is that of a single draw (Wen et al. 2018, arXiv:1803.04386, per sequence, not per
    step). Parameters that don't enter a linear map share the draw.

    Parameters
    ----------
    tensors, means
        The draw and the posterior means, `[K, *shape]` each.
    signs
        Gives `[K, sequences, width]` signs ±1 for one linear map.
    sequence
        `[n]` the sequence that each row belongs to.
    """

    def __init__(
        self,
        tensors: tuple[Tensor, ...],
        means: tuple[Tensor, ...],
        signs: _Signs,
        sequence: Tensor,
    ) -> None:
        super().__init__(tensors)
        self.means = means
        self.signs = signs
        self.sequence = sequence

    def linear(self, x: Tensor, weight: int, bias: int) -> Tensor:
        """`[K, n, in] -> [K, n, out]`, each sequence under its own signs."""
        mean, delta = self.means[weight], self.tensors[weight] - self.means[weight]
        s_in, s_out = (
            self.signs(width)[:, self.sequence] for width in (mean.shape[-2], mean.shape[-1])
        )
        shift = (
            self.means[bias].unsqueeze(1)
            + (self.tensors[bias] - self.means[bias]).unsqueeze(1) * s_out
        )
        return shift + torch.bmm(x, mean) + torch.bmm(x * s_in, delta) * s_out

    def linear_shared(self, x: Tensor, weight: int, bias: int) -> Tensor:
        """`[1, n, in] -> [K, n, out]`."""
        return self.linear(x.expand(self.count, -1, -1), weight, bias)


class _Signs:
    """Random signs, one stream per trial: a trial's signs don't depend on its neighbours."""

    def __init__(self, streams: Sequence[torch.Generator], sequences: int) -> None:
        self.streams = streams
        self.sequences = sequences

    def __call__(self, width: int) -> Tensor:
        """Return `[K, sequences, width]` of ±1."""
        bits = [
            torch.randint(0, 2, (self.sequences, width), generator=g, device=g.device)
            for g in self.streams
        ]
        return torch.stack(bits).mul_(2).sub_(1).float()


class MeanField:
    """Posteriors of K trials over one layout, and their priors.

    Attributes
    ----------
    theta
        `[K, 2, P]` leaf tensor: means and log sigmas.
    scale
        `[K, P]` 1 where a scalar is a random variable, 0 where it is a point estimate.
    prior_mean, prior_log_sigma
        `[K, P]`.
    empirical
        `[K]` bool: trials whose prior scale follows the posterior in closed form.
    """

    def __init__(
        self,
        layout: Layout,
        theta: Tensor,
        scale: Tensor,
        prior_mean: Tensor,
        prior_log_sigma: Tensor,
        empirical: Tensor,
    ) -> None:
        self.layout = layout
        self.theta = theta
        self.scale = scale
        self.prior_mean = prior_mean
        self.prior_log_sigma = prior_log_sigma
        self.empirical = empirical

    @property
    def trials(self) -> int:
        """K."""
        return self.theta.shape[0]

    @property
    def random(self) -> Tensor:
        """`[K]` bool: trials with any random weight."""
        return self.scale.any(1)

    @property
    def moves(self) -> Tensor:
        """`[P]` bool: scalars that differ between the draws of any trial."""
        return self.scale.any(0)

    def keep(self, index: Tensor) -> MeanField:
        """Return the posteriors of the trials at the index, as a new leaf."""
        return self.at(self.theta.detach()[index].clone().requires_grad_(True), index)

    def at(self, theta: Tensor, index: Tensor | slice | None = None) -> MeanField:
        """Return other means and log sigmas `[K, 2, P]` under the priors of (the index's) trials."""
        rows = slice(None) if index is None else index
        return MeanField(
            self.layout,
            theta,
            self.scale[rows],
            self.prior_mean[rows],
            self.prior_log_sigma[rows],
            self.empirical[rows],
        )

    @property
    def mean(self) -> Tensor:
        """`[K, P]`."""
        return self.theta[:, 0]

    @property
    def sigma(self) -> Tensor:
        """`[K, P]` posterior standard deviations; 0 for point estimates."""
        return torch.exp(self.theta[:, 1]) * self.scale

    def at_mean(self, draws: int = 1) -> Weights:
        """Return the posterior means as the weights of K · G draws."""
        flat = self.mean.unsqueeze(1).expand(-1, draws, -1)
        return Weights(self.layout.split(flat.flatten(0, 1)))

    def draw(self, noise: Tensor) -> Weights:
        """Return w = μ + σ ε for the noise `[K, G, P]`: K · G draws, those of a trial together.

        The noise is held by the graph that uses it, so any number of draws may enter one loss.
        """
        flat: Tensor = _Draw.apply(self.theta, self.scale, noise)  # type: ignore[no-untyped-call]
        return Weights(self.layout.split(flat.flatten(0, 1)))

    def flipout(
        self, noise: Tensor, streams: Sequence[torch.Generator], sequences: int, sequence: Tensor
    ) -> Weights:
        """Return one draw per trial for noise `[K, 1, P]`, with signs per sequence.

        Parameters
        ----------
        noise
            Standard normal.
        streams
            One generator per trial, for the signs.
        sequences, sequence
            Number of sequences, and `[n]` the sequence of each row.
        """
        flat = self.mean + self.sigma * noise[:, 0]
        return FlipoutWeights(
            self.layout.split(flat),
            self.layout.split(self.mean),
            _Signs(streams, sequences),
            sequence,
        )

    def prior_log_sigma_now(self) -> Tensor:
        """`[K, P]` ln σ_p as the KL uses it: fitted to the posterior where that is wanted."""
        if not bool(self.empirical.any()):
            return self.prior_log_sigma
        fitted = empirical_log_sigma(self.mean, self.theta[:, 1], self.prior_mean, self.layout)
        return torch.where(self.empirical.unsqueeze(1), fitted, self.prior_log_sigma)

    def kl_elements(self) -> Tensor:
        """`[K, P]` KL in nats of every scalar; 0 for point estimates."""
        prior = self.prior_log_sigma_now()
        return self.scale * kl_normal(self.mean, self.theta[:, 1], self.prior_mean, prior)

    def kl(self) -> Tensor:
        """`[K]` KL in nats, summed over all weights."""
        prior = self.prior_log_sigma_now()
        each = (self.theta, self.scale, self.prior_mean, prior)
        total: Tensor = _KL.apply(*each)  # type: ignore[no-untyped-call]
        return total

    def above_noise(self) -> Tensor:
        """`[K]` share of random weights with |μ| > σ: those that carry more signal than noise."""
        with torch.no_grad():
            loud = (self.mean.abs() > self.sigma) * self.scale
            return loud.sum(1) / self.scale.sum(1).clamp(min=1)
