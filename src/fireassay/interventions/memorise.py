"""Keep a handful of labels to learn and to score on."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

import numpy as np
from pydantic import Field

from fireassay.arrays import Int
from fireassay.data.splits import Split
from fireassay.data.task import Task
from fireassay.interventions import Stage, TaskChange, intervention
from fireassay.seeds import generator


@intervention
class Memorise(TaskChange):
    """Train and score on the same few rows.

    Question: can the optimiser, the loss and the network fit `rows` labels exactly? A learner that
    can't has a fault in its code or its optimisation, whatever the data is.

    Attributes
    ----------
    rows
        Labels kept; half of them of each class for a binary label.
    draw
        Which ones.
    sessions
        Sessions that they are taken from, at least; None: any. Few sessions train faster where whole
        sessions are read.
    """

    id: ClassVar[str] = "memorise"
    stage: ClassVar[Stage] = Stage.SESSIONS
    rows: int = Field(32, ge=2)
    draw: int = 0
    sessions: int | None = Field(None, ge=1)

    def apply(self, task: Task) -> Task:
        """Return the Task whose training and test labels are the chosen rows."""
        rng = generator("memorise", self.draw)
        y = task.label.y
        candidates = task.train_rows if self.sessions is None else self._near(task, self.sessions)
        if task.label.kind == "real":
            chosen = rng.permutation(candidates)[: self.rows]
        else:
            classes = np.unique(y[candidates])
            each = [rng.permutation(candidates[y[candidates] == c]) for c in classes]
            chosen = np.concatenate([c[: max(1, self.rows // len(classes))] for c in each])
        weight = np.zeros(task.panel.rows, dtype=np.float32)
        weight[chosen] = 1.0
        sessions = np.unique(task.panel.session_of_row[chosen])
        split = Split(sessions, np.empty(0, dtype=np.int64), sessions)
        # Nothing is to be kept from the test here, so no label may be purged for reaching into it.
        label = replace(task.label, end=np.arange(task.panel.rows))
        return replace(
            task, label=label, split=split, weight=weight, history=(*task.history, self.label)
        )

    def _near(self, task: Task, sessions: int) -> Int:
        """Return the training rows of so many sessions, or of more where they hold too few labels."""
        rows, y = task.train_rows, task.label.y
        session = task.panel.session_of_row[rows]
        order = generator("memorise", "sessions", self.draw).permutation(np.unique(session))
        each = 1 if task.label.kind == "real" else len(np.unique(y[rows]))
        count = sessions
        while True:
            near = rows[np.isin(session, order[:count])]
            held = [len(near)] if each == 1 else np.unique(y[near], return_counts=True)[1]
            if count >= len(order) or (len(held) == each and min(held) >= self.rows // each):
                return near
            count *= 2
