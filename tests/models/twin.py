"""The Transformer again, slow and obvious: one session, one set of weights, a full mask.

Written from the module's docstring and the papers it names, not from its code: no packing, no
blocks, no trial axis. Only the names of the parameters are shared.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from fireassay.choices import Activation, Positions
from fireassay.models.transformer import Transformer

Named = dict[str, Tensor]


def named(net: Transformer, flat: Tensor) -> Named:
    """Give `[P]` weights their names."""
    found, at = {}, 0
    for p in net.layout.parameters:
        found[p.name] = flat[at : at + p.size].reshape(p.shape)
        at += p.size
    assert at == len(flat)
    return found


def norm(w: Named, name: str, x: Tensor) -> Tensor:
    centred = x - x.mean(-1, keepdim=True)
    scaled = centred / torch.sqrt(centred.square().mean(-1, keepdim=True) + 1e-5)
    return scaled * w[f"{name}.gain"] + w[f"{name}.bias"]


def linear(w: Named, name: str, x: Tensor) -> Tensor:
    return x @ w[f"{name}.weight"] + w[f"{name}.bias"]


def clock(bars: int, typical_length: float) -> Tensor:
    share = torch.arange(bars) / typical_length
    decay = torch.exp(-torch.arange(bars) / 5.0)
    return torch.stack([share - 0.5, torch.cos(2 * math.pi * share), decay], 1)


def turned(x: Tensor) -> Tensor:
    """Turn channel pairs (c, c + half) of `[T, d]` by t · 10000^(−c / half), pair by pair."""
    half = x.shape[1] // 2
    out = torch.zeros_like(x)
    t = torch.arange(len(x))
    for c in range(half):
        angle = t * 10000.0 ** (-c / half)
        out[:, c] = x[:, c] * torch.cos(angle) - x[:, c + half] * torch.sin(angle)
        out[:, c + half] = x[:, c] * torch.sin(angle) + x[:, c + half] * torch.cos(angle)
    return out


def attention(q: Tensor, k: Tensor, v: Tensor, window: int) -> Tensor:
    """One head: bar i sees bars i − window + 1 … i."""
    bars = range(len(q))
    seen = torch.tensor([[0 <= i - j < window for j in bars] for i in bars])
    scores = (q @ k.T / math.sqrt(q.shape[1])).masked_fill(~seen, -math.inf)
    return torch.softmax(scores, 1) @ v


def forward(net: Transformer, flat: Tensor, x: Tensor, typical_length: float) -> Tensor:
    """`[T, F]` scaled features of one session and `[P]` weights to `[T, C]` outputs."""
    arch, w = net.arch, named(net, flat)
    h = linear(w, "embed", torch.cat([x, clock(len(x), typical_length)], 1))
    if arch.positions is Positions.LEARNED:
        h = h + w["positions"][torch.arange(len(x)).clamp(max=arch.max_position - 1)]
    reach, d = arch.look_back - 1, arch.width // arch.heads
    for i in range(arch.layers):
        window = 1 + reach // arch.layers + (1 if i < reach % arch.layers else 0)
        mixed = linear(w, f"layers.{i}.attention.qkv", norm(w, f"layers.{i}.attention.norm", h))
        q, k, v = mixed[:, : arch.width], mixed[:, arch.width : -arch.width], mixed[:, -arch.width :]
        heads = []
        for a in range(arch.heads):
            qa, ka, va = (m[:, a * d : (a + 1) * d] for m in (q, k, v))
            if arch.positions is Positions.ROTARY:
                qa, ka = turned(qa), turned(ka)
            heads.append(attention(qa, ka, va, window))
        h = h + linear(w, f"layers.{i}.attention.out", torch.cat(heads, 1))
        up = linear(w, f"layers.{i}.mlp.up", norm(w, f"layers.{i}.mlp.norm", h))
        if arch.activation is Activation.RELU:
            up = up.clamp(min=0)
        else:
            up = up * 0.5 * (1 + torch.erf(up / math.sqrt(2)))
        h = h + linear(w, f"layers.{i}.mlp.down", up)
    return linear(w, "head", norm(w, "norm", h))
