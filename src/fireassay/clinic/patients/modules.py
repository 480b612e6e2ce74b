"""Modules of people's own, sound and with faults of code."""

from __future__ import annotations

from typing import Any

from fireassay.clinic.patient import Draw, Presented, patient, simulated

HOME = "fireassay.clinic.modules"


def _module(name: str, draw: Draw, **settings: Any) -> Presented:
    return simulated(
        "healthy-strong",
        draw,
        {"auc": draw.effect(0.85, 0.65)},
        model=f"module:{HOME}:{name}",
        look_back=4,
        epochs=10,
        **settings,
    )


@patient("healthy-module")
def healthy_module(draw: Draw) -> Presented:
    """A recurrent network or a perceptron of somebody's own, and nothing wrong with it."""
    return _module(("Recurrent", "sound")[draw.number % 2], draw)


@patient("frozen-parameters", "gradient_broken")
def frozen_parameters(draw: Draw) -> Presented:
    """Parameters were frozen and never released."""
    return _module("frozen", draw)


@patient("dead-units", "gradient_broken")
def dead_units(draw: Draw) -> Presented:
    """Rectifiers that are off whatever comes in."""
    return _module("dead", draw)


@patient("saturated-stack", "gradient_broken")
def saturated_stack(draw: Draw) -> Presented:
    """Fifteen sigmoids on top of each other."""
    return _module("saturated", draw)


@patient("gradient-cut", "gradient_broken")
def gradient_cut(draw: Draw) -> Presented:
    """A `no_grad` between the features and the loss."""
    return _module("Detached", draw)


@patient("loss-sign", "gradient_broken")
def loss_sign(draw: Draw) -> Presented:
    """A loss with the wrong sign."""
    return _module("sound", draw, loss=f"{HOME}:wrong_sign")


@patient(
    "sigmoid-twice",
    "gradient_broken",
    first=("gradient_broken", "metric_artefact"),
    debatable=("metric_artefact",),
)
def sigmoid_twice(draw: Draw) -> Presented:
    """A sigmoid in front of a loss that takes another: it still ranks, and its threshold is off."""
    return _module("sigmoid_twice", draw)


@patient("module-rate-tiny", "learning_rate_too_low", debatable=("undertrained",), curable=True)
def module_rate_tiny(draw: Draw) -> Presented:
    """A module of somebody's own under a learning rate at which nothing moves."""
    return _module("sound", draw, learning_rate=draw.between("learning_rate", 1e-7, 1e-6))
