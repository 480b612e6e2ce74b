"""Where gradients reach in a module: per parameter, per layer, and from the input to the output."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn

SAME = 1e-6
"""Relative spread over bars below which a unit, or an output, is the same at every bar."""


@dataclass(frozen=True)
class Flow:
    """What one backward pass over some labels shows.

    Attributes
    ----------
    gradient
        RMS gradient of every parameter by name; None where autograd reaches it not at all.
    constant
        Share of units that give the same at every bar, by activation layer (name and type).
    output_sd
        SD of the outputs over bars.
    output_low, output_high
        Least and greatest output.
    loss
        The loss that is minimised.
    """

    gradient: dict[str, float | None]
    constant: dict[str, float]
    output_sd: float
    output_low: float
    output_high: float
    loss: float

    def plain(self) -> dict[str, Any]:
        """Return it as plain data, for a run's details."""
        return asdict(self)


def gradient_flow(
    net: nn.Module, forward: Callable[[], Tensor], loss: Callable[[Tensor], Tensor]
) -> Flow:
    """Run one forward and backward pass, change nothing, and tell where gradients are.

    Parameters
    ----------
    net
        The module; its mode (training or not) is left as it is.
    forward, loss
        Give the outputs `[n, C]`, and the scalar that is minimised.
    """
    constant: dict[str, float] = {}
    hooks = [
        layer.register_forward_hook(_noting(f"{name} ({type(layer).__name__})", constant))
        for name, layer in net.named_modules()
        if not any(True for _ in layer.parameters())
        and not any(True for _ in layer.children())
        and not isinstance(layer, (nn.Dropout, nn.Identity, nn.Flatten))
    ]
    try:
        outputs = forward()
    finally:
        for hook in hooks:
            hook.remove()
    value = loss(outputs)
    wanted = {name: p for name, p in net.named_parameters() if p.requires_grad}
    found: tuple[Tensor | None, ...] = (None,) * len(wanted)
    if wanted and value.requires_grad:
        found = torch.autograd.grad(value, list(wanted.values()), allow_unused=True)
    reached = dict(zip(wanted, found, strict=True))
    gradient = {
        name: None if (g := reached.get(name)) is None else float(g.square().mean().sqrt())
        for name, _ in net.named_parameters()
    }
    said = outputs.detach()
    return Flow(
        gradient=gradient,
        constant=constant,
        output_sd=float(said.std(0, correction=0).max()),
        output_low=float(said.min()),
        output_high=float(said.max()),
        loss=float(value.detach()),
    )


def _noting(name: str, into: dict[str, float]) -> Callable[[nn.Module, Any, Any], None]:
    """Return a hook that notes the share of a layer's units that are the same at every bar."""

    def note(_layer: nn.Module, _inputs: Any, output: Any) -> None:
        if not isinstance(output, Tensor) or output.dim() < 2 or not output.is_floating_point():
            return
        units = output.detach().flatten(0, -2)
        scale = units.abs().amax(0).clamp(min=1e-30)
        into[name] = float((units.std(0, correction=0) <= SAME * scale).float().mean())

    return note
