"""The run folder: exact, atomic, free of pickles, and taken up again after a kill."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

from fireassay.choices import PriorKind
from fireassay.training.cohort import Cohort
from fireassay.training.outcome import Outcome
from fireassay.training.store import RunFolderError, Store
from fireassay.training.trial import Run, Trial
from tests.training import killed
from tests.training.tasks import BAYESIAN, SMALL, make_task, trial_of

ROOT = Path(__file__).resolve().parents[2]


def assert_identical(a: Run, b: Run, *, bits: bool = True) -> None:
    """Everything but the time it took is the same, to the last bit."""
    assert a.trial == b.trial
    assert (a.status, a.best_epoch, len(a.history)) == (b.status, b.best_epoch, len(b.history))
    for part in ("test", "validation"):
        for name in ("rows", "mean", "total", "expected"):
            ours, theirs = (getattr(getattr(run, part), name) for run in (a, b))
            assert ours.dtype == theirs.dtype
            if bits:
                assert np.array_equal(ours, theirs), (part, name)
            else:
                assert ours == pytest.approx(theirs, abs=1e-5), (part, name)
    if bits:
        assert list(a.history) == list(b.history)
        assert a.details == b.details


def finished(cohort: Cohort) -> list[Run]:
    cohort.train()
    return Outcome(cohort).runs()


@pytest.mark.parametrize("kind", ["binary", "multiclass", "real"])
def test_a_run_comes_back_exactly(tmp_path: Path, kind: str) -> None:
    task = make_task(kind)
    cohort = Cohort([(trial_of(task, s), task) for s in (SMALL, BAYESIAN)])
    store = Store(tmp_path)
    for k, run in enumerate(finished(cohort)):
        assert store.load_run(run.trial) is None
        store.save_run(run, Outcome(cohort).weights(k))
        found = store.load_run(run.trial)
        assert found is not None
        assert found.seconds == run.seconds
        assert_identical(found, run)
        weights = store.load_weights(run.trial.id)
        assert weights.keys() == Outcome(cohort).weights(k).keys()
        assert all(np.array_equal(weights[n], a) for n, a in Outcome(cohort).weights(k).items())
        assert store.load_specification(run.trial.id) == run.trial.specification()


def test_weights_that_are_not_there_are_told(tmp_path: Path) -> None:
    with pytest.raises(RunFolderError, match="no weights"):
        Store(tmp_path).load_weights("0123456789ab")


@pytest.mark.parametrize("prior", PriorKind)
def test_priors_survive_the_checkpoint(tmp_path: Path, prior: PriorKind) -> None:
    """Published layers kept means and sigmas alone, and came back with the default prior."""
    task = make_task()
    trial = trial_of(task, BAYESIAN, prior=prior, prior_sigma=0.37)
    store, cohort = Store(tmp_path), Cohort([(trial, task)])
    if prior is PriorKind.CENTRED:
        cohort.centre(0, torch.linspace(-1, 1, cohort.net.layout.size))
    cohort.train_epoch()
    store.save_cohort(cohort)
    again = Cohort([(trial, task)])
    assert store.resume_cohort(again)
    assert again.posterior.kl().item() == cohort.posterior.kl().item()
    assert torch.equal(again.posterior.prior_mean, cohort.posterior.prior_mean)
    assert torch.equal(again.posterior.prior_log_sigma, cohort.posterior.prior_log_sigma)
    assert again.kept.kl().item() == cohort.kept.kl().item()
    for ours, theirs in zip(finished(again), finished(cohort), strict=True):
        assert_identical(ours, theirs)


@pytest.mark.parametrize("epochs", [0, 1, 3, 6])
def test_a_cohort_goes_on_from_any_epoch_as_if_never_interrupted(tmp_path: Path, epochs: int) -> None:
    task = make_task("real")
    settings = {"epochs": 6, "learning_rate": 0.03}
    pairs = [
        (trial_of(task, SMALL, 1, patience=1, **settings), task),
        (trial_of(task, BAYESIAN, 2, dropout=0.2, **settings), task),
        (trial_of(task, BAYESIAN, 3, **(settings | {"epochs": 3})), task),
    ]
    store, cohort = Store(tmp_path), Cohort(pairs)
    for _ in range(epochs):
        cohort.train_epoch()
    store.save_cohort(cohort)
    again = Cohort(pairs)
    assert store.resume_cohort(again)
    assert again.epoch == epochs
    assert again.active == cohort.active
    for ours, theirs in zip(finished(again), finished(cohort), strict=True):
        assert_identical(ours, theirs)


def test_a_state_is_for_the_same_trials_only(tmp_path: Path) -> None:
    task = make_task()
    store, trial = Store(tmp_path), trial_of(task)
    cohort = Cohort([(trial, task)])
    cohort.train_epoch()
    store.save_cohort(cohort)
    assert not store.resume_cohort(Cohort([(trial_of(task, seed=1), task)]))
    store.drop_cohort([trial])
    assert not store.resume_cohort(Cohort([(trial, task)]))
    store.drop_cohort([trial])  # nothing to forget


def test_a_write_that_fails_leaves_the_old_file_whole(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.write("a.json", "old")
    with pytest.raises(TypeError):
        store.write("a.json", 5)  # type: ignore[arg-type]
    assert (tmp_path / "a.json").read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.json"]
    with pytest.raises(Exception, match="object"):
        store.write_arrays("w.safetensors", {"a": np.array([object()])})
    assert [p.name for p in tmp_path.iterdir()] == ["a.json"]


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RunFolderError, match="can't be written"):
        Store(tmp_path / "file")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Run]]:
    """The plan of `killed`, run without interruption."""
    folder = tmp_path_factory.mktemp("whole")
    return folder, killed.train(folder)


def test_a_run_folder_holds_safetensors_and_json_and_nothing_else(
    whole: tuple[Path, dict[str, Run]],
) -> None:
    folder, runs = whole
    files = [p for p in folder.rglob("*") if p.is_file()]
    assert {p.suffix for p in files} == {".json", ".safetensors"}
    assert_readable(folder)
    assert not list((folder / "cohorts").iterdir())  # no state is kept of what is done
    for trial in runs:
        kept = {p.name for p in (folder / "trials" / trial).iterdir()}
        assert kept == {"trial.json", "run.json", "predictions.safetensors", "weights.safetensors"}


def test_a_kept_run_is_not_run_again(whole: tuple[Path, dict[str, Run]]) -> None:
    folder, runs = whole
    stamps = {p: p.stat().st_mtime_ns for p in folder.rglob("*.json")}
    for trial, run in killed.train(folder).items():
        assert_identical(run, runs[trial])
    assert stamps == {p: p.stat().st_mtime_ns for p in folder.rglob("*.json")}


def test_the_centred_prior_is_the_trained_deterministic_net(
    whole: tuple[Path, dict[str, Run]],
) -> None:
    folder, _ = whole
    task, trials = killed.plan()
    centred = trials[2]
    point = Trial(
        centred.learner,
        centred.settings.model_copy(update={"posterior": "deterministic"}),
        centred.task,
        seed=centred.seed,
    )
    cohort = Cohort([(point, task)])
    cohort.train()
    weights = Store(folder).load_weights(centred.id)
    assert weights["prior_mean"] == pytest.approx(Outcome(cohort).weights(0)["mean"], abs=1e-6)
    expected = np.log(np.abs(weights["prior_mean"]))
    loud = np.abs(weights["prior_mean"]) > 0.01
    assert weights["prior_log_sigma"][loud] == pytest.approx(expected[loud], abs=1e-5)


def assert_readable(folder: Path) -> None:
    """Every file under its own name is whole."""
    for path in folder.rglob("*"):
        if path.is_file() and not path.name.startswith("."):
            if path.suffix == ".json":
                json.loads(path.read_text())
            else:
                load_file(path)


def start(folder: Path, moment: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.training.killed", str(folder), moment]
    threads = {"OMP_NUM_THREADS": str(torch.get_num_threads())}
    return subprocess.Popen(
        command, cwd=ROOT, env=os.environ | threads, stdout=subprocess.PIPE, text=True
    )


MOMENTS = ("epoch:2", "write:1", "write:9", "write:14")
"""While the deterministic net of the centred prior trains; in the first write, in a checkpoint of
the cohort, in the first kept run."""


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_killed_run_ends_as_if_never_killed(
    tmp_path: Path, whole: tuple[Path, dict[str, Run]], moment: str
) -> None:
    process = start(tmp_path, moment)
    process.communicate(timeout=120)
    assert process.returncode == -signal.SIGKILL
    assert_readable(tmp_path)
    resumed = killed.train(tmp_path)
    assert resumed.keys() == whole[1].keys()
    for trial, run in resumed.items():
        assert_identical(run, whole[1][trial])
        ours, theirs = (Store(at).load_weights(trial) for at in (tmp_path, whole[0]))
        assert all(np.array_equal(ours[name], theirs[name]) for name in theirs)


def test_the_rest_of_a_cohort_of_which_some_are_kept_is_the_same_too(
    tmp_path: Path, whole: tuple[Path, dict[str, Run]]
) -> None:
    """It is trained again by itself: another cohort, so equal up to rounding."""
    process = start(tmp_path, "saved:1")
    process.communicate(timeout=120)
    assert process.returncode == -signal.SIGKILL
    resumed = killed.train(tmp_path)
    first, *others = (trial.id for trial in killed.plan()[1])
    assert_identical(resumed[first], whole[1][first])
    for trial in others:
        assert_identical(resumed[trial], whole[1][trial], bits=False)


@pytest.mark.slow
def test_a_run_killed_again_and_again_from_outside(
    tmp_path: Path, whole: tuple[Path, dict[str, Run]]
) -> None:
    """Whenever it comes: a few milliseconds after an epoch, in whatever it is doing."""
    rng = np.random.default_rng(0)
    kills = 0
    for _ in range(8):
        process = start(tmp_path, "never")
        assert process.stdout is not None
        line = process.stdout.readline()
        time.sleep(rng.uniform(0, 0.06))
        process.kill()
        process.communicate(timeout=60)
        kills += process.returncode == -signal.SIGKILL and line.startswith("epoch")
        assert_readable(tmp_path)
    assert kills > 0
    for trial, run in killed.train(tmp_path).items():
        assert_identical(run, whole[1][trial])
