from __future__ import annotations

import threading

import numpy as np
import pytest

from fireassay.statistics.association import Measure, associate
from fireassay.statistics.clustering import label_clustering
from fireassay.statistics.exchange import permute_dates
from fireassay.statistics.threads import in_threads, processors
from tests.statistics import worlds


def test_results_come_in_order_and_faults_come_through() -> None:
    assert in_threads(lambda i: i * i, range(50)) == [i * i for i in range(50)]
    assert in_threads(lambda i: i, []) == []
    with pytest.raises(ZeroDivisionError):
        in_threads(lambda i: 1 // i, [1, 0])


def test_work_is_spread_over_the_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    meeting = threading.Barrier(2, timeout=10)
    monkeypatch.setattr("fireassay.statistics.threads.processors", lambda: 2)
    assert in_threads(lambda _: meeting.wait() >= 0, range(2)) == [True, True]


def test_the_number_of_processors_can_be_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert processors() == 1
    monkeypatch.setenv("OMP_NUM_THREADS", "many")
    assert processors() >= 1


def test_results_do_not_depend_on_the_number_of_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    world = worlds.ar_overlap(np.random.default_rng(0), lengths=[40] * 30 + [150] * 4, horizon=4)
    drawn = permute_dates(world.offsets, world.clusters, 50, seed=0)
    found = []
    for count in (1, 4):
        monkeypatch.setattr("fireassay.statistics.threads.processors", lambda count=count: count)
        associated = associate(world.x.astype(np.float32), world.y, drawn)
        clustered = label_clustering(world.y, world.offsets, world.clusters, horizon=4, seed=0)
        found.append((associated, clustered))
    (one, once), (four, more) = found
    for measure in Measure:
        np.testing.assert_array_equal(one[measure].value, four[measure].value)
        np.testing.assert_array_equal(one[measure].p_adjusted, four[measure].p_adjusted)
    np.testing.assert_array_equal(once.p_lags, more.p_lags)
    assert once.p_overlap == more.p_overlap
