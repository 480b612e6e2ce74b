"""The label holds nothing, too little, or nothing that can be traded."""

from __future__ import annotations

from fireassay.clinic.patient import Draw, Presented, patient, simulated

EITHER = ("no_signal", "underpowered")
"""What nothing found means depends on what could have been found: that is the diagnosis' to say."""


@patient("random-labels", "no_signal", debatable=("metric_artefact",), learnable=False)
def random_labels(draw: Draw) -> Presented:
    """Labels by chance, 60 to 40."""
    share = draw.between("prevalence", 0.55, 0.65)
    return simulated("random-labels", draw, {"prevalence": share, "sessions": 240}, effect=0.05)


@patient("overlapping-labels", "no_signal", first=EITHER, debatable=EITHER, learnable=False)
def overlapping(draw: Draw) -> Presented:
    """Persistent features and overlapping labels by chance: skill to those who permute rows."""
    parameters = {"overlap": draw.among("overlap", 6, 8, 12, 15), "sessions": 240}
    return simulated("overlapping-labels", draw, parameters, effect=0.05)


@patient(
    "overlap-leak",
    "underpowered",
    first=EITHER,
    debatable=(*EITHER, "contaminated_split"),
    learnable=False,
)
def overlap_leak(draw: Draw) -> Presented:
    """Labels span sessions and features tell neighbours: skill to those who don't purge the split."""
    return simulated("spanning-labels", draw, {"span": draw.among("span", 3, 4, 5, 6)})


@patient("random-walks", "no_signal", first=EITHER, debatable=EITHER, learnable=False)
def random_walks(draw: Draw) -> Presented:
    """Features that wander and have nothing to do with the label."""
    return simulated("random-walks", draw, {"sessions": 240}, effect=0.05)


@patient(
    "prevalence-shift",
    "no_signal",
    first=EITHER,
    debatable=(*EITHER, "metric_artefact", "drift"),
    learnable=False,
)
def prevalence_shift(draw: Draw) -> Presented:
    """The class prior drifts and nothing tells: a constant predictor's accuracy moves."""
    late = draw.between("late", 0.6, 0.7)
    return simulated(
        "prevalence-shift",
        draw,
        {"prevalence": 1 - late, "late": late, "sessions": 240},
        effect=0.05,
    )


@patient("underpowered", "underpowered")
def underpowered(draw: Draw) -> Presented:
    """A signal too weak for so few sessions."""
    return simulated("underpowered", draw, {"sessions": draw.among("sessions", 12, 14, 18, 20)})


@patient("bounce", "bid_ask_bounce", debatable=("wrong_model_class",))
def bounce(draw: Draw) -> Presented:
    """The next traded move looks predictable because prices alternate between bid and ask."""
    return simulated("bounce", draw, {"sessions": 80})


@patient("misaligned", "label_misaligned", debatable=EITHER, learnable=False)
def misaligned(draw: Draw) -> Presented:
    """Every row carries the label of a later row."""
    parameters = {"bars": draw.among("bars", 1, 2, 3, 7), "auc": draw.effect(0.85, 0.65)}
    return simulated("misaligned", draw, parameters)


@patient("degenerate-target", "degenerate_target", debatable=EITHER, learnable=False)
def degenerate_target(draw: Draw) -> Presented:
    """A label that is almost always the same."""
    return simulated("degenerate-target", draw)
