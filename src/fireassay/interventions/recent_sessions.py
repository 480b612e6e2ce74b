"""Learn from the latest training sessions only."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from pydantic import Field

from fireassay.data.splits import Split
from fireassay.data.task import Task
from fireassay.interventions import Stage, TaskChange, intervention


@intervention
class RecentSessions(TaskChange):
    """Keep the training sessions of the latest dates; validation and test stay.

    Question: what can be learned from fewer sessions, or afforded in less time?

    Attributes
    ----------
    dates
        Training dates kept.
    """

    id: ClassVar[str] = "recent_sessions"
    stage: ClassVar[Stage] = Stage.SESSIONS
    dates: int = Field(ge=1)

    def apply(self, task: Task) -> Task:
        """Return the Task with fewer training sessions."""
        clusters = task.panel.clusters[task.split.train]
        first = np.unique(clusters)[-self.dates :][0]
        train = task.split.train[clusters >= first]
        split = Split(train, task.split.validation, task.split.test, task.split.embargo)
        return task.with_split(split, self.label)
