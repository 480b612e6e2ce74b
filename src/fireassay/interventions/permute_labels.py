"""Give every session the label sequence of another: the session null."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from fireassay.arrays import Float, Int
from fireassay.data.task import Task
from fireassay.interventions import TaskChange, intervention
from fireassay.seeds import derive
from fireassay.statistics.exchange import permute_dates


@intervention
class PermuteLabels(TaskChange):
    """Permute whole label sessions, aligned at the same bar index.

    Question: what does this pipeline score when features and labels have nothing to do with each
    other, though each keeps its own structure?

    Dates are permuted within each part of the split (and within blocks of neighbouring dates), all
    symbols of a date together, so a learner sees the same prevalence, the same overlap and the same
    drift. A bar that the donor doesn't have gets no label: none is invented.

    Attributes
    ----------
    draw
        Which permutation.
    block
        Dates within which labels are exchanged; 0 exchanges over the whole part.
    """

    id: ClassVar[str] = "permute_labels"
    draw: int = 0
    block: int = 0

    def apply(self, task: Task) -> Task:
        """Return the Task with permuted labels."""
        return task.with_label(permuted_labels(task, self.draw, self.block), self.label)


def permuted_labels(task: Task, draw: int, block: int = 0, rows: Int | None = None) -> Float:
    """Return `[R]` labels exchanged between the dates of each part of the split.

    `rows` are those wanted, where not all are: the same labels, `[len(rows)]`.
    """
    panel, y = task.panel, task.label.y
    _, symbols = np.unique(np.array(panel.symbols), return_inverse=True)
    # Sessions outside the parts, and a single date, have nobody to exchange with: no label.
    donor = np.full(panel.sessions, -1, dtype=np.int64)
    for name in ("train", "validation", "test"):
        part = np.zeros(panel.sessions, dtype=bool)
        part[getattr(task.split, name)] = True
        if not part.any():
            continue
        permutations = permute_dates(
            panel.offsets,
            panel.clusters,
            1,
            seed=derive("permute_labels", draw, name),
            block=block or None,
            symbols=symbols,
            eligible=part,
        )
        if permutations.draws:
            donor[part] = permutations.donors[0][part]
    own, bar = panel.session_of_row, panel.bar_of_row
    if rows is not None:
        own, bar = own[rows], bar[rows]
    giver = donor[own]
    has = (giver >= 0) & (bar < panel.lengths[giver])
    result = np.full(len(own), np.nan, dtype=y.dtype)
    result[has] = y[(panel.offsets[giver] + bar)[has]]
    return result
