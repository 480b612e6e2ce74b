"""What a comparison of runs brought: what differs, what each scores, what one gains on another.

One `Compared` holds all that its report shows; it survives JSON unchanged.
"""

from __future__ import annotations

from pydantic import Field

from fireassay.findings import Frozen, Interval, Number, Sentence, Value

SCHEMA_VERSION = "1.0"


class Score(Frozen):
    """A score of one run on its own test bars, with its interval over dates."""

    value: Number
    interval: Interval | None = None


class Side(Frozen):
    """One run of a comparison.

    Attributes
    ----------
    name, title
        As it was given, and what it is.
    target, model, kind
        What it predicts, with what, and the label's kind: "binary", "multiclass" or "real".
    bars, dates
        Labelled test bars, and their dates.
    scores
        By name.
    learning, epochs, curve
        What the curve is of ("validation NLL"), the epochs, and its value after each, first seed.
    kept
        Epoch whose weights are kept, from 1.
    """

    name: str
    title: str
    target: str
    model: str
    kind: str
    bars: int
    dates: int
    scores: dict[str, Score] = Field(default_factory=dict)
    learning: str = ""
    epochs: tuple[int, ...] = ()
    curve: tuple[Number, ...] = ()
    kept: int = 0


class Difference(Frozen):
    """A setting that differs; a value for each run, None where it isn't set."""

    key: str
    values: tuple[Value, ...]


class Gain(Frozen):
    """What a run gains on the first one over the same test bars, dates paired.

    Attributes
    ----------
    run
        Number of the run, from 1; the first run is what it is compared with.
    metric
        The score; of a loss the gain is its fall.
    gain, interval
        Positive is better.
    p, p_adjusted
        One-sided, for a gain, by flipping the signs of whole dates; adjusted (Holm) over the runs
        compared. The headline score only.
    mde
        Smallest gain that would be found in four of five cases.
    bars, dates
        What both predicted.
    """

    run: int
    metric: str
    gain: Number
    interval: Interval | None
    p: Number
    p_adjusted: Number = None
    mde: Number = None
    bars: int
    dates: int


class Compared(Frozen):
    """The whole comparison.

    Attributes
    ----------
    runs
        In the order in which they were given; gains are on the first.
    settings
        Keys whose values differ.
    gains
        The headline score of every other run first, then its other scores.
    assessment, remarks
        What it comes to, and why a pair can't be compared.
    """

    schema_version: str = SCHEMA_VERSION
    metric: str
    runs: tuple[Side, ...]
    settings: tuple[Difference, ...]
    gains: tuple[Gain, ...]
    assessment: tuple[Sentence, ...]
    remarks: tuple[Sentence, ...] = ()

    def to_json(self) -> str:
        """Return the comparison as JSON text; `from_json` gives an equal one back."""
        return self.model_dump_json(indent=2)

    @classmethod
    def from_json(cls, text: str | bytes) -> Compared:
        """Read a comparison; raises pydantic.ValidationError when it doesn't fit the schema."""
        return cls.model_validate_json(text)
