"""Parts of uncertainty over a session, against their closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from fireassay.statistics.uncertainty import over_session
from fireassay.training.serving import pooled
from fireassay.training.trial import Predictions


def entropy(p: float) -> float:
    return float(-(p * np.log(p) + (1 - p) * np.log(1 - p)))


def test_two_draws_that_disagree_in_the_morning_and_agree_later() -> None:
    # Of 26 bars: .2 and .8 are said of the first half, .3 by both of the second.
    bar = np.tile(np.arange(26), 3)
    each = []
    for early in (0.2, 0.8):
        p = np.where(bar < 13, early, 0.3)
        h = np.array([entropy(v) for v in p])
        each.append(Predictions(np.arange(78), p[:, None], h, h))
    both = pooled("binary", each)
    found = over_session(both.total, both.expected, bar, stretches=2)
    assert found.first.tolist() == [0, 13]
    assert found.last.tolist() == [12, 25]
    assert found.count.tolist() == [39, 39]
    np.testing.assert_allclose(found.total, [np.log(2), entropy(0.3)])
    np.testing.assert_allclose(found.aleatoric, [entropy(0.2), entropy(0.3)])
    np.testing.assert_allclose(found.epistemic, [np.log(2) - entropy(0.2), 0], atol=1e-12)


def test_the_law_of_total_variance() -> None:
    rows = np.arange(4)
    each = [
        Predictions(rows, np.full((4, 1), mean), np.full(4, 2.0), np.full(4, 2.0))
        for mean in (-3.0, 3.0)
    ]
    both = pooled("real", each)
    found = over_session(both.total, both.expected, rows)
    np.testing.assert_allclose(found.total, 11.0)
    np.testing.assert_allclose(found.epistemic, 9.0)


def test_stretches_are_equally_long_but_for_the_last_and_those_without_bars() -> None:
    bar = np.r_[np.arange(14), np.arange(60, 79)]
    found = over_session(np.ones(33), np.ones(33), bar)  # 79 bars in 13 stretches of 7
    assert found.first.tolist() == [0, 7, 56, 63, 70, 77]
    assert found.last.tolist() == [6, 13, 62, 69, 76, 78]
    assert found.count.tolist() == [7, 7, 3, 7, 7, 2]
    assert found.epistemic.tolist() == [0.0] * 6


def test_no_bar_is_refused() -> None:
    with pytest.raises(ValueError, match="no bar"):
        over_session(np.zeros(0), np.zeros(0), np.zeros(0, dtype=np.int64))
