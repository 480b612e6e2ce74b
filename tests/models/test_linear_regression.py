"""The oracle of Bayesian linear regression: posterior, ELBO and evidence in closed form.

y = X w + noise of SD 1/√β, prior w ~ N(0, 1/α). With A = αI + βXᵀX and m = βA⁻¹Xᵀy the mean-field
optimum is μ = m, σᵢ² = 1/Aᵢᵢ, and its ELBO falls short of the log evidence by ½(Σ ln Aᵢᵢ − ln|A|)
(Bishop 2006, sections 3.3, 3.5 and 10.1.2).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from scipy.stats import multivariate_normal

from fireassay.choices import Part, PriorKind
from fireassay.models.variational import Layout, MeanField, Parameter
from fireassay.training.objective import nll
from fireassay.training.optimizer import TrialAdamW
from fireassay.training.settings import NetSettings, PosteriorKind
from fireassay.training.start import start

FEATURES, LABELS = 4, 60
ALPHA, BETA = 4.0, 2.5


@dataclass(frozen=True, eq=False)
class Regression:
    """Data and the closed form."""

    x: np.ndarray
    y: np.ndarray
    alpha: float
    beta: float

    @property
    def precision(self) -> np.ndarray:
        return self.alpha * np.eye(self.x.shape[1]) + self.beta * self.x.T @ self.x

    @property
    def mean(self) -> np.ndarray:
        return self.beta * np.linalg.solve(self.precision, self.x.T @ self.y)

    @property
    def evidence(self) -> float:
        n, d = self.x.shape
        misfit = self.beta * np.sum((self.y - self.x @ self.mean) ** 2)
        size = self.alpha * np.sum(self.mean**2)
        logs = d * math.log(self.alpha) + n * math.log(self.beta) - n * math.log(2 * math.pi)
        return 0.5 * (logs - misfit - size - np.linalg.slogdet(self.precision)[1])

    @property
    def best_elbo(self) -> float:
        a = self.precision
        return self.evidence - 0.5 * (np.log(np.diag(a)).sum() - np.linalg.slogdet(a)[1])


@pytest.fixture(scope="module")
def regression() -> Regression:
    rng = np.random.default_rng(4)
    mixing = np.eye(FEATURES) + 0.4 * rng.standard_normal((FEATURES, FEATURES))
    x = rng.standard_normal((LABELS, FEATURES)) @ mixing
    y = x @ rng.normal(0, 1 / math.sqrt(ALPHA), FEATURES) + rng.normal(0, BETA**-0.5, LABELS)
    return Regression(x, y, ALPHA, BETA)


def linear_posterior(alphas: tuple[float, ...]) -> MeanField:
    layout = Layout()
    layout.declare(Parameter("weight", (FEATURES, 1), FEATURES, Part.HEAD))
    settings = [
        NetSettings(
            posterior=PosteriorKind.MEAN_FIELD, prior=PriorKind.FIXED, prior_sigma=alpha**-0.5
        )
        for alpha in alphas
    ]
    return start(layout, settings, list(range(len(alphas))), "cpu")


def loss(
    posterior: MeanField, noise: torch.Tensor, data: Regression, temperature: float = 1.0
) -> torch.Tensor:
    """`[K]` mean NLL per label + KL / N: −ELBO / N at temperature 1."""
    x, y = (torch.tensor(a, dtype=torch.float32) for a in (data.x, data.y))
    w = posterior.draw(noise)[0].unflatten(0, noise.shape[:2])
    log_noise = torch.tensor(-0.5 * math.log(data.beta))
    each = nll("real", x @ w, y.expand(*w.shape[:2], -1), log_noise=log_noise)
    return each.mean(1).sum(-1) / len(y) + temperature * posterior.kl() / len(y)


def fit(
    posterior: MeanField,
    noise: Callable[[], torch.Tensor],
    data: Regression,
    temperature: float = 1.0,
    *,
    steps: int = 400,
    peak: float = 0.1,
) -> None:
    """Minimise over the full batch with a cosine rate."""
    trials = posterior.trials
    optimizer = TrialAdamW(
        posterior.theta.detach(),
        decays=torch.ones(FEATURES),
        decay=torch.zeros(trials),
        sigma_rate=torch.ones(trials),
        clip=torch.full((trials,), math.inf),
    )
    sound = torch.ones(trials, dtype=torch.bool)
    for i in range(steps):
        total = loss(posterior, noise(), data, temperature).sum()
        (gradient,) = torch.autograd.grad(total, posterior.theta)
        rate = torch.full((trials,), 0.5 * peak * (1 + math.cos(math.pi * i / steps)))
        optimizer.step(posterior.theta.detach(), gradient, rate, sound)


def cubature(trials: int) -> torch.Tensor:
    """`[K, 2P, P]` points ±√P eᵢ with mean 0 and covariance I: means of quadratics are exact.

    The third-degree spherical rule (Stroud 1971).
    """
    points = math.sqrt(FEATURES) * torch.cat([torch.eye(FEATURES), -torch.eye(FEATURES)])
    return points.expand(trials, -1, -1)


def test_closed_form_of_the_evidence(regression: Regression) -> None:
    """The formula itself: the labels are jointly normal with covariance I/β + XXᵀ/α."""
    covariance = np.eye(LABELS) / BETA + regression.x @ regression.x.T / ALPHA
    assert regression.evidence == pytest.approx(
        multivariate_normal.logpdf(regression.y, np.zeros(LABELS), covariance), rel=1e-9
    )


def test_mean_field_reaches_the_closed_form(regression: Regression) -> None:
    """Two priors in lockstep, each with its own optimum."""
    alphas = (ALPHA, 100.0)
    posterior = linear_posterior(alphas)
    fit(posterior, lambda: cubature(2), regression)
    elbo = -LABELS * loss(posterior, cubature(2), regression).detach()
    for k, alpha in enumerate(alphas):
        truth = Regression(regression.x, regression.y, alpha, BETA)
        variance = 1 / np.diag(truth.precision)
        assert posterior.mean[k].detach().numpy() == pytest.approx(truth.mean, rel=1e-2)
        assert posterior.sigma[k].detach().square().numpy() == pytest.approx(variance, rel=1e-2)
        assert elbo[k].item() == pytest.approx(truth.best_elbo, abs=0.01)
        assert elbo[k].item() < truth.evidence


def test_random_draws_reach_it_too(regression: Regression) -> None:
    """The estimator that training uses; its noise leaves σ² a few per cent wide."""
    stream = torch.Generator().manual_seed(0)
    posterior = linear_posterior((ALPHA,))
    fit(
        posterior,
        lambda: torch.randn(1, 64, FEATURES, generator=stream),
        regression,
        steps=800,
        peak=0.05,
    )
    variance = 1 / np.diag(regression.precision)
    deviation = (posterior.mean[0].detach().numpy() - regression.mean) / np.sqrt(variance)
    assert np.abs(deviation).max() < 0.1
    assert posterior.sigma[0].detach().square().numpy() == pytest.approx(variance, rel=0.05)
    elbo = -LABELS * loss(posterior, cubature(1), regression).item()
    assert elbo == pytest.approx(regression.best_elbo, abs=0.05)


@pytest.mark.parametrize("temperature", [0.1, 10.0])
def test_a_kl_weight_that_is_not_1_is_a_tempered_posterior(
    regression: Regression, temperature: float
) -> None:
    """NLL + (T/N) KL has the optimum σᵢ² = T / (βΣx² + T α): what a wrong N does, too."""
    posterior = linear_posterior((ALPHA,))
    fit(posterior, lambda: cubature(1), regression, temperature)
    curvature = BETA * np.square(regression.x).sum(0)
    variance = temperature / (curvature + temperature * ALPHA)
    assert posterior.sigma[0].detach().square().numpy() == pytest.approx(variance, rel=1e-2)
