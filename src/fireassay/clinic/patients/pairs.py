"""Two causes at once: each hides the other from experiments that remove one."""

from __future__ import annotations

from fireassay.clinic.patient import Draw, Presented, patient, simulated


@patient("kl-and-rate", "kl_dominates", "learning_rate_too_low", curable=True)
def kl_and_rate(draw: Draw) -> Presented:
    """A KL term thousands of times too heavy, and a learning rate at which nothing moves."""
    return simulated(
        "healthy-strong",
        draw,
        {"auc": draw.effect(0.85, 0.65)},
        model="bayesian",
        kl_weight=draw.between("kl_weight", 3000.0, 12000.0),
        learning_rate=draw.between("learning_rate", 3e-7, 1e-6),
    )


@patient("dropout-and-rate", "over_regularized", "learning_rate_too_high", curable=True)
def dropout_and_rate(draw: Draw) -> Presented:
    """Dropout at nineteen in twenty, and a learning rate that throws weights about."""
    return simulated(
        "even",
        draw,
        {"auc": draw.effect(0.85, 0.65)},
        dropout=draw.between("dropout", 0.95, 0.98),
        learning_rate=draw.between("learning_rate", 3.0, 30.0),
    )


@patient("noise-and-prior", "no_signal", "kl_dominates", first=("no_signal",), learnable=False)
def noise_and_prior(draw: Draw) -> Presented:
    """Labels by chance, given to a network whose prior lets it learn none."""
    return simulated(
        "random-labels",
        draw,
        {"sessions": 240},
        model="bayesian",
        prior="fixed",
        prior_sigma=draw.between("prior_sigma", 3e-4, 3e-3),
        effect=0.05,
    )


@patient(
    "misaligned-and-rate",
    "label_misaligned",
    "learning_rate_too_low",
    debatable=("no_signal", "underpowered", "undertrained"),
    learnable=False,
)
def misaligned_and_rate(draw: Draw) -> Presented:
    """Labels of later rows, and a learning rate at which nothing moves."""
    return simulated(
        "misaligned",
        draw,
        {"bars": draw.among("bars", 1, 3), "auc": 0.85},
        learning_rate=draw.between("learning_rate", 1e-7, 1e-6),
    )
