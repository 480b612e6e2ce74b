"""Features alone against scikit-learn and by hand; bars to come that a feature holds."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from fireassay.statistics.copies import Foresight, alone, filled_ahead, foresights
from tests.statistics import worlds


def test_auc_and_changes_are_those_of_the_rows() -> None:
    rng = np.random.default_rng(0)
    lengths = rng.integers(20, 50, 30)
    x = worlds.by_session(lengths, lambda n: worlds.ar(rng, (n, 4), 0.6))
    z = x[:, 0] - 0.5 * x[:, 1] + rng.standard_normal(len(x))
    y = worlds.binary(z)
    y[rng.random(len(y)) < 0.1] = np.nan
    x[rng.random(x.shape) < 0.1] = np.nan
    offsets = worlds.offsets_of(lengths)
    found = alone(x, y, offsets, classes=2)
    first = np.isin(np.arange(len(y)), offsets)
    for f in range(4):
        past = np.r_[np.nan, x[:-1, f]]
        known = ~(np.isnan(x[:, f]) | np.isnan(past) | np.isnan(y) | first)
        now, before = (roc_auc_score(y[known], v[known]) for v in (x[:, f], past))
        assert found.auc[f] == pytest.approx(max(now, 1 - now))
        assert found.before[f] == pytest.approx(max(before, 1 - before))
        # Ranks of independent normals: their changes correlate as those of the values, nearly.
        both = known & ~np.isnan(np.r_[np.nan, y[:-1]])
        changes = np.diff(x[:, f], prepend=np.nan)[both], np.diff(y, prepend=np.nan)[both]
        expected = np.sign(now - 0.5) * np.corrcoef(*changes)[0, 1]
        assert found.change[f] == pytest.approx(expected, abs=0.03)
    assert found.labels == int((~np.isnan(y) & ~first).sum())


def test_changes_by_hand() -> None:
    """A copy moves with the label always; its mirror image is as good; a state doesn't move."""
    y = np.array([0, 1, 1, 0, 1, 0, 0, 1, 0, 1], dtype=float)
    state = np.array([0, 0, 0, 0, 0, 1, 1, 1, 1, 1], dtype=float)
    x = np.stack([3 + 2 * y, -y, state, np.ones(10)], axis=1)
    found = alone(x, y, np.array([0, 5, 10]), classes=2)
    np.testing.assert_allclose(found.auc[:2], 1.0)
    np.testing.assert_allclose(found.change[:3], [1.0, 1.0, 0.0])
    assert np.isnan(found.auc[3])


def test_classes_and_real_labels() -> None:
    rng = np.random.default_rng(1)
    noise = rng.standard_normal(900)
    code = rng.integers(0, 3, 900).astype(float)
    x = np.stack([(code == 1) + 0.01 * noise, noise], axis=1)
    offsets = np.arange(0, 901, 90)
    found = alone(x, code, offsets, classes=3)
    assert found.auc[0] == 1.0
    assert found.auc[1] < 0.6
    real = alone(np.stack([noise**3, code], axis=1), noise, offsets, classes=0)
    assert real.auc[0] == 1.0
    assert real.change[0] > 0.8


def market(rng: np.random.Generator, sessions: int = 20, bars: int = 60) -> dict[str, np.ndarray]:
    """Prices in cents whose bars open where the last one closed."""
    close = 100 + 0.05 * np.cumsum(rng.standard_normal((sessions, bars)), axis=1).round(1)
    opened = np.concatenate([close[:, :1], close[:, :-1]], axis=1)
    spread = rng.integers(0, 4, close.shape) / 100
    return {
        "open": opened.ravel(),
        "high": (np.maximum(opened, close) + spread).ravel(),
        "low": (np.minimum(opened, close) - spread).ravel(),
        "close": close.ravel(),
        "volume": rng.integers(100, 10_000, sessions * bars).astype(float),
    }


def shifted(values: np.ndarray, bars: int, session: int = 60) -> np.ndarray:
    out = np.full_like(values.reshape(-1, session), np.nan)
    rows = values.reshape(-1, session)
    if bars > 0:
        out[:, :-bars] = rows[:, bars:]
    else:
        out[:, -bars:] = rows[:, : session + bars]
    return out.ravel()


def test_prices_and_returns_to_come_are_found_and_those_known_are_not() -> None:
    rng = np.random.default_rng(2)
    prices = market(rng)
    close, volume = prices["close"], prices["volume"]
    move = np.log(shifted(close, 3) / close)
    held = {
        "next close": shifted(close, 1),
        "volume in 5 bars": shifted(volume, 5),
        "next close, one in fifty wrong": np.where(
            rng.random(len(close)) < 0.02, 0.0, shifted(close, 1)
        ),
        "return of 3 bars, noisy": move + 0.5 * np.nanstd(move) * rng.standard_normal(len(move)),
    }
    known = {
        "close": close,
        "last close": shifted(close, -1),
        "last volume": shifted(volume, -1),
        "return": np.log(close / shifted(close, -1)),
        "session high": np.maximum.accumulate(prices["high"].reshape(20, 60), axis=1).ravel(),
        "noise": rng.standard_normal(len(close)),
        "constant": np.ones(len(close)),
    }
    x = np.stack([*held.values(), *known.values()], axis=1).astype(np.float32)
    found = foresights(x, prices, np.arange(0, 1201, 60))
    assert [each.feature for each in found] == [0, 1, 2, 3]
    assert (found[0].what, found[0].bars, found[0].strength) == ("close", 1, 1.0)
    assert found[1] == Foresight(1, "volume", 5, 1.0)
    assert found[2].strength == pytest.approx(0.98, abs=0.015)
    assert (found[3].what, found[3].bars) == ("return", 3)
    assert foresights(x, {}, np.arange(0, 1201, 60)) == []


def test_the_strongest_bounce_there_is_foresees_nothing() -> None:
    """Trades alternate between bid and ask around a price that stands still: correlation −½."""
    rng = np.random.default_rng(3)
    close = 100 + 0.01 * rng.integers(0, 2, 4000)
    last = np.r_[0.0, np.diff(np.log(close))]
    found = foresights(last[:, None], {"close": close}, np.arange(0, 4001, 100))
    assert found == []


def test_bars_filled_from_the_next_trade_by_hand() -> None:
    """Trades at 1, 2, 2 and, in another session, 5: filled backwards, then forwards, then neither."""
    stale = np.array([0, 1, 1, 0, 1, 0, 1, 1, 0, 1], dtype=bool)
    offsets = np.array([0, 7, 10])
    backward = np.array([1, 2, 2, 2, 2, 2, 2, 5, 5, 5], dtype=float)
    # Equal trades around a bar tell nothing, nor does what no trade of the session follows.
    assert filled_ahead(backward, stale, offsets).tolist() == [False, True, True] + 7 * [False]
    forward = np.array([1, 1, 1, 2, 2, 2, 2, 5, 5, 5], dtype=float)
    assert not filled_ahead(forward, stale, offsets).any()
    half = np.array([1, 1, 2, 2, 2, 2, 2, 5, 5, 5], dtype=float)
    assert not filled_ahead(half, stale, offsets).any()
    assert not filled_ahead(backward, np.zeros(10, dtype=bool), offsets).any()
