"""Work split over threads, each with one thread of BLAS.

The matrix products of one session are too small for BLAS to split: on two busy cores its own threads
took 1.7 times the processor time of one, waiting for each other (measured, association on 262,108
bars). Parts are fixed by the caller, so that sums don't depend on the number of processors.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def in_threads(work: Callable[[T], R], items: Iterable[T]) -> list[R]:
    """Return `work` of each item, in order; `work` should spend its time outside of Python."""
    from threadpoolctl import threadpool_limits

    with (
        threadpool_limits(1, user_api="blas"),
        ThreadPoolExecutor(processors(), thread_name_prefix="fireassay") as pool,
    ):
        return list(pool.map(work, items))


def processors() -> int:
    """Return how many processors may be used: those of the process, OMP_NUM_THREADS at most."""
    here = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    asked = os.environ.get("OMP_NUM_THREADS", "")
    return max(min(here, int(asked)), 1) if asked.isdecimal() else here
