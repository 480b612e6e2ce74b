"""Learn another target of the same bars."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from fireassay.data.task import Task
from fireassay.interventions import TaskChange, intervention


@intervention
class OtherLabel(TaskChange):
    """Ask for another of the Task's labels, such as the same target with one more bar skipped.

    Attributes
    ----------
    name
        The label's name, one of `Task.others`.
    """

    id: ClassVar[str] = "other_label"
    name: str

    def apply(self, task: Task) -> Task:
        """Return the Task with the other label; raises KeyError if it has none of that name."""
        others = {label.name: label for label in task.others}
        return replace(task, label=others[self.name], history=(*task.history, self.label))
