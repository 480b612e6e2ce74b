"""Faults of features and of the split into sessions."""

from __future__ import annotations

from fireassay.clinic.patient import Draw, Presented, patient, simulated


@patient("future-leak", "leakage", learnable=False)
def future_leak(draw: Draw) -> Presented:
    """A feature holds the bar that decides the label, with noise."""
    return simulated("future-leak", draw, {"noise": draw.between("noise", 0.2, 0.7)})


@patient("label-copy", "leakage", learnable=False)
def label_copy(draw: Draw) -> Presented:
    """A feature is the label in another unit."""
    return simulated("label-copy", draw)


@patient(
    "repeated-sessions",
    "contaminated_split",
    debatable=("no_signal", "underpowered", "overfitting"),
    learnable=False,
)
def repeated_sessions(draw: Draw) -> Presented:
    """Late sessions are early ones under new dates."""
    return simulated("repeated-sessions", draw, {"share": draw.between("share", 0.2, 0.35)})


@patient(
    "relation-flips", "drift", debatable=("overfitting", "no_signal", "underpowered"), learnable=False
)
def relation_flips(draw: Draw) -> Presented:
    """The relation between features and label changes its sign half-way."""
    return simulated("relation-flips", draw, {"auc": draw.effect(0.85, 0.65)})


@patient(
    "relation-fades", "drift", debatable=("overfitting", "no_signal", "underpowered"), learnable=False
)
def relation_fades(draw: Draw) -> Presented:
    """The relation fades and turns into its reverse."""
    return simulated("relation-fades", draw, {"auc": draw.effect(0.85, 0.65)})


@patient(
    "shuffled-test-labels",
    "drift",
    debatable=("contaminated_split", "overfitting", "no_signal", "underpowered"),
    learnable=False,
)
def shuffled_late(draw: Draw) -> Presented:
    """Labels of the last sessions were shuffled."""
    parameters = {"after": draw.between("after", 0.6, 0.72), "auc": draw.effect(0.85, 0.65)}
    return simulated("shuffled-late", draw, parameters)


@patient("one-feature-huge", "features_unscaled", curable=True)
def unscaled(draw: Draw) -> Presented:
    """One feature that tells nothing is a million times larger, and features aren't scaled."""
    return simulated("unscaled", draw, {"auc": draw.effect(0.85, 0.65)}, scaling="none")


@patient(
    "degenerate-features",
    "degenerate_features",
    debatable=("no_signal", "underpowered"),
    learnable=False,
)
def degenerate_features(draw: Draw) -> Presented:
    """All features but one are constant, null, or copies of that one."""
    return simulated("degenerate-features", draw)
