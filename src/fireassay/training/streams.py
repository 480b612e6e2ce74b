"""Random streams of trials: each purpose of each trial has its own, derived by name."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from fireassay.seeds import derive


def stream(device: str, *path: str | int) -> torch.Generator:
    """Return a generator on the device for the named purpose."""
    return torch.Generator(device=device).manual_seed(derive(*path))


def network_seed(seed: int, network: int) -> int:
    """Return the seed of one of a trial's networks; the first one's is the trial's own."""
    return derive("network", seed, network) if network else seed


def normal(streams: Sequence[torch.Generator], wanted: Tensor, *shape: int) -> Tensor:
    """Return `[K, *shape]` standard normal noise, each trial's from its own stream.

    Trials that aren't `wanted [K]` get zeros, and their streams aren't touched.
    """
    noise = torch.empty(len(streams), *shape, device=wanted.device)
    for part, generator, drawn in zip(noise, streams, wanted.tolist(), strict=True):
        if drawn:
            part.normal_(generator=generator)
        else:
            part.zero_()
    return noise
