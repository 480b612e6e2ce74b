"""Runs logged to MLflow and TensorBoard, read back with the libraries' own readers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

import fireassay
from fireassay.errors import SettingError
from fireassay.lab import Watch
from fireassay.training.learner import Progress

SMALL = {"width": 8, "heads": 2, "layers": 1, "epochs": 3, "draws": 3, "device": "cpu"}
ASKED: dict[str, Any] = {"target": "column:y", "features": ["columns:f_*"], "permutations": 99}


@pytest.fixture(scope="module")
def bars() -> pl.DataFrame:
    return fireassay.simulate("healthy-strong", sessions=24)[0]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of run folders: they share one MLflow store, which takes seconds to make."""
    return tmp_path_factory.mktemp("runs")


def logged(runs: Path, verb: str) -> list[Any]:
    """MLflow's runs of a verb's folder, its own first."""
    from mlflow import MlflowClient

    client = MlflowClient(f"sqlite:///{runs / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("fireassay")
    assert experiment is not None
    found = client.search_runs(
        [experiment.experiment_id], f"tags.`fireassay.folder` = '{(runs / verb).resolve()}'"
    )
    return sorted(found, key=lambda run: "mlflow.parentRunId" in run.data.tags)


def scalars(folder: Path, name: str) -> list[tuple[int, float]]:
    """What TensorBoard reads of one measure."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(folder))
    events.Reload()
    return [(event.step, event.value) for event in events.Scalars(name)]


def test_an_interrupted_training_is_logged_once_in_mlflow(bars: pl.DataFrame, runs: Path) -> None:
    pytest.importorskip("mlflow", reason="fireassay[mlflow] isn't installed")
    from mlflow import MlflowClient

    out = runs / "train"
    asked = {"out": out, "log": ["mlflow"], **ASKED, **SMALL}

    def stop(_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fireassay.train(bars, watch=Watch(progress=Progress(epoch=stop)), **asked)
    (run,) = logged(runs, "train")
    assert run.info.status == "KILLED"
    found = fireassay.train(bars, **asked)
    (run,) = logged(runs, "train")
    assert run.info.status == "FINISHED"
    client = MlflowClient(f"sqlite:///{runs / 'mlflow.db'}")
    history = client.get_metric_history(run.info.run_id, "test_nll")
    assert [m.step for m in history] == [1, 2, 3]
    assert [m.value for m in history] == found.history["test_nll"].to_list()
    assert run.data.metrics["score"] == pytest.approx(found.score)
    assert run.data.metrics["no_skill/score"] == 0.5
    assert run.data.metrics["final/test_auc"] == pytest.approx(found.metrics["test_auc"])
    assert "no_skill/test_nll" in run.data.metrics
    assert run.data.params["settings.width"] == "8"
    names = {file.path for file in client.list_artifacts(run.info.run_id)}
    assert {"report.html", "train.json"} <= names


def test_rows_of_a_sweep_are_children_in_mlflow(bars: pl.DataFrame, runs: Path) -> None:
    pytest.importorskip("mlflow", reason="fireassay[mlflow] isn't installed")
    asked: dict[str, Any] = {"model": "linear", "out": runs / "sweep", "log": ["mlflow"], **ASKED}
    found = fireassay.sweep(bars, grid={"penalty": [1, 100]}, **asked)
    parent, *children = logged(runs, "sweep")
    assert {run.data.tags["row"] for run in children} == {"1", "2"}
    assert {run.data.tags["mlflow.parentRunId"] for run in children} == {parent.info.run_id}
    for run in children:
        row = found.row(int(run.data.tags["row"]))
        assert row is not None
        assert run.data.metrics["p_of_all"] == row.p_adjusted
        assert run.data.params["settings.penalty"] == str(float(row.changes["penalty"] or 0))
    assert found.best is not None
    assert parent.data.metrics["no_skill/best_q95"] == found.best.q95


@pytest.mark.slow
def test_trials_of_a_diagnosis_are_children_and_causes_tags(runs: Path) -> None:
    pytest.importorskip("mlflow", reason="fireassay[mlflow] isn't installed")
    location = "sim:healthy-strong?sessions=24"
    asked: dict[str, Any] = {"model": "linear", "permutations": 99, "budget": "20s"}
    found = fireassay.diagnose(location, out=runs / "diagnose", log=["mlflow"], **asked)
    parent, *children = logged(runs, "diagnose")
    for name, told in found.causes.items():
        assert parent.data.tags[f"cause.{name}"] == told.status.value
    assert len(children) == len(list((runs / "diagnose" / "trials").glob("*/run.json")))
    assert all(run.info.status == "FINISHED" for run in children)


def test_tensorboard_reads_each_epoch_once(bars: pl.DataFrame, tmp_path: Path) -> None:
    pytest.importorskip("tensorboard", reason="fireassay[tensorboard] isn't installed")
    asked: dict[str, Any] = {"out": tmp_path, "log": ["tensorboard"], **ASKED, **SMALL}
    found = fireassay.train(bars, **asked)
    fireassay.train(bars, **asked)  # gone on with: nothing is there twice
    told = found.history.select("epoch", "test_nll").rows()
    at = tmp_path / "tensorboard"
    assert scalars(at, "test_nll") == [(int(n), pytest.approx(value)) for n, value in told]
    assert scalars(at, "score") == [(3, pytest.approx(found.score))]
    assert scalars(at, "no_skill/score") == [(3, 0.5)]


def test_an_unknown_logger_is_told_and_none_costs_nothing(bars: pl.DataFrame, tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="Did you mean mlflow"):
        fireassay.train(bars, out=tmp_path, log=["mlfow"], **ASKED, **SMALL)
    assert not (tmp_path / "tensorboard").exists()
