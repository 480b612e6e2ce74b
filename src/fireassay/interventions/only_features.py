"""Learn from some of the features only."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from pydantic import Field

from fireassay.data.task import Task
from fireassay.interventions import Stage, TaskChange, intervention


@intervention
class OnlyFeatures(TaskChange):
    """Keep the named features.

    Question: which features carry what is learned?

    Attributes
    ----------
    names
        Features kept, in this order.
    """

    id: ClassVar[str] = "only_features"
    stage: ClassVar[Stage] = Stage.FEATURES
    names: tuple[str, ...] = Field(min_length=1)

    def apply(self, task: Task) -> Task:
        """Return the Task on fewer features."""
        return replace(task, panel=task.panel.select(self.names), history=(*task.history, self.label))
