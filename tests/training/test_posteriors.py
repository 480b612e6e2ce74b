"""Every posterior behind one interface: what it predicts, what is kept of it, how it is resumed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from fireassay.errors import SettingError
from fireassay.models.transformer import Dropout, Span
from fireassay.study import Study
from fireassay.training.cohort import Cohort, cohort_key
from fireassay.training.execute import Executor
from fireassay.training.learner import Setting, default_settings, learner
from fireassay.training.outcome import Outcome
from fireassay.training.serving import Inputs, TrainedNet, pooled
from fireassay.training.settings import NETWORKS, POSTERIORS, NetSettings, PosteriorKind
from fireassay.training.store import Store
from fireassay.training.streams import network_seed
from fireassay.training.trial import Run, RunStatus, Tasks
from tests.training.tasks import SMALL, make_task, trial_of

KINDS = ["binary", "multiclass", "real"]


def ran(kind: str, posterior: str, seed: int = 0, **changes: object) -> tuple[Cohort, Run]:
    task = make_task(kind)
    more = {"posterior": posterior, "members": 3, "patience": 0, **changes}
    cohort = Cohort([(trial_of(task, SMALL, seed, **more), task)])
    cohort.train()
    return cohort, Outcome(cohort).runs()[0]


def total_of(mean: np.ndarray) -> np.ndarray:
    p = mean if mean.shape[1] > 1 else np.c_[mean, 1 - mean]
    return -(p * np.log(p)).sum(1)


@pytest.mark.parametrize("posterior", list(PosteriorKind))
@pytest.mark.parametrize("kind", KINDS)
def test_read_back_it_predicts_as_at_the_end_of_its_training(kind: str, posterior: str) -> None:
    changes = {"dropout": 0.3} if posterior == "mc_dropout" else {}
    cohort, run = ran(kind, posterior, draws=6, **changes)
    task, trial = cohort.task, run.trial
    net = TrainedNet(Inputs.of(task), trial.settings, (trial.seed,), (Outcome(cohort).weights(0),))
    found = net.forecast(task.panel, keep=True)
    rows = run.test.rows
    for name in ("mean", "total", "expected"):
        ours, theirs = getattr(found, name)[rows], getattr(run.test, name)
        assert np.allclose(ours, theirs, atol=1e-4 * max(1, np.abs(theirs).max())), name
    assert found.draws is not None
    assert np.allclose(found.draws.mean(0), found.mean, atol=1e-4)
    spread = found.mutual_information.max()
    assert (spread < 1e-6) == (posterior == "deterministic")
    sizes = {"deterministic": 1, "deep_ensemble": 3}
    assert len(found.draws) == sizes.get(posterior, 6)
    if kind != "real":
        assert np.allclose(found.total, total_of(found.mean), atol=1e-4)


@pytest.mark.parametrize("posterior", ["mc_dropout", "deep_ensemble", "laplace"])
def test_killed_and_resumed_it_ends_with_the_same(posterior: str, tmp_path: Path) -> None:
    task = make_task()
    pairs = [(trial_of(task, SMALL, s, posterior=posterior, epochs=4), task) for s in (0, 1)]
    whole = Cohort(pairs)
    whole.train()
    begun, store = Cohort(pairs), Store(tmp_path)
    begun.train_epoch()
    begun.train_epoch()
    store.save_cohort(begun)
    again = Cohort(pairs)
    assert store.resume_cohort(again)
    again.train()
    for k, (a, b) in enumerate(zip(Outcome(whole).runs(), Outcome(again).runs(), strict=True)):
        assert np.array_equal(a.test.mean, b.test.mean)
        assert a.history == b.history
        for name, value in Outcome(whole).weights(k).items():
            assert np.array_equal(value, Outcome(again).weights(k)[name]), name


@pytest.mark.parametrize("posterior", list(PosteriorKind))
def test_the_store_keeps_it_and_forgets_the_cohort(posterior: str, tmp_path: Path) -> None:
    task = make_task()
    trial = trial_of(task, SMALL, posterior=posterior)
    setting = Setting("cpu", Store(tmp_path))
    (run,) = Executor(Tasks(task), setting)([trial])
    (kept,) = Executor(Tasks(task), setting)([trial])
    assert kept.final == run.final
    assert not list(tmp_path.glob("cohorts/*"))
    files = {path.suffix for path in tmp_path.rglob("*") if path.is_file()}
    assert files == {".json", ".safetensors"}


# Deep ensemble


@pytest.mark.parametrize("kind", KINDS)
def test_an_ensemble_is_the_mixture_of_separate_runs(kind: str) -> None:
    cohort, run = ran(kind, "deep_ensemble", epochs=2)
    point = run.trial.settings.model_copy(update={"posterior": PosteriorKind.DETERMINISTIC})
    runs = []
    for i in range(3):
        alone = replace(run.trial, settings=point, seed=network_seed(run.trial.seed, i))
        one = Cohort([(alone, cohort.task)])
        one.train()
        runs.append(Outcome(one).runs()[0])
    expected = pooled(kind, [one.test for one in runs])
    for name in ("mean", "total", "expected"):
        assert np.allclose(getattr(run.test, name), getattr(expected, name), atol=1e-4), name
    assert (expected.total - expected.expected).max() > 1e-4
    losses = [[row["train_nll"] for row in one.history] for one in runs]
    assert [row["train_nll"] for row in run.history] == pytest.approx(np.mean(losses, 0), rel=1e-4)
    if kind != "real":  # by convexity of the NLL
        assert run.final["test_nll"] < np.mean([one.final["test_nll"] for one in runs]) + 1e-9


def test_ensembles_side_by_side_share_no_network() -> None:
    seeds = [network_seed(seed, i) for seed in range(20) for i in range(5)]
    assert len(set(seeds)) == 100
    assert network_seed(7, 0) == 7


def test_one_diverging_network_marks_the_ensemble() -> None:
    task = make_task()
    trial = trial_of(task, SMALL, posterior="deep_ensemble", members=2)
    cohort = Cohort([(trial, task)])
    cohort.train_epoch()
    with torch.no_grad():
        cohort.posterior.theta[1, 0, 0] = float("nan")
    cohort.train()
    (run,) = Outcome(cohort).runs()
    assert run.status is RunStatus.DIVERGED
    assert len(run.history) == 3
    assert np.isfinite(run.test.mean).all()


def test_only_ensembles_of_one_size_run_together() -> None:
    task = make_task()
    two, three = (trial_of(task, posterior="deep_ensemble", members=m) for m in (2, 3))
    assert cohort_key(two.settings, task) != cohort_key(three.settings, task)
    size = learner("deep_ensemble").cohort_size(three.settings, task, "cpu")
    assert size == learner("transformer").cohort_size(SMALL, task, "cpu") // 3


# MC dropout


def test_a_draw_has_one_mask_for_all_bars_and_a_session_one_in_training() -> None:
    sequence = torch.tensor([[0, 0, 1, 1, 1], [2, 2, 2, 3, 3]])
    x = torch.ones(4, 5, 16)

    def masks(span: Span) -> torch.Tensor:
        generators = [torch.Generator().manual_seed(s) for s in (1, 2)]
        found = Dropout([0.5, 0.5], generators, [span, span])(x, sequence)
        assert set(found.unique().tolist()) == {0.0, 2.0}
        return found.unflatten(0, (2, 2))

    draw = masks(Span.DRAW)
    assert torch.equal(draw, draw[:, :, :1].expand_as(draw))
    assert not torch.equal(draw[:, 0], draw[:, 1])
    session = masks(Span.SESSION)
    for group, rows in enumerate(sequence):
        for s in rows.unique():
            mine = session[:, group, rows == s]
            assert torch.equal(mine, mine[:, :1].expand_as(mine))
    assert not torch.equal(session[:, 0, 0], session[:, 0, 2])
    bar = masks(Span.BAR)
    assert not torch.equal(bar[:, :, 0], bar[:, :, 1])


def test_steps_of_a_session_disagree_less_than_masks_per_bar_would_let_them() -> None:
    """The session's mean prediction keeps the spread of a draw; noise per bar would average out."""
    cohort, _ = ran("real", "mc_dropout", dropout=0.3)
    task = cohort.task
    net = TrainedNet(Inputs.of(task), cohort.shape, (0,), (Outcome(cohort).weights(0),))
    draws = net.forecast(task.panel, draws=200, keep=True).draws
    assert draws is not None
    session = task.panel.session_of_row == 3
    each = draws[:, session, 0]
    centred = each - each.mean(0)
    assert centred.mean(1).var() > 2 * centred.var(0).mean() / session.sum()


def test_without_a_rate_it_is_a_point_estimate() -> None:
    _, run = ran("binary", "mc_dropout", dropout=0.0)
    assert np.allclose(run.test.total, run.test.expected, atol=1e-6)
    _, point = ran("binary", "deterministic")
    assert np.allclose(run.test.mean, point.test.mean, atol=1e-6)


# Laplace


@pytest.mark.parametrize("kind", KINDS)
def test_laplace_is_the_trained_net_with_the_heads_uncertainty(kind: str) -> None:
    cohort, run = ran(kind, "laplace", draws=400)
    _, point = ran(kind, "deterministic")
    assert run.history == point.history
    arrays = Outcome(cohort).weights(0)
    assert arrays["scale"].sum() == 0
    classes = cohort.net.arch.outputs
    hidden = hidden_of(cohort, run.test.rows)
    factor = arrays["head_factor"].astype(float).reshape(-1, classes, 9 * classes)
    # SD of the logits in closed form, against that of the draws.
    spread = np.einsum("nd,dch->nch", hidden, factor)
    exact = np.square(spread).sum(-1)
    net = TrainedNet(Inputs.of(cohort.task), cohort.shape, (0,), (arrays,))
    found = net.forecast(cohort.task.panel, draws=400, keep=True).draws
    assert found is not None
    p = found[:, run.test.rows].astype(float)
    if kind == "real":
        unit = float(cohort.members[0].spread) ** 2
        assert p[..., 0].var(0) / unit == pytest.approx(exact[:, 0], rel=0.35)
        assert (p[..., 0].var(0) / unit / exact[:, 0]).mean() == pytest.approx(1, abs=0.1)
    elif kind == "binary":
        logit = np.log(p / (1 - p))[..., 0]
        assert (logit.var(0) / exact[:, 0]).mean() == pytest.approx(1, abs=0.1)
        assert logit.mean(0) == pytest.approx(logit_of(point.test.mean[:, 0]), abs=0.02)
    assert run.details["prior_precision"] > 0
    assert 0 < run.details["determined"] < 9 * classes


def logit_of(p: np.ndarray) -> np.ndarray:
    return np.log(p / (1 - p.astype(float)))


def hidden_of(cohort: Cohort, rows: np.ndarray) -> np.ndarray:
    """`[n, width + 1]` inputs of the head, with a 1 for the bias."""
    from fireassay.training.batches import pack

    panel = cohort.task.panel
    step = pack(panel.offsets, [list(range(panel.sessions))], max(cohort.net.arch.windows))
    with torch.no_grad():
        hidden = cohort.net.hidden(cohort.kept.at_mean(), cohort.feeder(step))[0].numpy()
    found = np.zeros((panel.rows, hidden.shape[1]))
    there = step.rows[0] >= 0
    found[step.rows[0][there]] = hidden[there]
    return np.c_[found[rows], np.ones(len(rows))]


def test_more_labels_leave_less_uncertain() -> None:
    spread = {}
    for power in (1.0, 0.1):
        _, run = ran("binary", "laplace", likelihood_power=power, draws=64)
        spread[power] = float((run.test.total - run.test.expected).mean())
    assert spread[0.1] > spread[1.0] > 0


# How a user says which


@pytest.mark.parametrize(("name", "kind"), NETWORKS.items())
def test_a_model_is_named_by_its_posterior(name: str, kind: PosteriorKind) -> None:
    default = default_settings(name)
    assert isinstance(default, NetSettings)
    assert default.posterior is kind
    assert default == learner(name).default()
    assert Study(model=name).learner_settings() == default
    # The same by the setting, on any of the networks.
    said = Study(model="transformer", settings={"posterior": kind.value}).learner_settings()
    assert said == default


def test_what_the_user_sets_goes_before_what_the_posterior_would() -> None:
    assert (
        default_settings("mc_dropout").dropout
        == POSTERIORS[PosteriorKind.MC_DROPOUT].defaults["dropout"]
    )
    chosen = Study(model="mc_dropout", settings={"dropout": 0.4}).learner_settings()
    assert chosen.dropout == 0.4
    with pytest.raises(SettingError, match="posterior"):
        Study(model="bayesian", settings={"posterior": "laplac"}).learner_settings()
