"""Score on fewer test dates."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from pydantic import Field

from fireassay.data.splits import Split
from fireassay.data.task import Task
from fireassay.interventions import Stage, TaskChange, intervention


@intervention
class FewerTestDates(TaskChange):
    """Keep test dates spread evenly over the test part; training and validation stay.

    Predicting costs draws times bars: over a long test part more than training does. What is compared
    with such a trial is compared on the dates that are left.

    Attributes
    ----------
    dates
        Test dates kept.
    """

    id: ClassVar[str] = "fewer_test_dates"
    stage: ClassVar[Stage] = Stage.SESSIONS
    dates: int = Field(ge=2)

    def apply(self, task: Task) -> Task:
        """Return the Task with fewer test sessions."""
        clusters = task.panel.clusters[task.split.test]
        there = np.unique(clusters)
        if self.dates >= len(there):
            return task
        chosen = there[np.linspace(0, len(there) - 1, self.dates).round().astype(int)]
        test = task.split.test[np.isin(clusters, chosen)]
        split = Split(task.split.train, task.split.validation, test, task.split.embargo)
        return task.with_split(split, self.label)
