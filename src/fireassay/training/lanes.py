"""Lanes: the trials of a cohort, shared out among the processor's threads.

An operation of a tiny network is too small to be split over threads: on two of them a step of 32
trials took as long as on one. So each thread runs the whole step of its own trials instead.
"""

from __future__ import annotations

import itertools
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TypeVar

import torch

T = TypeVar("T")


def shared_out(trials: int, device: str) -> list[slice]:
    """Return the parts of the trial axis that run side by side: one where a device isn't a CPU."""
    if device != "cpu":
        return [slice(0, trials)]
    lanes = max(1, min(trials, torch.get_num_threads()))
    cuts = [trials * lane // lanes for lane in range(lanes + 1)]
    return [slice(low, high) for low, high in itertools.pairwise(cuts)]


def side_by_side(work: Sequence[Callable[[], T]]) -> list[T]:
    """Return what each piece of work gives, every piece in a thread of its own.

    The first error is raised when all have ended.
    """
    if len(work) == 1:
        return [work[0]()]
    threads = torch.get_num_threads()
    waiting = [_pool(len(work), threads, os.getpid()).submit(piece) for piece in work]
    errors = [error for error in [future.exception() for future in waiting] if error is not None]
    if errors:
        raise errors[0]
    return [future.result() for future in waiting]


@cache
def _pool(lanes: int, threads: int, _process: int) -> ThreadPoolExecutor:
    """Return so many threads, which share torch's own; a process that was forked makes its own."""
    pool = ThreadPoolExecutor(lanes, thread_name_prefix="lane")
    ready = threading.Barrier(lanes)

    def begin() -> None:
        torch.get_num_threads()  # a thread's first question resets it to the process's number
        torch.set_num_threads(max(1, threads // lanes))  # of the thread that calls it
        ready.wait()

    for begun in [pool.submit(begin) for _ in range(lanes)]:
        begun.result()
    torch.set_num_threads(threads)  # what threads that come later begin with
    return pool
