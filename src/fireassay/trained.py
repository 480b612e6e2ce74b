"""What a training brought: how it went epoch by epoch, what the model is worth, where it lies.

One `Trained` holds all that the report of a training shows; it is written as train.json and survives
JSON unchanged, as `fireassay.findings.Diagnosis` does.
"""

from __future__ import annotations

from typing import Any

from pydantic import Field

from fireassay.findings import DataAudit, Evidence, Frozen, Number, Sentence, Value

SCHEMA_VERSION = "1.0"


class Before(Frozen):
    """What was known before the first step.

    Attributes
    ----------
    labels, effective
        N, the labels to learn from, and how many independent ones they are worth.
    sessions
        Sessions for training, validation and test.
    features
        Number of features.
    parameters, random
        Scalars of a network, and how many of them are random variables; None for other learners.
    logit_sd
        SD of a logit (of a location, in label SDs) that the prior of the head implies.
    kl_start
        KL in nats at the start.
    """

    labels: int
    effective: float
    sessions: dict[str, int]
    features: int
    parameters: int | None = None
    random: int | None = None
    logit_sd: Number = None
    kl_start: Number = None


class Member(Frozen):
    """One training run: a seed.

    Attributes
    ----------
    trial, seed
        Its id, the name of its folder under trials/, and its seed.
    status
        How it ended: "done", "diverged", "cut short".
    epochs, best_epoch
        Epochs trained, and the one whose weights are kept.
    seconds
        Time spent.
    score
        Its own headline score on the test sessions.
    weights
        Its weights' file, relative to the run folder; "" for a learner that keeps none.
    metrics
        Measures of the kept weights by name (`test_nll`, `train_auc`, ...).
    history
        One row an epoch, keys as in `metrics`.
    """

    trial: str
    seed: int
    status: str
    epochs: int
    best_epoch: int
    seconds: Number
    score: Number
    weights: str = ""
    metrics: dict[str, Value] = Field(default_factory=dict)
    history: tuple[dict[str, Value], ...] = ()


class Ledger(Frozen):
    """KL of a Bayesian model beside what labels can pay for.

    Attributes
    ----------
    kl, kl_per_label
        In nats, of the kept weights (mean over seeds); divided by the labels.
    kl_weight
        What a nat costs in the objective; 1 is exact Bayes.
    above_noise
        Share of random weights whose mean exceeds their SD.
    budget
        Nats that a signal of the size that matters pays for in as many independent labels.
    earned
        Nats by which the model predicts as many independent labels better than the class prior (or
        the mean), at its rate on the test sessions; negative where it predicts worse.
    """

    kl: Number
    kl_per_label: Number
    kl_weight: Number
    above_noise: Number
    budget: Number
    earned: Number


class Trained(Frozen):
    """The whole account of a training.

    Attributes
    ----------
    created, title
        When, and what of.
    assessment
        What it comes to, in words, the most important first.
    before
        What was known before.
    members
        One per seed.
    no_skill
        Measures of a prediction of the training labels' class shares (or mean), by name.
    held_out
        The test score of the mean prediction over seeds, against the session null.
    ledger
        KL beside the budget, for a Bayesian model.
    metrics_reading
        What the train and test metrics can and can't mean.
    data_audit, study, environment, seconds
        What was read, what was asked, where it ran and how long it took.
    """

    schema_version: str = SCHEMA_VERSION
    fireassay_version: str
    created: str
    title: str
    assessment: tuple[Sentence, ...]
    before: Before
    members: tuple[Member, ...]
    no_skill: dict[str, Value] = Field(default_factory=dict)
    held_out: Evidence
    ledger: Ledger | None = None
    metrics_reading: tuple[Sentence, ...] = ()
    data_audit: DataAudit
    study: dict[str, Any]
    environment: dict[str, Value]
    seconds: float = 0.0

    def to_json(self) -> str:
        """Return the account as JSON text; `from_json` gives an equal one back."""
        return self.model_dump_json(indent=2)

    @classmethod
    def from_json(cls, text: str | bytes) -> Trained:
        """Read an account; raises pydantic.ValidationError when it doesn't fit the schema."""
        return cls.model_validate_json(text)
