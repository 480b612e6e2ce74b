"""The best of N runs: against its definition, how often noise is called a find, and what is found."""

from __future__ import annotations

import numpy as np
import pytest

from fireassay.statistics.best_of import Tried, tried_runs
from fireassay.statistics.exchange import permute_dates
from fireassay.statistics.null import p_value
from fireassay.statistics.scores import Score, score
from tests.statistics import worlds

RUNS = 20


def runs_of(world: worlds.World, rng: np.random.Generator) -> np.ndarray:
    """Predictions of 20 configurations that are alike: mixtures of four features, and noise."""
    weights = rng.standard_normal((RUNS, world.x.shape[1]))
    return weights @ world.x.T + 0.1 * rng.standard_normal((RUNS, len(world.y)))


def tried(world: worlds.World, pred: np.ndarray, seed: int, **settings: Score) -> Tried:
    drawn = permute_dates(world.offsets, world.clusters, 99, seed=seed)
    return tried_runs(pred, world.y, drawn, **settings)


def test_is_the_maximum_over_runs_of_the_same_permutations() -> None:
    rng = np.random.default_rng(0)
    world = worlds.ar_overlap(rng, sessions=12, features=4)
    pred = runs_of(world, rng)
    drawn = permute_dates(world.offsets, world.clusters, 49, seed=1)
    found = tried_runs(pred, world.y, drawn)
    slow = np.array(
        [[score(Score.AUC, run, drawn.labels(world.y, b)) for run in pred] for b in range(49)]
    )
    observed = np.array([score(Score.AUC, run, world.y) for run in pred])
    assert [t.observed for t in found.tests] == pytest.approx(observed, abs=1e-12)
    assert found.best.value == pytest.approx(observed.max(), abs=1e-12)
    assert found.best.p == p_value(observed.max(), slow.max(axis=1))
    assert found.best.tried == RUNS
    assert (found.joint.p_adjusted >= found.joint.p - 1e-12).all()


def test_losses_are_best_when_small() -> None:
    rng = np.random.default_rng(2)
    world = worlds.coin(rng, sessions=10, features=2)
    known = 0.5 + 0.4 * (world.y - 0.5)
    pred = np.stack([np.full(len(world.y), 0.4), known])
    found = tried(world, pred, 3, score=Score.BRIER)
    assert found.best.index == 1
    assert found.best.p == 0.01
    assert found.joint.p_adjusted[0] > 0.5


def test_a_run_without_predictions_isnt_counted() -> None:
    rng = np.random.default_rng(4)
    world = worlds.coin(rng, sessions=10, features=2)
    pred = np.stack([world.x[:, 0], np.full(len(world.y), np.nan)])
    found = tried(world, pred, 5)
    assert found.best.tried == 1
    assert np.isnan(found.joint.p_adjusted[1])
    with pytest.raises(ValueError, match="no run"):
        tried(world, pred[1:], 5)
    with pytest.raises(ValueError, match="one prediction per label"):
        tried(world, pred[:, 1:], 5)


@pytest.mark.parametrize("count", [25, pytest.param(500, marks=pytest.mark.statistical)])
def test_size_and_power_of_the_best_of_20(count: int) -> None:
    """Noise: 5 % within 2.5 sampling errors, where one run alone is a find in a third of worlds."""
    alone, best, adjusted, power = 0, 0, 0, 0
    for i in range(count):
        rng = np.random.default_rng((6, i))
        world = worlds.ar_overlap(rng, features=4)
        pred = runs_of(world, rng)
        found = tried(world, pred, i)
        alone += bool((found.joint.p <= 0.05).any())
        best += found.best.p <= 0.05
        adjusted += bool((found.joint.p_adjusted <= 0.05).any())
        pred[7] += 40.0 * (np.nan_to_num(world.z) / 12**0.5) * 0.05
        power += tried(world, pred, i).joint.p_adjusted[7] <= 0.05
    margin = 2.5 * np.sqrt(0.05 * 0.95 / count)
    for false in (best, adjusted):
        assert 0.05 - margin <= false / count <= 0.05 + margin
    assert alone / count > 0.2
    assert power / count > 0.8
