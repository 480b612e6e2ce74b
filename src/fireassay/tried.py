"""The ledger: everything that was tried on the sessions of a data set, and what it comes to.

These are its records; `fireassay.bookkeeping` writes and reads the file.
"""

from __future__ import annotations

from fireassay.findings import Frozen, Number, Sentence

SCHEMA_VERSION = "1.0"


class Tried(Frozen):
    """One line of the ledger: a run that was scored on sessions of a data set.

    Attributes
    ----------
    time, verb, run
        When, by which verb, and in which run folder.
    source
        Where the data came from, in words: data is told by what it holds, not by its place.
    sessions
        The scored sessions (`Sessions.id`).
    target, features, learner
        What was asked: of a scan the number of targets, of a sweep that of its rows.
    members
        What was tried, by keys that equal tries share: a model under its settings, features, label,
        split and seed has one key, whichever verb trains it.
    metric, score, chance, p
        Of the best of the members, and a p that is valid for all of them together.
    least_p
        The smallest p that this number of draws can give.
    """

    time: str
    verb: str
    run: str
    source: str
    sessions: str
    target: str
    features: tuple[str, ...]
    learner: str
    members: tuple[str, ...]
    metric: str
    score: Number
    chance: Number
    p: Number
    least_p: Number = None


class Sessions(Frozen):
    """The scored sessions of a run.

    Attributes
    ----------
    id
        Its name in the ledger.
    dates
        A fingerprint of what the data holds, by date (ISO 8601): prices' highest and lowest by
        symbol, which other bars of the same market, or other features, leave as they are.
    """

    id: str
    dates: dict[str, str]


class Line(Frozen):
    """A line of the ledger beside its p after correction for all lines of its group."""

    tried: Tried
    p_adjusted: Number


class Group(Frozen):
    """All that was tried on sessions that have dates in common.

    Attributes
    ----------
    source, first, last, dates
        The data as the last line names it, and the dates that were scored.
    lines
        In the order in which they were written.
    members, families
        Distinct models and targets tried, and the families of tests that are corrected for.
    smallest, smallest_adjusted
        The smallest p of these.
    told
        What it comes to.
    """

    source: str
    first: str
    last: str
    dates: int
    lines: tuple[Line, ...]
    members: int
    families: int
    smallest: Number
    smallest_adjusted: Number
    told: tuple[Sentence, ...]


class Ledger(Frozen):
    """A whole ledger.

    Attributes
    ----------
    path
        Its file.
    groups
        By the sessions that were scored, those written to last first.
    unreadable
        Lines that aren't the ledger's.
    """

    schema_version: str = SCHEMA_VERSION
    path: str
    groups: tuple[Group, ...]
    unreadable: int = 0

    def to_json(self) -> str:
        """Return the ledger as JSON text."""
        return self.model_dump_json(indent=2)
