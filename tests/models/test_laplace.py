"""The head's Laplace posterior against closed forms, autograd and numerical optimisation."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from scipy.optimize import minimize_scalar

from fireassay.choices import Part
from fireassay.errors import SettingError
from fireassay.models.laplace import (
    LARGEST,
    Head,
    LastLayer,
    curvature,
    output_curvature,
    prior_precision,
    refuse_large,
)
from fireassay.models.variational import Layout, MeanField, Parameter
from tests.models.test_linear_regression import Regression

D, N = 4, 60


def inputs(seed: int = 0) -> torch.Tensor:
    rng = np.random.default_rng(seed)
    return torch.as_tensor(np.c_[rng.standard_normal((N, D)), np.ones(N)])


def test_a_regression_has_the_posterior_of_bayesian_linear_regression() -> None:
    """Mean, covariance, evidence and the predictive of draws."""
    alpha, beta, phi = 4.0, 2.5, inputs()
    rng = np.random.default_rng(1)
    y = phi.numpy() @ rng.standard_normal(D + 1) + rng.standard_normal(N) / math.sqrt(beta)
    exact = Regression(phi.numpy(), y, alpha, beta)
    hessian = curvature(phi, output_curvature("real", torch.ones(N, 1)).double()) * beta
    head = Head.of(hessian, torch.as_tensor(exact.mean), alpha)
    covariance = (head.factor @ head.factor.T).numpy()
    assert covariance == pytest.approx(np.linalg.inv(exact.precision), rel=1e-9, abs=1e-12)
    assert head.log_determinant == pytest.approx(np.linalg.slogdet(exact.precision)[1])
    draws = (
        torch.as_tensor(exact.mean)
        + torch.randn(40_000, D + 1, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
        @ head.factor.T
    )
    at = phi[:3]
    spread = (draws @ at.T).var(0).numpy()
    expected = np.einsum("nd,de,ne->n", at.numpy(), np.linalg.inv(exact.precision), at.numpy())
    assert spread == pytest.approx(expected, rel=0.03)


def test_the_evidences_precision_is_its_maximum_where_it_is_exact() -> None:
    """Of a regression at fixed θ̂ the criterion is the evidence itself, up to a constant."""
    phi, beta = inputs(2), 2.0
    rng = np.random.default_rng(3)
    y = phi.numpy() @ (0.4 * rng.standard_normal(D + 1)) + rng.standard_normal(N) / math.sqrt(beta)
    delta = 1.0
    for _ in range(200):  # MacKay's iteration moves the mean along; at its end both agree
        exact = Regression(phi.numpy(), y, delta, beta)
        values = torch.linalg.eigvalsh(beta * phi.T @ phi)
        delta = prior_precision(values, float(np.sum(exact.mean**2)))
    best = minimize_scalar(
        lambda log: -Regression(phi.numpy(), y, math.exp(log), beta).evidence,
        bounds=(-8, 8),
        method="bounded",
        options={"xatol": 1e-9},
    )
    assert math.log(delta) == pytest.approx(best.x, abs=1e-5)


@pytest.mark.parametrize("norm", [0.0, 1e-3, 5.0])
def test_the_precision_solves_its_equation_or_stops_at_a_bound(norm: float) -> None:
    values = torch.tensor([0.0, 0.5, 20.0, 3000.0])
    delta = prior_precision(values, norm)
    determined = float((values.double() / (values.double() + delta)).sum())
    if norm == 0:
        assert delta == 1e12
    else:
        assert delta * norm == pytest.approx(determined, rel=1e-6)


@pytest.mark.parametrize(("kind", "classes"), [("binary", 1), ("multiclass", 3), ("real", 1)])
def test_the_hessian_is_autograds(kind: str, classes: int) -> None:
    """In the order of a head's scalars: weights by input, then biases."""
    phi, rng = inputs(4), np.random.default_rng(5)
    theta = torch.as_tensor(rng.standard_normal((D + 1) * classes))
    weight = torch.as_tensor(rng.uniform(0, 2, N))
    y = torch.as_tensor(rng.integers(0, max(classes, 2), N))

    def loss(flat: torch.Tensor) -> torch.Tensor:
        head, bias = flat[: D * classes].view(D, classes), flat[D * classes :]
        out = phi[:, :D] @ head + bias
        if kind == "binary":
            each = F.binary_cross_entropy_with_logits(out[:, 0], y.double(), reduction="none")
        elif kind == "multiclass":
            each = F.cross_entropy(out, y, reduction="none")
        else:
            each = 0.5 * (out[:, 0] - y.double()).square()
        return (weight * each).sum()

    exact = torch.autograd.functional.hessian(loss, theta)
    out = phi @ theta.view(D + 1, classes)
    p = {"binary": torch.sigmoid(out), "multiclass": out.softmax(-1), "real": out}[kind]
    ours = curvature(phi, output_curvature(kind, p).double() * weight.view(-1, 1, 1))
    assert ours.numpy() == pytest.approx(exact.numpy(), rel=1e-8, abs=1e-10)


def test_only_the_head_of_trials_that_have_one_is_drawn() -> None:
    layout = Layout([Parameter("body", (3,), 1, Part.MLP), Parameter("head", (2,), 1, Part.HEAD)])
    theta = torch.zeros(2, 2, 5)
    zeros = torch.zeros(2, 5)
    base = MeanField(layout, theta, zeros, zeros, zeros, torch.zeros(2, dtype=torch.bool))
    factors = torch.zeros(2, 2, 2)
    factors[1] = torch.tensor([[1.0, 0.0], [2.0, 3.0]])
    found = LastLayer(base, factors, first=3)
    assert found.random.tolist() == [False, True]
    assert found.moves.tolist() == [False, False, False, True, True]
    noise = torch.randn(2, 20_000, 5, generator=torch.Generator().manual_seed(0))
    body, head = (t.unflatten(0, (2, -1)) for t in found.draw(noise).tensors)
    assert body.abs().max() == 0
    assert head[0].abs().max() == 0
    expected = (factors[1] @ factors[1].T).numpy()
    assert torch.cov(head[1].T).numpy() == pytest.approx(expected, rel=0.05)


def test_a_head_too_large_is_refused_in_one_line() -> None:
    refuse_large(LARGEST)
    with pytest.raises(SettingError, match=r"head's 5,000 weights; .* smaller width"):
        refuse_large(5000)
