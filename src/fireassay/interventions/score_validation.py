"""Score a learner on validation sessions that it wasn't fitted on."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from fireassay.data.splits import Split
from fireassay.data.task import Task
from fireassay.interventions import Stage, TaskChange, intervention


@intervention
class ScoreValidation(TaskChange):
    """Predict the validation sessions in place of the test, which nobody sees.

    Question: which settings are best, as far as sessions before the test can tell? For learners that
    have no use for validation sessions of their own and are fitted on them too.
    """

    id: ClassVar[str] = "score_validation"
    stage: ClassVar[Stage] = Stage.SESSIONS

    def apply(self, task: Task) -> Task:
        """Return the Task whose test sessions are the validation sessions."""
        split = task.split
        nothing = np.empty(0, dtype=split.validation.dtype)
        return task.with_split(
            Split(split.train, nothing, split.validation, split.embargo), self.label
        )
