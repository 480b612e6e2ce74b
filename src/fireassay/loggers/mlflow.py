"""MLflow: a local SQLite store beside the run folders, or the server that the environment names."""

from __future__ import annotations

import hashlib
import logging
import os
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from fireassay.errors import SettingError
from fireassay.findings import Value
from fireassay.loggers import Begun, Ended, History, Logger, logger

if TYPE_CHECKING:
    from mlflow.entities import Metric

STATUS = {"finished": "FINISHED", "failed": "FAILED", "stopped": "KILLED"}

PARAMS, METRICS, LONGEST = 100, 1000, 6000
"""Most parameters and metrics that MLflow takes at once, and the longest value of a parameter."""

LEAST_S, PATIENCE = 2.0, 20.0
"""Epochs are written together: no sooner than so many seconds, and times the last writing took."""

KEY = "fireassay.run"
"""Tag by which a run is found again when its folder is gone on with."""


@logger
class MLflow(Logger):
    """Runs of the experiment "fireassay", a verb's under its own; `pip install fireassay[mlflow]`.

    They lie in mlflow.db beside the run folder, files in mlflow-artifacts, unless MLFLOW_TRACKING_URI
    names a store; MLFLOW_EXPERIMENT_NAME names another experiment. MLflow's own usage reports stay
    off unless MLFLOW_DISABLE_TELEMETRY says otherwise.

    Raises
    ------
    SettingError
        If MLflow isn't installed, or its store can't be opened.
    """

    name: ClassVar[str] = "mlflow"

    def __init__(self, folder: Path) -> None:
        os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
        try:
            import alembic  # noqa: F401  (what the SQLite store needs beside mlflow-skinny)
            import sqlalchemy
            from mlflow import MlflowClient
            from mlflow.exceptions import MlflowException
        except ImportError:
            raise SettingError(
                "MLflow isn't installed",
                where="log mlflow",
                fix="pip install 'fireassay[mlflow]', or leave --log out.",
            ) from None
        for noisy in ("mlflow", "alembic"):
            logging.getLogger(noisy).setLevel(logging.ERROR)
        self.faults = (OSError, MlflowException, sqlalchemy.exc.SQLAlchemyError)
        self.folder = folder.resolve()
        given = os.environ.get("MLFLOW_TRACKING_URI", "")
        self.uri = given or f"sqlite:///{self.folder.parent / 'mlflow.db'}"
        name = os.environ.get("MLFLOW_EXPERIMENT_NAME", "fireassay")
        files = None if given else (self.folder.parent / "mlflow-artifacts").as_uri()
        try:
            self.folder.parent.mkdir(parents=True, exist_ok=True)
            self.client = MlflowClient(tracking_uri=self.uri)
            found = self.client.get_experiment_by_name(name)
            self.experiment = (
                found.experiment_id
                if found
                else self.client.create_experiment(name, artifact_location=files)
            )
        except self.faults as error:
            raise SettingError(
                f"MLflow can't be written to ({_first_line(error)})",
                where=self.uri,
                fix="Check MLFLOW_TRACKING_URI, or leave --log out.",
            ) from None
        self._ids: dict[str, str] = {}
        self._again: dict[tuple[str, str], set[int]] = {}
        self._found: set[str] = set()
        self._waiting: dict[str, list[Metric]] = {}
        self._next = time.monotonic()

    @property
    def where(self) -> str:
        """How to look at what is logged."""
        return f"mlflow ui --backend-store-uri {self.uri}"

    def begin(self, run: Begun) -> None:
        """Begin a run, or go on with the one that this folder began."""
        from mlflow.entities import Param, RunTag

        mark = hashlib.blake2b(f"{self.folder}\n{run.key}".encode(), digest_size=8).hexdigest()
        found = self.client.search_runs([self.experiment], f"tags.`{KEY}` = '{mark}'", max_results=1)
        known: Mapping[str, str] = {}
        if found:
            self._ids[run.key] = found[0].info.run_id
            known = found[0].data.params
            self._found.add(run.key)
            self.client.update_run(found[0].info.run_id, status="RUNNING")
        else:
            tags = {KEY: mark, "fireassay.folder": str(self.folder)}
            if run.key:
                tags["mlflow.parentRunId"] = self._ids[""]
            made = self.client.create_run(self.experiment, tags=tags, run_name=run.title)
            self._ids[run.key] = made.info.run_id
        # A parameter once logged can't be changed: what a folder was begun with stays.
        params = [
            Param(_name(name), _said(value))
            for name, value in run.params.items()
            if _name(name) not in known
        ]
        for at in range(0, len(params), PARAMS):
            self.client.log_batch(self._ids[run.key], params=params[at : at + PARAMS])
        tags_now = [RunTag(_name(name), _said(value)) for name, value in run.tags.items()]
        self.client.log_batch(self._ids[run.key], tags=tags_now)

    def epoch(self, key: str, part: str, row: Mapping[str, float]) -> None:
        """Log an epoch's measures at its number as step, with what else came in the meantime."""
        names = [name for name in row if name != "epoch"]
        if int(row["epoch"]) in self._there(key, part, names[:1]):
            return
        self._waiting.setdefault(key, []).extend(_measured(part, row))
        began = time.monotonic()
        if began >= self._next:
            self.close()
            now = time.monotonic()
            self._next = now + max(LEAST_S, PATIENCE * (now - began))

    def history(self, key: str, part: str, rows: History) -> None:
        """Log the epochs that aren't there."""
        names = [name for name in rows[0] if name != "epoch"] if rows else []
        if not names:
            return
        self.close()
        there = self._steps(key, part, names[0])
        missing = [row for row in rows if int(row["epoch"]) not in there]
        self._log(key, [metric for row in missing for metric in _measured(part, row)])

    def end(self, key: str, ended: Ended) -> None:
        """Log what came of a run, and end it."""
        from mlflow.entities import Metric, RunTag

        self.close()
        run_id, now = self._ids[key], _now()
        self._log(key, [Metric(_name(k), v, now, 0) for k, v in ended.metrics.items()])
        tags = {_name(name): _said(value) for name, value in ended.tags.items()}
        if ended.text:
            tags["mlflow.note.content"] = ended.text[:LONGEST]
        self.client.log_batch(run_id, tags=[RunTag(*pair) for pair in tags.items()])
        for file in ended.files:
            self.client.log_artifact(run_id, str(file))
        self.client.set_terminated(run_id, status=STATUS[ended.status])

    def close(self) -> None:
        """Write what waits."""
        for key, metrics in self._waiting.items():
            self._log(key, metrics)
        self._waiting = {}

    def _steps(self, key: str, part: str, name: str) -> set[int]:
        logged = self.client.get_metric_history(self._ids[key], _name(f"{part}{name}"))
        return {metric.step for metric in logged}

    def _there(self, key: str, part: str, names: list[str]) -> set[int]:
        """Return the epochs that an earlier process logged: training may begin before them."""
        if key not in self._found or not names:
            return set()
        if (key, part) not in self._again:
            self._again[key, part] = self._steps(key, part, names[0])
        return self._again[key, part]

    def _log(self, key: str, metrics: list[Metric]) -> None:
        for at in range(0, len(metrics), METRICS):
            self.client.log_batch(self._ids[key], metrics=metrics[at : at + METRICS])


def _measured(part: str, row: Mapping[str, float]) -> list[Metric]:
    from mlflow.entities import Metric

    now, step = _now(), int(row["epoch"])
    return [
        Metric(_name(f"{part}{name}"), value, now, step)
        for name, value in row.items()
        if name != "epoch"
    ]


def _now() -> int:
    return int(time.time() * 1000)


def _name(name: str) -> str:
    """Return a name with the characters that MLflow takes."""
    return re.sub(r"[^\w\-. /]", "_", name)[:250]


def _said(value: Value) -> str:
    return str(value)[:LONGEST]


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0]
