"""Trials shared out among threads: the same results, and what goes wrong in one is told."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
import torch

from fireassay.training.cohort import Cohort
from fireassay.training.lanes import shared_out, side_by_side
from tests.training.tasks import BAYESIAN, SMALL, make_task, trial_of


@pytest.fixture
def threads() -> Iterator[int]:
    """Two threads, whatever this process has."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield 2
    torch.set_num_threads(before)


@pytest.mark.parametrize("trials", [1, 2, 3, 8])
def test_every_trial_is_in_one_lane(threads: int, trials: int) -> None:
    parts = shared_out(trials, "cpu")
    assert len(parts) == min(trials, threads)
    assert [i for part in parts for i in range(trials)[part]] == list(range(trials))
    assert shared_out(trials, "cuda") == [slice(0, trials)]


def test_lanes_run_at_once_and_share_the_threads(threads: int) -> None:
    together = threading.Barrier(2, timeout=30)

    def piece() -> tuple[str, int]:
        together.wait()  # one after the other would never get here
        return threading.current_thread().name, torch.get_num_threads()

    found = side_by_side([piece, piece])
    assert len({name for name, _ in found}) == 2
    assert [count for _, count in found] == [1, 1]
    assert torch.get_num_threads() == threads


@pytest.mark.usefixtures("threads")
def test_an_error_in_a_lane_is_raised_when_all_have_ended() -> None:
    ended = []

    def breaks() -> None:
        raise torch.OutOfMemoryError("lane")

    with pytest.raises(torch.OutOfMemoryError, match="lane"):
        side_by_side([breaks, lambda: ended.append(1)])
    assert ended == [1]


@pytest.mark.usefixtures("threads")
def test_gradients_are_those_of_one_lane() -> None:
    """Step by step, over trials of every kind, the KL and its schedule included."""
    task = make_task("real")
    pairs = [
        (trial_of(task, SMALL, 1, dropout=0.2), task),
        (trial_of(task, BAYESIAN, 2, kl_schedule="warm_up"), task),
        (trial_of(task, BAYESIAN, 3, prior="empirical", free_bits=30.0), task),
    ]
    cohort = Cohort(pairs)
    steps = cohort._steps()
    many = cohort._lanes(len(steps))
    assert len(many) == 2
    torch.set_num_threads(1)
    one = cohort._lanes(len(steps))
    assert len(one) == 1
    for i, step in enumerate(steps):
        torch.set_num_threads(2)
        parts, gradient = cohort._gradient(many, step, i)
        torch.set_num_threads(1)
        expected_parts, expected = cohort._gradient(one, step, i)
        assert torch.allclose(parts, expected_parts, rtol=1e-5)
        assert torch.allclose(gradient, expected, rtol=1e-4, atol=1e-6)
        cohort.posterior.theta.detach().sub_(0.01 * expected)  # both see weights move
    assert parts[2, 1] > 0
