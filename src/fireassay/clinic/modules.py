"""Modules as people write them, one sound and the others with a fault that is met in practice."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

HIDDEN = 32


def sound(inputs: int, outputs: int) -> nn.Sequential:
    """Make a perceptron of two hidden layers."""
    return nn.Sequential(
        nn.Linear(inputs, HIDDEN),
        nn.ReLU(),
        nn.Linear(HIDDEN, HIDDEN),
        nn.ReLU(),
        nn.Linear(HIDDEN, outputs),
    )


class Recurrent(nn.Module):
    """A sound recurrent network, as many have one."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.gru = nn.GRU(inputs, HIDDEN, batch_first=True)
        self.head = nn.Linear(HIDDEN, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Return `[n, look_back, outputs]` of windows `[n, look_back, inputs]`."""
        states, _ = self.gru(x)
        out: Tensor = self.head(states)
        return out


def frozen(inputs: int, outputs: int) -> nn.Sequential:
    """Make a perceptron whose parameters were frozen for a transfer and never released."""
    net = sound(inputs, outputs)
    for parameter in net.parameters():
        parameter.requires_grad = False
    return net


def dead(inputs: int, outputs: int) -> nn.Sequential:
    """Make a perceptron whose rectifiers are all off from the start."""
    net = sound(inputs, outputs)
    with torch.no_grad():
        for name, parameter in net.named_parameters():
            if name == "2.bias":
                parameter.fill_(-100.0)
    return net


def saturated(inputs: int, outputs: int) -> nn.Sequential:
    """Make a deep stack of sigmoids, through which no gradient comes back."""
    layers: list[nn.Module] = [nn.Linear(inputs, HIDDEN), nn.Sigmoid()]
    for _ in range(14):
        layers += [nn.Linear(HIDDEN, HIDDEN), nn.Sigmoid()]
    return nn.Sequential(*layers, nn.Linear(HIDDEN, outputs))


class Detached(nn.Module):
    """A network whose encoder is cut off from the loss by a `no_grad` that was left in."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.encoder = nn.Linear(inputs, 1)
        self.head = nn.Linear(1, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Return `[n, look_back, outputs]` of windows `[n, look_back, inputs]`."""
        with torch.no_grad():
            state = torch.relu(self.encoder(x) - 100.0)
        out: Tensor = self.head(state)
        return out


def sigmoid_twice(inputs: int, outputs: int) -> nn.Sequential:
    """Make a perceptron that ends in a sigmoid, given to a loss that takes one again."""
    return nn.Sequential(*sound(inputs, outputs), nn.Sigmoid())


def wrong_sign(outputs: Tensor, y: Tensor) -> Tensor:
    """Return the loss of labels `y [n]`, to be made large where it should be made small."""
    return -F.binary_cross_entropy_with_logits(outputs, y).clamp(max=10.0)
