"""Modules as people write them, sound and faulty."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def sound(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(inputs, 32),
        nn.ReLU(),
        nn.Dropout(0.1),
        nn.Linear(32, 32),
        nn.ReLU(),
        nn.Dropout(0.2),
        nn.Linear(32, outputs),
    )


class Recurrent(nn.Module):
    """Says something of every bar of a window, and wants to know how many there are."""

    def __init__(self, inputs: int, outputs: int, width: int = 16) -> None:
        super().__init__()
        self.gru = nn.GRU(inputs, width, batch_first=True)
        self.head = nn.Linear(width, outputs)

    def forward(self, x: Tensor, seq_lengths: Tensor) -> Tensor:
        assert len(seq_lengths) == len(x)
        assert int(seq_lengths.max()) <= x.shape[1]
        return self.head(self.gru(x)[0])


class Last(nn.Module):
    """Says one number a window."""

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.head = nn.Linear(inputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(x[:, -1])[:, 0]


def two_logits(inputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inputs, 16), nn.ReLU(), nn.Linear(16, 2))


def frozen(inputs: int, outputs: int) -> nn.Module:
    return sound(inputs, outputs).requires_grad_(requires_grad=False)


def dead(inputs: int, outputs: int) -> nn.Module:
    net = sound(inputs, outputs)
    nn.init.constant_(net[3].bias, -100.0)
    return net


def saturated(inputs: int, outputs: int) -> nn.Module:
    stack = [layer for _ in range(14) for layer in (nn.Linear(32, 32), nn.Sigmoid())]
    return nn.Sequential(nn.Linear(inputs, 32), nn.Sigmoid(), *stack, nn.Linear(32, outputs))


def exploding(inputs: int, outputs: int) -> nn.Module:
    stack = [layer for _ in range(10) for layer in (nn.Linear(32, 32), nn.Tanh())]
    net = nn.Sequential(nn.Linear(inputs, 32), nn.Tanh(), *stack, nn.Linear(32, outputs))
    with torch.no_grad():
        for name, weight in net.named_parameters():
            if name.endswith("weight"):
                weight.mul_(30)
    return net


class CutOff(nn.Module):
    """An encoder whose every unit is off, and cut off from the loss."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.encoder = nn.Linear(inputs, 1)
        self.head = nn.Linear(1, outputs)

    def forward(self, x: Tensor) -> Tensor:
        with torch.no_grad():
            state = torch.relu(self.encoder(x) - 100)
        return self.head(state)


class Deaf(nn.Module):
    """Never looks at what comes in."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.encoder = nn.Linear(inputs, 16)
        self.head = nn.Linear(16, outputs)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(torch.relu(self.encoder(torch.zeros_like(x))))


def sigmoid_twice(inputs: int, outputs: int) -> nn.Module:
    return nn.Sequential(sound(inputs, outputs), nn.Sigmoid())


def softmax_twice(inputs: int) -> nn.Module:
    return nn.Sequential(two_logits(inputs), nn.Softmax(-1))


def wrong_sign(outputs: Tensor, y: Tensor) -> Tensor:
    return -F.binary_cross_entropy_with_logits(outputs, y)


def cross_entropy(outputs: Tensor, y: Tensor) -> Tensor:
    return F.binary_cross_entropy_with_logits(outputs, y)


def tiny(inputs: int, outputs: int) -> nn.Module:
    return nn.Linear(inputs, outputs)


def fails(inputs: int, outputs: int) -> nn.Module:
    raise RuntimeError(f"no checkpoint of {inputs} × {outputs}")


def three(inputs: int) -> nn.Module:
    return nn.Linear(inputs, 3)


def other_inputs() -> nn.Module:
    return nn.Linear(1234, 1)


def no_module(inputs: int) -> int:
    return inputs
