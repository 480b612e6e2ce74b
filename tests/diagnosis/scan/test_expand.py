"""Fixed non-linear features: what they are made of, and that they can be had again and again."""

from __future__ import annotations

import numpy as np
import pytest

from fireassay.diagnosis.scan import expand
from fireassay.diagnosis.scan.expand import Expanded, Expansion


def noise(rows: int, columns: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((rows, columns))


def test_with_the_side_of_vwap_every_feature_meets_it() -> None:
    x = noise(500, 3)
    found = Expansion.fit(x, ["return_1", "vwap_deviation", "rsi_14"])
    out = found(x[:7])
    assert out.shape == (7, 9)
    assert out.dtype == np.float32
    np.testing.assert_allclose(out[:, 3:6], out[:, :3] ** 2, rtol=1e-6)
    np.testing.assert_allclose(out[:, 6:], out[:, :3] * np.sign(x[:7, 1:2]), rtol=1e-6)
    assert found.source.tolist() == [0, 1, 2] * 3
    assert "side of VWAP" in str(found)


def test_elsewhere_pairs_are_multiplied() -> None:
    found = Expansion.fit(noise(500, 3), ["a", "b", "c"])
    out = found(noise(5, 3, seed=1))
    assert found.source.tolist() == [0, 1, 2, 0, 1, 2, -1, -1, -1]
    np.testing.assert_allclose(out[:, 7], out[:, 0] * out[:, 2], rtol=1e-5)
    many = Expansion.fit(noise(300, 40), [f"f{i}" for i in range(40)])
    assert len(many.pairs) == expand.MOST_PAIRS == len(np.unique(many.pairs, axis=0))
    assert (many.pairs[:, 0] < many.pairs[:, 1]).all()


def test_very_many_features_are_squashed_only() -> None:
    width = expand.MOST_FEATURES + 1
    found = Expansion.fit(noise(300, width), [f"f{i}" for i in range(width)])
    assert found(noise(4, width)).shape == (4, width)


def test_outliers_and_rare_moves_leave_the_rest_its_scale() -> None:
    x = noise(3000, 3)
    x[7, 0] = 1e12
    x[:, 1] = np.where(np.arange(3000) % 20 == 0, x[:, 1] * 1e-4, 0.0)
    x[:, 2] = 5.0
    out = Expansion.fit(x, ["a", "b", "c"])(x)
    assert 0.4 < out[:, 0].std() < 0.9
    moved = x[:, 1] != 0
    assert 0.4 < out[moved, 1].std() < 0.9
    assert not out[~moved, 1].any()
    assert not out[:, 2].any()
    assert np.abs(out[:, :3]).max() <= 1


def test_what_is_not_known_is_at_the_centre() -> None:
    x = noise(400, 2) + 3
    x[:50, 0] = np.nan
    x[:, 1] = np.nan
    out = Expansion.fit(x, ["vwap_deviation", "empty"])(x)
    assert np.isfinite(out).all()
    assert not out[:50].any()
    assert not out[:, [1, 3, 5]].any()


@pytest.mark.parametrize("cache", [2**30, 0])
def test_sessions_come_again_whether_or_not_they_are_kept(
    cache: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expand, "CACHE", cache)
    x = noise(30, 2)
    expansion = Expansion.fit(x, ["a", "b"])
    sessions = Expanded(x, np.array([0, 20]), np.array([10, 30]), expansion)
    assert next(iter(sessions)).shape == (10, 5)  # a pass that is broken off keeps nothing
    first, second = list(sessions), list(sessions)
    assert len(first) == len(second) == 2
    for a, b, rows in zip(first, second, (slice(0, 10), slice(20, 30)), strict=True):
        np.testing.assert_array_equal(a, b)
        np.testing.assert_array_equal(a, expansion(x[rows]))
    assert bool(sessions._kept) == bool(cache)
    some = Expanded(x, np.array([0]), np.array([10]), expansion, columns=np.array([0, 2]))
    np.testing.assert_array_equal(next(iter(some)), expansion(x[:10])[:, [0, 2]])
