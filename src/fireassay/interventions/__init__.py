"""Interventions: one controlled change each, Task to Task or settings to settings.

An intervention is plain data, so that a trial that carries it can be hashed, stored and shipped to
another process. One file each; discovery finds it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from enum import IntEnum
from typing import Any, ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict

from fireassay.data.task import Task
from fireassay.findings import Change
from fireassay.registry import Registry

T = TypeVar("T", bound="Intervention")


class Intervention(BaseModel):
    """Base of all interventions.

    Attributes
    ----------
    id
        The name by which it is registered, stored and shown.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    id: ClassVar[str]

    def specification(self) -> dict[str, Any]:
        """Return the intervention as plain data; `from_specification` gives it back."""
        return {"id": self.id, **self.model_dump(mode="json")}

    def study_changes(self, task: Task) -> tuple[Change, ...]:
        """Return keys of the study, beyond the learner's settings, that a user would turn for it."""
        return ()

    @property
    def label(self) -> str:
        """A short text for plots and tables."""
        values = ", ".join(f"{k}={v}" for k, v in self.model_dump(mode="json").items())
        return f"{self.id}({values})" if values else self.id


class Stage(IntEnum):
    """Order in which the changes of a trial are made, whatever order they were asked for in.

    A planted signal is the same for all trials only if labels are made before sessions are left out.
    """

    LABELS = 0
    FEATURES = 1
    SESSIONS = 2


class TaskChange(Intervention, ABC):
    """An intervention on what is asked: labels, features or sessions."""

    stage: ClassVar[Stage] = Stage.LABELS

    @abstractmethod
    def apply(self, task: Task) -> Task:
        """Return the changed Task; the panel is shared unless features change."""


class SettingChange(Intervention, ABC):
    """An intervention on how it is learned: it turns settings that the learner names as knobs."""

    turns: ClassVar[tuple[str, ...]]
    """The settings that it turns; a learner without one of them can't be given it."""

    @abstractmethod
    def changes(self, settings: BaseModel) -> dict[str, Any]:
        """Return the new values of the settings it turns."""

    def applies(self, settings: BaseModel) -> bool:
        """Tell whether the settings have what it turns, and it would change anything."""
        if not set(self.turns) <= set(type(settings).model_fields):
            return False
        return any(getattr(settings, k) != v for k, v in self.changes(settings).items())

    def apply(self, settings: BaseModel) -> BaseModel:
        """Return the changed settings, validated."""
        return type(settings).model_validate({**settings.model_dump(), **self.changes(settings)})


INTERVENTIONS: Registry[type[Intervention]] = Registry("intervention", "fireassay.interventions")


def intervention(cls: type[T]) -> type[T]:
    """Register an intervention class under its id."""
    INTERVENTIONS.add(cls.id, cls)
    return cls


def from_specification(specification: dict[str, Any]) -> Intervention:
    """Build an intervention from plain data; raises SettingError when the id isn't known."""
    values = dict(specification)
    return INTERVENTIONS[values.pop("id")].model_validate(values)
