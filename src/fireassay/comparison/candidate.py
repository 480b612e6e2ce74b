"""A run that can be compared: its held-out predictions beside the labels, read from a folder."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from fireassay.arrays import Float, Int
from fireassay.errors import UserError
from fireassay.report import read
from fireassay.search.reading import open_sweep, the_row
from fireassay.statistics.scores import Score
from fireassay.study import Study
from fireassay.trained import Trained

HEADLINE = {"binary": Score.AUC, "multiclass": Score.AUC, "real": Score.RANK_IC}
OTHERS = {"binary": (Score.NLL, Score.ACCURACY), "multiclass": (), "real": (Score.IC,)}
"""Scores shown beside the headline."""

KEY = ["symbol", "time"]
"""What names a bar in any run."""


@dataclass(frozen=True)
class Candidate:
    """A run.

    Attributes
    ----------
    name, title
        As it was given, and what it is.
    study
        What was asked.
    model, settings
        The learner and all its settings.
    kind
        The label's kind.
    test
        Labelled test bars: symbol, time, date, label, and the prediction's columns (`mean`, or
        `mean_CLASS` for several classes), in the order of symbol and time.
    history, kept
        The first seed's epochs, and the one whose weights are kept, from 1.
    final
        Measures of the kept weights by name.
    changed
        What was changed about the task, in a diagnosis: fewer sessions, for example.
    """

    name: str
    title: str
    study: Study
    model: str
    settings: Mapping[str, Any]
    kind: str
    test: pl.DataFrame
    history: tuple[Mapping[str, Any], ...]
    kept: int
    final: Mapping[str, Any]
    changed: str = ""

    @property
    def means(self) -> list[str]:
        """The prediction's columns."""
        return [name for name in self.test.columns if name == "mean" or name.startswith("mean_")]


@dataclass(frozen=True)
class Scorable:
    """Predictions and labels of bars as the statistics take them.

    Attributes
    ----------
    pred, y
        `[n]`; of several classes a row stands for each (bar, class).
    offsets, clusters
        Sessions in those rows, and `[S]` the date of each.
    """

    pred: Float
    y: Float
    offsets: Int
    clusters: Int


def open_candidate(name: str) -> Candidate:
    """Read a finished training, a row of a sweep or a trial of a diagnosis.

    Parameters
    ----------
    name
        Folder of a training; of a diagnosis, for its model as set; `FOLDER#N` for row N of a sweep;
        `FOLDER#applied`, `#LEARNER` or `#TRIAL` of a diagnosis.

    Raises
    ------
    UserError
        If there is none; says what is there instead.
    """
    folder, sign, part = name.rpartition("#")
    if not sign or Path(name).exists():
        folder, part = name, ""
    if (Path(folder) / "diagnosis.json").exists():
        from fireassay.comparison.diagnosed import trial_of_diagnosis

        return trial_of_diagnosis(name, Path(folder), part)
    if part.isdecimal():
        return _row_of_sweep(name, Path(folder), int(part))
    root = Path(name)
    if not (root / "train.json").exists():
        from fireassay.kept import open_training

        open_training(root)  # tells what is there instead; it would load PyTorch to read a training
    account = read(root / "train.json")
    assert isinstance(account, Trained)
    study = Study.from_toml(root / "study.toml")
    table = pl.read_parquet(root / "predictions.parquet").filter(part="test")
    member = account.members[0]
    return Candidate(
        name=name,
        title=account.title,
        study=study,
        model=study.model,
        settings=study.learner_settings().model_dump(mode="json"),
        kind=_kind(account.held_out.metric, table),
        test=dated(table),
        history=member.history,
        kept=member.best_epoch,
        final=member.metrics,
    )


def _row_of_sweep(name: str, folder: Path, number: int) -> Candidate:
    """Read a row of a sweep; raises SettingError if there is none."""
    swept = open_sweep(folder)
    row = the_row(swept, number, folder)
    study = Study.from_toml(folder / "study.toml")
    trials = [folder / "trials" / trial for trial in row.trials]
    trial, history = (
        json.loads((trials[0] / name).read_text(encoding="utf-8"))
        for name in ("trial.json", "run.json")
    )
    return Candidate(
        name=name,
        title=f"row {number} of {swept.title}",
        study=study,
        model=trial["learner"],
        settings=trial["settings"],
        kind=swept.labels.kind,
        test=averaged(pl.read_parquet(folder / "test.parquet"), trials),
        history=tuple(history["history"]),
        kept=history["best_epoch"],
        final=row.metrics,
    )


def averaged(labels: pl.DataFrame, trials: Sequence[Path]) -> pl.DataFrame:
    """Return test bars with their labels and what trials together predict of them.

    Parameters
    ----------
    labels
        Columns symbol, session, time, row and label.
    trials
        Folders of trials that differ by their seed.
    """
    from safetensors.numpy import load_file

    each = [load_file(trial / "predictions.safetensors") for trial in trials]
    mean = np.mean([arrays["test.mean"] for arrays in each], axis=0)
    columns = ["mean"] if mean.shape[1] == 1 else [f"mean_{i}" for i in range(mean.shape[1])]
    predicted = pl.DataFrame({"row": each[0]["test.rows"]}).hstack(
        pl.DataFrame(mean.astype(np.float64), schema=columns)
    )
    return dated(labels.join(predicted, on="row", how="inner").drop("row"))


def _kind(metric: str, table: pl.DataFrame) -> str:
    if "mean" not in table.columns:
        return "multiclass"
    return "binary" if metric.startswith(str(Score.AUC)) else "real"


def dated(table: pl.DataFrame) -> pl.DataFrame:
    """Return bars with labels in the order of symbol and time, and the date of their session.

    A session is dated by its last bar, so that one over midnight stays whole.
    """
    if table.is_empty():
        raise UserError("the run has no labelled test bars", fix="Train with a test part.")
    return (
        table.filter(pl.col("label").is_not_null() & pl.col("label").is_not_nan())
        .with_columns(pl.col("time").max().over("symbol", "session").dt.date().alias("date"))
        .sort(KEY)
    )


def scorable(table: pl.DataFrame, means: list[str]) -> Scorable:
    """Return predictions and labels of bars, session after session."""
    changed = (pl.struct("symbol", "session") != pl.struct("symbol", "session").shift(1)).fill_null(
        value=True
    )
    starts = table.select(changed.alias("new"))["new"].arg_true().to_numpy().astype(np.int64)
    offsets = np.r_[starts, table.height].astype(np.int64)
    dates = table["date"].to_numpy()[starts]
    _, clusters = np.unique(dates, return_inverse=True)
    pred = table.select(means).to_numpy().astype(np.float64)
    y = table["label"].to_numpy().astype(np.float64)
    if len(means) > 1:
        y = (y[:, None] == np.arange(len(means))).astype(np.float64).ravel()
        pred = pred - pred.mean(axis=0)
    return Scorable(pred.ravel(), y, offsets * len(means), clusters.astype(np.int64))
