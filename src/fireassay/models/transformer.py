"""A causal Transformer over sessions that predicts at every bar in one pass.

Sessions lie packed one after the other along a row axis; a bar attends to at most its own session
and to a bounded number of bars back, so nothing is padded but the end of the last block. All weights
come from a `Weights` of N draws (trials times draws of each), so the same code is a point estimate,
a Bayesian network, and many trials at once.

Pre-norm blocks (Xiong et al. 2020, arXiv:2002.04745), scaled dot-product attention (Vaswani et al.
2017, arXiv:1706.03762) with rotary positions (Su et al. 2021, arXiv:2104.09864) inside a band.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum

import torch
import torch.nn.functional as F
from torch import Tensor

from fireassay.choices import Activation, Part, Positions
from fireassay.models.variational import Layout, Parameter, Weights

CLOCK = 3
"""Inputs that tell the time of the session, appended to the features."""


@dataclass(frozen=True)
class Architecture:
    """What fixes the shape of a Transformer; trials of one cohort share it.

    Attributes
    ----------
    inputs, outputs
        F features in, C outputs a bar.
    width, layers, heads
        Size. `width` is a multiple of `heads`, and the head width is even.
    look_back
        The prediction at a bar depends on this many bars at most, itself included, exactly: the
        layers share it, each seeing 1 + (look_back − 1) / layers bars.
    mlp_ratio
        Width of the hidden layer of the MLP, in widths.
    positions, activation
        See the enums.
    max_position
        Size of the table of learned positions; later bars share the last one.
    noise
        Whether there is a learned observation noise (regression).
    """

    inputs: int
    outputs: int
    width: int = 64
    layers: int = 2
    heads: int = 4
    look_back: int = 64
    mlp_ratio: int = 4
    positions: Positions = Positions.ROTARY
    activation: Activation = Activation.GELU
    max_position: int = 1024
    noise: bool = False

    @property
    def windows(self) -> tuple[int, ...]:
        """Bars that each layer attends to; their reaches add up to look_back − 1."""
        reach = self.look_back - 1
        return tuple(1 + reach // self.layers + (i < reach % self.layers) for i in range(self.layers))


class Band:
    """Which bars may attend to which, in blocks: each block sees itself and the one before it.

    Parameters
    ----------
    reach
        `[A, n]` rows of its own sequence that stand before each row; n is a multiple of `block`.
    block
        Rows of a block, at least window − 1.
    windows
        Bars that each layer attends to.
    """

    def __init__(self, reach: Tensor, block: int, windows: tuple[int, ...]) -> None:
        self.block = block
        groups, rows = reach.shape
        self.blocks = rows // block
        reach = reach.reshape(groups * self.blocks, block, 1)
        query = torch.arange(block, device=reach.device)
        # Where no sequence crosses a block's start, a block needs no other block's keys.
        self.alone = bool((reach[..., 0] <= query).all())
        width = block if self.alone else 2 * block
        lag = query[:, None] - torch.arange(width, device=reach.device) + (width - block)
        self.causal = self.alone and min(windows) >= block and bool((reach[..., 0] == query).all())
        self._bias: dict[int, Tensor] = {}
        if not self.causal:
            for window in set(windows):
                allowed = (lag >= 0) & (lag < window) & (lag <= reach)
                bias = torch.zeros(allowed.shape, device=reach.device)
                self._bias[window] = bias.masked_fill_(~allowed, -math.inf).unsqueeze(1)

    def attend(self, q: Tensor, k: Tensor, v: Tensor, window: int) -> Tensor:
        """`[A · blocks, M, block, d]` queries, keys and values to values attended."""
        if not self.alone:
            k, v = self._with_previous(k), self._with_previous(v)
        if self.causal:
            return F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return F.scaled_dot_product_attention(q, k, v, attn_mask=self._bias[window])

    def _with_previous(self, x: Tensor) -> Tensor:
        folded = x.unflatten(0, (-1, self.blocks))
        before = F.pad(folded[:, :-1], (0, 0, 0, 0, 0, 0, 1, 0))
        return torch.cat([before, folded], dim=-2).flatten(0, 1)


@dataclass(frozen=True)
class Batch:
    """Packed sessions as the Transformer takes them.

    Attributes
    ----------
    x
        `[A, n, F]` scaled features; A is the number of draws G whose sessions differ, or 1 when
        all draws see the same rows.
    position
        `[A, n]` bar index inside its session.
    clock
        `[A, n, CLOCK]` time of the session.
    sequence
        `[A, n]` which sequence of the batch a row belongs to.
    band
        Who attends to whom.
    """

    x: Tensor
    position: Tensor
    clock: Tensor
    sequence: Tensor
    band: Band


def clock(position: Tensor, typical_length: float) -> Tensor:
    """`[...] -> [..., 3]` time of session from the bar index, causal: it knows no session's end."""
    share = position / typical_length
    return torch.stack(
        [share - 0.5, torch.cos(2 * math.pi * share), torch.exp(-position / 5.0)], dim=-1
    )


class Span(Enum):
    """What a mask of dropout is drawn for."""

    BAR = "bar"
    """Each bar by itself: the regularizer of Srivastava et al. (2014), no draw of weights."""
    SESSION = "session"
    """One mask of channels for all bars of a session. The mask stands on the columns of the weights
    before it, so the session sees one draw of weights throughout, as the variational reading of
    dropout wants it of a sequence (Gal and Ghahramani 2016, arXiv:1512.05287, section 4)."""
    DRAW = "draw"
    """One mask for all bars of all sessions: a draw of weights, to predict with."""


class Dropout:
    """Inverted dropout with a rate, a random stream and a span for each trial.

    Parameters
    ----------
    rates
        `[K]` probabilities.
    generators
        One per trial.
    spans
        What a mask of each trial is drawn for; none: every bar.
    """

    def __init__(
        self,
        rates: list[float],
        generators: list[torch.Generator],
        spans: list[Span] | None = None,
    ) -> None:
        self.rates = rates
        self.generators = generators
        self.spans = spans or [Span.BAR] * len(rates)
        self.active = any(rate > 0 for rate in rates)

    def __call__(self, x: Tensor, sequence: Tensor) -> Tensor:
        """Drop elements of `[N, n, d]`, N = K · G with the draws of a trial together.

        `sequence [A, n]` tells which session a row is of; A is G, or 1 when all draws see the same.
        """
        if not self.active:
            return x
        trials = len(self.rates)
        mask = torch.ones(
            (trials, x.shape[0] // trials, *x.shape[1:]), device=x.device, dtype=x.dtype
        )
        each = zip(mask, self.rates, self.generators, self.spans, strict=True)
        for part, rate, generator, span in each:
            if rate > 0:
                draws, _, width = part.shape
                shape: tuple[int, ...] = tuple(part.shape)
                if span is Span.SESSION:
                    shape = (int(sequence.max()) + 1, width)
                elif span is Span.DRAW:
                    shape = (draws, 1, width)
                keep = torch.rand(shape, generator=generator, device=x.device) >= rate
                part.copy_(keep[sequence] if span is Span.SESSION else keep)
                part.div_(max(1 - rate, 1e-12))
        return x * mask.flatten(0, 1)


NO_DROPOUT = Dropout([], [])


class Linear:
    """An affine map with its two parameters."""

    def __init__(
        self, layout: Layout, name: str, d_in: int, d_out: int, part: Part, spread: float = 1.0
    ) -> None:
        self.weight = layout.declare(
            Parameter(f"{name}.weight", (d_in, d_out), d_in, part, spread=spread)
        )
        self.bias = layout.declare(
            Parameter(f"{name}.bias", (d_out,), d_in, part, spread=0.0, decays=False)
        )

    @property
    def parameters(self) -> tuple[int, int]:
        """Places of weight and bias in the layout."""
        return self.weight, self.bias

    def __call__(self, weights: Weights, x: Tensor) -> Tensor:
        """`[N, n, in] -> [N, n, out]`."""
        return weights.linear(x, self.weight, self.bias)


class Norm:
    """Layer normalisation with gain and bias (Ba et al. 2016, arXiv:1607.06450)."""

    def __init__(self, layout: Layout, name: str, width: int) -> None:
        self.gain = layout.declare(
            Parameter(f"{name}.gain", (width,), 1, Part.NORM, centre=1.0, spread=0.0, decays=False)
        )
        self.bias = layout.declare(
            Parameter(f"{name}.bias", (width,), 1, Part.NORM, spread=0.0, decays=False)
        )

    def __call__(self, weights: Weights, x: Tensor) -> Tensor:
        """`[N, n, width] -> [N, n, width]`."""
        normed = F.layer_norm(x, x.shape[-1:])
        return torch.addcmul(weights[self.bias].unsqueeze(1), normed, weights[self.gain].unsqueeze(1))


class Block:
    """One pre-norm layer: banded attention, then an MLP, each added to the stream."""

    def __init__(self, layout: Layout, name: str, arch: Architecture, window: int) -> None:
        width, hidden = arch.width, arch.mlp_ratio * arch.width
        # Branches that start small keep the stream's variance independent of depth.
        branch = 1 / math.sqrt(2 * arch.layers)
        self.arch = arch
        self.window = window
        self.norm1 = Norm(layout, f"{name}.attention.norm", width)
        self.qkv = Linear(layout, f"{name}.attention.qkv", width, 3 * width, Part.ATTENTION)
        self.out = Linear(layout, f"{name}.attention.out", width, width, Part.ATTENTION, branch)
        self.norm2 = Norm(layout, f"{name}.mlp.norm", width)
        self.up = Linear(layout, f"{name}.mlp.up", width, hidden, Part.MLP)
        self.down = Linear(layout, f"{name}.mlp.down", hidden, width, Part.MLP, branch)

    def __call__(
        self, weights: Weights, h: Tensor, batch: Batch, rotation: Rotation | None, dropout: Dropout
    ) -> Tensor:
        """`[N, n, width] -> [N, n, width]`."""
        attended = self._attention(weights, self.norm1(weights, h), batch, rotation)
        h = h + dropout(attended, batch.sequence)
        hidden = self.up(weights, self.norm2(weights, h))
        hidden = F.relu(hidden) if self.arch.activation is Activation.RELU else F.gelu(hidden)
        return h + dropout(self.down(weights, hidden), batch.sequence)

    def _attention(
        self, weights: Weights, h: Tensor, batch: Batch, rotation: Rotation | None
    ) -> Tensor:
        count, rows, width = h.shape
        groups, band, heads = batch.x.shape[0], batch.band, self.arch.heads
        multiple, head = count // groups, width // heads
        # [N, n, 3·d] with N = (M, A) to three tensors [A · blocks, M · heads, block, d / heads].
        folded = self.qkv(weights, h).view(multiple, groups, band.blocks, band.block, 3, heads, head)
        q, k, v = folded.permute(4, 1, 2, 0, 5, 3, 6).unbind(0)
        shape = (groups * band.blocks, multiple * heads, band.block, head)
        if rotation is not None:
            q, k = rotation(q), rotation(k)
        out = band.attend(q.reshape(shape), k.reshape(shape), v.reshape(shape), self.window)
        out = out.view(groups, band.blocks, multiple, heads, band.block, head)
        return self.out(weights, out.permute(2, 0, 1, 4, 3, 5).reshape(count, rows, width))


class Rotation:
    """Rotary position: turns pairs of channels by an angle proportional to the bar index."""

    def __init__(self, position: Tensor, head: int, blocks: int, block: int) -> None:
        half = head // 2
        frequency = 10000.0 ** (-torch.arange(half, device=position.device) / half)
        angle = position.unsqueeze(-1) * frequency
        shape = (position.shape[0], blocks, 1, 1, block, half)
        self.cos, self.sin = torch.cos(angle).view(shape), torch.sin(angle).view(shape)

    def __call__(self, x: Tensor) -> Tensor:
        """Turn `[A, blocks, M, heads, block, d]`."""
        a, b = x.chunk(2, dim=-1)
        return torch.cat([a * self.cos - b * self.sin, a * self.sin + b * self.cos], dim=-1)


class Transformer:
    """The network as a pure function of weights and batch.

    Parameters
    ----------
    arch
        Its shape.

    Attributes
    ----------
    layout
        Its parameters.
    """

    def __init__(self, arch: Architecture) -> None:
        if arch.width % arch.heads or (arch.width // arch.heads) % 2:
            raise ValueError(
                f"width {arch.width} must be a multiple of heads {arch.heads}, with an even quotient"
            )
        self.arch = arch
        self.layout = layout = Layout()
        self.embed = Linear(layout, "embed", arch.inputs + CLOCK, arch.width, Part.EMBEDDING)
        self.table: int | None = None
        if arch.positions is Positions.LEARNED:
            self.table = layout.declare(
                Parameter(
                    "positions",
                    (arch.max_position, arch.width),
                    arch.width,
                    Part.EMBEDDING,
                    spread=0.1,
                )
            )
        self.blocks = [
            Block(layout, f"layers.{i}", arch, window) for i, window in enumerate(arch.windows)
        ]
        self.norm = Norm(layout, "norm", arch.width)
        self.head = Linear(layout, "head", arch.width, arch.outputs, Part.HEAD, spread=0.1)
        self.log_noise: int | None = None
        if arch.noise:
            self.log_noise = layout.declare(
                Parameter("log_noise", (1,), 1, Part.NOISE, spread=0.0, decays=False)
            )

    def hidden(self, weights: Weights, batch: Batch, dropout: Dropout = NO_DROPOUT) -> Tensor:
        """Return `[N, n, width]` the last layer's activations, before the head."""
        inputs = torch.cat([batch.x, batch.clock], dim=-1)
        h = weights.linear_shared(inputs, self.embed.weight, self.embed.bias)
        rotation = None
        if self.table is not None:
            index = batch.position.clamp(max=self.arch.max_position - 1)
            h = h + weights.lookup(index, self.table)
        else:
            head = self.arch.width // self.arch.heads
            rotation = Rotation(batch.position, head, batch.band.blocks, batch.band.block)
        for block in self.blocks:
            h = block(weights, h, batch, rotation, dropout)
        return self.norm(weights, h)

    def __call__(self, weights: Weights, batch: Batch, dropout: Dropout = NO_DROPOUT) -> Tensor:
        """Return `[N, n, C]` outputs: logits, or locations of a regression."""
        return self.head(weights, self.hidden(weights, batch, dropout))
