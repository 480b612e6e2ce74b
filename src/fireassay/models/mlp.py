"""A multilayer perceptron of the variational primitive: rows in, one location each out."""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor

from fireassay.choices import Part
from fireassay.models.transformer import NO_DROPOUT, Dropout, Linear
from fireassay.models.variational import Layout, Parameter, Weights


class MLP:
    """Affine maps with ReLU between them, and one observation noise for all rows.

    Parameters
    ----------
    inputs
        F.
    hidden
        Widths of the hidden layers; none makes a linear regression.

    Attributes
    ----------
    layout
        Its parameters.
    log_noise
        Index of ln of the noise's standard deviation.
    """

    def __init__(self, inputs: int, hidden: tuple[int, ...]) -> None:
        self.layout = layout = Layout()
        widths = (inputs, *hidden)
        self.maps = [
            Linear(layout, f"layers.{i}", d_in, d_out, Part.MLP)
            for i, (d_in, d_out) in enumerate(pairwise(widths))
        ]
        self.head = Linear(layout, "head", widths[-1], 1, Part.HEAD)
        self.log_noise = layout.declare(
            Parameter("log_noise", (1,), 1, Part.NOISE, spread=0.0, decays=False)
        )

    def __call__(self, weights: Weights, x: Tensor, dropout: Dropout = NO_DROPOUT) -> Tensor:
        """`[N, n, F] -> [N, n, 1]`; dropout on the inputs and on every hidden layer."""
        single = torch.zeros(1, x.shape[1], dtype=torch.long, device=x.device)
        h = dropout(x, single)
        for affine in self.maps:
            h = dropout(F.relu(affine(weights, h)), single)
        return self.head(weights, h)
