"""Everything tried on one set of sessions: its bookkeeping, and how often noise is called a find."""

from __future__ import annotations

import math

import numpy as np
import pytest

from fireassay.statistics.best_of import tried_runs
from fireassay.statistics.exchange import permute_dates
from fireassay.statistics.multiplicity import holm
from fireassay.statistics.tries import over_tries
from tests.statistics import worlds


def test_families_that_share_nothing_are_corrected_by_holm() -> None:
    p = [0.01, 0.2, 0.04]
    found = over_tries([{"a"}, {"b", "c"}, {"d"}], p)
    assert (found.members, found.families) == (4, 3)
    assert found.p_adjusted.tolist() == holm(np.array(p)).tolist() == [0.03, 0.2, 0.08]
    assert (found.smallest, found.smallest_adjusted) == (0.01, 0.03)


def test_what_was_tried_again_counts_once_with_its_largest_p() -> None:
    found = over_tries([{"a"}, {"a"}, {"b"}, {"a"}], [0.02, 0.04, 0.5, 0.01])
    assert (found.members, found.families) == (2, 2)
    assert found.p_adjusted.tolist() == [0.08, 0.08, 0.5, 0.08]
    assert found.smallest == 0.04


def test_a_run_whose_rows_a_sweep_has_too_is_the_sweeps() -> None:
    found = over_tries([{"a"}, {"a", "b", "c"}, {"a", "b"}, {"d"}], [0.001, 0.03, 0.002, 0.9])
    assert (found.members, found.families) == (4, 2)
    assert found.p_adjusted.tolist() == [0.06, 0.06, 0.06, 0.9]


def test_tries_without_a_p_are_counted_and_not_corrected_for() -> None:
    found = over_tries([{"a", "b"}, {"a"}], [math.nan, 0.03])
    assert (found.members, found.families) == (2, 1)
    assert math.isnan(found.p_adjusted[0])
    assert found.p_adjusted[1] == 0.03
    nothing = over_tries([{"a"}], [math.nan])
    assert nothing.families == 0
    assert math.isnan(nothing.smallest_adjusted)
    with pytest.raises(ValueError, match="one p"):
        over_tries([{"a"}], [])


@pytest.mark.parametrize("count", [30, pytest.param(400, marks=pytest.mark.statistical)])
def test_twenty_tries_on_noise(count: int) -> None:
    """At 5 % rarely a find, however the tries are made of families; alone they are one in a third."""
    alone, corrected, real = 0, 0, 0
    for i in range(count):
        rng = np.random.default_rng((11, i))
        world = worlds.ar_overlap(rng, sessions=30, features=4)
        pred = rng.standard_normal((20, 4)) @ world.x.T
        pred += 0.5 * pred.std() * rng.standard_normal(pred.shape)
        drawn = permute_dates(world.offsets, world.clusters, 499, seed=i)
        # Ten one by one, one of them twice, a sweep of six with one of these, and one of five.
        sets = [{k} for k in range(10)] + [{3}, {9, *range(10, 15)}, set(range(15, 20))]
        families = [sorted(one) for one in sets]
        each = [tried_runs(pred[one], world.y, drawn) for one in families]
        p = [found.best.p for found in each]
        alone += min(test.p for found in each for test in found.tests) <= 0.05
        corrected += over_tries(names(sets), p).smallest_adjusted <= 0.05
        strong = pred[4] + 3.0 * np.nan_to_num(world.z)
        p[4] = tried_runs(strong[None], world.y, drawn).best.p
        real += over_tries(names(sets), p).p_adjusted[4] <= 0.05
    margin = 2.5 * np.sqrt(0.05 * 0.95 / count)
    assert corrected / count <= 0.05 + margin
    assert alone / count > 0.2
    assert real / count > 0.95


def names(sets: list[set[int]]) -> list[set[str]]:
    return [{str(k) for k in one} for one in sets]
