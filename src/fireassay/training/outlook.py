"""What a network's objective and prior say before the first step.

How many labels there are to pay for weights, what the posterior costs where it starts, and what the
prior of the head implies for the logits.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from fireassay.choices import Part, PriorKind
from fireassay.data.task import Task
from fireassay.training.settings import NetSettings
from fireassay.training.trial import Trial


@dataclass(frozen=True)
class Outlook:
    """Figures known before training.

    Attributes
    ----------
    parameters, random
        Scalars of the network, and how many of them are random variables.
    logit_sd
        SD of a logit (of a location, in training SDs) that the prior of the head implies for
        activations of unit variance; None where the head isn't random or its prior follows the
        posterior.
    kl_start
        KL in nats at the start.
    """

    parameters: int
    random: int
    logit_sd: float | None
    kl_start: float


def outlook(trial: Trial, task: Task) -> Outlook:
    """Return what is known of a network's trial before it is trained."""
    from fireassay.models.transformer import Transformer
    from fireassay.training.cohort import architecture
    from fireassay.training.start import logit_scale, start

    settings = trial.settings
    assert isinstance(settings, NetSettings)
    layout = Transformer(architecture(task, settings)).layout
    posterior = start(layout, [settings], [trial.seed], "cpu")
    fixed = settings.random and settings.prior is not PriorKind.EMPIRICAL
    fixed = fixed and Part.HEAD in settings.bayesian
    return Outlook(
        parameters=layout.size,
        random=int(posterior.scale.sum()),
        logit_sd=logit_scale(layout, settings, settings.width) if fixed else None,
        kl_start=float(posterior.kl().detach()) if settings.random else 0.0,
    )


def prior_range(logit_sd: float) -> tuple[float, float]:
    """Return the probabilities between which a logit of that SD holds 95 % of its draws."""
    high = 1 / (1 + math.exp(-min(1.96 * logit_sd, 700.0)))
    return 1 - high, high


def predictable_share(kind: str, effect: float) -> float:
    """Return R² of a signal whose score lies `effect` above chance.

    For classes, AUC ½ + π/2 is what a signal gives that decides a share π of the labels and leaves
    the others to chance: its correlation with the label is π (`interventions.plant_signal`). For a
    real label the effect is the correlation.
    """
    correlation = effect if kind == "real" else 2 * effect
    return float(min(correlation, 0.999) ** 2)
