"""How fast the engine trains, each figure beside its peer in one process.

    python benchmarks/engine.py [--device cpu] [--only NAME] [--repeat 15] [--clock wall]

- `step`: a step under the Bayesian posterior over the step of the same Transformer without one.
- `dense`: labels a second of a step whose pass predicts every bar, over one window per label.
- `lockstep`: K tiny trials in lockstep over K runs, one after the other.
- `batches`: batches gathered from the panel on the device, over a torch DataLoader of windows with
  two workers; each feeds training steps of the same network.

Every step is the product's own: forward, backward, KL, AdamW. The two sides of a ratio alternate, and
the table gives the median of the ratios of neighbours with their quartiles.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from fireassay.training.environment import share_processors

share_processors()

import numpy as np  # noqa: E402
import torch  # noqa: E402
from torch.utils.data import DataLoader, Dataset  # noqa: E402

from fireassay.data.panel import SessionPanel  # noqa: E402
from fireassay.data.splits import Split  # noqa: E402
from fireassay.data.task import Label, Task  # noqa: E402
from fireassay.models.transformer import Band, Batch, clock  # noqa: E402
from fireassay.training.batches import Step, window_steps  # noqa: E402
from fireassay.training.cohort import Cohort  # noqa: E402
from fireassay.training.settings import NetSettings, PosteriorKind  # noqa: E402
from fireassay.training.step import learning_rate  # noqa: E402
from fireassay.training.trial import Trial  # noqa: E402

FEATURES, LOOK_BACK = 16, 64
CLOCKS = {"wall": time.perf_counter, "cpu": time.process_time}
CLOCK = "wall"
BAYES = {"posterior": PosteriorKind.MEAN_FIELD}


@dataclass(frozen=True)
class Row:
    """One line of the table: the median ratio of alternating timings, and their quartiles."""

    what: str
    ratios: Sequence[float]
    ours_s: float
    peer_s: float
    wanted: str
    met: bool

    def __str__(self) -> str:
        low, mid, high = (float(np.quantile(self.ratios, q)) for q in (0.25, 0.5, 0.75))
        said = "yes" if self.met else "**no**"
        times = f"{1e3 * self.ours_s:.1f} | {1e3 * self.peer_s:.1f}"
        return (
            f"| {self.what} | {mid:.2f} ({low:.2f}–{high:.2f}) | {self.wanted} | {said} | {times} |"
        )


def made(sessions: int, bars: int, seed: int = 0) -> Task:
    """Return a binary Task of so many training sessions of equal length."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((sessions * bars, FEATURES), dtype=np.float32)
    y = (x[:, 0] + rng.standard_normal(len(x)) > 0).astype(np.float32)
    first = dt.date(2024, 1, 1)
    panel = SessionPanel(
        buffer=x,
        offsets=np.arange(0, len(x) + 1, bars),
        features=tuple(f"x{j}" for j in range(FEATURES)),
        symbols=("made",) * sessions,
        dates=tuple(first + dt.timedelta(days=s) for s in range(sessions)),
        stale=np.zeros(len(x), dtype=bool),
        lead=0,
    )
    order = np.arange(sessions)
    label = Label("made", "binary", y, np.arange(len(y)), classes=("down", "up"))
    return Task(panel, label, Split(order, order[:0], order[:0]))


class Runner:
    """Training steps of a cohort, one call a step: gradient, then AdamW."""

    def __init__(self, task: Task, trials: Sequence[tuple[NetSettings, int]], device: str) -> None:
        pairs = [(Trial("made", s, task.fingerprint, seed=seed), task) for s, seed in trials]
        self.cohort = Cohort(pairs, device)
        self.steps = self.cohort._steps()
        self.lanes = self.cohort._lanes(len(self.steps))
        self.sound = torch.ones(len(pairs), dtype=torch.bool, device=device)
        self.done = 0

    def __call__(self, step: Step | None = None, batch: Batch | None = None) -> None:
        """Run one step: the epoch's next, or the one given (with the batch that it is fed)."""
        cohort, i = self.cohort, self.done % len(self.steps)
        self.done += 1
        _, gradient = cohort._gradient(self.lanes, step or self.steps[i], i, batch)
        rates = [learning_rate(m.settings, 0, i, len(self.steps)) for m in cohort.running]
        rate = torch.tensor(rates, device=cohort.device)
        cohort.optimizer.step(cohort.posterior.theta.detach(), gradient, rate, self.sound)

    def wait(self) -> None:
        """Wait until the device has done what was asked of it."""
        if self.cohort.device.startswith("cuda"):
            torch.cuda.synchronize()


def alternate(
    ours: Callable[[], object], peer: Callable[[], object], repeat: int
) -> tuple[list[float], list[float]]:
    """Return the seconds of both, taken in turns; the first turn is not counted.

    CLOCK chooses whose: the wall's, or the processor's over all threads of this process, which tells
    more on a machine that other work keeps busy (but nothing of what runs side by side).
    """
    times: tuple[list[float], list[float]] = ([], [])
    for turn in range(repeat + 1):
        order = ((0, ours), (1, peer)) if turn % 2 else ((1, peer), (0, ours))
        for place, work in order:
            began = CLOCKS[CLOCK]()
            work()
            if turn:
                times[place].append(CLOCKS[CLOCK]() - began)
    return times


def settled(runner: Runner, count: int, *given: object) -> Callable[[], None]:
    """Return the work of so many steps, waited for."""

    def work() -> None:
        for _ in range(count):
            runner(*given)  # type: ignore[arg-type]
        runner.wait()

    return work


def steps(device: str, repeat: int) -> Iterator[Row]:
    """Bayesian step over deterministic step."""
    task = made(256, 64)
    size = {"width": 64, "layers": 2, "heads": 4, "look_back": LOOK_BACK, "batch_labels": 256 * 64}
    for name, limit, more in (
        ("one draw shared", 1.05, {"estimator": "shared"}),
        ("8 groups", 1.10, {"estimator": "grouped", "groups": 8}),
    ):
        bayes = Runner(task, [(NetSettings(**size, **BAYES, **more), 0)], device)
        plain = Runner(task, [(NetSettings(**size, **more), 0)], device)
        ours, peer = alternate(settled(bayes, 1), settled(plain, 1), repeat)
        ratios = [a / b for a, b in zip(ours, peer, strict=True)]
        yield Row(
            f"Bayesian step over deterministic step, {name} (d 64 × 2, T 64, batch 256)",
            ratios,
            statistics.median(ours),
            statistics.median(peer),
            f"≤ {limit}",
            statistics.median(ratios) <= limit,
        )


def dense(device: str, repeat: int) -> Iterator[Row]:
    """Labels a second of the dense pass over one window per label."""
    for width, layers in ((32, 1), (64, 2)):
        task = made(8, 384)
        size = {"width": width, "layers": layers, "heads": 4, "look_back": LOOK_BACK, **BAYES}
        ours = Runner(task, [(NetSettings(**size, batch_labels=8 * 384), 0)], device)
        peer = Runner(task, [(NetSettings(**size, groups=1), 0)], device)
        labels = np.random.default_rng(0).permutation(task.panel.rows)[:256]
        (windows,) = window_steps(
            task.panel.offsets, np.sort(labels), window=LOOK_BACK, labels=len(labels)
        )
        count = 3
        a, b = alternate(settled(ours, count), settled(peer, 1, windows), repeat)
        each = [t / (count * 8 * 384) for t in a], [t / len(labels) for t in b]
        ratios = [theirs / mine for mine, theirs in zip(*each, strict=True)]
        yield Row(
            f"labels/s, dense pass over one window per label (d {width} × {layers}, sessions of 384)",
            ratios,
            1000 * statistics.median(each[0]),
            1000 * statistics.median(each[1]),
            "≥ 25",
            statistics.median(ratios) >= 25,
        )


def lockstep(device: str, repeat: int) -> Iterator[Row]:
    """K tiny trials in lockstep over K runs one after the other."""
    task, trials = made(64, 64), 32
    wanted = 25.0 if device.startswith("cuda") else 2.5
    for width, posterior in ((16, BAYES), (32, BAYES), (16, {}), (32, {})):
        size = {"width": width, "layers": 1, "heads": 4, "look_back": LOOK_BACK, **posterior}
        settings = NetSettings(**size, batch_labels=256)
        together = Runner(task, [(settings, k) for k in range(trials)], device)
        alone = [Runner(task, [(settings, k)], device) for k in range(4)]

        def one_by_one(alone: list[Runner] = alone) -> None:
            for runner in alone:
                for _ in range(3):
                    runner()
            alone[-1].wait()

        ours, peer = alternate(settled(together, 3), one_by_one, repeat)
        ours = [t / 3 for t in ours]
        peer = [t * trials / 12 for t in peer]
        ratios = [b / a for a, b in zip(ours, peer, strict=True)]
        yield Row(
            f"{trials} trials one by one over in lockstep (d {width} × 1, 256 labels a step, "
            f"{'Bayesian' if posterior else 'deterministic'})",
            ratios,
            statistics.median(ours),
            statistics.median(peer),
            f"≥ {wanted:g}",
            statistics.median(ratios) >= wanted,
        )


class Windows(Dataset[tuple[torch.Tensor, int]]):
    """One window of scaled features per label, as people write them."""

    def __init__(self, task: Task) -> None:
        self.x = torch.as_tensor(task.inputs(np.arange(task.panel.rows)))
        length = int(task.panel.lengths[0])
        rows = np.arange(task.panel.rows)
        self.rows = rows[rows % length >= LOOK_BACK - 1]
        self.length = length

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        row = int(self.rows[index])
        return self.x[row - LOOK_BACK + 1 : row + 1], row


def batches(device: str, repeat: int) -> Iterator[Row]:
    """Batches gathered on the device over a DataLoader of windows, both feeding training steps."""
    width, layers, size = 32, 1, 256
    task = made(64, 384)
    chosen = {"width": width, "layers": layers, "heads": 4, "look_back": LOOK_BACK, **BAYES}
    ours = Runner(task, [(NetSettings(**chosen, batch_labels=8 * 384), 0)], device)
    peer = Runner(task, [(NetSettings(**chosen, groups=1), 0)], device)
    feeder = peer.cohort.feeder
    loader = DataLoader(
        Windows(task), batch_size=size, shuffle=True, num_workers=2, drop_last=True,
        persistent_workers=True, pin_memory=device.startswith("cuda"),
    )  # fmt: skip

    def endless() -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        while True:
            yield from loader

    def delivered(x: torch.Tensor, rows: torch.Tensor) -> tuple[Step, Batch]:
        """Return the loader's windows as the network takes them."""
        (step,) = window_steps(
            task.panel.offsets, np.asarray(rows), window=LOOK_BACK, labels=len(rows)
        )
        position = torch.as_tensor(step.position, device=device)
        reach = torch.as_tensor(step.reach, device=device)
        return step, Batch(
            x=x.to(device, non_blocking=True).reshape(1, -1, FEATURES),
            position=position,
            clock=clock(position.float(), feeder.typical_length),
            sequence=torch.as_tensor(step.sequence, device=device),
            band=Band(reach, step.block, feeder.windows),
        )

    stream, count = endless(), 4

    def from_loader() -> None:
        for _ in range(count):
            peer(*delivered(*next(stream)))
        peer.wait()

    def windows_only() -> None:
        for _ in range(count):
            delivered(*next(stream))

    def panel_only() -> None:
        for step in ours.steps[:count]:
            ours.cohort.feeder(step)

    for name, one, other, wanted in (
        ("labels/s of training steps, batches on the device over a DataLoader of windows",
         settled(ours, count), from_loader, 5.0),
        ("the same, the batches alone, no step", panel_only, windows_only, None),
    ):  # fmt: skip
        a, b = alternate(one, other, repeat)
        each = [t / (count * 8 * 384) for t in a], [t / (count * size) for t in b]
        ratios = [theirs / mine for mine, theirs in zip(*each, strict=True)]
        yield Row(
            f"{name} (d {width} × {layers})",
            ratios,
            1000 * statistics.median(each[0]),
            1000 * statistics.median(each[1]),
            "" if wanted is None else f"≥ {wanted:g}",
            wanted is None or statistics.median(ratios) >= wanted,
        )


def machine(device: str) -> str:
    """Name the processor or accelerator, cores, threads and versions."""
    info = Path("/proc/cpuinfo")
    names = (
        [line.partition(":")[2].strip() for line in info.read_text().splitlines() if "name" in line]
        if info.exists()
        else []
    )
    said = f"{names[0] if names else platform.processor()}, {os.cpu_count()} cores"
    if device.startswith("cuda"):
        said += f", {torch.cuda.get_device_name(device)}"
    busy = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return f"{said}{busy}; PyTorch {torch.__version__}, {torch.get_num_threads()} threads, {device}"


PARTS: dict[str, Callable[[str, int], Iterator[Row]]] = {
    "step": steps,
    "dense": dense,
    "lockstep": lockstep,
    "batches": batches,
}


def main() -> None:
    """Measure and print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--only", choices=list(PARTS), action="append")
    parser.add_argument("--repeat", type=int, default=15)
    parser.add_argument("--clock", choices=list(CLOCKS), default="wall")
    chosen = parser.parse_args()
    global CLOCK  # noqa: PLW0603
    CLOCK = chosen.clock
    print(f"{machine(chosen.device)}, {CLOCK} clock")
    print("\n| what | ratio (quartiles) | wanted | met | ours, ms | peer, ms |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name, part in PARTS.items():
        if not chosen.only or name in chosen.only:
            for row in part(chosen.device, chosen.repeat):
                print(row, flush=True)
    print("\nTimes are of a step; of `dense` and `batches`, of 1,000 labels.", file=sys.stdout)


if __name__ == "__main__":
    main()
