"""Choices that settings name; importing them costs nothing, so the command line can show them."""

from __future__ import annotations

from enum import StrEnum


class Part(StrEnum):
    """Parts of a model, by which the Bayesian ones are chosen."""

    EMBEDDING = "embedding"
    ATTENTION = "attention"
    MLP = "mlp"
    NORM = "norm"
    HEAD = "head"
    NOISE = "noise"
    """The observation noise of a regression: always a point estimate."""


class Positions(StrEnum):
    """How a bar knows where it stands."""

    ROTARY = "rotary"
    LEARNED = "learned"


class Activation(StrEnum):
    """Non-linearity of the MLP."""

    GELU = "gelu"
    RELU = "relu"


class PriorKind(StrEnum):
    """How the prior's scale is set."""

    FIXED = "fixed"
    """One standard deviation for every weight."""
    FAN_IN = "fan_in"
    """prior_sigma / √fan_in: unit-variance inputs give logits of the same scale at every width."""
    EMPIRICAL = "empirical"
    """Per tensor, the closed-form maximum given the posterior, with an inverse-gamma hyperprior."""
    CENTRED = "centred"
    """Around a trained deterministic net, sᵢ = prior_sigma · |mᵢ|. The data is used twice, so
    statements about evidence lapse."""
