"""Features that hold their session's end are named; what is known at the open isn't."""

from __future__ import annotations

import numpy as np
import pytest

from fireassay.arrays import Float, Int, session_of_row
from fireassay.statistics.session_end import LEAST_SESSIONS, hindsights

BARS = 20


class Market:
    """A random walk with gaps overnight, its bars, and figures of its sessions."""

    def __init__(self, seed: int, sessions: int = 60, gap: float = 0.01) -> None:
        self.rng = rng = np.random.default_rng(seed)
        self.offsets: Int = np.arange(sessions + 1) * BARS
        first = np.arange(sessions * BARS) % BARS == 0
        self.move = 0.002 * rng.standard_normal(len(first)) + gap * first * rng.standard_normal(
            len(first)
        )
        self.prices: dict[str, Float] = {"close": 100 * np.exp(np.cumsum(self.move))}
        self.prices["open"] = self.prices["close"] * np.exp(0.0005 * rng.standard_normal(len(first)))
        self.prices["high"] = 1.0005 * np.maximum(self.prices["open"], self.prices["close"])
        self.prices["low"] = np.minimum(self.prices["open"], self.prices["close"]) / 1.0005
        self.prices["volume"] = np.exp(rng.standard_normal(len(first)))
        self.y = (rng.random(len(first)) < 0.5).astype(float)

    def over_bars(self, figure: Float, later: int = 0) -> Float:
        """Give each bar its session's figure, or that of a session before."""
        return np.roll(figure, later)[session_of_row(self.offsets)].astype(np.float32)

    def figures(self) -> dict[str, Float]:
        """Return `[S]` figures of sessions, computed session by session."""
        p, cuts = self.prices, self.offsets[1:-1]
        parts = {name: np.split(values, cuts) for name, values in p.items()}
        ranges = [h.max() / v.min() for h, v in zip(parts["high"], parts["low"], strict=True)]
        return {
            "the close": np.array([c[-1] for c in parts["close"]]),
            "the high": np.array([h.max() for h in parts["high"]]),
            "the low": np.array([v.min() for v in parts["low"]]),
            "the range": np.array(ranges),
            "the volume": np.array([v.sum() for v in parts["volume"]]),
            "the return from open to close": np.array(
                [c[-1] / o[0] - 1 for c, o in zip(parts["close"], parts["open"], strict=True)]
            ),
            "the realised variance": np.array(
                [(np.diff(np.log(c)) ** 2).sum() for c in parts["close"]]
            ),
            "the mean label": np.array([v.mean() for v in np.split(self.y, cuts)]),
        }

    def found(self, x: Float, series: Int | None = None) -> dict[int, str]:
        series = np.zeros(len(self.offsets) - 1, dtype=np.int64) if series is None else series
        told = hindsights(x.astype(np.float32), self.prices, self.y, self.offsets, series)
        return {each.feature: each.what for each in told}


@pytest.mark.parametrize("seed", range(3))
def test_own_sessions_figures_are_named_and_earlier_ones_are_not(seed: int) -> None:
    market = Market(seed)
    figures = market.figures()
    own = [market.over_bars(v) for v in figures.values()]
    earlier = [market.over_bars(v, later=1) for v in figures.values()]
    opens = market.over_bars(market.prices["open"][market.offsets[:-1]])
    found = market.found(np.stack([*own, *earlier, opens, -own[0]], axis=1))
    names = list(figures)
    assert found == {**dict(enumerate(names)), 2 * len(names) + 1: "the close"}


def test_the_return_to_come_is_named_and_the_return_so_far_is_not() -> None:
    market = Market(0)
    log = np.log(market.prices["close"])
    session = session_of_row(market.offsets)
    left = log[market.offsets[1:] - 1][session] - log
    so_far = log - log[market.offsets[:-1]][session]
    noisy = left + 0.5 * left.std() * market.rng.standard_normal(len(left))
    found = market.found(np.stack([left, so_far, noisy, market.move], axis=1))
    assert found == dict.fromkeys((0, 2), "the return to the session's end")


def test_a_gap_that_is_nearly_all_of_a_days_move_clears_the_open() -> None:
    market = Market(1, gap=0.2)
    opens = market.over_bars(market.prices["open"][market.offsets[:-1]])
    assert market.found(opens[:, None]) == {}


def test_changes_are_those_within_a_symbol() -> None:
    """Two symbols at very different prices: their levels don't make yesterday's close today's."""
    low, high = Market(2), Market(3)
    high.prices = {n: v if n == "volume" else 1000 * v for n, v in high.prices.items()}
    yesterday = np.r_[
        low.over_bars(low.figures()["the close"], later=1),
        high.over_bars(high.figures()["the close"], later=1),
    ]
    both = Market(4, sessions=120)
    both.prices = {n: np.r_[low.prices[n], high.prices[n]] for n in low.prices}
    series = np.repeat([0, 1], 60)
    assert both.found(yesterday[:, None], series) == {}


def test_few_sessions_or_bars_tell_nothing() -> None:
    few = Market(0, sessions=LEAST_SESSIONS - 1)
    assert few.found(few.over_bars(few.figures()["the close"])[:, None]) == {}
    daily = Market(0)
    daily.offsets = np.arange(len(daily.y) + 1)  # one bar a session: its close is known at its end
    assert daily.found(daily.prices["close"][:, None]) == {}


def test_no_false_alarm_on_slow_features() -> None:
    """Averages of earlier sessions, wandering states and noise, constant over sessions or not."""
    for seed in range(40):
        market = Market(seed, sessions=45)
        rng, sessions = market.rng, len(market.offsets) - 1
        closes = market.figures()["the close"]
        means = [np.convolve(np.roll(closes, 1), np.ones(n) / n)[:sessions] for n in (2, 5, 10)]
        states = np.cumsum(rng.standard_normal((5, sessions)), axis=1)
        constant = [market.over_bars(v) for v in (*means, *states, *rng.random((5, sessions)))]
        moving = np.cumsum(rng.standard_normal((5, len(market.y))), axis=1)
        assert market.found(np.stack([*constant, *moving], axis=1)) == {}, seed
