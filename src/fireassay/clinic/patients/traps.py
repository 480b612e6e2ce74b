"""Healthy patients whom a rule of thumb in common use calls ill."""

from __future__ import annotations

from fireassay.clinic.patient import Draw, Presented, patient, simulated


@patient("trap-entropy")
def exclusive_or(draw: Draw) -> Presented:
    """Exclusive or of two features: entropy of one bit and no correlation, and easily learned."""
    return simulated("interaction", draw, {"auc": draw.effect(0.85, 0.75)}, model="transformer")


@patient("trap-correlation")
def even_function(draw: Draw) -> Presented:
    """The absolute value of one feature: every correlation is about 0, and it is easily learned."""
    return simulated("even", draw, {"auc": draw.effect(0.85, 0.65)})


@patient("trap-weak-features")
def many_weak(draw: Draw) -> Presented:
    """Seventy features with correlations below .1 that tell much together."""
    return simulated(
        "many-weak", draw, {"auc": draw.effect(0.85, 0.75)}, weight_decay=0.1, patience=4
    )


@patient("trap-kl-ratio")
def kl_above_nll(draw: Draw) -> Presented:
    """A Bayesian network with a wide prior: the KL dwarfs the NLL and the AUC is unharmed."""
    return simulated(
        "healthy-strong",
        draw,
        {"auc": 0.85},
        model="bayesian",
        prior="fixed",
        prior_sigma=draw.between("prior_sigma", 1.0, 3.0),
        kl_weight=1e-3,
    )


@patient("trap-weight-decay")
def heavy_decay(draw: Draw) -> Presented:
    """A weight decay of tens: the loss suffers, the ranking doesn't, and ranking is what counts."""
    return simulated(
        "healthy-strong", draw, {"auc": 0.85}, weight_decay=draw.between("weight_decay", 10.0, 60.0)
    )


@patient("trap-kl-per-batch")
def kl_per_batch(draw: Draw) -> Presented:
    """The KL divided by a batch's labels and not by all of them: heavy, and the AUC is unharmed."""
    return simulated(
        "healthy-strong",
        draw,
        {"auc": 0.85},
        model="bayesian",
        kl_weight=draw.between("kl_weight", 8.0, 30.0),
    )


@patient("trap-scaled-on-all")
def scaled_on_all(draw: Draw) -> Presented:
    """Features that were scaled over all sessions, the test's included: it looks like a leak."""
    return simulated("scaled-on-all", draw, {"auc": draw.effect(0.85, 0.65)})
