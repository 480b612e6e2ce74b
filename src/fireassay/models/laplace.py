"""Last-layer Laplace: a Gaussian posterior over the head of a trained net, in closed form.

Around the trained weights θ of the head the log posterior is taken as quadratic,

    p(θ | D) ≈ N(θ̂, (δ I + Σₙ φₙ φₙᵀ ⊗ Λₙ)⁻¹),

φₙ the head's inputs at bar n with a 1 for the bias, Λₙ the Hessian of the NLL in the outputs:
p (1 − p) for a binary label, diag(p) − p pᵀ for several classes, 1/σ² under Gaussian noise. The head
is affine, so the generalised Gauss-Newton matrix is the Hessian itself (MacKay 1992, Neural Comput.
4:448 and 4:720; Kristiadi et al. 2020, arXiv:2002.10118; Daxberger et al. 2021, arXiv:2106.14806). It
is full over weights and bias, and exact for a regression: Bayesian linear regression on the last
activations.

The prior's precision δ maximises the evidence of the same approximation (`prior_precision`). The
mean stays at the trained weights, so the net predicts as it did before and gains what it isn't sure
of. The layers below stay points: what other activations would say, it doesn't know of.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from fireassay.errors import SettingError
from fireassay.models.variational import MeanField, Weights

LARGEST = 4096
"""Scalars of a head whose covariance is formed: 134 MB, and its eigenvalues take a minute."""

PRECISIONS = (1e-6, 1e12)
"""Bounds on the prior's precision: a head at zero would want an infinite one."""


def output_curvature(kind: str, p: Tensor) -> Tensor:
    """Return `[n, C, C]` the Hessian of the NLL in the outputs, of probabilities `[n, C]`.

    Binary: `[n, 1, 1]` p (1 − p). Real: ones, to be divided by the noise's variance.
    """
    if kind == "binary":
        return (p * (1 - p)).unsqueeze(-1)
    if kind == "multiclass":
        return torch.diag_embed(p) - p.unsqueeze(-1) * p.unsqueeze(-2)
    return torch.ones(*p.shape, 1, dtype=p.dtype, device=p.device)


def curvature(phi: Tensor, outputs: Tensor) -> Tensor:
    """Return `[D · C, D · C]` Σₙ φₙ φₙᵀ ⊗ Λₙ for `phi [n, D]` and `outputs [n, C, C]`.

    Scalars stand as a head's do: the C weights of one input together, the biases last.
    """
    inputs, classes = phi.shape[1], outputs.shape[-1]
    whole = phi.new_zeros(inputs, classes, inputs, classes)
    for a in range(classes):
        for b in range(a + 1):
            whole[:, a, :, b] = (phi * outputs[:, a, b].unsqueeze(1)).T @ phi
            whole[:, b, :, a] = whole[:, a, :, b]
    return whole.reshape(inputs * classes, inputs * classes)


def prior_precision(eigenvalues: Tensor, square_norm: float) -> float:
    """Return the δ that maximises the evidence, ½ P ln δ − ½ δ ‖θ‖² − ½ Σ ln(λᵢ + δ) + constant.

    Its derivative vanishes where δ ‖θ‖² = γ(δ) = Σ λᵢ / (λᵢ + δ), the number of parameters that the
    data determines (MacKay 1992). The left side rises with δ and the right one falls, so there is
    one solution.

    Parameters
    ----------
    eigenvalues
        `[P]` of the Hessian.
    square_norm
        ‖θ‖² of the head.
    """
    from scipy.optimize import brentq

    values = eigenvalues.clamp(min=0).double().cpu().numpy()

    def excess(log_delta: float) -> float:
        delta = math.exp(log_delta)
        return float(delta * square_norm - (values / (values + delta)).sum())

    low, high = (math.log(bound) for bound in PRECISIONS)
    if excess(low) >= 0 or excess(high) <= 0:
        return PRECISIONS[0] if excess(low) >= 0 else PRECISIONS[1]
    return math.exp(brentq(excess, low, high, xtol=1e-10))


@dataclass(frozen=True)
class Head:
    """The posterior of one head.

    Attributes
    ----------
    factor
        `[H, H]` L with L Lᵀ the covariance; a draw is θ̂ + L ε.
    precision
        δ of the prior.
    determined
        γ, the number of parameters that the data determines.
    log_determinant
        Of the posterior's precision: the evidence's Occam factor is half of P ln δ less it.
    """

    factor: Tensor
    precision: float
    determined: float
    log_determinant: float

    @classmethod
    def of(cls, hessian: Tensor, theta: Tensor, precision: float | None = None) -> Head:
        """Return the posterior of a head `theta [H]` under the Hessian `[H, H]` of its NLL.

        Parameters
        ----------
        precision
            Of the prior; None: the one of most evidence.
        """
        values, vectors = torch.linalg.eigh(hessian.double())
        values = values.clamp(min=0)
        if precision is None:
            precision = prior_precision(values, float(theta.double().square().sum()))
        return cls(
            factor=vectors * (values + precision).rsqrt(),
            precision=precision,
            determined=float((values / (values + precision)).sum()),
            log_determinant=float(torch.log(values + precision).sum()),
        )


def refuse_large(scalars: int) -> None:
    """Raise SettingError for a head whose covariance would be too large to form."""
    if scalars > LARGEST:
        raise SettingError(
            f"a Laplace posterior needs the full covariance of the head's {scalars:,} weights; "
            f"{LARGEST:,} are the most that it is formed of",
            fix="Take a smaller width, or another posterior.",
        )


class LastLayer(MeanField):
    """Posteriors of K trials with a full covariance over the head of some.

    Parameters
    ----------
    base
        Means, and the scales of all other weights.
    factors
        `[K, H, H]` of `Head.factor`; zeros where the head is a point.
    first
        Place of the head's first scalar among the P.
    """

    def __init__(self, base: MeanField, factors: Tensor, first: int) -> None:
        super().__init__(
            base.layout,
            base.theta,
            base.scale,
            base.prior_mean,
            base.prior_log_sigma,
            base.empirical,
        )
        self.factors = factors
        self.head = slice(first, first + factors.shape[-1])

    @property
    def random(self) -> Tensor:
        """`[K]` bool: trials with any random weight."""
        return super().random | self.factors.flatten(1).any(1)

    @property
    def moves(self) -> Tensor:
        """`[P]` bool: scalars that differ between the draws of any trial."""
        moves = super().moves.clone()
        moves[self.head] |= bool(self.factors.any())
        return moves

    def draw(self, noise: Tensor) -> Weights:
        """Return the weights for the noise `[K, S, P]`; the head's is correlated by its factor."""
        flat = self.mean.unsqueeze(1) + self.sigma.unsqueeze(1) * noise
        flat[..., self.head] += noise[..., self.head] @ self.factors.transpose(1, 2)
        return Weights(self.layout.split(flat.flatten(0, 1)))
