"""What a sweep brought: a numbered row for each configuration, and what the best of them is worth.

One `Swept` holds all that its report shows; it is written as sweep.json and survives JSON unchanged.
"""

from __future__ import annotations

from typing import Any

from pydantic import Field

from fireassay.findings import Frozen, Interval, Number, Sentence, Tries, Value

SCHEMA_VERSION = "1.0"


class Row(Frozen):
    """One configuration.

    Attributes
    ----------
    number
        From 1; it stays when a folder is gone on with.
    changes
        Keys of the study that the grid sets, with their values.
    trials
        Ids of its runs, a seed each: names of folders under trials/.
    status
        "done", or how a run of it ended otherwise.
    score, interval
        Headline score of the seeds' mean prediction on the test sessions, and its interval over
        dates.
    p, p_adjusted
        Against exchanged label sessions, as if it alone had been tried, and for all rows together
        (step-down max-T).
    mde
        Excess over chance that would be found in four of five cases, if it alone had been tried.
    validation
        Score on validation sessions that the learner wasn't fitted on, as `Swept.chosen_by` says;
        None where there is none.
    metrics
        Measures of the kept weights by name (`train_f1`, `test_nll`, ...), mean over seeds.
    epochs, seconds
        Epochs of the longest run, and time of all.
    """

    number: int
    changes: dict[str, Value]
    trials: tuple[str, ...]
    status: str
    score: Number
    interval: Interval | None = None
    p: Number = None
    p_adjusted: Number = None
    mde: Number = None
    validation: Number = None
    metrics: dict[str, Value] = Field(default_factory=dict)
    epochs: int = 0
    seconds: Number = None


class Best(Frozen):
    """The best of N beside the best of N without skill.

    Attributes
    ----------
    row, tried
        Its number, and N: all rows of the folder that have a score.
    score
        Its score.
    chance, q95
        What the best of N gets without skill: mean, and what it passes once in twenty.
    p
        Of the best score.
    """

    row: int
    tried: int
    score: Number
    chance: Number
    q95: Number
    p: Number


class Search(Frozen):
    """How the rows were found, where they weren't a grid.

    Attributes
    ----------
    by
        The optimiser.
    trials, impossible
        Suggestions, and those of them that weren't possible; what was suggested twice is one row.
    """

    by: str
    trials: int
    impossible: int = 0


class Labels(Frozen):
    """The labels that scores are read by.

    Attributes
    ----------
    kind
        "binary", "multiclass" or "real".
    train, test
        Number of labels.
    effective
        Independent test labels that the test's are worth.
    train_prevalence, prevalence
        Share of class 1 in training and test, for a binary label.
    dates
        Test dates.
    """

    kind: str
    train: int
    test: int
    effective: Number
    train_prevalence: Number = None
    prevalence: Number = None
    dates: int


class Swept(Frozen):
    """The whole sweep.

    Attributes
    ----------
    created, title, metric, chance
        When, what of, and the headline score with its value without skill.
    rows
        In the order of their numbers.
    best
        The best by the test score; None if no row has one.
    chosen
        The row with the best validation score, which never saw the test; None where not all have one.
    chosen_by
        That score: "NLL", or "R²" of a real label.
    search
        How the optimiser found them; None of a grid.
    alpha
        Level at which a row is told from chance.
    labels
        What was predicted.
    assessment
        What it comes to, in words.
    study, environment, seconds
        What was asked, where it ran and how long it took.
    tries
        What was tried on the same test sessions before.
    """

    schema_version: str = SCHEMA_VERSION
    fireassay_version: str
    created: str
    title: str
    metric: str
    chance: float
    rows: tuple[Row, ...]
    best: Best | None
    chosen: int | None
    chosen_by: str = "NLL"
    search: Search | None = None
    alpha: float
    labels: Labels
    assessment: tuple[Sentence, ...]
    study: dict[str, Any]
    environment: dict[str, Value]
    seconds: float = 0.0
    tries: Tries | None = None

    def row(self, number: int) -> Row | None:
        """Return the row of that number."""
        return next((row for row in self.rows if row.number == number), None)

    def to_json(self) -> str:
        """Return the sweep as JSON text; `from_json` gives an equal one back."""
        return self.model_dump_json(indent=2)

    @classmethod
    def from_json(cls, text: str | bytes) -> Swept:
        """Read a sweep; raises pydantic.ValidationError when it doesn't fit the schema."""
        return cls.model_validate_json(text)
