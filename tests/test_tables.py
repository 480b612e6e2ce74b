"""`fit_regression` against the closed form of Bayesian linear regression, and what it refuses."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy.stats import norm
from sklearn.linear_model import BayesianRidge

import fireassay
from fireassay.api.tables import METHODS, TableFit, _measured, _Split
from fireassay.choices import PriorKind
from fireassay.models.mlp import MLP
from fireassay.training.settings import NetSettings, PosteriorKind
from fireassay.training.tables import EVERY_PART, fit
from tests.models.test_linear_regression import Regression

ROWS, FEATURES, BETA = 60, 3, 4.0
SIGMAS = (0.5, 0.1)


@pytest.fixture(scope="module")
def table() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    x = rng.standard_normal((ROWS, FEATURES)) @ (np.eye(FEATURES) + 0.4)
    y = x @ [0.5, -0.3, 0.2] + 0.1 + rng.normal(0, BETA**-0.5, ROWS)
    return x, y


def test_a_linear_net_is_the_closed_form(table: tuple[np.ndarray, np.ndarray]) -> None:
    """Known noise, no hidden layer: μ = m and σᵢ² = 1/Aᵢᵢ, so the predictive is known exactly.

    Two priors in lockstep, each with its own optimum; the bias is one more weight.
    """
    x, y = table
    settings = [
        NetSettings(
            posterior=PosteriorKind.MEAN_FIELD,
            bayesian=EVERY_PART,
            prior=PriorKind.FIXED,
            prior_sigma=sigma,
            groups=10,
            learning_rate=0.02,
            sigma_rate=2.0,
            weight_decay=0.0,
        )
        for sigma in SIGMAS
    ]
    net = MLP(FEATURES, ())
    inputs, target = (torch.as_tensor(np.stack([a, a]), dtype=torch.float32) for a in (x, y))
    log_noise = -0.5 * math.log(BETA)
    found = fit(net, inputs, target, settings, [1, 2], steps=700, batch=ROWS, log_noise=log_noise)
    new = np.random.default_rng(4).standard_normal((25, FEATURES))
    new_y = new @ [0.5, -0.3, 0.2] + 0.1
    asked = torch.as_tensor(np.stack([new, new]), dtype=torch.float32)
    located, noise = found.predict(asked, 4000)
    assert noise.numpy() == pytest.approx(BETA**-0.5)
    part = _Split(x, y, new, new_y, unit=3.0)
    scores = _measured(found, [part, part], 4000)
    for k, sigma in enumerate(SIGMAS):
        design, asked_of = (np.c_[a, np.ones(len(a))] for a in (x, new))
        truth = Regression(design, y, sigma**-2, BETA)
        variance = 1 / np.diag(truth.precision)
        learned = found.posterior.sigma[k].detach().numpy()[: FEATURES + 1] ** 2
        assert learned == pytest.approx(variance, rel=0.15)
        mean, spread = asked_of @ truth.mean, np.sqrt(asked_of**2 @ variance)
        assert (np.abs(located[k].mean(0).numpy() - mean) < 0.3 * spread).all()
        assert located[k].std(0).numpy() == pytest.approx(spread, rel=0.12)
        density = norm.logpdf(new_y, mean, np.sqrt(spread**2 + 1 / BETA)).mean()
        assert scores.log_likelihood[k] == pytest.approx(density - math.log(3.0), abs=0.01)
        error = 3.0 * np.sqrt(np.mean((new_y - mean) ** 2))
        assert scores.rmse[k] == pytest.approx(error, rel=0.1)
    assert abs(scores.log_likelihood[0] - scores.log_likelihood[1]) > 0.02


@pytest.fixture(scope="module")
def found(table: tuple[np.ndarray, np.ndarray]) -> TableFit:
    x, y = table
    return fireassay.fit_regression(100 * x + 7, 50 * y - 900, splits=3, steps=60, hidden=(8,))


def test_every_method_is_scored_in_units_of_y(
    found: TableFit, table: tuple[np.ndarray, np.ndarray]
) -> None:
    assert tuple(found.scores) == METHODS
    assert (found.rows, found.features, found.splits) == (ROWS, FEATURES, 3)
    sd = 50 * table[1].std()
    for scores in found.scores.values():
        assert scores.log_likelihood.shape == scores.rmse.shape == (3,)
        assert (scores.rmse < 1.2 * sd).all()
        assert (scores.log_likelihood > norm.logpdf(0, 0, sd) - 2).all()
    frame = found.frame()
    assert frame["method"].to_list() == list(METHODS)
    values = found.scores["mean_field"].rmse
    assert frame["rmse"][0] == pytest.approx(values.mean())
    assert frame["rmse_se"][0] == pytest.approx(values.std(ddof=1) / math.sqrt(3))
    assert found.scores["mc_dropout"].chosen is not None
    assert "mean_field" in repr(found)


def test_the_linear_peer_is_fitted_to_training_rows_alone(
    found: TableFit, table: tuple[np.ndarray, np.ndarray]
) -> None:
    """BayesianRidge knows no scale, so on raw columns it's nearly the same: the split is the same."""
    x, y = 100 * table[0] + 7, 50 * table[1] - 900
    order = fireassay.seeds.generator("table", 0, "split", 1).permutation(ROWS)
    test, train = order[:6], order[6:]
    scale = x[train].std(0)
    model = BayesianRidge().fit(x[train] / scale, y[train] / y[train].std())
    error = y[test] - y[train].std() * model.predict(x[test] / scale)
    expected = np.sqrt(np.mean(error**2))
    assert found.scores["bayesian_linear"].rmse[1] == pytest.approx(expected, rel=1e-3)


def test_a_split_does_not_depend_on_how_many_there_are(
    table: tuple[np.ndarray, np.ndarray],
) -> None:
    few, more = (
        fireassay.fit_regression(*table, splits=n, steps=20, hidden=(4,), methods=("mean_field",))
        for n in (1, 3)
    )
    ours, theirs = few.scores["mean_field"], more.scores["mean_field"]
    assert ours.rmse[0] == pytest.approx(theirs.rmse[0], rel=1e-4)
    assert ours.log_likelihood[0] == pytest.approx(theirs.log_likelihood[0], rel=1e-4)


def test_what_is_no_table_is_told() -> None:
    x, y = np.ones((30, 2)), np.arange(30.0)
    for bad_x, bad_y, said in (
        (x[:, 0], y, "aren't a table"),
        (x, y[:9], "aren't a table"),
        (x[:9], y[:9], "too few"),
        (x, np.ones(30), "same in every row"),
        (np.where(np.arange(30)[:, None] == 4, np.nan, x), y, "1 of 30 rows"),
        (x.astype(str) + "a", y, "isn't a number"),
    ):
        with pytest.raises(fireassay.DataError, match=said):
            fireassay.fit_regression(bad_x, bad_y)
    with pytest.raises(fireassay.SettingError, match="lasso"):
        fireassay.fit_regression(x, y, methods=("lasso",))
    with pytest.raises(fireassay.SettingError, match="widht"):
        fireassay.fit_regression(x, y, widht=3)
    with pytest.raises(fireassay.SettingError, match="test_share"):
        fireassay.fit_regression(x, y, test_share=0.0)
