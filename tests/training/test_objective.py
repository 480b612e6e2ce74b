"""The objective: likelihoods against SciPy and torch, N passed in, KL once a step."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
import scipy.stats
import torch
import torch.nn.functional as F

from fireassay.data.task import Task
from fireassay.models.transformer import Transformer
from fireassay.training.cohort import Cohort, architecture
from fireassay.training.objective import (
    STUDENT_DF,
    entropy,
    information_budget,
    kl_factor,
    nll,
    probabilities,
)
from fireassay.training.settings import KlSchedule, NetSettings, NoiseKind, Schedule
from fireassay.training.start import logit_scale
from fireassay.training.step import Objective, Sampler, learning_rate
from tests.training.tasks import BAYESIAN, SMALL, make_task, split_of, trial_of

STILL = {"learning_rate": 1e-30, "patience": 0, "weight_decay": 0.0}
"""Settings under which no weight moves, so that an epoch measures one set of weights."""


@pytest.fixture
def outputs() -> torch.Tensor:
    return 2 * torch.randn(2, 3, 11, 4, generator=torch.Generator().manual_seed(0)).double()


def test_regression_noise_is_gaussian_with_its_scale(outputs: torch.Tensor) -> None:
    y, log_noise = outputs[..., 1] + 0.3, outputs[:, :1, :1, 2]
    found = nll("real", outputs[..., :1], y, log_noise=log_noise)
    expected = -scipy.stats.norm.logpdf(y, outputs[..., 0], torch.exp(log_noise))
    assert found.numpy() == pytest.approx(expected, rel=1e-9)
    # Not a bare squared error: the scale has an optimum, at the RMS of the residuals.
    rms = torch.log((y - outputs[..., 0]).square().mean().sqrt())
    best, *others = (
        nll("real", outputs[..., :1], y, log_noise=rms + step).mean() for step in (0, -0.1, 0.1)
    )
    assert best < min(others)


def test_regression_noise_is_student_with_its_scale(outputs: torch.Tensor) -> None:
    y, log_noise = outputs[..., 1] + 0.3, outputs[:, :1, :1, 2]
    found = nll("real", outputs[..., :1], y, log_noise=log_noise, noise=NoiseKind.STUDENT)
    expected = -scipy.stats.t.logpdf(y, STUDENT_DF, outputs[..., 0], torch.exp(log_noise))
    assert found.numpy() == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.4])
def test_binary_is_what_torch_gives(outputs: torch.Tensor, smoothing: float) -> None:
    """Two classes of torch's cross entropy, whose smoothing spreads over both."""
    y = (outputs[..., 1] > 0).double()
    found = nll("binary", outputs[..., :1], y, smoothing=torch.tensor(smoothing))
    logits = torch.stack([torch.zeros_like(outputs[..., 0]), outputs[..., 0]], -1).flatten(0, 2)
    expected = F.cross_entropy(
        logits, y.flatten().long(), label_smoothing=smoothing, reduction="none"
    )
    assert torch.allclose(found.flatten(), expected)


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.4])
def test_multiclass_is_what_torch_gives(outputs: torch.Tensor, smoothing: float) -> None:
    y = outputs[..., 1:].argmax(-1).double()
    found = nll("multiclass", outputs, y, smoothing=torch.tensor(smoothing))
    expected = F.cross_entropy(
        outputs.flatten(0, 2), y.flatten().long(), label_smoothing=smoothing, reduction="none"
    )
    assert torch.allclose(found.flatten(), expected)


@pytest.mark.parametrize("kind", ["binary", "multiclass", "real"])
def test_rows_without_a_label_cost_nothing_and_pull_at_nothing(
    outputs: torch.Tensor, kind: str
) -> None:
    outputs = outputs.requires_grad_(True)
    y = torch.ones(2, 3, 11).double()
    y[:, :, ::2] = float("nan")
    each = nll(kind, outputs, y, log_noise=torch.tensor(0.0), smoothing=torch.tensor(0.1))
    assert (each[:, :, ::2] == 0).all()
    assert (each[:, :, 1::2] != 0).all()
    (gradient,) = torch.autograd.grad(each.sum(), outputs)
    assert torch.isfinite(gradient).all()
    assert (gradient[:, :, ::2] == 0).all()


def test_probabilities_and_entropies(outputs: torch.Tensor) -> None:
    p = probabilities("multiclass", outputs)
    assert torch.allclose(p.sum(-1), torch.ones(2, 3, 11).double())
    expected = scipy.stats.entropy(p.numpy(), axis=-1)
    assert entropy("multiclass", p).numpy() == pytest.approx(expected)
    p = probabilities("binary", outputs[..., :1])
    expected = scipy.stats.bernoulli(p[..., 0].numpy()).entropy()
    assert entropy("binary", p).numpy() == pytest.approx(expected)
    assert probabilities("real", outputs) is outputs
    assert entropy("binary", torch.tensor([[0.0], [1.0]])).tolist() == [0, 0]


def test_budget_of_a_predictable_share() -> None:
    """N Gaussian labels of correlation ρ carry −(N/2) ln(1 − ρ²) nats about their means."""
    assert information_budget(20_000, 0.05) == pytest.approx(513, abs=1)
    assert information_budget(100_000, 0.005) == pytest.approx(250, abs=1)
    assert information_budget(100, 0.0) == 0


def test_kl_schedules() -> None:
    assert kl_factor(KlSchedule.CONSTANT, 0.0) == 1
    ramp = [kl_factor(KlSchedule.WARM_UP, share) for share in (0, 0.1, 0.25, 0.5, 0.75, 0.99)]
    assert ramp == pytest.approx([0, 0.2, 0.5, 1, 1, 1])
    cycles = [kl_factor(KlSchedule.CYCLICAL, i / 16) for i in range(16)]
    assert cycles == pytest.approx([0, 0.5, 1, 1] * 4)


def test_learning_rate_rises_then_falls() -> None:
    settings = NetSettings(learning_rate=2.0, epochs=10, warm_up=0.1)
    rates = [learning_rate(settings, epoch, i, 10) for epoch in range(10) for i in range(10)]
    assert rates[:10] == pytest.approx([0.2 * (i + 1) for i in range(10)])
    assert max(rates) == rates[10] == 2.0
    assert all(a >= b for a, b in itertools.pairwise(rates[10:]))
    assert rates[55] == pytest.approx(0.05 * 2 + 0.95, rel=1e-6)  # half way down
    assert rates[-1] == pytest.approx(0.1, rel=0.02)
    flat = settings.model_copy(update={"schedule": Schedule.CONSTANT, "warm_up": 0.0})
    assert {learning_rate(flat, epoch, i, 10) for epoch in range(10) for i in range(10)} == {2.0}


def ragged() -> Task:
    """Sessions of 2 to 30 bars, some without any label."""
    task = make_task(sessions=20, bars=(2, 30), validation=0)
    y = task.label.y.copy()
    for s in task.split.train[::4]:
        y[task.panel.offsets[s] : task.panel.offsets[s + 1]] = np.nan
    return task.with_label(y, "thinned")


def epoch(task: Task, settings: NetSettings, **changes: object) -> dict[str, float]:
    cohort = Cohort([(trial_of(task, settings, **{**STILL, **changes}), task)])
    cohort.train_epoch()
    return cohort.members[0].history[0]


@pytest.mark.parametrize("labels", [10, 60, 10_000])
def test_an_epochs_loss_is_the_mean_over_labels_whatever_the_batches(labels: int) -> None:
    """Ragged sessions weigh by their labels; a mean over batches would favour thin ones."""
    task = ragged()
    row = epoch(task, SMALL, batch_labels=labels, trace_rows=10**6)
    assert row["loss"] == pytest.approx(row["train_nll"], rel=1e-5)
    assert row["train_nll_drawn"] == row["loss"]


def objective_of(task: Task, settings: NetSettings, **changes: object) -> tuple[Cohort, Objective]:
    cohort = Cohort([(trial_of(task, settings, **changes), task)])
    return cohort, Objective(cohort, len(cohort._steps()))


def losses(cohort: Cohort, objective: Objective) -> list[tuple[float, float, float]]:
    """Loss, NLL and KL of every step of the first epoch."""
    sampler = Sampler(cohort, 0)
    found = []
    for i, step in enumerate(cohort._steps()):
        batch = cohort.feeder(step)
        weights = sampler.weights(batch, step)
        outputs = cohort.net(weights, batch, sampler.dropout)
        found.append(tuple(x[0].item() for x in objective(weights, outputs, step, i)))
    return found


@pytest.mark.parametrize("kl_weight", [0.0, 0.3, 1.0, 40.0])
@pytest.mark.parametrize("labels", [20, 10_000])
def test_kl_enters_once_a_step_by_the_distinct_labels(kl_weight: float, labels: int) -> None:
    """Loss − NLL is kl_weight · KL / N in every step, whatever its size; N is the whole split's."""
    task = ragged()
    cohort, objective = objective_of(task, BAYESIAN, kl_weight=kl_weight, batch_labels=labels)
    count = int(np.isfinite(task.label.y[np.isin(task.panel.session_of_row, task.split.train)]).sum())
    assert cohort.members[0].labels == count == task.labels
    for loss, fit, kl in losses(cohort, objective):
        assert kl == pytest.approx(cohort.posterior.kl().item())
        assert loss - fit == pytest.approx(kl_weight * kl / count, rel=1e-4, abs=1e-6)


def test_the_kl_of_a_step_does_not_depend_on_its_draws() -> None:
    task = ragged()
    found = set()
    for groups in (1, 2, 8):
        cohort, objective = objective_of(task, BAYESIAN, groups=groups)
        found |= {kl for _, _, kl in losses(cohort, objective)}
    assert len(found) == 1


def test_a_likelihood_power_makes_kl_dearer() -> None:
    """lik^p · prior: per label NLL + KL / (p N); 'effective' is 1 / horizon."""
    task = ragged()
    task = replace(task, label=replace(task.label, horizon=5))
    assert task.effective_labels == task.labels / 5
    for power, factor in ((1.0, 1), (0.25, 4), ("effective", 5)):
        cohort, objective = objective_of(task, BAYESIAN, likelihood_power=power)
        loss, fit, kl = losses(cohort, objective)[0]
        assert loss - fit == pytest.approx(factor * kl / task.labels, rel=1e-4)


def test_the_kl_schedule_is_followed_step_by_step() -> None:
    task = ragged()
    cohort, objective = objective_of(task, BAYESIAN, kl_schedule="warm_up", epochs=1, batch_labels=20)
    found = losses(cohort, objective)
    steps = len(found)
    assert steps > 4
    for i, (loss, fit, kl) in enumerate(found):
        share = min(1, 2 * i / steps)
        assert loss - fit == pytest.approx(share * kl / task.labels, rel=1e-3, abs=1e-6)


def test_free_bits_cost_the_same_below_their_bound() -> None:
    task = ragged()
    kl = objective_of(task, BAYESIAN)[0].posterior.kl().item()
    for bits in (0.5 * kl, 3 * kl):
        cohort, objective = objective_of(task, BAYESIAN, free_bits=bits)
        loss, fit, found = losses(cohort, objective)[0]
        assert loss - fit == pytest.approx(max(bits, kl) / task.labels, rel=1e-4)
        assert found == pytest.approx(kl)  # what is reported is the KL itself
        price = torch.maximum(cohort.posterior.kl(), objective.free_bits).sum()
        (gradient,) = torch.autograd.grad(price, cohort.posterior.theta)
        assert (gradient.abs().max() > 0) == (bits < kl)


def test_a_deterministic_trial_pays_no_kl() -> None:
    cohort, objective = objective_of(ragged(), SMALL, kl_weight=50.0, free_bits=100.0)
    for loss, fit, kl in losses(cohort, objective):
        assert loss == fit
        assert kl == 0


def test_weights_of_labels_count_in_fit_and_in_n() -> None:
    task = ragged()
    weight = np.ones(task.panel.rows, dtype=np.float32)
    weight[::3] = 0.25
    weighted = replace(task, weight=weight)
    rows = task.train_rows
    total = weight[rows].sum()
    row = epoch(weighted, SMALL, batch_labels=30)
    cohort, _ = objective_of(weighted, SMALL, batch_labels=10**6, groups=1)
    assert cohort.members[0].labels == pytest.approx(total)
    (step,) = cohort._steps()
    with torch.no_grad():
        logits = cohort.net(cohort.posterior.at_mean(), cohort.feeder(step))[0]
    at = step.rows[0]
    each = np.zeros(task.panel.rows)
    y = torch.as_tensor(task.label.y[at.clip(min=0)])
    each[at[at >= 0]] = nll("binary", logits, y)[torch.as_tensor(at >= 0)]
    assert row["loss"] == pytest.approx((weight[rows] * each[rows]).sum() / total, rel=1e-4)


def test_a_real_label_is_learned_in_training_sds_and_its_noise_starts_at_one() -> None:
    task = make_task("real", sessions=20)
    rows = task.train_rows
    mean, sd = task.label.y[rows].mean(), task.label.y[rows].std()
    cohort, objective = objective_of(task, SMALL, batch_labels=10**6, groups=1)
    labels = cohort.members[0].training_labels
    assert np.flatnonzero(~np.isnan(labels)).tolist() == rows.tolist()
    assert labels[rows] == pytest.approx((task.label.y[rows] - mean) / sd, abs=1e-5)
    ((loss, _, _),) = losses(cohort, objective)
    (step,) = cohort._steps()
    with torch.no_grad():
        located = cohort.net(cohort.posterior.at_mean(), cohort.feeder(step))[0, :, 0].numpy()
    at = step.rows[0]
    known = np.isin(at, rows)
    expected = -scipy.stats.norm.logpdf(labels[at[known]], located[known]).mean()
    assert loss == pytest.approx(expected, rel=1e-5)


def test_labels_that_reach_into_later_parts_are_purged_from_n() -> None:
    task = make_task(sessions=10, validation=0)
    end = np.arange(task.panel.rows)
    last = int(task.split.train[-1])
    end[task.panel.offsets[last + 1] - 4 : task.panel.offsets[last + 1]] += 8
    reaching = replace(task, label=replace(task.label, end=end))
    labelled = ~np.isnan(task.label.y)
    lost = labelled[task.panel.offsets[last + 1] - 4 : task.panel.offsets[last + 1]].sum()
    assert lost == 3
    cohort = Cohort([(trial_of(reaching), reaching)])
    assert cohort.members[0].labels == task.labels - 3
    assert split_of(10, 0).train.tolist() == task.split.train.tolist()


def test_a_scale_of_logits_is_said_before_training() -> None:
    """The SD of a logit under the prior, against draws from it."""
    task = make_task(sessions=6)
    for prior, sigma in (("fan_in", 1.0), ("fixed", 0.1), ("fixed", 2.0)):
        settings = NetSettings.model_validate(
            {**BAYESIAN.model_dump(), "width": 16, "prior": prior, "prior_sigma": sigma}
        )
        net = Transformer(architecture(task, settings))
        said = logit_scale(net.layout, settings, 16)
        rng = np.random.default_rng(0)
        unit = sigma * (16**-0.5 if prior == "fan_in" else 1)
        hidden = rng.standard_normal((400, 16))
        hidden /= hidden.std(1, keepdims=True)
        logits = hidden @ (unit * rng.standard_normal((16, 400))) + unit * rng.standard_normal(400)
        assert said == pytest.approx(math.sqrt((logits**2).mean()), rel=0.05)
