"""Lockstep: a trial is what it would be alone, and what an ordinary loop makes of it."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from fireassay.choices import Part, PriorKind
from fireassay.data.task import Task
from fireassay.interventions.memorise import Memorise
from fireassay.interventions.permute_labels import PermuteLabels
from fireassay.models.transformer import Transformer
from fireassay.training.batches import training_steps
from fireassay.training.cohort import Cohort, architecture, cohort_key
from fireassay.training.member import Member
from fireassay.training.outcome import Outcome
from fireassay.training.settings import KlSchedule, NetSettings
from fireassay.training.start import start
from fireassay.training.step import learning_rate
from fireassay.training.trial import Run, RunStatus, Trial
from tests.models import twin
from tests.training.tasks import BAYESIAN, SMALL, make_task, trial_of

Pair = tuple[Trial, Task]


def run(*pairs: Pair) -> list[Run]:
    cohort = Cohort(pairs)
    cohort.train()
    return Outcome(cohort).runs()


def assert_same(a: Run, b: Run, tolerance: float = 1e-5) -> None:
    assert a.trial.id == b.trial.id
    assert (a.status, a.best_epoch, len(a.history)) == (b.status, b.best_epoch, len(b.history))
    for ours, theirs in zip(a.history, b.history, strict=True):
        assert ours == pytest.approx(theirs, rel=1e-4, abs=10 * tolerance, nan_ok=True)
    for part in ("test", "validation"):
        ours, theirs = getattr(a, part), getattr(b, part)
        assert ours.rows.tolist() == theirs.rows.tolist()
        for name in ("mean", "total", "expected"):
            found, expected = getattr(ours, name), getattr(theirs, name)
            assert np.abs(found - expected).max() < tolerance * max(1, np.abs(expected).max())


def variety(kind: str) -> list[Pair]:
    """Trials of one shape that differ in everything else."""
    task = make_task(kind)
    permuted = PermuteLabels(draw=1).apply(task)
    wanted: list[tuple[Task, NetSettings, dict[str, object]]] = [
        (task, SMALL, {}),
        (task, SMALL, {"seed": 7, "learning_rate": 0.03, "weight_decay": 0.5}),
        (permuted, SMALL, {"dropout": 0.3, "label_smoothing": 0.2, "clip": 0.05}),
        (task, SMALL, {"epochs": 5, "patience": 1, "learning_rate": 0.03}),
        (task, SMALL, {"dropout": 0.2, "posterior": "mc_dropout"}),
        (task, SMALL, {"posterior": "laplace"}),
        (task, BAYESIAN, {"seed": 3}),
        (permuted, BAYESIAN, {"kl_weight": 0.01, "prior": "fixed", "prior_sigma": 0.3}),
        (task, BAYESIAN, {"prior": "empirical", "kl_schedule": "warm_up", "epochs": 4}),
        (task, BAYESIAN, {"bayesian": ("head",), "free_bits": 20.0, "sigma_rate": 3.0}),
        (task, BAYESIAN, {"likelihood_power": "effective", "posterior_sigma": 0.3, "dropout": 0.1}),
    ]
    found = []
    for learned, settings, changes in wanted:
        more = dict(changes)
        seed = int(more.pop("seed", 0))  # type: ignore[call-overload]
        found.append((trial_of(learned, settings, seed, **more), learned))
    return found


@pytest.mark.parametrize("kind", ["binary", "multiclass", "real"])
def test_trials_in_lockstep_are_what_they_are_alone(kind: str) -> None:
    """In any order, in cohorts of any size."""
    pairs = variety(kind) if kind == "binary" else variety(kind)[::2]
    assert len({cohort_key(t.settings, task) for t, task in pairs}) == 1
    alone = {trial.id: run((trial, task))[0] for trial, task in pairs}
    assert len(alone) == len(pairs)
    rng = np.random.default_rng(0)
    shuffled = [pairs[i] for i in rng.permutation(len(pairs))]
    for group in (pairs, shuffled[:3], shuffled[3:]):
        for found in run(*group):
            assert_same(found, alone[found.trial.id])


@pytest.mark.parametrize("estimator", ["shared", "flipout"])
def test_other_estimators_are_independent_of_their_neighbours_too(estimator: str) -> None:
    task = make_task()
    trials = [
        (trial_of(task, settings, seed, estimator=estimator), task)
        for settings, seed in ((BAYESIAN, 0), (SMALL, 0), (BAYESIAN, 5))
    ]
    together = run(*trials)
    for pair, found in zip(trials, together, strict=True):
        assert_same(found, run(pair)[0])


def test_passes_of_another_size_predict_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """How many sessions a pass reads depends on the cohort's size; dropout's masks must not."""
    task = make_task()
    pairs = [
        (trial_of(task, SMALL, dropout=0.3, posterior="mc_dropout"), task),
        (trial_of(task, BAYESIAN), task),
    ]
    whole = run(*pairs)
    monkeypatch.setattr("fireassay.training.prediction.PASS_NUMBERS", 1)
    for small, found in zip(run(*pairs), whole, strict=True):
        assert_same(small, found)


def slow_loop(trial: Trial, task: Task, epochs: int) -> tuple[torch.Tensor, list[float]]:
    """An ordinary training loop: torch's AdamW, one session after the other, no trial axis.

    Returns `[R, C]` outputs at the weights of the last epoch, and the mean loss of every epoch.
    """
    s = trial.settings
    assert isinstance(s, NetSettings)
    net = Transformer(architecture(task, s))
    flat = start(net.layout, [s], [trial.seed], "cpu").mean[0].detach()
    pieces = net.layout.split(flat)
    parameters = [torch.nn.Parameter(piece.clone()) for piece in pieces]
    groups = [
        {"params": [p], "weight_decay": s.weight_decay if declared.decays else 0.0}
        for p, declared in zip(parameters, net.layout.parameters, strict=True)
    ]
    adam = torch.optim.AdamW(groups, lr=s.learning_rate)
    offsets = task.panel.offsets
    typical = float(np.median(task.panel.lengths[task.split.train]))
    x = torch.as_tensor(task.inputs(np.arange(task.panel.rows)))
    y = np.full(task.panel.rows, np.nan)
    rows = task.train_rows
    y[rows] = task.label.y[rows]
    if task.label.kind == "real":
        y = (y - y[rows].mean()) / y[rows].std()
    count = len(rows)

    def outputs(session: int) -> torch.Tensor:
        weights = torch.cat([p.flatten() for p in parameters])
        return twin.forward(net, weights, x[offsets[session] : offsets[session + 1]], typical)

    def cost(session: int) -> torch.Tensor:
        labels = torch.as_tensor(y[offsets[session] : offsets[session + 1]])
        known = ~labels.isnan()
        out, target = outputs(session)[known], labels[known]
        if task.label.kind == "real":
            deviation = torch.exp(parameters[-1])  # the observation noise is declared last
            return -torch.distributions.Normal(out[:, 0], deviation).log_prob(target).sum()
        if task.label.kind == "binary":
            out = torch.cat([torch.zeros_like(out), out], 1)
        return F.cross_entropy(out, target.long(), label_smoothing=s.label_smoothing, reduction="sum")

    history = []
    for epoch in range(epochs):
        steps = training_steps(
            offsets,
            task.split.train,
            labels=s.batch_labels,
            groups=s.groups,
            window=max(net.arch.windows),
            path=("epoch", epoch),
        )
        total = 0.0
        for i, step in enumerate(steps):
            seen = np.unique(task.panel.session_of_row[step.rows[step.rows >= 0]])
            loss = sum(cost(int(session)) for session in seen) * len(steps) / count
            adam.zero_grad()
            loss.backward()
            if s.clip:
                torch.nn.utils.clip_grad_norm_(parameters, s.clip)
            for group in adam.param_groups:
                group["lr"] = learning_rate(s, epoch, i, len(steps))
            adam.step()
            total += loss.item() / len(steps)
        history.append(total)
    with torch.no_grad():
        return torch.cat([outputs(session) for session in range(task.panel.sessions)]), history


@pytest.mark.parametrize("kind", ["binary", "multiclass", "real"])
def test_equals_an_ordinary_torch_loop(kind: str) -> None:
    """With decay, smoothing, clipping and the schedule on; beside another trial."""
    task = make_task(kind, sessions=10, bars=(5, 11))
    changes = {"weight_decay": 0.2, "label_smoothing": 0.1, "clip": 0.5, "patience": 0}
    trial = trial_of(task, SMALL, 4, batch_labels=30, learning_rate=0.01, **changes)
    expected, losses = slow_loop(trial, task, SMALL.epochs)
    found, _ = run((trial, task), (trial_of(task, SMALL, 9, batch_labels=30, epochs=5), task))
    assert [row["loss"] for row in found.history] == pytest.approx(losses, abs=1e-5)
    assert losses[-1] < losses[0]
    out = expected[found.test.rows].numpy()
    if kind == "binary":
        mean = 1 / (1 + np.exp(-out))
    elif kind == "multiclass":
        mean = np.exp(out) / np.exp(out).sum(1, keepdims=True)
    else:
        y = task.label.y[task.train_rows].astype(np.float64)
        mean = out * y.std() + y.mean()
    assert found.test.mean == pytest.approx(mean, abs=1e-5 * max(1, np.abs(mean).max()))


@pytest.mark.parametrize("rate", [1e4, 1e30])
def test_a_diverging_trial_is_marked_and_its_neighbours_go_on(rate: float) -> None:
    task = make_task()
    good = [
        (trial_of(task, SMALL, epochs=4), task),
        (trial_of(task, BAYESIAN, 2, epochs=4), task),
    ]
    bad = {"learning_rate": rate, "clip": 0.0, "epochs": 4, "schedule": "constant", "warm_up": 0.0}
    broken = [(trial_of(task, s, **bad), task) for s in (SMALL, BAYESIAN)]
    found = run(good[0], *broken, good[1])
    for ours, alone in zip((found[0], found[3]), run(*good), strict=True):
        assert_same(ours, alone, tolerance=1e-6)
        assert ours.status is RunStatus.DONE
    if rate == 1e30:
        for lost in found[1:3]:
            assert lost.status is RunStatus.DIVERGED
            assert np.isfinite(lost.test.mean).all()
            assert np.isfinite(lost.validation.mean).all()
    assert all(np.isfinite(r.test.mean).all() for r in found)


def test_a_trial_that_diverges_later_keeps_its_best_epoch() -> None:
    """Broken by hand after two epochs: scores are those of the weights kept before."""
    task = make_task()
    pairs = [(trial_of(task, SMALL, seed, epochs=5), task) for seed in (0, 1)]
    cohort = Cohort(pairs)
    cohort.train_epoch()
    cohort.train_epoch()
    kept, best = cohort.kept.theta[0].clone(), cohort.members[0].best_epoch
    cohort.posterior.theta.detach()[0, 0, 0] = math.nan
    cohort.train()
    lost, other = Outcome(cohort).runs()
    assert lost.status is RunStatus.DIVERGED
    assert len(lost.history) == 3
    assert lost.best_epoch == best > 0
    assert torch.equal(cohort.kept.theta[0], kept)
    assert lost.history[best - 1]["epoch"] == best
    assert lost.final["test_auc"] == pytest.approx(lost.history[best - 1]["test_auc"], abs=1e-6)
    assert other.status is RunStatus.DONE
    assert_same(other, run(pairs[1])[0])


def test_predictions_that_are_not_numbers_are_divergence() -> None:
    """The last update of an epoch can break weights after the last loss was sound."""
    task = make_task(validation=0)
    cohort = Cohort([(trial_of(task, SMALL, epochs=3, patience=0, batch_labels=10**6), task)])
    began = cohort.posterior.theta.detach().clone()
    step = cohort.optimizer.step

    def breaks(theta: torch.Tensor, *rest: torch.Tensor) -> torch.Tensor:
        norm = step(theta, *rest)
        theta[0, 0, 0] = math.inf
        return norm

    cohort.optimizer.step = breaks  # type: ignore[method-assign]
    cohort.train()
    (lost,) = Outcome(cohort).runs()
    assert lost.status is RunStatus.DIVERGED
    assert lost.best_epoch == 0
    assert torch.equal(cohort.kept.theta, began)
    assert np.isfinite(lost.test.mean).all()


def test_every_trial_stops_early_by_its_own_patience() -> None:
    task = make_task(strength=0.0)  # nothing to learn: validation worsens
    settings = {"epochs": 12, "learning_rate": 0.02}
    trials = [trial_of(task, SMALL, patience=p, **settings) for p in (0, 1, 2, 4)]
    found = run(*((t, task) for t in trials))
    assert len(found[0].history) == 12
    assert found[0].best_epoch == 12
    values = [row["validation_nll"] for row in found[0].history]
    for patience, ours in zip((1, 2, 4), found[1:], strict=True):
        best, at = math.inf, 0
        for epoch, value in enumerate(values, 1):
            if value < best:
                best, at = value, epoch
            if epoch - at >= patience:
                break
        assert (ours.best_epoch, len(ours.history)) == (at, epoch)
        assert ours.status is RunStatus.DONE
    assert len({len(ours.history) for ours in found}) > 2


@pytest.mark.parametrize("schedule", KlSchedule)
def test_epochs_before_the_full_kl_weight_do_not_compete(schedule: KlSchedule) -> None:
    """A validation NLL under a milder objective must not stand for the best."""
    task = make_task()
    trial = trial_of(task, BAYESIAN, epochs=9, patience=3, kl_schedule=schedule)
    member = Member(trial, task)
    kept = []
    for value in (0.5, 0.4, 0.3, 0.2, 0.6, 0.55, 0.7, 0.8, 0.5):
        kept.append(member.record({"validation_nll": value}, sound=True))
        if not member.running:
            break
    if schedule is KlSchedule.CONSTANT:
        assert (len(kept), member.best_epoch) == (7, 4)
    else:
        assert (len(kept), member.best_epoch) == (9, 9)
        assert kept == [True, True, True, True, True, True, False, False, True]


def test_without_validation_the_last_epoch_is_kept() -> None:
    task = make_task(validation=0)
    (found,) = run((trial_of(task, SMALL, patience=1, epochs=5), task))
    assert (len(found.history), found.best_epoch) == (5, 5)
    assert len(found.validation.rows) == 0


def test_a_cohort_that_is_cut_short_keeps_the_best_so_far() -> None:
    task = make_task()
    trials = [(trial_of(task, SMALL, epochs=e, patience=0), task) for e in (1, 9)]
    cohort = Cohort(trials)
    for _ in range(3):
        cohort.train_epoch()
    cohort.cut_short()
    assert cohort.finished
    ended, cut = Outcome(cohort).runs()
    assert ended.status is RunStatus.DONE
    assert cut.status is RunStatus.CUT_SHORT
    assert (len(cut.history), cut.best_epoch) == (3, 3)
    assert_same(ended, run(trials[0])[0])


def test_the_history_is_of_the_weights_of_its_epoch() -> None:
    """The last row's test measures are those of the predictions that are kept."""
    for kind, measure in (("binary", "auc"), ("multiclass", "nll"), ("real", "r2")):
        task = make_task(kind)
        (found,) = run((trial_of(task, SMALL, patience=0), task))
        row = found.history[-1]
        y = task.label.y[found.test.rows].astype(float)
        mean = found.test.mean.astype(float)
        if kind == "binary":
            ones, zeros = mean[y == 1, 0], mean[y == 0, 0]
            expected = (ones[:, None] > zeros).mean() + 0.5 * (ones[:, None] == zeros).mean()
        elif kind == "multiclass":
            expected = -np.log(mean[np.arange(len(y)), y.astype(int)]).mean()
        else:
            expected = 1 - ((y - mean[:, 0]) ** 2).sum() / ((y - y.mean()) ** 2).sum()
        assert row[f"test_{measure}"] == pytest.approx(expected, abs=1e-5)
        assert row["test_nll"] > 0
        assert set(row) >= {"loss", "kl", "gradient_norm", "train_nll", "validation_nll"}


def test_learning_happens() -> None:
    """All kinds, deterministic and Bayesian side by side."""
    for kind, measure, least in (
        ("binary", "auc", 0.75),
        ("multiclass", "auc", 0.7),
        ("real", "r2", 0.2),
    ):
        task = make_task(kind, sessions=40, strength=2.0)
        changes = {"epochs": 10, "learning_rate": 0.03, "patience": 0}
        pairs = [(trial_of(task, s, **changes), task) for s in (SMALL, BAYESIAN)]
        for found in run(*pairs):
            assert found.final[f"test_{measure}"] > least, (kind, found.trial.learner)


def test_memorised_rows_are_all_that_is_learned_and_scored() -> None:
    task = make_task(sessions=20)
    few = Memorise(rows=8).apply(task)
    trial = trial_of(few, SMALL, epochs=30, learning_rate=0.03, schedule="constant")
    (found,) = run((trial, few))
    assert found.details["labels"] == 8
    assert len(found.test.rows) == 8
    assert found.final["test_accuracy"] == 1
    assert found.final["train_nll"] < 0.1


@pytest.mark.parametrize("prior", PriorKind)
def test_kept_weights_carry_the_prior_that_the_kl_was_paid_to(prior: PriorKind) -> None:
    task = make_task()
    trial = trial_of(task, BAYESIAN, prior=prior, prior_sigma=0.4)
    cohort = Cohort([(trial, task)])
    if prior is PriorKind.CENTRED:
        cohort.centre(0, torch.linspace(-1, 1, cohort.net.layout.size))
    cohort.train()
    (found,) = Outcome(cohort).runs()
    kept = {name: torch.as_tensor(a).double() for name, a in Outcome(cohort).weights(0).items()}
    random = kept["scale"] > 0
    q, p = (
        torch.distributions.Normal(kept[mean][random], torch.exp(kept[log_sigma][random]))
        for mean, log_sigma in (("mean", "log_sigma"), ("prior_mean", "prior_log_sigma"))
    )
    kl = torch.distributions.kl_divergence(q, p).sum().item()
    assert found.details["kl"] == pytest.approx(kl, rel=1e-5)
    assert kl > 0
    above = (kept["mean"].abs() > torch.exp(kept["log_sigma"]))[random].double().mean()
    assert found.details["above_noise"] == pytest.approx(above.item())


def test_details_tell_which_parameters_moved() -> None:
    task = make_task()
    cohort = Cohort([(trial_of(task, SMALL), task)])
    names = [p.name for p in cohort.net.layout.parameters]
    cohort.train()
    (found,) = Outcome(cohort).runs()
    assert list(found.details["changed"]) == list(found.details["gradient"]) == names
    assert min(found.details["changed"].values()) > 0
    assert min(found.details["gradient"].values()) > 0
    assert found.details["parameters"] == cohort.net.layout.size
    assert found.details["above_noise"] is None


def test_only_the_chosen_parts_are_random() -> None:
    task = make_task("real")
    for parts in ((Part.HEAD,), (Part.ATTENTION, Part.MLP), tuple(Part)):
        cohort = Cohort([(trial_of(task, BAYESIAN, bayesian=parts), task)])
        scale = cohort.posterior.layout.split(cohort.posterior.scale[0])
        for p, piece in zip(cohort.net.layout.parameters, scale, strict=True):
            assert piece.unique().tolist() == [float(p.part in parts and p.part is not Part.NOISE)]


def test_trials_of_unlike_shapes_or_sessions_have_other_keys() -> None:
    task = make_task()
    key = cohort_key(SMALL, task)
    assert key == cohort_key(BAYESIAN.model_copy(update={"learning_rate": 1.0}), task)
    for changed in (
        cohort_key(SMALL.model_copy(update={"width": 16}), task),
        cohort_key(SMALL.model_copy(update={"batch_labels": 99}), task),
        cohort_key(SMALL, replace(task, scaling="robust")),
        cohort_key(SMALL, make_task(validation=0.4)),
        cohort_key(SMALL, make_task("multiclass")),
        cohort_key(SMALL, Memorise(rows=4).apply(task)),
    ):
        assert changed != key
