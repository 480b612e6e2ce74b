"""Batches of packed sessions: which rows a step sees, in which group, without padding waste.

Every trial of a cohort sees the same sessions in the same order: the order depends on the data and
the epoch, never on who shares the cohort.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from fireassay.arrays import AnyArray, Int
from fireassay.data.task import Task
from fireassay.models.transformer import Band, Batch, clock
from fireassay.seeds import generator

POOL = 8
"""Batches among which sessions are sorted by length, so that groups of a batch are equally long."""

PADDING = 0.1
"""Share of a step's rows that may be padding: a step whose sessions don't divide evenly into as many
groups as wanted gets fewer. 13 sessions of 78 bars in 8 groups would waste 19 %, in 7 groups 7 %."""


@dataclass(frozen=True)
class Step:
    """Rows of one training step or evaluation pass.

    Attributes
    ----------
    rows
        `[A, n]` row of the panel, or −1 where padded.
    position
        `[A, n]` bar index inside the session.
    reach
        `[A, n]` rows of its own sequence that stand before it: what it may attend to. The bar index
        of a packed session; in a window, the place in the window.
    sequence
        `[A, n]` which sequence of this step.
    sequences
        Number of sequences.
    block
        Rows of an attention block; divides n.
    scored
        `[A, n]` bool: rows whose labels count, where not all do.
    """

    rows: Int
    position: Int
    reach: Int
    sequence: Int
    sequences: int
    block: int
    scored: AnyArray | None = None


def block_size(rows: int, window: int) -> int:
    """Return the block of the fewest padded rows: at least window − 1, near it."""
    blocks = max(1, rows // max(window - 1, 1))
    return -(-rows // blocks)


def pack(offsets: Int, groups: list[list[int]], window: int) -> Step:
    """Lay the sessions of each group one after the other; pad to the longest group's blocks.

    Parameters
    ----------
    offsets
        `[S + 1]`.
    groups
        A lists of session indices.
    window
        The widest attention window of a layer.
    """
    lengths = np.diff(offsets)
    block, width = _extent(lengths, groups, window)
    rows = np.full((len(groups), width), -1, dtype=np.int64)
    position = np.zeros((len(groups), width), dtype=np.int64)
    sequence = np.zeros((len(groups), width), dtype=np.int64)
    count = 0
    for a, group in enumerate(groups):
        at = 0
        for session in group:
            length = int(lengths[session])
            span = slice(at, at + length)
            rows[a, span] = np.arange(offsets[session], offsets[session + 1])
            position[a, span] = np.arange(length)
            sequence[a, span] = count
            at += length
            count += 1
        # Padding goes on as its own sequence at position 0: it attends to itself alone.
        sequence[a, at:] = max(count - 1, 0)
    return Step(rows, position, position, sequence, count, block)


def training_steps(
    offsets: Int, sessions: Int, *, labels: int, groups: int, window: int, path: tuple[str | int, ...]
) -> list[Step]:
    """Return the steps of one epoch: all sessions once, shuffled, in groups of equal rows.

    Parameters
    ----------
    labels
        Bars wanted in a step.
    groups
        Draws of a step; fewer where its sessions would leave more than PADDING of it empty.
    path
        Seed path of the epoch's order.
    """
    rng = generator(*path, "order")
    lengths = np.diff(offsets)
    mean = float(lengths[sessions].mean())
    per_step = min(len(sessions), max(1, round(labels / mean)))
    steps = max(1, round(len(sessions) / per_step))
    order = rng.permutation(sessions)
    parts: list[Int] = []
    for pool in np.array_split(order, max(1, round(steps / POOL))):
        by_length = pool[np.argsort(lengths[pool], kind="stable")]
        parts += np.array_split(by_length, max(1, round(len(pool) / per_step)))
    return [
        pack(offsets, _grouped(parts[i], lengths, groups, window), window)
        for i in rng.permutation(len(parts))
    ]


def evaluation_steps(offsets: Int, sessions: Int, *, rows: int, window: int) -> list[Step]:
    """Return passes over the sessions in order, each of about the given number of rows."""
    lengths = np.diff(offsets)[sessions]
    chunk = (np.cumsum(lengths) - 1) // max(rows, 1)
    return [pack(offsets, [sessions[chunk == c].tolist()], window) for c in np.unique(chunk)]


def window_steps(offsets: Int, rows: Int, *, window: int, labels: int) -> list[Step]:
    """Return passes with one window per label, the prediction at its last bar.

    For comparison with the dense pass: every labelled row costs a whole window of rows. Only the last
    bar of a window is scored, so that each label counts once, as in the dense pass.
    """
    starts = offsets[np.searchsorted(offsets, rows, side="right") - 1]
    steps = []
    for part in np.array_split(np.arange(len(rows)), max(1, -(-len(rows) // labels))):
        index = rows[part, None] - np.arange(window - 1, -1, -1)
        # A window that would begin before its session is left-aligned: its label stands earlier.
        index += np.maximum(starts[part, None] - index[:, :1], 0)
        own = index <= rows[part, None]
        step_rows = np.where(own, index, -1)
        position = np.where(own, index - starts[part, None], 0)
        reach = np.where(own, np.arange(window), 0)
        scored = index == rows[part, None]
        sequence = np.repeat(np.arange(len(part)), window)
        steps.append(
            Step(
                rows=step_rows.reshape(1, -1),
                position=position.reshape(1, -1),
                reach=reach.reshape(1, -1),
                sequence=sequence.reshape(1, -1),
                sequences=len(part),
                block=window,
                scored=scored.reshape(1, -1),
            )
        )
    return steps


def _extent(lengths: Int, groups: list[list[int]], window: int) -> tuple[int, int]:
    """Return the rows of an attention block, and of a group with its padding."""
    longest = max(int(lengths[group].sum()) for group in groups)
    block = block_size(longest, window)
    return block, -(-longest // block) * block


def _grouped(sessions: Int, lengths: Int, groups: int, window: int) -> list[list[int]]:
    """Deal sessions to as many groups as PADDING allows; if none does, to those that waste least."""
    rows, least, best = int(lengths[sessions].sum()), math.inf, [sessions.tolist()]
    for count in range(min(groups, len(sessions)), 0, -1):
        dealt = _balanced(sessions, lengths, count)
        padded = count * _extent(lengths, dealt, window)[1]
        if padded < least:
            least, best = padded, dealt
        if rows >= (1 - PADDING) * padded:
            break
    return best


def _balanced(sessions: Int, lengths: Int, groups: int) -> list[list[int]]:
    """Deal sessions to groups, longest first to the emptiest (Graham 1969)."""
    filled = np.zeros(groups, dtype=np.int64)
    dealt: list[list[int]] = [[] for _ in range(groups)]
    for session in sessions[np.argsort(-lengths[sessions], kind="stable")]:
        group = int(np.argmin(filled))
        dealt[group].append(int(session))
        filled[group] += lengths[session]
    return dealt


class Feeder:
    """Gathers scaled features for steps on the device.

    Parameters
    ----------
    task
        Panel and scaling; the labels of trials are gathered by the cohort.
    device
        Where the panel lies.
    windows
        Attention windows of the layers.
    """

    def __init__(self, task: Task, device: str, windows: tuple[int, ...]) -> None:
        self.panel = task.panel
        self.device = device
        self.windows = windows
        self.buffer = task.panel.tensor(device)
        scaler = task.scaler
        self.centre = torch.as_tensor(scaler.centre, device=device)
        self.inverse = 1.0 / torch.as_tensor(scaler.scale, device=device)
        self.clip = scaler.clip
        self.typical_length = task.typical_length

    def __call__(self, step: Step) -> Batch:
        """Return the step as the Transformer takes it."""
        rows = torch.as_tensor(step.rows, device=self.device)
        x = (self.buffer[rows.clamp(min=0) + self.panel.lead] - self.centre) * self.inverse
        x = torch.nan_to_num(x, nan=0.0, posinf=self.clip, neginf=-self.clip)
        if np.isfinite(self.clip):
            x = x.clamp_(-self.clip, self.clip)
        position = torch.as_tensor(step.position, device=self.device)
        return Batch(
            x=x,
            position=position,
            clock=clock(position.float(), self.typical_length),
            sequence=torch.as_tensor(step.sequence, device=self.device),
            band=Band(torch.as_tensor(step.reach, device=self.device), step.block, self.windows),
        )

    def gather(self, values: Tensor, step: Step) -> Tensor:
        """Return `[K, A, n]` of values `[K, R]`, NaN where padded or not scored."""
        rows = torch.as_tensor(step.rows, device=self.device)
        unknown = rows < 0
        if step.scored is not None:
            unknown |= ~torch.as_tensor(step.scored, device=self.device)
        return values[:, rows.clamp(min=0)].masked_fill(unknown, float("nan"))
