"""Settings of the network learners: every field is a key of study.toml and a flag.

Fields split in two. Those that fix shapes (`SHAPE_FIELDS`) must agree between trials of a cohort;
all others are vectors over the trial axis.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from fireassay.choices import Activation, Part, Positions, PriorKind

BAYESIAN_PARTS = (Part.ATTENTION, Part.EMBEDDING, Part.HEAD, Part.MLP)
"""Parts that are random by default, in the order of their names: all but the norms (and the
observation noise)."""


class Estimator(StrEnum):
    """How the expectation over the posterior is estimated in a training step."""

    GROUPED = "grouped"
    """Groups of sequences share a draw: the noise of one draw, averaged, at the cost of one step."""
    SHARED = "shared"
    """One draw for the whole step."""
    FLIPOUT = "flipout"
    """One draw, with random signs per sequence: about twice the cost."""


class PosteriorKind(StrEnum):
    """What stands for the posterior over weights."""

    DETERMINISTIC = "deterministic"
    MEAN_FIELD = "mean_field"
    MC_DROPOUT = "mc_dropout"
    """Dropout stays on for predictions (Gal and Ghahramani 2016, arXiv:1506.02142)."""
    DEEP_ENSEMBLE = "deep_ensemble"
    """Networks from several seeds (Lakshminarayanan et al. 2017, arXiv:1612.01474)."""
    LAPLACE = "laplace"
    """Of the head, after training (Daxberger et al. 2021, arXiv:2106.14806)."""


@dataclass(frozen=True)
class Posterior:
    """What a posterior asks of training and of prediction; all else goes by these answers.

    Attributes
    ----------
    model
        The Transformer's name under it, as users write it with --model.
    draws_weights
        Whether weights are drawn in training, and a KL paid for them.
    masks
        Whether dropout is a draw of weights: one mask for a session in training, and one for all
        sessions in a draw of a prediction.
    several
        Whether a trial is `members` networks, trained side by side.
    head
        Whether the head gets a Laplace approximation when training has ended.
    defaults
        Settings that are others than the networks' own where the user sets none.
    """

    model: str
    draws_weights: bool = False
    masks: bool = False
    several: bool = False
    head: bool = False
    defaults: Mapping[str, Any] = field(default_factory=dict)


POSTERIORS = {
    PosteriorKind.DETERMINISTIC: Posterior("transformer"),
    PosteriorKind.MEAN_FIELD: Posterior("bayesian", draws_weights=True),
    PosteriorKind.MC_DROPOUT: Posterior("mc_dropout", masks=True, defaults={"dropout": 0.1}),
    PosteriorKind.DEEP_ENSEMBLE: Posterior("deep_ensemble", several=True),
    PosteriorKind.LAPLACE: Posterior("laplace", head=True),
}
"""Every posterior; one whose answers are among those above is added here alone."""

NETWORKS = {posterior.model: kind for kind, posterior in POSTERIORS.items()}
"""The Transformer under the names that users give it, and the posterior that each one stands for."""


class NoiseKind(StrEnum):
    """Observation noise of a regression, with a learned scale."""

    GAUSSIAN = "gaussian"
    STUDENT = "student"


class Schedule(StrEnum):
    """Learning rate over the run, after a linear warm-up."""

    COSINE = "cosine"
    CONSTANT = "constant"


class KlSchedule(StrEnum):
    """Course of the KL weight over the run, as a factor that reaches 1 before the end."""

    CONSTANT = "constant"
    WARM_UP = "warm_up"
    """Linear from 0 over the first half (Sønderby et al. 2016, arXiv:1602.02282)."""
    CYCLICAL = "cyclical"
    """Four ramps, each linear to 1 over its first half (Fu et al. 2019, arXiv:1903.10145)."""


class NetSettings(BaseModel):
    """How a Transformer is built, what it minimises and how it is trained."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    # Shape
    width: int = Field(64, ge=2, description="Channels of the Transformer's stream.")
    layers: int = Field(2, ge=1, description="Number of blocks.")
    heads: int = Field(4, ge=1, description="Attention heads; width / heads must be even.")
    look_back: int = Field(
        64, ge=1, le=512, description="Bars that a prediction may depend on, its own included."
    )
    mlp_ratio: int = Field(4, ge=1, description="Hidden width of the MLP, in widths.")
    positions: Positions = Field(Positions.ROTARY, description="Rotary or learned positions.")
    activation: Activation = Field(Activation.GELU, description="Non-linearity of the MLP.")

    # Training
    epochs: int = Field(20, ge=1, description="Passes over the training sessions, at most.")
    patience: int = Field(
        6, ge=0, description="Epochs without a better validation NLL before stopping; 0: never stop."
    )
    batch_labels: int = Field(1024, ge=1, description="Bars in a training step, about.")
    learning_rate: float = Field(3e-3, gt=0, description="Peak step size of AdamW.")
    schedule: Schedule = Field(Schedule.COSINE, description="Course of the learning rate.")
    warm_up: float = Field(0.05, ge=0, le=1, description="Share of steps with a rising rate.")
    weight_decay: float = Field(1e-4, ge=0, description="Decoupled, on matrices only.")
    dropout: float = Field(
        0.0, ge=0, lt=1, description="Rate on the output of every branch; 0.1 under mc_dropout."
    )
    label_smoothing: float = Field(0.0, ge=0, lt=1, description="Weight of the uniform label.")
    clip: float = Field(1.0, ge=0, description="Bound on a trial's gradient norm; 0: none.")

    trace_rows: int = Field(
        40_000,
        ge=1,
        description="Bars of each part, whole sessions, that the per-epoch measures look at.",
    )

    # Posterior
    posterior: PosteriorKind = Field(
        PosteriorKind.DETERMINISTIC, description="What stands for the posterior over weights."
    )
    bayesian: tuple[Part, ...] = Field(
        BAYESIAN_PARTS, description="Parts whose weights are random under the mean-field posterior."
    )
    prior: PriorKind = Field(
        PriorKind.FAN_IN,
        description="How the prior's scale is set (laplace fits its own to the evidence).",
    )
    prior_sigma: float = Field(1.0, gt=0, description="Scale of the prior, in the units of its kind.")
    kl_weight: float = Field(
        1.0, ge=0, description="Weight of KL / N against the mean NLL per label: 1 is exact Bayes."
    )
    kl_schedule: KlSchedule = Field(KlSchedule.CONSTANT, description="Course of the KL weight.")
    free_bits: float = Field(
        0.0, ge=0, description="Nats of KL that cost nothing. Changes the objective: no longer Bayes."
    )
    likelihood_power: float | Literal["effective"] = Field(
        1.0, description="Power on the likelihood; 'effective' is N_eff / N for overlapping labels."
    )
    posterior_sigma: float = Field(
        0.05, gt=0, description="Posterior scale at the start, in units of 1/√fan_in."
    )
    sigma_rate: float = Field(
        10.0, gt=0, description="Step size of log sigmas, in learning rates: they have further to go."
    )
    estimator: Estimator = Field(Estimator.GROUPED, description="Draws in a training step.")
    groups: int = Field(8, ge=1, description="Draws of a training step, at most, when grouped.")
    draws: int = Field(16, ge=1, description="Posterior draws of a prediction.")
    members: int = Field(5, ge=1, description="Networks of a deep ensemble.")
    noise: NoiseKind = Field(NoiseKind.GAUSSIAN, description="Observation noise of a regression.")

    @model_validator(mode="before")
    @classmethod
    def _of_posterior(cls, values: Any) -> Any:
        """Fill in what the posterior sets otherwise; what is no posterior is told by its field."""
        kind = values.get("posterior") if isinstance(values, dict) else None
        if not isinstance(kind, str) or kind not in set(PosteriorKind):
            return values
        return {**POSTERIORS[PosteriorKind(kind)].defaults, **values}

    @field_validator("bayesian", mode="before")
    @classmethod
    def _ordered(cls, value: Any) -> Any:
        return tuple(sorted(set(value))) if isinstance(value, (list, tuple, set)) else value

    @model_validator(mode="after")
    def _possible(self) -> NetSettings:
        if self.width % self.heads or (self.width // self.heads) % 2:
            raise ValueError(
                f"width {self.width} must be a multiple of heads {self.heads} with an even quotient"
            )
        return self

    @property
    def stands_for(self) -> Posterior:
        """What the posterior asks of training and of prediction."""
        return POSTERIORS[self.posterior]

    @property
    def random(self) -> bool:
        """Whether training draws weights."""
        return self.stands_for.draws_weights

    @property
    def masks(self) -> bool:
        """Whether dropout draws weights, and is on."""
        return self.stands_for.masks and self.dropout > 0

    @property
    def networks(self) -> int:
        """Networks of a trial."""
        return self.members if self.stands_for.several else 1


SMALL: dict[str, dict[str, Any]] = {
    "tiny_transformer": {
        "width": 16,
        "layers": 1,
        "heads": 2,
        "look_back": 32,
        "mlp_ratio": 2,
        "epochs": 30,
        "patience": 5,
        "batch_labels": 512,
        "learning_rate": 1e-2,
        "weight_decay": 1e-2,
        "trace_rows": 6000,
    }
}
"""The deterministic Transformer in sizes that cost seconds: reference learners, by their names."""

TRACE_DRAWS = 2
"""Posterior draws of the per-epoch measures; the final predictions use `draws`."""

SHAPE_FIELDS = (
    "width",
    "layers",
    "heads",
    "look_back",
    "mlp_ratio",
    "positions",
    "activation",
    "batch_labels",
    "estimator",
    "groups",
    "draws",
    "noise",
    "trace_rows",
)
"""Settings that trials of one cohort share."""
