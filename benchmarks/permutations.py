"""How much faster the moments make permutation tests of a ridge learner than refitting.

    python benchmarks/permutations.py [--permutations 1000] [--reference 3]

50,000 rows × 64 features × 5 folds of whole sessions. The reference is scikit-learn's
`permutation_test_score` of a Ridge with grouped folds, per permutation and target, on the same
machine with the same number of threads. Set OMP_NUM_THREADS to choose it.
"""

from __future__ import annotations

import argparse
import os
import platform
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from sklearn.linear_model import Ridge
from sklearn.model_selection import GroupKFold, permutation_test_score

from fireassay.statistics.exchange import permute_dates
from fireassay.statistics.folds import session_folds
from fireassay.statistics.scores import Score
from fireassay.statistics.sufficient import PENALTIES, ridge_null

SESSIONS, BARS, FEATURES, FOLDS = 640, 78, 64, 5


def cpu() -> str:
    """Return the processor's name as the system gives it."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def seconds(work: Callable[[], object]) -> float:
    """Return the wall-clock time of one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main() -> None:
    """Time both and print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--permutations", type=int, default=1000)
    parser.add_argument("--reference", type=int, default=3, help="permutations of the reference")
    chosen = parser.parse_args()
    rng = np.random.default_rng(0)
    rows = SESSIONS * BARS
    x = rng.standard_normal((rows, FEATURES))
    y = rng.standard_normal((rows, 20)) + 0.02 * x[:, :1]
    offsets, clusters = np.arange(0, rows + 1, BARS), np.arange(SESSIONS)
    sessions = [x[a : a + BARS] for a in offsets[:-1]]
    drawn = permute_dates(offsets, clusters, chosen.permutations, seed=0)
    folds = session_folds(clusters, FOLDS)

    def reference(permutations: int) -> float:
        return seconds(
            lambda: permutation_test_score(
                Ridge(),
                x,
                y[:, 0],
                groups=np.repeat(clusters, BARS),
                cv=GroupKFold(FOLDS),
                n_permutations=permutations,
            )
        )

    reference(1)
    # The difference leaves out the one fit with the observed labels.
    per_reference = (reference(chosen.reference + 1) - reference(1)) / chosen.reference

    print(
        f"{rows:,} rows × {FEATURES} features × {FOLDS} folds, {chosen.permutations} permutations; "
        f"{cpu()}, {os.environ.get('OMP_NUM_THREADS', os.cpu_count())} thread(s)\n"
    )
    print("| what | targets | seconds | ms per permutation and target | times faster |")
    print("| --- | --- | --- | --- | --- |")
    print(f"| permutation_test_score(Ridge) | 1 | | {1e3 * per_reference:.1f} | 1 |")
    cases = (
        (Score.R2, 1, (1e-3,)),
        (Score.R2, 1, PENALTIES),
        (Score.R2, 20, (1e-3,)),
        (Score.R2, 20, PENALTIES),
        (Score.IC, 20, PENALTIES),
        (Score.AUC, 1, PENALTIES),
        (Score.AUC, 20, PENALTIES),
    )
    for score, targets, penalties in cases:
        labels = (y[:, :targets] > 0).astype(float) if score is Score.AUC else y[:, :targets]
        took = seconds(
            lambda labels=labels, score=score, penalties=penalties: ridge_null(
                sessions, labels, drawn, folds, score=score, penalties=penalties
            )
        )
        each = took / chosen.permutations / targets
        name = f"moments, {score}, {len(penalties)} penalt{'y' if len(penalties) == 1 else 'ies'}"
        print(f"| {name} | {targets} | {took:.2f} | {1e3 * each:.3f} | {per_reference / each:.0f} |")


if __name__ == "__main__":
    main()
