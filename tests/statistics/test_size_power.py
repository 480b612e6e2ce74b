"""False signal in worlds without any, and power at the stated detectable effect, over many worlds.

`benchmarks/size.py` prints the same rates as a table.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import KFold, cross_val_score

from fireassay.statistics.exchange import permute_dates
from fireassay.statistics.folds import session_folds
from fireassay.statistics.null import NullTest, heldout_null
from fireassay.statistics.scores import Score, score
from fireassay.statistics.sufficient import ridge_null
from tests.statistics import worlds
from tests.statistics.battery import clustering_p_values, p_values
from tests.statistics.recipes import RECIPES, cross_validated_auc

# Under drift sessions are exchanged in blocks of five.
CASES = {
    name: (make, 5 if name == "drifting sessions" else None)
    for name, make in worlds.NULL_WORLDS.items()
}


def rates(make: Callable[..., worlds.World], block: int | None, count: int) -> dict[str, float]:
    """Share of p ≤ .05 of every test over `count` worlds."""
    hits: dict[str, list[bool]] = defaultdict(list)
    for i in range(count):
        world = make(np.random.default_rng((5, i)), features=5)
        found = p_values(world, i, block)
        if make is worlds.coin:
            found |= clustering_p_values(world, i, 1)
        elif make is not worlds.drifting:
            found |= clustering_p_values(world, i, 12)
        for name, p in found.items():
            hits[name].append(p <= 0.05)
    return {name: float(np.mean(h)) for name, h in hits.items()}


@pytest.mark.parametrize("name", ["AR × overlapping labels", "unequal lengths"])
def test_noise_is_rarely_called_signal_by_any_test(name: str) -> None:
    """A quick look: 25 worlds; a true 5 % exceeds 24 % with probability .0002."""
    found = rates(*CASES[name], 25)
    assert max(found.values()) <= 0.24
    assert np.mean(list(found.values())) <= 0.1


@pytest.mark.statistical
@pytest.mark.parametrize("name", list(CASES))
def test_size_of_every_test(name: str) -> None:
    """Between 3.5 and 6.5 %, give or take 2.5 times the sampling error of 1,000 worlds (.7 %)."""
    found = rates(*CASES[name], 1000)
    wrong = {test: rate for test, rate in found.items() if not 0.035 - 0.017 <= rate <= 0.065 + 0.017}
    assert not wrong
    assert 0.04 <= np.mean(list(found.values())) <= 0.06


def test_the_recipe_is_scikit_learns() -> None:
    world = worlds.ar_overlap(np.random.default_rng(0), sessions=10, features=4)
    keep = ~np.isnan(world.y)
    x, y = world.x[keep], world.y[keep]
    folds = list(KFold(5, shuffle=True, random_state=0).split(x))

    def scoring(model: Ridge, rows: np.ndarray, labels: np.ndarray) -> float:
        return roc_auc_score(labels, model.predict(rows))

    theirs = cross_val_score(Ridge(1.0), x, y, cv=folds, scoring=scoring).mean()
    assert cross_validated_auc(x, y[:, None], folds)[0] == pytest.approx(theirs)


@pytest.mark.statistical
def test_recipes_in_common_use() -> None:
    """99 %, 28 %, 7.0 %, 5.3 %, 5.3 %, 4.7 % false signal at a nominal 5 %."""
    bounds = [(0.97, 1.0), (0.2, 0.36), (0.03, 0.09), (0.035, 0.07), (0.035, 0.065), (0.035, 0.065)]
    count = 1000
    for (name, recipe), (least, most) in zip(RECIPES.items(), bounds, strict=True):
        hits = []
        for i in range(count):
            world = worlds.ar_overlap(np.random.default_rng((6, i)), features=10)
            hits.append(recipe(world, np.random.default_rng((7, i)), 99) <= 0.05)
        assert least <= np.mean(hits) <= most, name


def planted(
    rng: np.random.Generator, strength: float, features: int = 1, **world: object
) -> worlds.World:
    """Outcomes that follow the first feature."""
    made = worlds.ar_overlap(rng, features=features, **world)
    z = made.z / np.sqrt(12) + strength * made.x[:, 0]
    return worlds.World(made.x, worlds.binary(z), z, made.offsets, made.clusters)


def label_of(world: worlds.World, kind: Score) -> np.ndarray:
    return world.y if kind is Score.AUC else world.z


def mean_detectable(run: Callable[[int, float], NullTest]) -> float:
    return float(np.mean([run(10**6 + i, 0.0).mde() for i in range(100)]))


def solve(value: Callable[[float], float], target: float) -> float:
    """Bisect for the strength that gives the target."""
    low, high = 0.0, 1.0
    for _ in range(30):
        middle = (low + high) / 2
        low, high = (middle, high) if value(middle) < target else (low, middle)
    return low


@pytest.mark.statistical
@pytest.mark.parametrize("kind", [Score.AUC, Score.IC])
@pytest.mark.parametrize(("block", "uneven"), [(None, False), (10, False), (5, False), (None, True)])
def test_power_of_the_held_out_null_at_the_stated_effect(
    kind: Score, block: int | None, uneven: bool
) -> None:
    """A true effect of the size that the MDE states is found in 80 ± 5 % of worlds."""

    def lengths(rng: np.random.Generator, sessions: int) -> np.ndarray:
        return rng.integers(30, 91, sessions) if uneven else np.full(sessions, 78)

    def run(i: int, strength: float) -> NullTest:
        rng = np.random.default_rng((8, i))
        world = planted(rng, strength, lengths=lengths(rng, 60))
        return heldout_null(
            world.x[:, 0], label_of(world, kind), world.offsets, world.clusters, 199,
            seed=i, score=kind, block=block,
        )  # fmt: skip

    rng = np.random.default_rng(9)
    large = planted(rng, 0.0, lengths=lengths(rng, 5000))

    def true_excess(strength: float) -> float:
        z = large.z + strength * large.x[:, 0]
        y = worlds.binary(z) if kind is Score.AUC else z
        return score(kind, large.x[:, 0], y) - kind.chance

    strength = solve(true_excess, mean_detectable(run))
    power = np.mean([run(i, strength).p <= 0.05 for i in range(1000)])
    assert 0.75 <= power <= 0.85


@pytest.mark.statistical
@pytest.mark.parametrize("kind", [Score.AUC, Score.IC])
def test_power_of_the_refitted_null_at_the_stated_effect(kind: Score) -> None:
    """The effect is the learner's expected held-out score above chance."""

    def run(i: int, strength: float) -> NullTest:
        world = planted(np.random.default_rng((8, i)), strength, features=5)
        drawn = permute_dates(world.offsets, world.clusters, 199, seed=i)
        sessions = [world.x[a:b] for a, b in itertools.pairwise(world.offsets)]
        return ridge_null(
            sessions, label_of(world, kind), drawn, session_folds(world.clusters), score=kind
        ).test()

    target = mean_detectable(run)
    strengths = np.linspace(0.1, 0.3, 5)
    excess = [np.mean([run(i, s).observed for i in range(150)]) - kind.chance for s in strengths]
    strength = float(np.interp(target, excess, strengths))
    tests = [run(1000 + i, strength) for i in range(600)]
    assert np.mean([t.observed for t in tests]) - kind.chance == pytest.approx(target, rel=0.06)
    assert 0.75 <= np.mean([t.p <= 0.05 for t in tests]) <= 0.85
