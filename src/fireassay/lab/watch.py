"""What a verb tells while it works."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from fireassay.diagnosis.battery import News
from fireassay.training.learner import Progress


@dataclass
class Watch:
    """What a verb tells while it works.

    Attributes
    ----------
    phase, share
        Told what begins, and which share of it is done.
    note
        Told what is worth knowing at once.
    news, progress
        Told of plans, runs, evidence and epochs.
    """

    phase: Callable[[str], None] = lambda _text: None
    share: Callable[[float], None] = lambda _share: None
    note: Callable[[str], None] = lambda _text: None
    news: News = field(default_factory=News)
    progress: Progress = field(default_factory=Progress)
