"""How often each test calls pure noise "signal" at a nominal 5 %, and finds what its MDE promises.

    python benchmarks/size.py --into FOLDER [--worlds 1000] [--part NAME ...] [--only NAME]

Parts, each a Markdown table:

| part | what |
| --- | --- |
| recipes | the recipes in common use beside the session null, AR(.95) features × overlapping labels |
| tests | every test of fireassay that returns a p, on every simulated world without signal |
| family | the scan's max-T over sixty correlated targets, and the groups that carry the best |
| power | how often an effect of the size that the MDE states is found |

p-values are kept in FOLDER, one file a part and world, so that a run that was stopped goes on. The
sampling error of a rate of 5 % in 1,000 data sets is ± .7 %.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
from scipy.stats import norm
from threadpoolctl import threadpool_limits

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.diagnosis.scan.worlds import null_world, whole
from tests.statistics import worlds
from tests.statistics.battery import clustering_p_values, p_values, report_p_values
from tests.statistics.recipes import RECIPES, row_permutation

from fireassay.diagnosis.case import BLOCK as REPORTED
from fireassay.diagnosis.scan import engine, judge_all, scan_targets
from fireassay.diagnosis.scan.groups import importance
from fireassay.statistics.exchange import permute_dates
from fireassay.statistics.folds import session_folds
from fireassay.statistics.multiplicity import westfall_young
from fireassay.statistics.null import NullTest, heldout_null
from fireassay.statistics.scores import Score, score
from fireassay.statistics.sufficient import ridge_null

LEVEL = 0.05
BLOCKS = 5
"""Under drift the single statistics exchange sessions in blocks of so many dates."""

BARS, FEATURES = 40, 4

CASES: dict[str, tuple[Callable[..., worlds.World], int | None, int]] = {
    "AR × overlapping labels": (worlds.ar_overlap, None, 12),
    "random walks": (worlds.random_walks, None, 12),
    "drifting sessions": (worlds.drifting, BLOCKS, 0),
    "random 60/40 labels": (worlds.coin, None, 1),
    "unequal lengths": (worlds.unequal, None, 12),
    "half days": (worlds.half_days, None, 12),
    "four symbols a date": (worlds.symbols, None, 12),
}
"""World, blocks, and the bars of outcome where labels cluster by overlap alone (0: they don't)."""

MAIN = 5
"""Cases that the table needs; the others are run where they are asked for by name."""

SKLEARN = "scikit-learn's recipe: rows permuted and shuffled"

PValues = dict[str, float]


def kept(folder: Path, name: str, count: int, make: Callable[[int], PValues]) -> Iterator[PValues]:
    """Yield the p-values of `count` data sets, reading those that a file already holds."""
    path = folder / f"{name.replace('/', '-')}.jsonl"
    done = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    yield from done[:count]
    for i in range(len(done), count):
        found = {test: float(p) for test, p in make(i).items()}
        with path.open("a") as file:
            file.write(json.dumps(found) + "\n")
        yield found


def rates(found: Iterable[PValues], level: float = LEVEL) -> PValues:
    """Return the share of p at or below the level of each test."""
    values: dict[str, list[bool]] = defaultdict(list)
    for row in found:
        for test, p in row.items():
            values[test].append(p <= level + 1e-12)
    return {test: float(np.mean(each)) for test, each in values.items()}


def percent(share: float | None) -> str:
    """Return a share in per cent."""
    return "–" if share is None else f"{100 * share:.1f}"


def recipes(folder: Path, count: int) -> None:
    """Print the table of recipes: 60 sessions × 78 bars, 10 features."""

    def make(i: int) -> PValues:
        world = worlds.ar_overlap(np.random.default_rng((1, i)), features=10)
        return {n: r(world, np.random.default_rng((2, i)), 99) for n, r in RECIPES.items()}

    print(f"\n| null for a refitted ridge learner, AUC | false signal, % of {count} |\n| --- | --- |")
    for name, rate in rates(kept(folder, "recipes", count, make)).items():
        print(f"| {name} | {percent(rate)} |")


def single(name: str) -> Callable[[int], PValues]:
    """Return what makes the p-values of all tests on the i-th world of a case."""
    make, block, horizon = CASES[name]
    sized = {} if make in (worlds.unequal, worlds.half_days) else {"bars": BARS}

    def found(i: int) -> PValues:
        world = make(np.random.default_rng((3, i)), features=FEATURES, **sized)
        out = p_values(world, i, block)
        if horizon:
            out |= clustering_p_values(world, i, horizon)
        # What a report prints, exchanged as a report does, whether sessions drift or not.
        out |= report_p_values(world, i, REPORTED)
        out[SKLEARN] = row_permutation(world, np.random.default_rng((4, i)), 19)
        return out

    return found


def tests(folder: Path, count: int, only: str | None) -> None:
    """Print the table of tests × worlds, 60 sessions each."""
    chosen = [n for n in CASES if only in n] if only else list(CASES)[:MAIN]
    # World by world in turn, so that a run that is stopped has as many of each.
    turns = zip(*(kept(folder, name, count, single(name)) for name in chosen), strict=True)
    columns = zip(*turns, strict=True)
    table = {name: rates(found) for name, found in zip(chosen, columns, strict=True)}
    print(f"\n| false signal, % of {count} | {' | '.join(chosen)} |")
    print(f"| --- |{' --- |' * len(chosen)}")
    for test in dict.fromkeys(t for name in chosen for t in table[name]):
        print(f"| {test} | {' | '.join(percent(table[name].get(test)) for name in chosen)} |")


def family(folder: Path, count: int) -> None:
    """Print the scan's family-wise error over sixty correlated targets without signal."""
    engine.LEAST_LABELS = 20

    def make(i: int) -> PValues:
        panel, targets = null_world(np.random.default_rng((10, i)), sessions=30, bars=14, features=3)
        found = scan_targets(whole(panel), targets, draws=99, seed=i)
        z = (found.observed - found.null.mean(0)) / found.null.std(0, ddof=1)
        best = importance(found, judge_all(found)[0])
        groups = westfall_young(np.repeat(best.whole, len(best.groups)), best.exchanged)
        return {
            "max-T, smallest of 60": found.p_adjusted.min(),
            "Bonferroni on the normal tail, smallest of 60": min(norm.sf(z.max()) * len(z), 1),
            "not corrected, smallest of 60": found.p.min(),
            "one target drawn beforehand": found.p[i % len(found.p)],
            # A report asks which groups carry a target only where the target is significant.
            "groups of the best target, where a report asks": max(
                found.p_adjusted.min(), groups.p_adjusted.min()
            ),
        }

    print(f"\n| scan of 60 targets without signal | false signal, % of {count} |\n| --- | --- |")
    for name, rate in rates(kept(folder, "family", count, make)).items():
        print(f"| {name} | {percent(rate)} |")


def planted(
    rng: np.random.Generator, strength: float, features: int = 1, **world: object
) -> worlds.World:
    """Return outcomes that follow the first feature."""
    made = worlds.ar_overlap(rng, features=features, **world)
    z = made.z / np.sqrt(12) + strength * made.x[:, 0]
    return worlds.World(made.x, worlds.binary(z), z, made.offsets, made.clusters)


def held_out(kind: Score, block: int | None, i: int, strength: float) -> NullTest:
    """Test the first feature as a fixed prediction."""
    world = planted(np.random.default_rng((8, i)), strength)
    y = world.y if kind is Score.AUC else world.z
    return heldout_null(
        world.x[:, 0], y, world.offsets, world.clusters, 199, seed=i, score=kind, block=block
    )


def refitted(kind: Score, i: int, strength: float) -> NullTest:
    """Test a ridge learner of five features, refitted for every exchange."""
    world = planted(np.random.default_rng((8, i)), strength, features=5)
    drawn = permute_dates(world.offsets, world.clusters, 199, seed=i)
    sessions = [world.x[a:b] for a, b in itertools.pairwise(world.offsets)]
    y = world.y if kind is Score.AUC else world.z
    return ridge_null(sessions, y, drawn, session_folds(world.clusters), score=kind).test()


def strength_of(kind: Score, target: float) -> float:
    """Bisect for the strength whose true score is so far above chance."""
    large = planted(np.random.default_rng(9), 0.0, sessions=5000)

    def excess(strength: float) -> float:
        z = large.z + strength * large.x[:, 0]
        y = worlds.binary(z) if kind is Score.AUC else z
        return score(kind, large.x[:, 0], y) - kind.chance

    low, high = 0.0, 1.0
    for _ in range(30):
        middle = (low + high) / 2
        low, high = (middle, high) if excess(middle) < target else (low, middle)
    return low


def power(folder: Path, count: int) -> None:
    """Print how often an effect of the size of the MDE is found."""
    print(f"\n| test | MDE over chance | found, % of {count} |\n| --- | --- | --- |")
    for kind, block in itertools.product((Score.AUC, Score.IC), (None, REPORTED)):
        name = f"held-out {kind}, {f'within blocks of {block} dates' if block else 'all dates'}"
        mde = float(np.mean([held_out(kind, block, 10**6 + i, 0.0).mde() for i in range(100)]))
        at = strength_of(kind, mde)

        def make(i: int, kind: Score = kind, block: int | None = block, at: float = at) -> PValues:
            return {"found": held_out(kind, block, i, at).p}

        found = rates(kept(folder, f"power {name}", count, make))["found"]
        print(f"| {name} | {mde:.4f} | {percent(found)} |", flush=True)
    for kind in (Score.AUC, Score.IC):
        name = f"ridge refitted, {kind}"
        mde = float(np.mean([refitted(kind, 10**6 + i, 0.0).mde() for i in range(100)]))
        grid = np.linspace(0.1, 0.3, 5)
        each = [np.mean([refitted(kind, i, s).observed for i in range(150)]) for s in grid]
        at = float(np.interp(mde, np.array(each) - kind.chance, grid))

        def make(i: int, kind: Score = kind, at: float = at) -> PValues:
            return {"found": refitted(kind, 1000 + i, at).p}

        found = rates(kept(folder, f"power {name}", count, make))["found"]
        print(f"| {name} | {mde:.4f} | {percent(found)} |", flush=True)


PARTS: dict[str, Callable[..., None]] = {
    part.__name__: part for part in (recipes, tests, family, power)
}


def main() -> None:
    """Print the tables asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--into", type=Path, required=True, help="folder that keeps the p-values")
    parser.add_argument("--worlds", type=int, default=1000, help="data sets of each world")
    parser.add_argument("--part", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--only", help="only worlds whose name holds this")
    chosen = parser.parse_args()
    chosen.into.mkdir(parents=True, exist_ok=True)
    with threadpool_limits(limits=1):
        for part in chosen.part:
            more = {"only": chosen.only} if part == "tests" else {}
            PARTS[part](chosen.into, chosen.worlds, **more)


if __name__ == "__main__":
    main()
