"""A signal is there and the network could hold it: prior or training are in the way."""

from __future__ import annotations

from typing import Any

from fireassay.clinic.patient import Draw, Presented, patient, simulated

EFFECTS = (0.85, 0.65)


def _with_signal(draw: Draw, **settings: Any) -> Presented:
    return simulated("healthy-strong", draw, {"auc": draw.effect(*EFFECTS)}, **settings)


def _curved(draw: Draw, **settings: Any) -> Presented:
    return simulated("even", draw, {"auc": draw.effect(*EFFECTS)}, **settings)


@patient("kl-unscaled", "kl_dominates", curable=True)
def kl_unscaled(draw: Draw) -> Presented:
    """The KL term is added whole to a label's mean loss: not divided by the labels."""
    return _with_signal(draw, model="bayesian", kl_weight=draw.between("kl_weight", 3000.0, 12000.0))


@patient("prior-narrow", "kl_dominates", curable=True)
def prior_narrow(draw: Draw) -> Presented:
    """A prior so narrow that no weight can leave zero."""
    return _with_signal(
        draw,
        model="bayesian",
        prior="fixed",
        prior_sigma=draw.between("prior_sigma", 3e-4, 3e-3),
        kl_weight=1.0,
    )


@patient("weight-decay", "over_regularized", debatable=("undertrained",), curable=True)
def weight_decay(draw: Draw) -> Presented:
    """A weight decay that takes most of every weight away at each step, and a curved signal."""
    return _curved(draw, weight_decay=draw.between("weight_decay", 280.0, 330.0))


@patient("dropout", "over_regularized", debatable=("undertrained",), curable=True)
def dropout(draw: Draw) -> Presented:
    """Nineteen activations in twenty are dropped, and the signal can't pass beside them."""
    return _curved(draw, dropout=draw.between("dropout", 0.95, 0.98))


@patient("rate-tiny", "learning_rate_too_low", debatable=("undertrained",), curable=True)
def rate_tiny(draw: Draw) -> Presented:
    """A learning rate at which nothing moves."""
    return _with_signal(draw, learning_rate=draw.between("learning_rate", 1e-7, 1e-6))


@patient("rate-huge", "learning_rate_too_high", curable=True)
def rate_huge(draw: Draw) -> Presented:
    """A learning rate at which weights are thrown about."""
    return _with_signal(draw, learning_rate=draw.between("learning_rate", 3.0, 30.0))


@patient(
    "too-few-epochs",
    "undertrained",
    first=("undertrained", "learning_rate_too_low"),
    curable=True,
)
def too_few_epochs(draw: Draw) -> Presented:
    """Training ends after an epoch or two of a slow rate that would get there."""
    return _with_signal(
        draw,
        epochs=draw.among("epochs", 1, 2),
        learning_rate=draw.between("learning_rate", 1e-4, 2e-4),
        batch_labels=2048,
        patience=0,
    )
