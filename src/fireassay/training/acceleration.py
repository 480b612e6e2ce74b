"""Reduced precision and compilation: used where a measurement on this device says that they pay.

On a CPU neither is tried: compiling takes longer than a trial of the sizes that run there, and
bfloat16 products are emulated on most of them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from enum import StrEnum

import torch

log = logging.getLogger(__name__)

LEAST_GAIN = 0.1
"""Share of a step's time that a mode has to save: below it full precision is worth more."""

COMPILED_STEPS = 2000
"""Steps of a run that earn back what compiling takes, about a minute."""

TIMED = 5
"""Steps that a measurement takes, after two that it doesn't count."""


class Mode(StrEnum):
    """How a training step is executed."""

    PLAIN = "plain"
    BF16 = "bf16"
    """Matrix products and attention in bfloat16; weights, loss, KL and optimiser in float32."""
    COMPILED = "compiled"
    COMPILED_BF16 = "compiled bf16"

    @property
    def reduced(self) -> bool:
        """Whether products are in bfloat16."""
        return self in (Mode.BF16, Mode.COMPILED_BF16)

    @property
    def compiled(self) -> bool:
        """Whether the network is compiled."""
        return self in (Mode.COMPILED, Mode.COMPILED_BF16)


def modes(device: str, steps: int) -> list[Mode]:
    """Return the modes that are worth a measurement for a run of so many steps on the device."""
    if not device.startswith("cuda"):
        return [Mode.PLAIN]
    reduced, compiled = torch.cuda.is_bf16_supported(), steps >= COMPILED_STEPS
    return [
        mode for mode in Mode if (reduced or not mode.reduced) and (compiled or not mode.compiled)
    ]


def fastest(candidates: Iterable[Mode], seconds: Callable[[Mode], float]) -> Mode:
    """Return the mode of the shortest step; plain, unless another saves LEAST_GAIN of its time.

    Parameters
    ----------
    candidates
        Modes to measure; plain is always one.
    seconds
        Measures a mode's step. A mode other than plain that can't run here is left out.
    """
    plain = seconds(Mode.PLAIN)
    best, least = Mode.PLAIN, (1 - LEAST_GAIN) * plain
    for mode in candidates:
        if mode is Mode.PLAIN:
            continue
        try:
            took = seconds(mode)
        except RuntimeError as error:  # torch's own errors of compilation and memory are among them
            log.warning("a %s step doesn't run here and isn't used: %s", mode, error)
            continue
        if took < least:
            best, least = mode, took
    return best
