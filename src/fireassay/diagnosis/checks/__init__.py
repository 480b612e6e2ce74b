"""The checks, one file each: what to ask, which trials answer it, and what their runs say.

A check never trains. `plan` names the trials it wants, given the runs so far (so that a second round
can build on the first); `judge` turns runs into evidence. The lab pools the plans of all checks, so
a trial that several want is run once.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from enum import IntEnum
from typing import ClassVar

from fireassay.diagnosis.case import Case, Runs
from fireassay.findings import Evidence, EvidenceStatus
from fireassay.registry import Registry
from fireassay.training.trial import Trial


class Cost(IntEnum):
    """Order in which checks are afforded."""

    FREE = 0
    """Reads the data: seconds."""
    SCAN = 1
    """Reads the data for longer: what training is fitted into is the time that is left then."""
    CONTROL = 2
    """Trains what every other check is compared with."""
    LADDERS = 3
    """Trains the user's model under the interventions that a deficit calls for."""
    DEEP = 4
    """Trains it under several at once, where no single one restores what is missing."""
    VARIANTS = 5
    """Trains it under the usual changes, whatever was found."""
    LEFT = 6
    """Trains it on more, from what time is left: nothing else rests on it."""


class Check(ABC):
    """One question about why a model doesn't learn.

    Attributes
    ----------
    id
        Its name; evidence ids begin with it.
    question
        In plain words.
    causes
        Causes that its evidence can bear on.
    cost
        When it is afforded.
    takes
        Seconds about that judging takes, where that is long: it isn't begun where they are more
        than a fifth of the time left.
    bounded_by
        Grounds ("planted", "real") on which a model that lacks nothing excludes all its causes.
    mildest_first
        Whether its plan goes from mild changes to strong ones, which settle more.
    """

    id: ClassVar[str]
    question: ClassVar[str]
    causes: ClassVar[tuple[str, ...]]
    cost: ClassVar[Cost]
    takes: ClassVar[float] = 0.0
    bounded_by: ClassVar[tuple[str, ...]] = ()
    mildest_first: ClassVar[bool] = False

    def applies(self, case: Case) -> str:
        """Return why the check makes no sense for this case; empty if it does."""
        return ""

    def plan(self, case: Case, runs: Runs) -> Sequence[Trial]:
        """Return the trials that are still wanted, given what has come back."""
        return ()

    @abstractmethod
    def judge(self, case: Case, runs: Runs) -> Sequence[Evidence]:
        """Return the evidence; empty while runs that it needs are missing."""

    def without(self, status: EvidenceStatus, why: str) -> Evidence:
        """Return the evidence that stands for a check that wasn't made."""
        return Evidence(id=self.id, check=self.id, question=self.question, status=status, reading=why)


CHECKS: Registry[type[Check]] = Registry("check", "fireassay.diagnosis.checks")


def check(cls: type[Check]) -> type[Check]:
    """Register a check under its id."""
    return CHECKS.add(cls.id, cls)
