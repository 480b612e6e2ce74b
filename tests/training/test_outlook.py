"""What is said of a network before training, against sampling and against torch's own KL."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.distributions import Normal, kl_divergence

from fireassay.choices import Part
from fireassay.interventions.plant_signal import PlantSignal
from fireassay.models.transformer import Transformer
from fireassay.training.cohort import architecture
from fireassay.training.outlook import outlook, predictable_share, prior_range
from fireassay.training.start import start
from tests.training.tasks import BAYESIAN, SMALL, make_task, trial_of


@pytest.mark.parametrize("prior", ["fan_in", "fixed"])
def test_logits_under_the_prior_have_the_sd_that_is_said(prior: str) -> None:
    task = make_task()
    trial = trial_of(task, BAYESIAN, prior=prior, prior_sigma=0.7, width=16)
    said = outlook(trial, task).logit_sd
    layout = Transformer(architecture(task, trial.settings)).layout
    posterior = start(layout, [trial.settings], [0], "cpu")
    scale = layout.split(torch.exp(posterior.prior_log_sigma))
    at = [i for i, p in enumerate(layout.parameters) if p.part is Part.HEAD]
    generator = torch.Generator().manual_seed(0)
    weight, bias = (
        torch.randn(20_000, *scale[i][0].shape, generator=generator) * scale[i][0] for i in at
    )
    hidden = torch.randn(20_000, 16, generator=generator)
    hidden = torch.nn.functional.layer_norm(hidden, (16,))  # as the last norm leaves it
    logits = torch.einsum("sd,sdc->sc", hidden, weight) + bias
    assert said == pytest.approx(float(logits.std()), rel=0.03)


def test_kl_at_the_start_is_that_of_torch() -> None:
    task = make_task()
    trial = trial_of(task, BAYESIAN)
    layout = Transformer(architecture(task, trial.settings)).layout
    p = start(layout, [trial.settings], [0], "cpu")
    each = kl_divergence(
        Normal(p.mean, torch.exp(p.theta[:, 1])), Normal(p.prior_mean, torch.exp(p.prior_log_sigma))
    )
    found = outlook(trial, task)
    assert found.kl_start == pytest.approx(float((each * p.scale).sum().detach()), rel=1e-4)
    assert found.random == int(p.scale.sum())


def test_a_point_estimate_has_neither() -> None:
    task = make_task()
    found = outlook(trial_of(task, SMALL), task)
    assert (found.random, found.logit_sd, found.kl_start) == (0, None, 0.0)


def test_a_prior_that_follows_the_weights_implies_no_scale() -> None:
    task = make_task()
    assert outlook(trial_of(task, BAYESIAN, prior="empirical"), task).logit_sd is None
    only = trial_of(task, BAYESIAN, bayesian=("mlp",))
    assert outlook(only, task).logit_sd is None


def test_the_range_of_probabilities_holds_95_percent_of_logits() -> None:
    low, high = prior_range(2.0)
    logits = np.random.default_rng(0).normal(scale=2.0, size=100_000)
    p = 1 / (1 + np.exp(-logits))
    assert ((p > low) & (p < high)).mean() == pytest.approx(0.95, abs=0.005)
    assert prior_range(1e6) == (0.0, 1.0)


def test_the_predictable_share_is_that_of_a_planted_signal() -> None:
    task = make_task(sessions=400, bars=(60, 80))
    planted = PlantSignal(dose=0.6)
    y = planted.apply(task).label.y
    f = planted.function(task)
    known = ~np.isnan(y)
    # The best predictor is the class that f says; thresholds stand at the label's own frequencies.
    said = f > np.quantile(f[known], 1 - y[known].mean())
    r2 = np.corrcoef(said[known], y[known])[0, 1] ** 2
    assert predictable_share("binary", 0.1) == pytest.approx(r2, rel=0.15)
    assert predictable_share("real", 0.1) == pytest.approx(0.01)
