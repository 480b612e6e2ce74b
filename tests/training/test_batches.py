"""Packing: every session once, whole, in groups of equal rows, without padding waste."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import pytest
import torch

from fireassay.training.batches import (
    PADDING,
    Step,
    block_size,
    evaluation_steps,
    pack,
    training_steps,
    window_steps,
)
from fireassay.training.cohort import Cohort
from tests.training.tasks import SMALL, make_task, trial_of

SHAPES: dict[str, Callable[[np.random.Generator], np.ndarray]] = {
    "equal": lambda _: np.full(150, 78),
    "minutes": lambda _: np.full(40, 390),
    "half days": lambda rng: np.where(rng.random(150) < 0.1, 42, 78),
    "ragged": lambda rng: rng.integers(30, 91, 150),
    "very ragged": lambda rng: rng.integers(1, 401, 150),
    "short": lambda rng: rng.integers(1, 12, 200),
    "one": lambda _: np.array([50]),
}


def offsets_of(lengths: np.ndarray) -> np.ndarray:
    return np.r_[0, np.cumsum(lengths)]


def epoch_of(
    lengths: np.ndarray, labels: int, groups: int, window: int, epoch: int = 0
) -> list[Step]:
    sessions = np.arange(len(lengths))
    return training_steps(
        offsets_of(lengths),
        sessions,
        labels=labels,
        groups=groups,
        window=window,
        path=("epoch", epoch),
    )


def sessions_of(step: Step, lengths: np.ndarray) -> list[list[int]]:
    """The sessions of each group, in order, read off the rows."""
    starts = {int(at): s for s, at in enumerate(offsets_of(lengths)[:-1])}
    return [[starts[r] for r in rows.tolist() if r in starts] for rows in step.rows]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("labels", "groups"), list(itertools.product((64, 1024, 4096), (1, 4, 8))))
def test_an_epoch_sees_every_row_once_and_wastes_a_tenth_at_most(
    shape: str, labels: int, groups: int
) -> None:
    lengths = SHAPES[shape](np.random.default_rng(0))
    for window in (1, 4, 33):
        steps = epoch_of(lengths, labels, groups, window)
        rows = np.concatenate([step.rows.ravel() for step in steps])
        assert sorted(rows[rows >= 0].tolist()) == list(range(lengths.sum()))
        assert max(len(step.rows) for step in steps) <= groups
        if labels >= 32 * window:
            assert (rows < 0).mean() <= PADDING


def test_steps_hold_about_the_labels_that_were_asked_for() -> None:
    lengths = SHAPES["ragged"](np.random.default_rng(0))
    for labels in (256, 1024):
        sizes = [(step.rows >= 0).sum() for step in epoch_of(lengths, labels, 8, 33)]
        assert np.mean(sizes) == pytest.approx(labels, rel=0.15)


def test_as_many_draws_as_were_asked_for_where_sessions_divide() -> None:
    steps = epoch_of(np.full(128, 64), 1024, 8, 33)
    assert [len(step.rows) for step in steps] == [8] * 8


def test_the_order_is_another_in_every_epoch_and_the_same_again() -> None:
    lengths = SHAPES["ragged"](np.random.default_rng(0))
    first, again, second = (
        [sessions_of(step, lengths) for step in epoch_of(lengths, 512, 4, 9, epoch)]
        for epoch in (0, 0, 1)
    )
    assert first == again
    assert first != second
    mates = {frozenset(itertools.chain(*step)) for step in first}
    assert not mates & {frozenset(itertools.chain(*step)) for step in second}


def test_packed_sessions_lie_whole_with_their_own_positions() -> None:
    lengths = np.array([5, 3, 7, 4])
    step = pack(offsets_of(lengths), [[2, 1], [0, 3]], window=4)
    assert step.sequences == 4
    assert step.rows.shape[1] % step.block == 0
    assert step.rows[0, :10].tolist() == [8, 9, 10, 11, 12, 13, 14, 5, 6, 7]
    assert step.position[0, :10].tolist() == [0, 1, 2, 3, 4, 5, 6, 0, 1, 2]
    assert step.rows[1, :9].tolist() == [0, 1, 2, 3, 4, 15, 16, 17, 18]
    assert step.sequence[0, :10].tolist() == [0] * 7 + [1] * 3
    assert step.sequence[1, :9].tolist() == [2] * 5 + [3] * 4
    for rows, reach in zip(step.rows, step.reach, strict=True):
        assert (reach[rows < 0] == 0).all()  # padding sees itself alone


@pytest.mark.parametrize("window", [1, 2, 3, 8, 33, 512])
@pytest.mark.parametrize("rows", [1, 2, 7, 64, 390, 1013])
def test_a_block_reaches_as_far_as_the_window(rows: int, window: int) -> None:
    """Each block sees itself and the one before it."""
    block = block_size(rows, window)
    assert block >= min(window - 1, rows)
    assert block <= rows
    assert -(-rows // block) * block - rows < block


def test_evaluation_reads_every_session_once_in_order() -> None:
    lengths = np.array([5, 3, 7, 4, 2])
    sessions = np.array([0, 2, 3, 4])
    for rows in (1, 6, 12, 100):
        steps = evaluation_steps(offsets_of(lengths), sessions, rows=rows, window=3)
        read = np.concatenate([step.rows[0][step.rows[0] >= 0] for step in steps])
        expected = [r for r in range(21) if r not in (5, 6, 7)]
        assert read.tolist() == expected
        if rows == 1:
            assert len(steps) == 4


def test_windows_end_at_their_label_and_hold_no_later_row() -> None:
    lengths = np.array([5, 3, 7])
    labelled = np.array([0, 2, 4, 5, 14])
    steps = window_steps(offsets_of(lengths), labelled, window=4, labels=2)
    windows = [
        rows[rows >= 0].tolist() for step in steps for rows in step.rows.reshape(step.sequences, 4)
    ]
    assert windows == [[0], [0, 1, 2], [1, 2, 3, 4], [5], [11, 12, 13, 14]]


def test_a_step_of_windows_scores_every_label_once() -> None:
    """Training on one window per label has the loss and the gradient of the dense pass."""
    task = make_task("real", sessions=6, bars=(5, 9), validation=0)
    trial = trial_of(task, SMALL, batch_labels=10**6, groups=1, look_back=4)
    cohort = Cohort([(trial, task)])
    (dense,) = cohort._steps()
    (windows,) = window_steps(task.panel.offsets, task.train_rows, window=4, labels=10**6)
    assert windows.rows.size == 4 * len(task.train_rows)
    lanes = cohort._lanes(1)
    parts, gradient = cohort._gradient(lanes, dense, 0)
    by_window, its_gradient = cohort._gradient(lanes, windows, 0)
    assert torch.allclose(by_window, parts, rtol=1e-5)
    assert torch.allclose(its_gradient, gradient, rtol=1e-3, atol=1e-6)
    assert gradient.abs().max() > 0.01
