"""People's own modules: learned from, told apart, reproducible, and told what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import fireassay
from fireassay.api.settings import described
from fireassay.data.panel import SessionWindows
from fireassay.data.task import Task
from fireassay.errors import SettingError
from fireassay.statistics.scores import auc, ic
from fireassay.study import resolve
from fireassay.training.execute import Executor
from fireassay.training.fitting import Fitting, Windows, seeded
from fireassay.training.learner import Progress, Setting, learner
from fireassay.training.module import ModuleLearner
from fireassay.training.module_settings import PREFIX, ModuleSettings
from fireassay.training.recall import recall, remember
from fireassay.training.store import Store
from fireassay.training.trial import Run, RunStatus, Tasks, Trial
from tests.training import modules
from tests.training.tasks import make_task


def trial_of(task: Task, factory: Callable[..., object], seed: int = 0, **changes: object) -> Trial:
    own = ModuleLearner(PREFIX + remember(factory))
    quick = {"epochs": 12, "look_back": 3, "batch_labels": 32, "learning_rate": 1e-2, **changes}
    settings = ModuleSettings.model_validate({**own.default().model_dump(), **quick})
    return Trial(own.name, settings, task.fingerprint, seed=seed)


def run_of(task: Task, factory: Callable[..., object], seed: int = 0, **changes: object) -> Run:
    (run,) = Executor(Tasks(task))([trial_of(task, factory, seed, **changes)])
    return run


@pytest.mark.parametrize(
    ("factory", "kind"),
    [
        (modules.sound, "binary"),
        (modules.Recurrent, "binary"),
        (modules.Last, "binary"),
        (modules.two_logits, "binary"),
        (modules.sound, "multiclass"),
        (modules.sound, "real"),
    ],
)
def test_it_learns_what_there_is(factory: Callable[..., object], kind: str) -> None:
    task = make_task(kind, sessions=40)
    run = run_of(task, factory)
    y, mean = task.label.y[run.test.rows], run.test.mean
    assert run.status is RunStatus.DONE
    if kind == "real":
        assert ic(mean[:, 0], y) > 0.5
        assert mean.mean() == pytest.approx(3, abs=0.5)
    else:
        score = auc(mean[:, 0], y) if kind == "binary" else auc(mean[:, 2], y == 2)
        assert score > 0.75
        assert run.final["test_nll"] < {"binary": 0.69, "multiclass": 1.09}[kind]
    assert set(run.details["changed"]) == set(run.details["gradient"])
    assert min(run.details["changed"].values()) > 0


def test_windows_are_those_of_the_panel_and_end_at_their_session() -> None:
    task = make_task(sessions=5)
    rows = np.arange(task.panel.rows)
    x, lengths = Windows(task, 4, "cpu")(rows)
    own = SessionWindows(task.panel, task.label.y, 4)
    at = 0
    for i in range(len(own)):
        raw, _, length = own[i]
        scaled = task.scaler(raw.numpy())
        here = slice(at, at + len(raw))
        assert lengths[here].tolist() == length.tolist()
        for got, wanted, count in zip(x[here].numpy(), scaled, length.tolist(), strict=True):
            assert np.allclose(got[-count:], wanted[-count:], atol=1e-6)
            assert not got[:-count].any()
        at += len(raw)


def test_a_run_depends_on_its_seed_alone_and_leaves_the_global_stream() -> None:
    task = make_task()
    torch.manual_seed(1)
    first = run_of(task, modules.sound, epochs=2)
    drawn = torch.rand(1)
    torch.manual_seed(1)
    assert torch.rand(1) == drawn
    again = run_of(task, modules.sound, epochs=2)
    assert np.array_equal(first.test.mean, again.test.mean)
    assert not np.array_equal(first.test.mean, run_of(task, modules.sound, 1, epochs=2).test.mean)


def test_another_module_or_loss_is_another_trial() -> None:
    task = make_task()
    made = [
        trial_of(task, modules.sound),
        trial_of(task, modules.frozen),
        trial_of(task, partial(modules.Recurrent, width=8)),
        trial_of(task, partial(modules.Recurrent, width=9)),
        trial_of(task, modules.sound, loss=remember(modules.wrong_sign)),
        trial_of(task, modules.sound, loss=remember(modules.cross_entropy)),
    ]
    assert len({t.id for t in made}) == len(made)
    assert trial_of(task, modules.sound).id == made[0].id
    closures = [lambda inputs, w=w: nn.Linear(inputs, w) for w in (1, 2)]
    assert len({trial_of(task, c).id for c in closures}) == 2


def test_a_loss_of_ones_own_is_what_is_minimised() -> None:
    task = make_task(sessions=30)
    told = run_of(task, modules.sound, loss=remember(modules.cross_entropy), patience=0)
    plain = run_of(task, modules.sound, patience=0)
    assert np.allclose(told.test.mean, plain.test.mean, atol=1e-5)
    turned = run_of(task, modules.sound, loss=remember(modules.wrong_sign), patience=0)
    assert auc(turned.test.mean[:, 0], task.label.y[turned.test.rows]) < 0.5
    with pytest.raises(ValueError, match="label_smoothing"):
        trial_of(task, modules.sound, loss=remember(modules.cross_entropy), label_smoothing=0.1)


def test_dropout_is_turned_in_proportion() -> None:
    task = make_task()
    assert trial_of(task, modules.sound).settings.dropout == pytest.approx(0.2)
    for rate, wanted in ((0.2, [0.1, 0.2]), (0.6, [0.3, 0.6]), (0.0, [0, 0])):
        trial = trial_of(task, modules.sound, dropout=rate)
        with seeded(0, "cpu"):
            net = Fitting(ModuleLearner(trial.learner), trial, task, "cpu").net
        rates = [layer.p for layer in net.modules() if isinstance(layer, nn.Dropout)]
        assert rates == pytest.approx(wanted)


def test_runs_are_kept_and_read_back(tmp_path: Path) -> None:
    task = make_task()
    store = Store(tmp_path)
    execute = Executor(Tasks(task), Setting(store=store))
    trial = trial_of(task, modules.sound, epochs=2)
    (first,) = execute([trial])
    (second,) = execute([trial])
    assert np.array_equal(first.test.mean, second.test.mean)
    assert second.details["flow"] == first.details["flow"]
    assert set(store.load_weights(trial.id)) == {
        f"{i}.{n}" for i in (0, 3, 6) for n in ("weight", "bias")
    }


def test_it_stops_early_and_when_asked() -> None:
    task = make_task(strength=0, sessions=30)
    run = run_of(task, modules.sound, epochs=60, patience=2)
    assert len(run.history) == run.best_epoch + 2 < 60
    setting = Setting(progress=Progress(stop=lambda: True))
    (cut,) = Executor(Tasks(task), setting)([trial_of(task, modules.sound)])
    assert cut.status is RunStatus.CUT_SHORT
    assert len(cut.history) == 1


def test_a_rate_that_diverges_is_told() -> None:
    run = run_of(make_task("real"), modules.tiny, learning_rate=1e30, clip=0)
    assert run.status is RunStatus.DIVERGED
    assert np.isfinite(run.test.mean).all()


@pytest.mark.parametrize(
    ("factory", "said"),
    [
        (modules.fails, "RuntimeError: no checkpoint of"),
        (modules.no_module, "gave a int, not a torch.nn.Module"),
        (modules.three, "gives .*3.* for windows"),
        (modules.other_inputs, "fails on windows"),
    ],
)
def test_what_is_wrong_with_a_module_is_told(factory: Callable[..., object], said: str) -> None:
    with pytest.raises(SettingError, match=said):
        run_of(make_task(), factory)


def test_a_trained_module_is_asked_again(tmp_path: Path) -> None:
    data = "sim:healthy-strong?sessions=30&bar_minutes=15"
    own = fireassay.train(data, model=modules.sound, epochs=3, look_back=3, out=tmp_path / "run")
    again = own.predict()
    told = own.predictions.join(again, on=["symbol", "session", "time"], suffix="_again")
    assert len(told) > 100
    assert np.allclose(told["mean"], told["mean_again"], atol=1e-5)
    changed = tmp_path / "run" / "trials" / own.account.members[0].trial / "trial.json"
    changed.write_text(changed.read_text().replace('"source": "', '"source": "0'))
    with pytest.raises(SettingError, match="isn't the one that was trained"):
        fireassay.load_run(tmp_path / "run").predict()


def test_a_module_is_named_by_where_it_lies() -> None:
    name = "tests.training.modules:sound"
    assert recall(name) is modules.sound
    study = resolve("sim:learnable", model=PREFIX + name, **{"settings.epochs": 3})
    assert study.learner_settings().model_dump()["epochs"] == 3
    chosen, _ = described("sim:learnable", None, {"model": modules.sound, "look_back": 5})
    assert chosen.model == PREFIX + name
    assert learner(chosen.model).default().model_dump()["dropout"] == pytest.approx(0.2)
    for wrong in ("tests.training.modules:nothing", "no.such.file:made", "nothing"):
        with pytest.raises(SettingError):
            learner(PREFIX + wrong)
    with pytest.raises(SettingError, match="made already"):
        described("sim:learnable", None, {"model": nn.Linear(2, 1)})
