"""Reduced precision and compilation are chosen by measurement, and give what full precision gives."""

from __future__ import annotations

import logging
from collections.abc import Callable

import numpy as np
import pytest
import torch

from fireassay.training.acceleration import COMPILED_STEPS, Mode, fastest, modes
from fireassay.training.cohort import Cohort
from fireassay.training.outcome import Outcome
from fireassay.training.settings import NetSettings
from fireassay.training.trial import Run
from tests.training.tasks import BAYESIAN, SMALL, make_task, trial_of

gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an NVIDIA GPU")


def timed(**seconds: float) -> Callable[[Mode], float]:
    return lambda mode: seconds[mode.name.lower()]


def test_the_fastest_mode_is_used_where_it_pays() -> None:
    every = list(Mode)
    times = {"plain": 1.0, "bf16": 0.8, "compiled": 0.7, "compiled_bf16": 0.75}
    assert fastest(every, timed(**times)) is Mode.COMPILED
    assert fastest([Mode.PLAIN, Mode.BF16], timed(**times)) is Mode.BF16
    assert fastest([Mode.PLAIN], timed(**times)) is Mode.PLAIN


def test_full_precision_stays_where_little_is_saved() -> None:
    times = {"plain": 1.0, "bf16": 0.95, "compiled": 1.5, "compiled_bf16": 0.91}
    assert fastest(list(Mode), timed(**times)) is Mode.PLAIN


def test_a_mode_that_does_not_run_is_left_out_and_told(caplog: pytest.LogCaptureFixture) -> None:
    def seconds(mode: Mode) -> float:
        if mode.compiled:
            raise RuntimeError("no compiler")
        return 0.5 if mode.reduced else 1.0

    with caplog.at_level(logging.WARNING):
        assert fastest(list(Mode), seconds) is Mode.BF16
    assert "no compiler" in caplog.text

    def broken(_mode: Mode) -> float:
        raise torch.OutOfMemoryError("plain")

    with pytest.raises(torch.OutOfMemoryError):
        fastest(list(Mode), broken)


def test_nothing_is_tried_on_a_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    assert modes("cpu", 10**9) == [Mode.PLAIN]
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: True)
    assert modes("cuda", COMPILED_STEPS) == list(Mode)
    assert modes("cuda:1", COMPILED_STEPS - 1) == [Mode.PLAIN, Mode.BF16]
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: False)
    assert modes("cuda", 10) == [Mode.PLAIN]
    task = make_task()
    cohort = Cohort([(trial_of(task, SMALL, epochs=1), task)])
    assert cohort.mode is None
    cohort.train_epoch()
    assert cohort.mode is Mode.PLAIN


def test_the_mode_that_was_chosen_is_kept_for_the_rest_of_a_run() -> None:
    """A measurement made again after an interruption might choose otherwise."""
    task = make_task()
    pairs = [(trial_of(task, SMALL), task)]
    cohort, resumed = Cohort(pairs), Cohort(pairs)
    cohort.mode = Mode.BF16
    resumed.load(*cohort.state())
    assert resumed.mode is Mode.BF16


def gradients(device: str, mode: Mode) -> tuple[torch.Tensor, torch.Tensor]:
    """Losses and gradients of one step, of a deterministic and a Bayesian trial."""
    task = make_task("real", sessions=8)
    trials = [trial_of(task, settings, 2, estimator="shared") for settings in (SMALL, BAYESIAN)]
    cohort = Cohort([(trial, task) for trial in trials], device)
    cohort.posterior.theta.detach()[:, 1] = -14.0  # next to no spread: streams differ by device
    (step, *_) = cohort._steps()
    parts, gradient = cohort._gradient(cohort._lanes(1, mode), step, 0)
    return parts.cpu(), gradient[:, 0].cpu()


def assert_close(mode: Mode, device: str, tolerance: float) -> None:
    expected_parts, expected = gradients("cpu", Mode.PLAIN)
    parts, gradient = gradients(device, mode)
    assert parts.dtype is gradient.dtype is torch.float32
    assert torch.allclose(parts, expected_parts, rtol=tolerance)
    assert (gradient - expected).norm() < 3 * tolerance * expected.norm()


def test_bfloat16_gives_about_the_same_gradient() -> None:
    assert_close(Mode.BF16, "cpu", 0.01)


@pytest.mark.slow
def test_compiled_gives_the_same_gradient() -> None:
    assert_close(Mode.COMPILED, "cpu", 1e-4)


@gpu
@pytest.mark.gpu
@pytest.mark.parametrize(
    ("mode", "tolerance"),
    [(Mode.PLAIN, 1e-4), (Mode.COMPILED, 1e-4), (Mode.BF16, 0.01), (Mode.COMPILED_BF16, 0.01)],
)
def test_a_gpu_gives_the_cpus_gradient(mode: Mode, tolerance: float) -> None:
    assert_close(mode, "cuda", tolerance)


def trained(device: str, *settings: NetSettings, mode: Mode | None = Mode.PLAIN) -> list[Run]:
    task = make_task(sessions=40, strength=2.0)
    changes = {"epochs": 8, "learning_rate": 0.03, "patience": 0}
    cohort = Cohort([(trial_of(task, s, **changes), task) for s in settings], device)
    cohort.mode = mode
    cohort.train()
    return Outcome(cohort).runs()


@gpu
@pytest.mark.gpu
def test_training_on_a_gpu_ends_where_it_does_on_a_cpu() -> None:
    """Starts are drawn on the CPU, so a deterministic trial is the same on both."""
    (ours,), (theirs,) = trained("cuda", SMALL), trained("cpu", SMALL)
    assert ours.test.mean == pytest.approx(theirs.test.mean, abs=1e-3)


@gpu
@pytest.mark.gpu
@pytest.mark.parametrize("mode", [None, Mode.BF16])
def test_every_posterior_learns_on_a_gpu(mode: Mode | None) -> None:
    """None: as the measurement chooses."""
    for found in trained("cuda", SMALL, BAYESIAN, mode=mode):
        assert np.isfinite(found.test.mean).all()
        assert found.final["test_auc"] > 0.75


@gpu
@pytest.mark.gpu
def test_lockstep_on_a_gpu_is_what_trials_are_alone() -> None:
    both = trained("cuda", SMALL, BAYESIAN)
    for found, settings in zip(both, (SMALL, BAYESIAN), strict=True):
        (alone,) = trained("cuda", settings)
        assert found.test.mean == pytest.approx(alone.test.mean, abs=1e-3)
