"""The posterior predictive: repeatable, no spread where nothing is random, rightly decomposed."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from fireassay.choices import Part
from fireassay.training.batches import pack
from fireassay.training.cohort import Cohort
from fireassay.training.objective import STUDENT_DF
from fireassay.training.outcome import Outcome
from fireassay.training.prediction import Forecaster, Predictive
from fireassay.training.settings import NetSettings
from fireassay.training.streams import normal, stream
from tests.training.tasks import BAYESIAN, SMALL, make_task, trial_of

WIDE = {"posterior_sigma": 0.5}


def trained(kind: str, *settings: NetSettings, epochs: int = 1, **changes: object) -> Cohort:
    task = make_task(kind)
    more = {"epochs": epochs, "patience": 0, **changes}
    cohort = Cohort([(trial_of(task, s, k, **more), task) for k, s in enumerate(settings)])
    cohort.train()
    return cohort


def forecaster(cohort: Cohort) -> Forecaster:
    return Forecaster(
        cohort.net,
        cohort.kept,
        [m.settings for m in cohort.members],
        [m.trial.seed for m in cohort.members],
        cohort.feeder,
        cohort.kind,
    )


def predict(cohort: Cohort, draws: int = 6, purpose: str = "final") -> Predictive:
    sessions = np.arange(cohort.task.panel.sessions)
    return forecaster(cohort)(sessions, np.arange(cohort.task.panel.rows), draws, purpose)


@pytest.mark.parametrize("kind", ["binary", "multiclass", "real"])
def test_predicting_twice_gives_the_same(kind: str) -> None:
    """Whatever torch's global generator holds: nothing stays random by accident."""
    cohort = trained(kind, SMALL, BAYESIAN, dropout=0.4)
    torch.manual_seed(1)
    one = Outcome(cohort).runs()
    torch.manual_seed(2)
    torch.randn(100)
    for a, b in zip(one, Outcome(cohort).runs(), strict=True):
        for name in ("mean", "total", "expected"):
            assert np.array_equal(getattr(a.test, name), getattr(b.test, name))


@pytest.mark.parametrize("kind", ["binary", "multiclass", "real"])
def test_a_deterministic_model_has_no_spread(kind: str) -> None:
    """Alone, beside a Bayesian one, and trained with dropout: off when it predicts."""
    for cohort in (trained(kind, SMALL, dropout=0.5), trained(kind, SMALL, BAYESIAN, dropout=0.5)):
        found = predict(cohort)
        assert (found.total[0] - found.expected[0]).abs().max() < 1e-6
        with torch.no_grad():
            step = pack(
                cohort.task.panel.offsets,
                [list(range(cohort.task.panel.sessions))],
                max(cohort.net.arch.windows),
            )
            out = cohort.net(cohort.kept.at_mean(), cohort.feeder(step))[0]
        rows = step.rows[0]
        point = {"binary": torch.sigmoid, "multiclass": lambda o: o.softmax(-1), "real": lambda o: o}
        expected = point[kind](out[torch.as_tensor(rows >= 0)])
        assert torch.allclose(found.mean[0][rows[rows >= 0]], expected, atol=1e-5)


def test_a_bayesian_model_has_spread_and_dropout_that_stays_on_too() -> None:
    cohort = trained("binary", BAYESIAN, **WIDE)
    found = predict(cohort)
    assert (found.total - found.expected).min() >= -1e-6
    assert (found.total - found.expected).mean() > 1e-4
    task = make_task()
    on = Cohort([(trial_of(task, SMALL, posterior="mc_dropout", dropout=0.3), task)])
    off = Cohort([(trial_of(task, SMALL, posterior="mc_dropout", dropout=0.0), task)])
    assert (predict(on).total - predict(on).expected).mean() > 1e-4
    assert (predict(off).total - predict(off).expected).abs().max() < 1e-6
    assert torch.equal(predict(on).mean, predict(on).mean)


def outputs_of(cohort: Cohort, noise: torch.Tensor) -> np.ndarray:
    """`[S, R, C]` outputs at all rows of the first trial, for the noise `[1, S, P]`."""
    panel, each = cohort.task.panel, []
    step = pack(panel.offsets, [list(range(panel.sessions))], max(cohort.net.arch.windows))
    batch = cohort.feeder(step)
    with torch.no_grad():
        for s in range(noise.shape[1]):
            out = cohort.net(cohort.kept.draw(noise[:, s : s + 1]), batch)[0]
            each.append(out[torch.as_tensor(step.rows[0] >= 0)].numpy())
    return np.stack(each).astype(float)


def test_draws_spread_as_independent_ones_do() -> None:
    cohort = trained("real", BAYESIAN, **WIDE)
    panel, draws = cohort.task.panel, 200
    found = forecaster(cohort)(
        np.arange(panel.sessions), np.arange(panel.rows), draws, "final", keep=True
    )
    assert found.draws is not None
    ours = found.draws[0, :, :, 0].numpy()
    noise = torch.randn(1, draws, cohort.net.layout.size, generator=stream("cpu", "other"))
    theirs = outputs_of(cohort, noise)[..., 0]
    ratio = ours.std(0) / theirs.std(0)
    assert ratio.mean() == pytest.approx(1, abs=0.07)
    error = theirs.std(0) / draws**0.5
    assert np.mean(np.abs(ours.mean(0) - theirs.mean(0)) < 3 * error) > 0.95


@pytest.mark.parametrize("kind", ["binary", "multiclass", "real"])
@pytest.mark.parametrize("noise", ["gaussian", "student"])
def test_moments_are_those_of_the_draws(kind: str, noise: str) -> None:
    """The draws are made again from the trial's stream, in pairs μ ± σ ε, one network at a time."""
    cohort = trained(kind, BAYESIAN, bayesian=tuple(Part), noise=noise, **WIDE)
    draws, posterior = 5, cohort.kept
    found = predict(cohort, draws)
    generator = stream("cpu", cohort.members[0].trial.seed, "final")
    half = normal([generator], posterior.random, 3, posterior.layout.size)
    out = outputs_of(cohort, torch.cat([half, -half], 1)[:, :draws])
    panel = cohort.task.panel
    if kind == "real":
        assert cohort.net.log_noise is not None
        sd = float(torch.exp(posterior.at_mean()[cohort.net.log_noise]))
        variance = sd**2 * (STUDENT_DF / (STUDENT_DF - 2) if noise == "student" else 1)
        mean, expected = out.mean(0), np.full(panel.rows, variance)
        total = out[..., 0].var(0) + variance
    else:
        if kind == "binary":
            one = 1 / (1 + np.exp(-out))
            p, mean = np.concatenate([1 - one, one], -1), one.mean(0)
        else:
            p = np.exp(out) / np.exp(out).sum(-1, keepdims=True)
            mean = p.mean(0)
        expected = -(p * np.log(p)).sum(-1).mean(0)
        total = -(p.mean(0) * np.log(p.mean(0))).sum(-1)
    assert found.mean[0].numpy() == pytest.approx(mean, abs=1e-4)
    assert found.total[0].numpy() == pytest.approx(total, rel=1e-3, abs=1e-4)
    assert found.expected[0].numpy() == pytest.approx(expected, rel=1e-3, abs=1e-4)


def test_only_the_rows_asked_for_of_the_sessions_given() -> None:
    cohort = trained("binary", BAYESIAN)
    panel = cohort.task.panel
    everything = predict(cohort).mean
    rows = np.flatnonzero(np.isin(panel.session_of_row, [2, 5, 6]) & (panel.bar_of_row % 2 == 0))
    found = forecaster(cohort)(np.array([2, 5, 6]), rows, 6, "final")
    assert torch.allclose(found.mean, everything[:, rows], atol=1e-6)
    nothing = forecaster(cohort)(np.array([2]), rows[:0], 6, "final")
    assert nothing.mean.shape == (1, 0, 1)


def test_predictions_come_in_the_labels_units() -> None:
    task = make_task("real")
    cohort = trained("real", BAYESIAN, **WIDE)
    (run,) = Outcome(cohort).runs()
    found = predict(cohort, BAYESIAN.draws)
    rows = task.test_rows
    y = task.label.y[task.train_rows].astype(float)
    assert run.test.rows.tolist() == rows.tolist()
    mean = found.mean[0, rows].numpy() * y.std() + y.mean()
    assert run.test.mean == pytest.approx(mean, rel=1e-4)
    for name in ("total", "expected"):
        expected = getattr(found, name)[0, rows].numpy() * y.var()
        assert getattr(run.test, name) == pytest.approx(expected, rel=1e-4)
    assert run.validation.rows.tolist() == task.validation_rows.tolist()


def test_streams_of_trials_are_their_own() -> None:
    wanted = torch.tensor([True, False, True])

    def draw(*seeds: int) -> torch.Tensor:
        return normal([stream("cpu", s, "x") for s in seeds], wanted[: len(seeds)], 3, 50)

    three = draw(1, 2, 3)
    assert (three[1] == 0).all()
    assert torch.equal(three[0], draw(1)[0])
    assert not torch.equal(three[0], three[2])
    untouched = stream("cpu", 2, "x")
    normal([untouched], torch.tensor([False]), 3, 50)
    assert torch.equal(
        torch.randn(4, generator=untouched), torch.randn(4, generator=stream("cpu", 2, "x"))
    )
    purposes = {torch.randn(1, generator=stream("cpu", 1, p, e)).item() for p in "ab" for e in (0, 1)}
    assert len(purposes) == 4
