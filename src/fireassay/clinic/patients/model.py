"""A signal is there that this model can't hold."""

from __future__ import annotations

from fireassay.clinic.patient import Draw, Presented, patient, simulated


@patient(
    "two-units", "capacity_too_small", debatable=("wrong_model_class", "undertrained"), curable=True
)
def two_units(draw: Draw) -> Presented:
    """A sum of many absolute values, given to a network of two channels."""
    return simulated(
        "high-rank",
        draw,
        {"auc": draw.effect(0.85, 0.8), "bar_minutes": 2},
        width=2,
        layers=1,
        heads=1,
        mlp_ratio=1,
    )


@patient("linear-on-xor", "wrong_model_class")
def linear_on_xor(draw: Draw) -> Presented:
    """The exclusive or of two features, given to a linear model."""
    return simulated("interaction", draw, {"auc": draw.effect(0.85, 0.65)}, model="linear")


@patient("short-look-back", "context_too_short", debatable=("wrong_model_class",), curable=True)
def short_look_back(draw: Draw) -> Presented:
    """A feature tells the label of some bars later, and the model doesn't look back that far."""
    return simulated(
        "lagged",
        draw,
        {"auc": 0.85, "lag": draw.among("lag", 6, 8), "sessions": 60},
        look_back=2,
        width=32,
        layers=1,
    )


@patient("overfit", "overfitting", debatable=("wrong_model_class",), curable=True)
def overfit(draw: Draw) -> Presented:
    """A large network learns few sessions by heart: many features, many epochs, no stop."""
    return simulated(
        "many-weak",
        draw,
        {"auc": draw.effect(0.8, 0.7), "sessions": 90},
        width=64,
        epochs=draw.among("epochs", 30, 40),
        patience=0,
        weight_decay=0.0,
    )
