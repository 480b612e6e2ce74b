"""What tells a wrong temperature, a wrong size, overfitting and no signal apart.

    python benchmarks/four_hypotheses.py [--sessions 256] [--epochs 30] [--seed 0]

A real label with a planted R² of 5 %, 78 bars a session; one Transformer trained under one objective
after the other, in lockstep. The table shows KL beside the budget, −(N/2) ln(1 − R²): what so many
labels can pay for the weights that predict them.
"""

from __future__ import annotations

import argparse
import datetime as dt
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fireassay.data.panel import SessionPanel
from fireassay.data.splits import Split
from fireassay.data.task import Label, Task
from fireassay.interventions.permute_labels import PermuteLabels
from fireassay.statistics.scores import r2
from fireassay.training.execute import Executor
from fireassay.training.objective import information_budget
from fireassay.training.settings import NetSettings, PosteriorKind
from fireassay.training.trial import Run, Tasks, Trial

BARS, FEATURES, R2 = 78, 60, 0.05


def planted(sessions: int, seed: int) -> Task:
    """Return a Task of so many training sessions, and as many for the test.

    Features are independent normal numbers; the label is a sum of all of them, and noise.
    """
    rng = np.random.default_rng(seed)
    count = 2 * sessions
    buffer = rng.standard_normal((count * BARS, FEATURES), dtype=np.float32)
    weights = rng.choice([-1.0, 1.0], FEATURES)
    f = buffer @ weights / np.linalg.norm(weights)
    y = np.sqrt(R2) * f + np.sqrt(1 - R2) * rng.standard_normal(len(f))
    first = dt.date(2024, 1, 1)
    panel = SessionPanel(
        buffer=buffer,
        offsets=np.arange(0, count * BARS + 1, BARS),
        features=tuple(f"x{j}" for j in range(FEATURES)),
        symbols=("made",) * count,
        dates=tuple(first + dt.timedelta(days=s) for s in range(count)),
        stale=np.zeros(len(y), dtype=bool),
        lead=0,
    )
    label = Label("made", "real", y.astype(np.float32), np.arange(len(y)))
    order = np.arange(count)
    return Task(panel, label, Split(order[:sessions], order[:0], order[sessions:]))


def objectives(epochs: int) -> dict[str, tuple[NetSettings, tuple[PermuteLabels, ...]]]:
    """Return the objectives that are compared, by name."""
    exact = NetSettings(
        posterior=PosteriorKind.MEAN_FIELD,
        width=32,
        layers=1,
        heads=2,
        look_back=8,
        epochs=epochs,
        patience=0,
        batch_labels=512,
        groups=4,
        learning_rate=3e-3,
        weight_decay=0.0,
        trace_rows=4000,
        draws=64,
    )

    def weighing(kl_weight: float) -> NetSettings:
        return exact.model_copy(update={"kl_weight": kl_weight})

    return {
        "exact ELBO": (exact, ()),
        "temperature .3": (weighing(0.3), ()),
        "temperature 10": (weighing(10.0), ()),
        "KL × batch size": (weighing(float(exact.batch_labels)), ()),
        "temperature .01": (weighing(0.01), ()),
        "width 16": (exact.model_copy(update={"width": 16, "heads": 1}), ()),
        "permuted labels": (exact, (PermuteLabels(),)),
    }


@dataclass(frozen=True)
class Found:
    """What came of one objective.

    `train_r2` and `test_r2` are out of 1, `kl` in nats, `loud` the share of weights with |μ| > σ.
    """

    train_r2: float
    test_r2: float
    kl: float
    loud: float

    @classmethod
    def of(cls, run: Run, task: Task) -> Found:
        """Read it off a run and the Task that it learned."""
        test = r2(run.test.mean[:, 0].astype(float), task.label.y[run.test.rows].astype(float))
        return cls(run.final["train_r2"], test, run.details["kl"], run.details["above_noise"])


def compare(
    sessions: int = 256, epochs: int = 30, seed: int = 0, only: Sequence[str] = ()
) -> dict[str, Found]:
    """Train under every objective, or those named, and return what came of each."""
    tasks = Tasks(planted(sessions, seed))
    wanted = {
        name: Trial("bayesian", settings, tasks.task.fingerprint, changes, seed)
        for name, (settings, changes) in objectives(epochs).items()
        if not only or name in only
    }
    runs = {run.trial: run for run in Executor(tasks)(list(wanted.values()))}
    return {name: Found.of(runs[trial], tasks.of(trial)) for name, trial in wanted.items()}


def main() -> None:
    """Print the table as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sessions", type=int, default=256, help="training sessions")
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    began = time.perf_counter()
    found = compare(chosen.sessions, chosen.epochs, chosen.seed)
    labels = chosen.sessions * BARS
    print(f"{labels:,} labels, R² {R2:.0%}, budget {information_budget(labels, R2):.0f} nats\n")
    print("| objective | train R² | test R² | KL, nats | weights with abs(μ) > σ |")
    print("| --- | --- | --- | --- | --- |")
    for name, row in found.items():
        cells = f"{row.train_r2:.3f} | {row.test_r2:.3f} | {row.kl:,.0f} | {row.loud:.1%}"
        print(f"| {name} | {cells} |")
    print(f"{time.perf_counter() - began:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
