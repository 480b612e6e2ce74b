"""How often each test calls pure noise "signal" at a nominal 5 %.

    python benchmarks/size.py [--worlds 1000] [--recipes 1000] [--only NAME]

Two Markdown tables: the recipes in common use beside the session null on AR(.95) features and
overlapping 12-bar labels, and every test of fireassay that returns a p on every simulated world
without signal. About 2 s of one core per data set; the sampling error of a rate of 5 % in 1,000 data
sets is ± .7 %.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.statistics import worlds
from tests.statistics.battery import clustering_p_values, p_values
from tests.statistics.recipes import RECIPES, row_permutation

LEVEL = 0.05
BLOCKS = 5
"""Under drift sessions are exchanged in blocks of so many dates; the plain exchange is shown too."""

CASES = {name: (make, None) for name, make in worlds.NULL_WORLDS.items()} | {
    "drifting sessions": (worlds.drifting, BLOCKS),
    "drifting sessions, not in blocks": (worlds.drifting, None),
    "AR × overlapping labels, in blocks": (worlds.ar_overlap, BLOCKS),
}
CLUSTERED = {
    worlds.ar_overlap: 12,
    worlds.random_walks: 12,
    worlds.unequal: 12,
    worlds.half_days: 12,
    worlds.symbols: 12,
    worlds.coin: 1,
}
"""Bars of outcome in the worlds whose labels cluster by overlap alone."""


def show(values: list[float]) -> str:
    """Return the share of p-values at or below the level, in per cent."""
    return f"{100 * np.mean(np.array(values) <= LEVEL):.1f}"


def recipes(count: int) -> None:
    """Print the table of recipes: 60 sessions × 78 bars, 10 features."""
    found: dict[str, list[float]] = defaultdict(list)
    for i in range(count):
        world = worlds.ar_overlap(np.random.default_rng((1, i)), features=10)
        for name, recipe in RECIPES.items():
            found[name].append(recipe(world, np.random.default_rng((2, i)), 99))
    print(f"\n| null for a refitted ridge learner, AUC | false signal, % of {count} |\n| --- | --- |")
    for name, values in found.items():
        print(f"| {name} | {show(values)} |")


def battery(count: int, only: str | None) -> None:
    """Print the table of tests × worlds."""
    chosen = {name: case for name, case in CASES.items() if only is None or only in name}
    table: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for name, (make, block) in chosen.items():
        for i in range(count):
            world = make(np.random.default_rng((3, i)), features=5)
            found = p_values(world, i, block)
            if make in CLUSTERED and block is None:
                found |= clustering_p_values(world, i, CLUSTERED[make])
            found["scikit-learn's recipe: rows permuted and shuffled"] = row_permutation(
                world, np.random.default_rng((4, i)), 99
            )
            for test, p in found.items():
                table[test][name].append(p)
        print(f"{name} done", file=sys.stderr, flush=True)
    print(f"\n| false signal, % of {count} | {' | '.join(chosen)} |")
    print(f"| --- |{' --- |' * len(chosen)}")
    for test, row in table.items():
        cells = [show(row[name]) if name in row else "–" for name in chosen]
        print(f"| {test} | {' | '.join(cells)} |")


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--worlds", type=int, default=1000, help="data sets per world")
    parser.add_argument("--recipes", type=int, default=1000, help="data sets for the recipes")
    parser.add_argument("--only", help="only worlds whose name holds this")
    chosen = parser.parse_args()
    if chosen.recipes:
        recipes(chosen.recipes)
    if chosen.worlds:
        battery(chosen.worlds, chosen.only)


if __name__ == "__main__":
    main()
