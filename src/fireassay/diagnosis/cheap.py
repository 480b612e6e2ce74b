"""Cheap learners: ridge on fixed maps of the features, fitted to hundreds of labels in seconds.

They stand for what can be seen in a data set before anything is trained: each map is made for one
form of relation. What a map can't show, its learner can't find, however much data there is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fireassay.arrays import Float, Int
from fireassay.data.task import Task
from fireassay.diagnosis.scan.expand import Expansion
from fireassay.statistics.closed_form import Columns

MOST_ROWS = 40_000
"""Rows to learn from, and to score, beyond which bars are thinned, evenly."""

MOST_COLUMNS = 320
"""Columns of a map at most."""

LAGS = (8, 4, 2, 12, 1, 6, 16)
"""Bars back that the look-back map takes, in order of preference where columns are scarce."""


AS_IS, PRODUCTS, LAGGED = "ridge", "ridge on products", "ridge on lags"
"""Names of the maps' learners."""


@dataclass(frozen=True, eq=False)
class Map:
    """A fixed map of the features: its name, what it is made for in words, and its columns."""

    name: str
    sees: str
    columns: Columns


def maps(task: Task) -> tuple[Map, ...]:
    """Return the maps of a Task's features, scaled on its training sessions."""
    expansion = Expansion.fit(task.panel.values[task.train_rows], task.panel.features)

    def products(rows: Int) -> Float:
        return expansion(task.panel.values[rows])

    return (
        Map(AS_IS, "features as they are", task.inputs),
        Map(PRODUCTS, "squares and products", products),
        Map(LAGGED, "earlier bars", _lagged(task)),
    )


def _lagged(task: Task) -> Columns:
    """Return each feature beside what it was some bars earlier in its session."""
    panel = task.panel
    count = max(1, MOST_COLUMNS // max(len(panel.features), 1) - 1)
    back = (0, *LAGS[:count])
    bar = panel.bar_of_row

    def columns(rows: Int) -> Float:
        parts = []
        for lag in back:
            x = task.inputs(np.maximum(rows - lag, 0))
            x[bar[rows] < lag] = 0.0
            parts.append(x)
        return np.concatenate(parts, axis=1)

    return columns


def parts_of(task: Task) -> tuple[Int, Int]:
    """Return rows to learn from (training and validation) and to score (test), thinned evenly."""
    fit = np.sort(np.concatenate([task.train_rows, task.validation_rows]))
    return _thinned(fit), _thinned(task.test_rows)


def _thinned(rows: Int) -> Int:
    return rows[:: max(1, -(-len(rows) // MOST_ROWS))]


def outcomes(task: Task, y: Float) -> Float:
    """Return `[n, C]` what a learner of `[n]` labels is fitted to: whether it is class c, if many."""
    if task.label.kind != "multiclass":
        return np.asarray(y, dtype=np.float64)[:, None]
    truth = (y[:, None] == np.arange(len(task.label.classes))).astype(np.float64)
    truth[np.isnan(y)] = np.nan
    return truth


def pooled(values: Float) -> Float:
    """Return `[n, J, C]` predictions or outcomes of several classes as `[n · C, J]`.

    Each class has its mean taken off where there are several, as in `Case.scored`.
    """
    count, columns, classes = values.shape
    return values.transpose(0, 2, 1).reshape(count * classes, columns)
