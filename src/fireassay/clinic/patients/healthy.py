"""Nothing is wrong with these: whatever is blamed is a false alarm."""

from __future__ import annotations

from fireassay.clinic.patient import Draw, Presented, patient, simulated


@patient("healthy-strong")
def healthy_strong(draw: Draw) -> Presented:
    """A signal that a small network learns."""
    return simulated("healthy-strong", draw, {"auc": draw.between("auc", 0.65, 0.85)})


@patient("healthy-weak")
def healthy_weak(draw: Draw) -> Presented:
    """A weak signal, and sessions enough to see it."""
    return simulated("healthy-weak", draw, {"auc": draw.between("auc", 0.56, 0.6), "sessions": 240})


@patient("healthy-bayesian")
def healthy_bayesian(draw: Draw) -> Presented:
    """A Bayesian network whose KL term is many times its NLL and harms nothing."""
    return simulated(
        "healthy-strong",
        draw,
        {"auc": draw.effect(0.85, 0.75, 0.65)},
        model="bayesian",
        kl_weight=draw.between("kl_weight", 0.01, 0.1),
    )


@patient("label-noise")
def label_noise(draw: Draw) -> Presented:
    """Many labels are wrong, and what remains is learned as well as it can be."""
    return simulated("label-noise", draw, {"share": draw.between("share", 0.2, 0.35)})
