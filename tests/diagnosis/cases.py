"""Cases from simulated markets and columns, as the lab makes them, without a model to train."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from fireassay.arrays import bar_of_row, rows_of_sessions, session_of_row
from fireassay.data.bars import MARKET_COLUMNS
from fireassay.data.targets import labels
from fireassay.data.task import Task
from fireassay.diagnosis.case import Case
from fireassay.diagnosis.checks import Check
from fireassay.diagnosis.verdict import adjusted, verdicts
from fireassay.findings import CauseVerdict, Evidence
from fireassay.lab import EFFECT, Prepared, prepare
from fireassay.models.probes import ProbeSettings
from fireassay.study import resolve
from fireassay.training.trial import Tasks, Trial


def prepared(name: str, *, seed: int = 0, **options: object) -> Prepared:
    """Simulate a scenario; `features` and `target` are the study's, the rest the scenario's."""
    study = {key: options.pop(key) for key in ("features", "target") if key in options}
    query = "&".join(f"{k}={v}" for k, v in {"seed": seed, **options}.items())
    return prepare(resolve(f"sim:{name}?{query}", **study))


def case_of(task: Task, prices: dict[str, np.ndarray] | None = None, **more: Any) -> Case:
    """Return the case of a Task with the lab's defaults."""
    trial = Trial("majority", ProbeSettings(), task.fingerprint)
    values = {"effect": EFFECT[task.label.kind], **more}
    return Case(Tasks(task), trial, (), prices=prices or {}, **values)


def simulated(name: str, *, seed: int = 0, **options: object) -> Case:
    """Return the case of a scenario, prices included."""
    made = prepared(name, seed=seed, **options)
    return case_of(made.task, market(made))


def market(made: Prepared) -> dict[str, np.ndarray]:
    """Return the market's columns."""
    frame = made.bars.frame
    return {c: frame[c].cast(pl.Float64).to_numpy() for c in MARKET_COLUMNS if c in frame.columns}


def judged(check: Check, case: Case) -> tuple[Evidence, CauseVerdict]:
    """Return a check's only evidence, and what it alone says of the check's first cause."""
    (evidence,) = adjusted(check.judge(case, {}))
    return evidence, verdicts([evidence])[check.causes[0]]


def shift(task: Task, values: np.ndarray, bars: int) -> np.ndarray:
    """Return `[R]` values of so many bars later in the session, NaN out of it."""
    offsets = task.panel.offsets
    at, session = np.arange(len(values)) + bars, session_of_row(offsets)
    inside = (at >= offsets[:-1][session]) & (at < offsets[1:][session])
    return np.where(inside, values.astype(float)[np.clip(at, 0, len(values) - 1)], np.nan)


def as_column(made: Prepared, target: str, *, told: bool, early: int = 0) -> Task:
    """Return a Task whose label is a target of the catalogue as a column of the user's own.

    Parameters
    ----------
    told
        Whether the column comes with its end.
    early
        Bars by which label and end stand too early.
    """
    task, rows = made.task, np.arange(made.task.panel.rows)
    (label,) = labels(made.bars.frame, [target])
    y, end = shift(task, label.y, early), shift(task, label.end, early)
    end = np.where(np.isnan(y), rows, np.maximum(np.nan_to_num(end), rows)).astype(np.int64)
    name = "column:y,end=e" if told else "column:y"
    column = replace(
        label,
        name=name,
        y=y.astype(np.float32),
        end=end if told else rows,
        horizon=label.horizon if told else 1,
        skip=0,
    )
    return replace(task, label=column, others=())


def with_feature(task: Task, name: str, values: np.ndarray) -> Task:
    """Return a Task with one feature more."""
    panel = task.panel
    buffer = np.pad(panel.buffer, ((0, 0), (0, 1)))
    buffer[panel.lead :, -1] = values
    wider = replace(panel, buffer=buffer, features=(*panel.features, name), _on_device={})
    return replace(task, panel=wider)


def repeat_sessions(task: Task, pairs: dict[int, int], values: np.ndarray) -> np.ndarray:
    """Return `[R]` or `[R, F]` values with late sessions (keys) copied from early ones, by bar."""
    offsets = task.panel.offsets
    source = np.arange(len(values))
    for late, early in pairs.items():
        rows = rows_of_sessions(offsets, np.array([late]))
        last = int(offsets[early + 1] - offsets[early]) - 1
        source[rows] = offsets[early] + np.minimum(bar_of_row(offsets)[rows], last)
    return values[source]
