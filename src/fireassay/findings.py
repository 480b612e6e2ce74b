"""What was measured, what follows and what to do: Evidence, verdicts, prescriptions, Diagnosis.

Measurement, judgement and advice are three things. `Evidence` holds numbers and says which causes
they bear on and by which rule; `fireassay.diagnosis.verdict` turns evidence into a `CauseVerdict`
for every cause; `Prescription` hangs on causes. One `Diagnosis` holds them all, survives JSON
unchanged, and is all that a report needs.
"""

from __future__ import annotations

import math
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from fireassay.causes import CAUSES

SCHEMA_VERSION = "1.0"


def _finite_or_none(value: Any) -> Any:
    """Map NaN and infinities, which JSON doesn't have, to None."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


Number = Annotated[float | None, BeforeValidator(_finite_or_none)]
Value = Annotated[bool | int | float | str | None, BeforeValidator(_finite_or_none)]


class Frozen(BaseModel):
    """Base of all findings: immutable, and strict about unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Status(StrEnum):
    """What is said of a cause."""

    SUPPORTED = "supported"
    EXCLUDED = "excluded"
    UNDECIDED = "undecided"


class EvidenceStatus(StrEnum):
    """What became of a check."""

    MEASURED = "measured"
    NOT_AFFORDED = "not afforded"
    NOT_APPLICABLE = "not applicable"
    FAILED = "failed"


class Rule(StrEnum):
    """How an evidence's effect decides about a cause.

    With p adjusted over the battery, MDE the minimal detectable effect, and `matters` the size from
    which an effect counts, an effect is *present* when p ≤ α and effect ≥ matters / 2, *absent*
    when it isn't present and MDE ≤ matters, and *not seen for lack of power* otherwise.
    """

    EFFECT = "effect"
    """Present supports the cause, absent excludes it."""

    RESTORES = "restores"
    """The effect is what removing the cause restores. Present supports it; absent excludes it where
    another cause's removal restores what is missing, and else leaves it undecided: causes that hold
    together hide each other."""

    NO_EFFECT = "no effect"
    """Present excludes the cause, absent supports it."""

    LACK_OF_POWER = "lack of power"
    """Lack of power supports the cause, present or absent excludes it."""

    BOUND = "bound"
    """The effect is the most that removing the cause could restore: absent excludes the cause unless
    another such bound is present; present says nothing of it."""

    OBSERVED_FOR = "observed"
    """A direct observation without sampling error (a duplicated session, say) supports it."""

    OBSERVED_AGAINST = "observed absent"
    """A direct observation without sampling error excludes it."""

    ILLUSTRATES = "illustrates"
    """A symptom: shown beside the cause, never decides."""


class Interval(Frozen):
    """A two-sided interval of the given level, bounds included."""

    low: Number
    high: Number
    level: float = 0.95


class Null(Frozen):
    """The distribution of a statistic when there is nothing to find.

    `kind` names what was exchanged ("label sessions permuted in blocks of 10"), `draws` how often,
    `values` holds the draws (or a thinned sample of them) for the plot.
    """

    kind: str
    draws: int
    mean: Number
    sd: Number
    q05: Number = None
    q95: Number = None
    values: tuple[float, ...] = ()


class Bearing(Frozen):
    """What an evidence has to do with a cause.

    Attributes
    ----------
    cause
        A key of `fireassay.causes.CAUSES`.
    rule
        How the effect decides.
    share
        Part of the missing learning that the intervention restored, 0 to 1; orders the causes.
    note
        Said of the cause when this evidence decides it.
    """

    cause: str
    rule: Rule
    share: Number = None
    note: str = ""

    @model_validator(mode="after")
    def _known(self) -> Bearing:
        if self.cause not in CAUSES:
            raise ValueError(f"unknown cause {self.cause!r}")
        return self


class Series(Frozen):
    """One line, scatter or group of bars: `y` over `x`, with an optional band from low to high.

    A series with `low` and `high` and no `y`, or of the style "band", is a band of its own: the range
    of the null, say.
    """

    name: str
    x: tuple[Value, ...]
    y: tuple[Number, ...]
    low: tuple[Number, ...] = ()
    high: tuple[Number, ...] = ()
    style: str = "line"  # "line", "dashed", "points", "bars", "steps", "band"


class Mark(Frozen):
    """A reference line at `value` on the axis "x" or "y", with its label.

    On the axis "value" it is the middle of a heat map's colours (the score without skill, say).
    """

    axis: str
    value: Number
    label: str


class Matrix(Frozen):
    """A heat map: `values[i][j]` at row i, column j; `text` is shown in the cell, if given."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    values: tuple[tuple[Number, ...], ...]
    text: tuple[tuple[str, ...], ...] = ()
    value_label: str = ""


class Plot(Frozen):
    """Data of a figure; renderers choose how to draw each `kind`.

    ============== ==============================================================================
    kind           series, marks and matrix
    ============== ==============================================================================
    null           draws of the null in the first series' `y`; marks on x: observed, MDE. An
                   evidence without a plot whose `null` has values is drawn so anyway.
    power          share detected (y) over the effect planted (x), a series a form of planting;
                   marks: MDE on x, .8 on y
    ladder         a row for each x (text), its score y with low and high; marks on y: as set,
                   without skill
    traces         NLL, KL, ... (y) over epochs (x); marks on y: the information budget
    learning-curve score (y) over sessions (x) with low and high; the extrapolation "dashed"
    map            matrix of targets × (horizon, skip); `text` carries significance; mark on "value"
    decay          score (y) over bars skipped or ahead (x)
    reliability    observed (y) over predicted (x) share; a "bars" series counts the predictions
    uncertainty    parts of the entropy (y), stacked in order, over the time of day (x)
    lag            score (y) over the lag between features and label (x); null as a band
    clustering     "bars" of autocorrelation (y) over lag (x); null as a band
    association    a row for each feature (x, text), its association y; null as a band over the
                   same x
    calendar       matrix of sessions × bars or time slots, None where there is no bar; "points"
                   with x a session's row name and y a column's index mark gaps, early closes, ...
    scatter        "points"
    ============== ==============================================================================
    """

    kind: str
    title: str
    x_label: str = ""
    y_label: str = ""
    x_log: bool = False
    y_log: bool = False
    series: tuple[Series, ...] = ()
    marks: tuple[Mark, ...] = ()
    matrix: Matrix | None = None
    note: str = ""


class Change(Frozen):
    """One setting before and after; names are the keys of study.toml."""

    setting: str
    before: Value
    after: Value


class Evidence(Frozen):
    """One question put to the data or the model, what was done, and what came out.

    Attributes
    ----------
    id
        Unique within a diagnosis; sentences cite it.
    check
        The check that produced it.
    question, experiment, control
        In plain words: what was asked, what was done, what it was compared with.
    metric
        The statistic's name ("AUC", "rank IC", "gain in AUC").
    effect, trivial
        Its value, and the value without skill.
    interval, null, p, p_adjusted
        Interval over sessions (or dates); null distribution; p from it, one-sided unless `metric`
        says otherwise; p adjusted over the battery's family of tests.
    mde, matters
        Minimal detectable effect and the effect that matters, both as differences from `trivial`.
    sessions
        The number of independent units that it rests on.
    trials
        Ids of the trials that it rests on.
    reading, caveat
        One sentence that says what it shows, and one that says what it can't.
    numbers
        Further figures, by name, that a reader may want to check.
    table
        Rows of the same keys, where figures are best read side by side.
    remedy
        Settings under which the effect was seen: what to change if a cause is supported by it.
    audited
        What it says of items of the data audit, by their id: told beside those that are grave.
    """

    id: str
    check: str
    question: str
    experiment: str = ""
    control: str = ""
    metric: str = ""
    effect: Number = None
    trivial: Number = None
    interval: Interval | None = None
    null: Null | None = None
    p: Number = None
    p_adjusted: Number = None
    mde: Number = None
    matters: Number = None
    sessions: int = 0
    trials: tuple[str, ...] = ()
    bears_on: tuple[Bearing, ...] = ()
    status: EvidenceStatus = EvidenceStatus.MEASURED
    reading: str = ""
    caveat: str = ""
    numbers: dict[str, Value] = Field(default_factory=dict)
    table: tuple[dict[str, Value], ...] = ()
    remedy: tuple[Change, ...] = ()
    audited: dict[str, str] = Field(default_factory=dict)
    plot: Plot | None = None


class CauseVerdict(Frozen):
    """What is said of one cause, why, and on which evidence.

    `share` is the part of the missing learning that removing the cause restored; `confidence` is
    the share of gauntlet patients with the like evidence for which the same verdict was right.
    """

    status: Status
    why: str
    evidence: tuple[str, ...] = ()
    share: Number = None
    confidence: Number = None


class Outcome(Frozen):
    """What happened when a prescription was run: the gain is paired over sessions."""

    metric: str
    before: Number
    after: Number
    gain: Number
    interval: Interval | None = None
    p: Number = None
    trials: tuple[str, ...] = ()
    reading: str = ""


class Prescription(Frozen):
    """What to change because of a cause, and on which evidence."""

    cause: str
    title: str
    changes: tuple[Change, ...] = ()
    why: str = ""
    evidence: tuple[str, ...] = ()
    outcome: Outcome | None = None


class Sentence(Frozen):
    """One sentence of plain words, with the evidence that it rests on."""

    text: str
    evidence: tuple[str, ...] = ()


class Heuristic(Frozen):
    """A rule of thumb in common use: its number here, and what it can and can't say."""

    rule: str
    value: Value
    trivial: str
    says: str
    cannot_say: str


class AuditItem(Frozen):
    """One thing noticed in the data before anything was trained.

    `action` is "kept", "flagged" or "dropped": nothing is silently repaired. `grave` marks what makes
    results on the data as it stands wrong, however good they look.
    """

    id: str
    what: str
    count: int
    share: Number = None
    first_row: int | None = None
    example: str = ""
    action: str = "kept"
    advice: str = ""
    grave: bool = False


class DataAudit(Frozen):
    """What the data is, how it was read, and what was noticed."""

    source: str
    rows: int
    sessions: int
    symbols: tuple[str, ...] = ()
    first: str = ""
    last: str = ""
    readings: dict[str, Value] = Field(default_factory=dict)
    """How it was read: layout, time zone, stamp, session rule, price used for VWAP, ..."""
    items: tuple[AuditItem, ...] = ()
    calendar: Plot | None = None


class BudgetUse(Frozen):
    """What the diagnosis was allowed to cost, what it cost, and what it could not afford."""

    limit_s: Number = None
    spent_s: float = 0.0
    trials: int = 0
    training_runs: Number = None
    """Cost in multiples of one training run of the user's model."""
    not_afforded: tuple[str, ...] = ()
    note: str = ""


class Applied(Frozen):
    """The changed settings, trained and scored beside the settings as they were."""

    changes: tuple[Change, ...]
    outcome: Outcome
    rows: tuple[dict[str, Value], ...] = ()
    """One row a metric: {"metric": ..., "before": ..., "after": ...}."""


class Tries(Frozen):
    """What was tried on the same test sessions so far, this run among it.

    Attributes
    ----------
    ledger
        The file in which it is written down.
    runs, members, families
        Runs, distinct models and targets in them, and the families of tests that are corrected for:
        those that another one holds aren't counted.
    p, p_adjusted
        Of this run, and adjusted for all families (Holm).
    smallest, smallest_adjusted
        The smallest p of all.
    told
        What that comes to; empty where nothing was tried before.
    """

    ledger: str
    runs: int
    members: int
    families: int
    p: Number
    p_adjusted: Number
    smallest: Number
    smallest_adjusted: Number
    told: str = ""


class Diagnosis(Frozen):
    """The whole answer: everything that a report shows, and nothing else is needed to show it."""

    schema_version: str = SCHEMA_VERSION
    fireassay_version: str
    created: str
    title: str
    primary: tuple[str, ...]
    assessment: tuple[Sentence, ...]
    causes: dict[str, CauseVerdict]
    evidence: dict[str, Evidence]
    prescriptions: tuple[Prescription, ...] = ()
    next_steps: tuple[Sentence, ...] = ()
    metrics_reading: tuple[Sentence, ...] = ()
    metrics: tuple[dict[str, Value], ...] = ()
    """The user's model per epoch: one row an epoch, keys as in a run's metrics."""
    information_budget: Number = None
    """Nats of KL that a signal of the size that matters pays for in as many independent labels, where
    the model's weights are random."""
    heuristics: tuple[Heuristic, ...] = ()
    data_audit: DataAudit
    study: dict[str, Any]
    environment: dict[str, Value]
    budget: BudgetUse = BudgetUse()
    applied: Applied | None = None
    tries: Tries | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Diagnosis:
        missing = set(CAUSES) - set(self.causes)
        extra = set(self.causes) - set(CAUSES)
        if missing or extra:
            raise ValueError(f"causes must be exactly the closed list; {missing=}, {extra=}")
        cited = {e for verdict in self.causes.values() for e in verdict.evidence}
        for sentence in (*self.assessment, *self.next_steps, *self.metrics_reading):
            cited.update(sentence.evidence)
        cited.update(e for prescription in self.prescriptions for e in prescription.evidence)
        unknown = cited - set(self.evidence)
        if unknown:
            raise ValueError(f"evidence cited but not recorded: {sorted(unknown)}")
        for cause in self.primary:
            if self.causes[cause].status is not Status.SUPPORTED:
                raise ValueError(f"primary cause {cause} is not supported")
        return self

    def to_json(self) -> str:
        """Return the diagnosis as JSON text; `from_json` gives an equal one back."""
        return self.model_dump_json(indent=2)

    @classmethod
    def from_json(cls, text: str | bytes) -> Diagnosis:
        """Read a diagnosis; raises pydantic.ValidationError when it doesn't fit the schema."""
        return cls.model_validate_json(text)
