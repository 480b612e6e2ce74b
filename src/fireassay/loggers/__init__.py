"""Loggers: where the runs of a verb are logged as well, beside the run folder. One file each.

A logger is told of runs by key: the verb's own run is "", what it trains are its children (a row of
a sweep, a trial of a diagnosis). It knows nothing of verbs; `recorder` tells it, `records` says what.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, TypeVar

from fireassay.findings import Value
from fireassay.registry import Registry

T = TypeVar("T", bound="Logger")

History = Sequence[Mapping[str, float]]
"""Rows of a run, one an epoch: `epoch` from 1, and measures by name."""


@dataclass(frozen=True)
class Begun:
    """What is known of a run when it begins.

    Attributes
    ----------
    key
        Its name in the run folder, unchanged when the folder is gone on with; "" for the verb's own.
    title
        For people.
    params
        Settings by name.
    tags
        What it is: verb, row, interventions.
    """

    key: str
    title: str
    params: Mapping[str, Value] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Ended:
    """What came of a run.

    Attributes
    ----------
    metrics
        Finite figures by name; `final/test_auc` stands beside `no_skill/test_auc`.
    tags
        Judgements: the status of each cause, how a run ended.
    text
        What it comes to, in words.
    files
        Reports and results in the run folder.
    status
        "finished", "failed" or "stopped".
    """

    metrics: Mapping[str, float] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    text: str = ""
    files: Sequence[Path] = ()
    status: str = "finished"


class Logger(ABC):
    """A place where runs are logged.

    Parameters
    ----------
    folder
        The run folder.

    Attributes
    ----------
    name
        As users write it with --log.
    faults
        What its library raises when a place can't be reached or written: logging ends there, and the
        run goes on.

    Raises
    ------
    SettingError
        If its library isn't installed.
    """

    name: ClassVar[str]
    faults: tuple[type[Exception], ...] = (OSError,)

    @abstractmethod
    def __init__(self, folder: Path) -> None: ...

    @property
    @abstractmethod
    def where(self) -> str:
        """How to look at what is logged, in one line."""

    @abstractmethod
    def begin(self, run: Begun) -> None:
        """Begin a run, or go on with the one of this key in this folder."""

    @abstractmethod
    def epoch(self, key: str, part: str, row: Mapping[str, float]) -> None:
        """Log an epoch while it is trained; `part` tells seeds of one run apart ("" of one)."""

    @abstractmethod
    def history(self, key: str, part: str, rows: History) -> None:
        """See that each epoch of a finished training is there once, whatever was logged before."""

    @abstractmethod
    def end(self, key: str, ended: Ended) -> None:
        """Log what came of a run, and end it."""

    @abstractmethod
    def close(self) -> None:
        """Write what waits: nothing more comes."""


LOGGERS: Registry[type[Logger]] = Registry("logger", "fireassay.loggers")


def logger(cls: type[T]) -> type[T]:
    """Register a logger under its name."""
    LOGGERS.add(cls.name, cls)
    return cls


def flat(values: Mapping[str, object], prefix: str = "") -> dict[str, Value]:
    """Return nested settings by dotted key; lists as text, what is unset left out."""
    found: dict[str, Value] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            found |= flat(value, f"{prefix}{name}.")
        elif isinstance(value, list | tuple):
            found[f"{prefix}{name}"] = ", ".join(map(str, value))
        elif value is not None:
            found[f"{prefix}{name}"] = value if isinstance(value, bool | int | float) else str(value)
    return found


def finite(row: Mapping[str, object]) -> dict[str, float]:
    """Return the figures of a row that are finite numbers."""
    return {
        name: float(value)
        for name, value in row.items()
        if isinstance(value, int | float) and math.isfinite(value)
    }
