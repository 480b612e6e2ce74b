"""Faults of gradients that a run's traces show, with the parameter, layer or loss where they are.

A fault alone is a symptom: frozen layers may be meant, and a deep network has small gradients at
first. It says where to look once a model was seen not to memorise a few labels.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fireassay.training.module_settings import ModuleSettings
from fireassay.training.trial import Run

MOSTLY = 0.9
"""Share of a layer's units from which the layer is called dead."""

VANISHED = 1e-4
"""Gradient of a parameter against the largest one of its network, RMS, below which it has vanished.
Sound networks of ten layers start at .01 and more."""

EXPLODED = 1e3
"""RMS gradient of a parameter from which it has exploded: labels and features are of unit scale."""

REVERSED = 0.1
"""Score of labels that were learned, below which they were learned the wrong way round."""

WORSE, NO_SCORE = 2.0, 0.55
"""Factor by which the NLL of learned labels grows, and score that they have at most, where the loss
points the wrong way: a loss without bound drives outputs apart, in no order."""

SHOWN = 3
"""Names that a sentence lists."""


@dataclass(frozen=True)
class Fault:
    """One fault.

    Attributes
    ----------
    name
        In one word or two, for a table.
    where
        The parameters, the layer or the loss.
    text
        A sentence that says what was seen.
    """

    name: str
    where: str
    text: str


def faults(run: Run, score: float = math.nan) -> list[Fault]:
    """Return the faults that a run's traces show, the most decisive first.

    Parameters
    ----------
    run
        Of somebody's own module, with its gradient flow; of a network the gradients at the end.
    score
        AUC (or correlation + 1, halved) of the labels that it learned from.
    """
    flow: Mapping[str, Any] = run.details.get("flow", {})
    start, end = flow.get("start", {}), flow.get("end", {})
    return [
        *_loss(run, start, end, score),
        *_frozen(run),
        *_dead(start, end),
        *_exploded(start),
        *_cut_off(run, start),
        *_ignored(start, end),
        *_vanished(start),
        *_unmoved(run, start),
    ]


def _loss(run: Run, start: Mapping[str, Any], end: Mapping[str, Any], score: float) -> list[Fault]:
    """Find a loss that points the wrong way, or is given what it would make itself."""
    settings, found = run.trial.settings, []
    nll = [row.get("train_nll", math.nan) for row in run.history]
    falls = bool(start) and end.get("loss", math.inf) < start["loss"]
    worse = len(nll) > 1 and nll[-1] > WORSE * nll[0]
    if falls and (score <= REVERSED or (score <= NO_SCORE and worse)):
        text = (
            f"While the loss falls from {start['loss']:.3g} to {end['loss']:.3g}, what it says of "
            f"the same labels gets worse (AUC {score:.2f}, NLL {nll[0]:.2f} to {nll[-1]:.2f}): the "
            "loss has the wrong sign, or the classes are swapped in it."
        )
        found.append(Fault("loss reversed", "the loss", text))
    squeezed = (
        isinstance(settings, ModuleSettings)
        and settings.outputs == "logits"
        and end
        and 0 <= end["output_low"] < end["output_high"] <= 1
        and score > 1 - REVERSED
    )
    if squeezed:
        text = (
            f"All outputs lie between {end['output_low']:.2f} and {end['output_high']:.2f}: they are "
            "probabilities already, and the loss takes a sigmoid or softmax of them again, so that "
            "it can't fall below a bound. Drop the module's last one, or set outputs = probabilities."
        )
        found.append(Fault("double sigmoid", "the last layer and the loss", text))
    return found


def _frozen(run: Run) -> list[Fault]:
    trainable: Mapping[str, bool] = run.details.get("trainable", {})
    names = [name for name, free in trainable.items() if not free]
    if not names:
        return []
    text = (
        f"{len(names)} of {len(trainable)} parameters are frozen (requires_grad = False): "
        f"{_listed(names)}."
    )
    return [Fault("frozen", _listed(names), text)]


def _cut(run: Run, start: Mapping[str, Any]) -> list[str]:
    """Return parameters that may be trained, and that no gradient reaches."""
    trainable: Mapping[str, bool] = run.details.get("trainable", {})
    gradient: Mapping[str, float | None] = start.get("gradient", {})
    return [name for name, g in gradient.items() if g is None and trainable.get(name, True)]


def _cut_off(run: Run, start: Mapping[str, Any]) -> list[Fault]:
    cut = _cut(run, start)
    if not cut:
        return []
    text = (
        f"No gradient reaches {_listed(cut)}: between there and the loss something isn't "
        "differentiable (no_grad, detach, item, argmax), or the output doesn't use it."
    )
    return [Fault("cut off", _listed(cut), text)]


def _unmoved(run: Run, start: Mapping[str, Any]) -> list[Fault]:
    """Find parameters that gradients reach, and that never change."""
    trainable: Mapping[str, bool] = run.details.get("trainable", {})
    changed: Mapping[str, float] = run.details.get("changed", {})
    cut = _cut(run, start)
    still = [
        name
        for name, by in changed.items()
        if by == 0 and trainable.get(name, True) and name not in cut
    ]
    if not still:
        return []
    text = f"{len(still)} of {len(changed)} parameters never changed: {_listed(still)}."
    return [Fault("never changed", _listed(still), text)]


def _dead(start: Mapping[str, Any], end: Mapping[str, Any]) -> list[Fault]:
    """Find layers most of whose units say the same at every bar."""
    found: list[Fault] = []
    for when, flow in (("from the start", start), ("in the end", end)):
        for layer, share in flow.get("constant", {}).items():
            if share >= MOSTLY and not any(f.where == layer for f in found):
                text = (
                    f"{share:.0%} of the units of {layer} give the same at every bar {when}: they "
                    "are dead or saturated, and no gradient passes. Look at the weights and biases "
                    "before it, and at their scale at the start."
                )
                found.append(Fault("dead units", layer, text))
    return found[:1]  # what comes after a dead layer is dead with it


def _vanished(start: Mapping[str, Any]) -> list[Fault]:
    gradient = {n: g for n, g in start.get("gradient", {}).items() if g is not None}
    largest = max(gradient.values(), default=0.0)
    if not largest or not math.isfinite(largest):
        return []
    names = list(gradient)
    top = names.index(max(gradient, key=lambda n: gradient[n]))
    gone = [n for n in names[:top] if gradient[n] < VANISHED * largest]
    later = [n for n in names[top:] if gradient[n] < VANISHED * largest]
    if not gone and later:
        least = min(gradient[n] for n in later)
        text = (
            f"Gradients explode on their way back: {names[top]} gets "
            f"{largest / max(least, 1e-30):.0e} times that of {_listed(later)}. Start from smaller "
            "weights, or add normalisation or skip connections."
        )
        return [Fault("exploding", names[top], text)]
    if not gone:
        return []
    least = min(gradient[n] for n in gone)
    text = (
        f"Gradients vanish on their way back: {_listed(gone)} "
        f"{'gets' if len(gone) == 1 else 'get'} {least / largest:.0e} of the largest one. Add "
        "normalisation or skip connections, or choose another non-linearity or start."
    )
    return [Fault("vanishing", _listed(gone), text)]


def _exploded(start: Mapping[str, Any]) -> list[Fault]:
    gradient = {n: g for n, g in start.get("gradient", {}).items() if g is not None}
    large = [n for n, g in gradient.items() if not g <= EXPLODED]
    if not large:
        return []
    most = max((gradient[n] for n in large), key=lambda g: g if math.isfinite(g) else math.inf)
    text = (
        f"Gradients explode: {most:.0e} RMS in {_listed(large)}, before any step. Start from smaller "
        "weights, or add normalisation."
    )
    return [Fault("exploding", _listed(large), text)]


def _ignored(start: Mapping[str, Any], end: Mapping[str, Any]) -> list[Fault]:
    """Find a module whose outputs are the same at every bar though its layers aren't dead."""
    if not start or max(_spread(start), _spread(end)) > 1e-5:
        return []
    text = (
        "The outputs are the same at every bar, at the start and in the end: what comes in doesn't "
        "reach the output."
    )
    return [Fault("input ignored", "the way from input to output", text)]


def _spread(flow: Mapping[str, Any]) -> float:
    """Return the SD of the outputs over bars, in units of their size."""
    sd, size = flow["output_sd"], max(abs(flow["output_low"]), abs(flow["output_high"]), 1e-6)
    return float(sd / size) if math.isfinite(sd) else math.inf


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
