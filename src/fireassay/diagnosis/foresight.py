"""What can be said of a training before it begins: labels, weights, and what the prior implies."""

from __future__ import annotations

from fireassay.diagnosis.case import Case
from fireassay.trained import Before
from fireassay.training.outlook import outlook, prior_range
from fireassay.training.settings import NetSettings

CERTAIN = 0.99
"""A prior that expects probabilities beyond this is called certain."""

NARROW = 0.05
"""A prior that expects probabilities within so much of ½ is called narrow."""


def foreseen(case: Case) -> Before:
    """Return the figures known before a case's model is trained."""
    task, trial = case.task, case.trial
    parts = ("train", "validation", "test")
    before = Before(
        labels=task.labels,
        effective=task.effective_labels,
        sessions={part: len(getattr(task.split, part)) for part in parts},
        features=len(task.panel.features),
    )
    if not isinstance(trial.settings, NetSettings):
        return before
    ahead = outlook(trial, task)
    known = {
        "posterior": trial.settings.posterior.value,
        "parameters": ahead.parameters,
        "random": ahead.random,
        "logit_sd": ahead.logit_sd,
        "kl_start": ahead.kl_start if trial.settings.random else None,
    }
    return before.model_copy(update=known)


def told_before(case: Case, before: Before) -> list[str]:
    """Say the figures in words, a sentence or two each."""
    task = case.task
    overlap = ""
    if task.label.horizon > 1:
        overlap = f", worth about {before.effective:,.0f} independent ones"
    sizes = before.sessions
    learned = f"{before.labels:,} labels{overlap} in {sizes['train']} sessions to learn from"
    later = f"{sizes['validation']} sessions for validation, the {sizes['test']} last ones held out"
    said = [f"{learned}; {later}; {before.features} features."]
    if before.parameters and not before.random:
        said.append(_points(case, before.parameters))
    elif before.random and before.kl_start is not None:
        said.append(
            f"{before.random:,} of {before.parameters:,} weights are random; at the start they are "
            f"{before.kl_start:,.0f} nats from the prior, {before.kl_start / before.labels:.2g} per "
            "label."
        )
    if before.logit_sd is not None:
        said.append(_prior(task.label.kind, before.logit_sd))
    return said


def _points(case: Case, parameters: int) -> str:
    """Say how many weights there are, and where what isn't sure of them comes from."""
    settings = case.trial.settings
    assert isinstance(settings, NetSettings)
    told = f"{parameters:,} weights"
    if settings.networks > 1:
        return f"{told} in each of {settings.networks} networks, which predict together."
    if settings.masks:
        return f"{told}; dropout of {settings.dropout:g} stays on in {settings.draws} draws."
    if settings.stands_for.head:
        return f"{told}; the head's get a Laplace posterior when training has ended."
    return f"{told}."


def _prior(kind: str, logit_sd: float) -> str:
    """Say what the prior of the head implies."""
    if kind == "real":
        return (
            f"Prior: predictions vary with SD {logit_sd:.2g}, in SDs of the label, before any label "
            "is seen."
        )
    told = f"Prior: logits vary with SD {logit_sd:.2g} before any label is seen"
    if kind == "multiclass":
        return f"{told}."
    low, high = prior_range(logit_sd)
    told += f", probabilities between {low:.2g} and {high:.2g} in 95 % of draws"
    if high > CERTAIN:
        return f"{told}: it is certain, and as often wrong as right, at many bars."
    if high < 0.5 + NARROW:
        return f"{told}: it hardly lets the model leave one half."
    return f"{told}."
