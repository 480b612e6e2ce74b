"""What a training brought: how it went epoch by epoch, what the model is worth, where it lies.

One `Trained` holds all that the report of a training shows; it is written as train.json and survives
JSON unchanged, as `fireassay.findings.Diagnosis` does.
"""

from __future__ import annotations

from typing import Any

from pydantic import Field

from fireassay.findings import (
    DataAudit,
    Evidence,
    Frozen,
    Number,
    Plot,
    Sentence,
    Series,
    Tries,
    Value,
)

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
    posterior
        What stands for the posterior over a network's weights; "" for other learners.
    parameters, random
        Scalars of a network, and how many of them are random in training; None for other learners.
    logit_sd
        SD of a logit (of a location, in label SDs) that the prior of the head implies.
    kl_start
        KL in nats at the start.
    """

    labels: int
    effective: float
    sessions: dict[str, int]
    features: int
    posterior: str = ""
    parameters: int | None = None
    random: int | None = None
    logit_sd: Number = None
    kl_start: Number = None

    @property
    def drawn(self) -> bool:
        """Whether predictions are averaged over draws or networks."""
        return bool(self.random) or self.posterior not in ("", "deterministic")


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


class Bin(Frozen):
    """A row of the reliability table: bars of which about the same probability was said.

    `predicted` is their mean probability, `observed` the share that came true with its 95 % interval
    over dates.
    """

    count: int
    predicted: Number
    observed: Number
    low: Number
    high: Number


class Rescaled(Frozen):
    """The one number fitted on validation sessions that makes test predictions better calibrated.

    Attributes
    ----------
    value, low, high
        Temperature that logits are divided by, of a real label the factor on predictive SDs; its 95 %
        interval over validation dates. None: unbounded, predictions are worth nothing as they are.
    dates
        Validation dates.
    nll_before, nll_after, ece_after
        Of the test sessions.
    """

    value: Number
    low: Number
    high: Number
    dates: int
    nll_before: Number
    nll_after: Number
    ece_after: Number = None


class Conformal(Frozen):
    """Sets or intervals that hold the label of a later session's bars as often as promised.

    Attributes
    ----------
    promised
        Share of a session's bars, on average over sessions, if these are exchangeable.
    threshold
        A set holds classes of probability ≥ 1 − threshold, an interval is mean ± threshold · SD.
        None: everything, for there are too few validation dates.
    dates
        Validation dates that it was found on.
    covered, low, high
        Share that was covered on the test dates, with its 95 % interval.
    size
        Classes in a set, or width of an interval, on average.
    single, empty
        Share of bars whose set holds one class, and none.
    """

    promised: float
    threshold: Number
    dates: int
    covered: Number
    low: Number
    high: Number
    size: Number
    single: Number = None
    empty: Number = None


class Covered(Frozen):
    """How often a central predictive interval held the label; its 95 % interval over test dates."""

    level: float
    covered: Number
    low: Number
    high: Number


class Calibration(Frozen):
    """Whether what the model says of test sessions comes true as often as it says.

    Attributes
    ----------
    dates
        Test dates.
    nll
        Mean negative log likelihood in nats (real: Gaussian, in label units).
    ece, ece_calibrated, p
        Expected calibration error, what a calibrated model would show of it on so few dates, and the
        p of the one under the other. Several classes: of the likeliest class.
    brier, reliability, resolution, uncertainty
        The Brier score and Murphy's parts of it: reliability − resolution + uncertainty, but for what
        spreads inside the bins.
    bins
        The reliability table, in bins of equal mass.
    pit, intervals
        Of a real label: share of bars in each tenth of the probability integral transform, and the
        coverage of central intervals.
    rescaled, conformal
        From the validation sessions; None and empty where the model learned from these.
    """

    dates: int
    nll: Number = None
    ece: Number = None
    ece_calibrated: Number = None
    p: Number = None
    brier: Number = None
    reliability: Number = None
    resolution: Number = None
    uncertainty: Number = None
    bins: tuple[Bin, ...] = ()
    pit: tuple[Number, ...] = ()
    intervals: tuple[Covered, ...] = ()
    rescaled: Rescaled | None = None
    conformal: tuple[Conformal, ...] = ()

    @property
    def filled(self) -> tuple[int, ...]:
        """Places of the bins that hold labels."""
        return tuple(i for i, row in enumerate(self.bins) if row.count)

    def plot(self) -> Plot:
        """Return the reliability diagram: one point a filled bin, and how many bars it holds."""
        rows = [self.bins[i] for i in self.filled]
        said = tuple(row.predicted for row in rows)
        return Plot(
            kind="reliability",
            title="What was said, and how often it came true",
            x_label="probability said",
            y_label="share that came true",
            series=(
                Series(
                    name="test sessions",
                    x=said,
                    y=tuple(row.observed for row in rows),
                    low=tuple(row.low for row in rows),
                    high=tuple(row.high for row in rows),
                    style="points",
                ),
                Series(name="bars", x=said, y=tuple(float(row.count) for row in rows), style="bars"),
            ),
        )


class Stretch(Frozen):
    """Mean uncertainty of a stretch of the session.

    `first` and `last` are its bars, counted in the session from 1; `count` bars of test sessions are
    in it. `total` is what `aleatoric` and `epistemic` add up to.
    """

    first: int
    last: int
    count: int
    total: Number
    aleatoric: Number
    epistemic: Number


class Uncertainty(Frozen):
    """How unsure the model is on test sessions, and of what, over the session.

    Attributes
    ----------
    unit
        "nats" of entropy, or of a real label "squared label units" of variance.
    total, aleatoric, epistemic
        Means over all labelled test bars: the whole; what draws of the weights agree is open; what
        they disagree about, which more data would lessen. Several seeds count as draws.
    share
        Epistemic part of the total.
    stretches
        The same over the session.
    """

    unit: str
    total: Number
    aleatoric: Number
    epistemic: Number
    share: Number
    stretches: tuple[Stretch, ...]


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
    calibration
        Whether what is said comes true as often.
    uncertainty
        Its parts over the session, where predictions are averaged over draws, networks or seeds.
    metrics_reading
        What the train and test metrics can and can't mean.
    data_audit, study, environment, seconds
        What was read, what was asked, where it ran and how long it took.
    tries
        What was tried on the same test sessions before.
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
    calibration: Calibration | None = None
    uncertainty: Uncertainty | None = None
    metrics_reading: tuple[Sentence, ...] = ()
    data_audit: DataAudit
    study: dict[str, Any]
    environment: dict[str, Value]
    seconds: float = 0.0
    tries: Tries | None = None

    def to_json(self) -> str:
        """Return the account as JSON text; `from_json` gives an equal one back."""
        return self.model_dump_json(indent=2)

    @classmethod
    def from_json(cls, text: str | bytes) -> Trained:
        """Read an account; raises pydantic.ValidationError when it doesn't fit the schema."""
        return cls.model_validate_json(text)
