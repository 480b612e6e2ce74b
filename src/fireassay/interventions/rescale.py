"""Scale features anew."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from fireassay.data.task import Scaling, Task
from fireassay.findings import Change
from fireassay.interventions import Stage, TaskChange, intervention


@intervention
class Rescale(TaskChange):
    """Scale features on the training sessions in another way.

    Question: is it the features' scales that keep the model from learning?
    """

    id: ClassVar[str] = "rescale"
    stage: ClassVar[Stage] = Stage.FEATURES
    scaling: Scaling = "standard"

    def apply(self, task: Task) -> Task:
        """Return the Task with features scaled so."""
        return replace(task, scaling=self.scaling, history=(*task.history, self.label))

    def study_changes(self, task: Task) -> tuple[Change, ...]:
        """Return the study's key that it turns."""
        return (Change(setting="scaling", before=task.scaling, after=self.scaling),)
