"""How long it takes from a file of bars to what a learner reads, and how much memory that takes.

    python benchmarks/data.py [--data FILE] [--rows 10000000] [--repeat 3]

Two Markdown tables. The first: bars read and audited, the whole catalogue of features, every target
of the catalogue at horizons 1, 5 and 10, and the panel, on one-minute bars of 502 sessions
(262,108 rows; without a file, simulated ones of that size). The second: a long file of the user's
own columns, from Parquet to the panel, with the calls of Python functions that this took for two
lengths: a loop over bars would show there. Wall-clock time is the best of the repeats; processor
time is that of the same repeat, over all threads.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, TypeVar

import numpy as np
import polars as pl

from fireassay.data.assemble import build_panel
from fireassay.data.bars import INDEX_COLUMNS, Bars
from fireassay.data.columns import select_features
from fireassay.data.load import load, read
from fireassay.data.panel import SessionPanel
from fireassay.data.settings import DataSettings
from fireassay.data.targets import TARGETS, labels

T = TypeVar("T")

HORIZONS = (1, 5, 10)
LIMIT_S = 10.0
"""Features, all targets and the panel of the minute bars take less, on two cores."""

MOST_MEMORY = 1.2
"""The panel's memory is at most so many times that of its float32 features."""

SESSIONS = 672
"""Simulated sessions of 390 bars: as many bars as the file of 502 sessions."""
OWN, SESSION_BARS = 8, 500


@dataclass(frozen=True)
class Timed:
    """Best wall-clock time of some repeats, and the processor time of that one."""

    wall_s: float
    cpu_s: float


def timed(work: Callable[[], T], repeat: int) -> tuple[T, Timed]:
    """Return what the last call gave, and the time of the fastest."""
    times = []
    for _ in range(repeat):
        wall, cpu = time.perf_counter(), time.process_time()
        given = work()
        times.append(Timed(time.perf_counter() - wall, time.process_time() - cpu))
    return given, min(times, key=lambda t: t.wall_s)


def calls(work: Callable[[], object]) -> int:
    """Return how many Python functions a piece of work calls."""
    count = 0

    def seen(_frame: FrameType, event: str, _argument: Any) -> None:
        nonlocal count
        count += event == "call"

    sys.setprofile(seen)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


def memory(panel: SessionPanel) -> float:
    """Return the panel's arrays relative to its float32 features."""
    arrays = (panel.buffer, panel.offsets, panel.stale)
    return sum(a.nbytes for a in arrays) / (4 * panel.rows * len(panel.features))


def machine() -> str:
    """Name the processor, its cores, and how busy the machine was."""
    info = Path("/proc/cpuinfo")
    names = (
        [line.partition(":")[2].strip() for line in info.read_text().splitlines() if "name" in line]
        if info.exists()
        else []
    )
    busy = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return (
        f"{names[0] if names else platform.processor()}, {os.cpu_count()} cores{busy}; "
        f"Python {platform.python_version()}, Polars {pl.__version__}, NumPy {np.__version__}"
    )


def minute_bars(data: str, repeat: int) -> list[tuple[str, str, Timed]]:
    """Time every step on minute bars."""
    bars, reading = timed(lambda: read(data), repeat)
    frame = bars.frame
    features, computing = timed(lambda: select_features(frame, ["catalogue"]), repeat)
    specs = [f"{name}:{horizon}" for name in TARGETS for horizon in HORIZONS]
    targets, labelling = timed(lambda: labels(frame, [], specs), repeat)
    index = frame.select(INDEX_COLUMNS)
    panel, gathering = timed(lambda: SessionPanel.from_frame(index, features), repeat)
    steps = (computing, labelling, gathering)
    total = Timed(sum(t.wall_s for t in steps), sum(t.cpu_s for t in steps))
    return [
        ("read and audit", f"{frame.height:,} bars, {bars.sessions} sessions", reading),
        ("features", f"{features.width} of the catalogue", computing),
        ("targets", f"{len(targets)}: every one at horizons {HORIZONS}", labelling),
        ("panel", f"{memory(panel):.4f} × raw float32 (limit {MOST_MEMORY})", gathering),
        ("**features, targets, panel**", f"limit {LIMIT_S:g} s", total),
    ]


def long_file(folder: Path, rows: int) -> str:
    """Write a Parquet file of sessions with columns of the user's own; return its path."""
    path = folder / f"{rows}.parquet"
    number = np.arange(rows)
    columns = {"session": (number // SESSION_BARS).astype(np.int32)}
    rng = np.random.default_rng(0)
    columns |= {f"f_{j}": rng.standard_normal(rows, dtype=np.float32) for j in range(OWN)}
    pl.DataFrame(columns).write_parquet(path, compression="uncompressed")
    return str(path)


def long_bars(rows: int) -> list[tuple[str, str, Timed]]:
    """Time a long file of own columns, and count the calls that two lengths take."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)

        def loaded(path: str) -> Bars:
            return load(DataSettings(location=path, sessions="column:session"), need_prices=False)

        def whole(path: str) -> SessionPanel:
            return build_panel(loaded(path), ["columns:f_*"])

        path, short = long_file(folder, rows), long_file(folder, rows // 10)
        whole(short)  # imports and caches aren't counted
        counted = [calls(lambda at=at: whole(at)) for at in (short, path)]
        bars, reading = timed(lambda: loaded(path), 1)
        panel, gathering = timed(lambda: build_panel(bars, ["columns:f_*"]), 1)
        return [
            ("read and audit", f"{rows:,} bars, {bars.sessions:,} sessions, {OWN} columns", reading),
            ("panel", f"{memory(panel):.4f} × raw float32 (limit {MOST_MEMORY})", gathering),
            (
                "calls of Python functions",
                f"{counted[0]:,} for {rows // 10:,} bars, {counted[1]:,} for {rows:,}",
                Timed(np.nan, np.nan),
            ),
        ]


def show(title: str, rows: list[tuple[str, str, Timed]]) -> None:
    """Print a Markdown table."""
    print(f"\n| {title} | | wall s | CPU s |\n| --- | --- | --- | --- |")
    for what, size, took in rows:
        times = ["" if np.isnan(t) else f"{t:.2f}" for t in (took.wall_s, took.cpu_s)]
        print(f"| {what} | {size} | {times[0]} | {times[1]} |")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default=f"sim:vwap-noise?sessions={SESSIONS}")
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--repeat", type=int, default=3)
    chosen = parser.parse_args()
    print(machine())
    show("minute bars", minute_bars(chosen.data, chosen.repeat))
    if chosen.rows:
        show("own columns", long_bars(chosen.rows))


if __name__ == "__main__":
    main()
