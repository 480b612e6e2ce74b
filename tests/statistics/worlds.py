"""Simulated sessions with a known truth: nothing to find, or an effect of known size.

A world is features, labels and sessions as the statistics take them. In `NULL_WORLDS` features and
labels are independent, so that a test which says otherwise more often than its level is wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.signal import lfilter


@dataclass(frozen=True, eq=False)
class World:
    """Features `x [R, F]`, a binary label `y`, a real label `z` (NaN where none), sessions."""

    x: np.ndarray
    y: np.ndarray
    z: np.ndarray
    offsets: np.ndarray
    clusters: np.ndarray

    @property
    def sessions(self) -> int:
        return len(self.offsets) - 1


def offsets_of(lengths: np.ndarray) -> np.ndarray:
    return np.r_[0, np.cumsum(lengths)].astype(np.int64)


def ar(rng: np.random.Generator, shape: tuple[int, ...], phi: float) -> np.ndarray:
    """AR(1) along axis 0 with unit variance, stationary from the first bar."""
    noise = rng.standard_normal(shape) * np.sqrt(1 - phi**2)
    noise[0] /= np.sqrt(1 - phi**2)
    return lfilter([1], [1, -phi], noise, axis=0)


def by_session(lengths: np.ndarray, make: Callable[[int], np.ndarray]) -> np.ndarray:
    return np.concatenate([make(int(n)) for n in lengths])


def outcome(returns: np.ndarray, horizon: int) -> np.ndarray:
    """Sum of the next `horizon` returns of one session; NaN where the session ends before."""
    total = np.r_[0.0, np.cumsum(returns)]
    out = np.full(len(returns), np.nan)
    if len(returns) > horizon:
        out[: len(returns) - horizon] = total[1 + horizon :] - total[1:-horizon]
    return out


def binary(z: np.ndarray, threshold: float | np.ndarray = 0.0) -> np.ndarray:
    return np.where(np.isnan(z), np.nan, z > threshold)


def ar_overlap(
    rng: np.random.Generator,
    sessions: int = 60,
    bars: int = 78,
    features: int = 1,
    phi: float = 0.95,
    horizon: int = 12,
    lengths: np.ndarray | None = None,
) -> World:
    """AR(.95) features beside the direction and size of the next 12 bars' return."""
    if lengths is None:
        lengths = np.full(sessions, bars)
    x = by_session(lengths, lambda n: ar(rng, (n, features), phi))
    z = by_session(lengths, lambda n: outcome(rng.standard_normal(n), horizon))
    return World(x, binary(z), z, offsets_of(lengths), np.arange(len(lengths)))


def random_walks(
    rng: np.random.Generator, sessions: int = 60, bars: int = 78, features: int = 1
) -> World:
    """Levels of random walks that run on from session to session, beside another one's moves."""
    lengths = np.full(sessions, bars)
    x = np.cumsum(rng.standard_normal((sessions * bars, features)), axis=0)
    z = by_session(lengths, lambda n: outcome(rng.standard_normal(n), 12))
    return World(x, binary(z), z, offsets_of(lengths), np.arange(sessions))


def walk_levels(
    rng: np.random.Generator, sessions: int = 60, bars: int = 78, features: int = 1
) -> World:
    """Levels beside the level of another random walk: no exchange of sessions is exact here."""
    x = np.cumsum(rng.standard_normal((sessions * bars, features)), axis=0)
    z = np.cumsum(rng.standard_normal(sessions * bars))
    lengths = np.full(sessions, bars)
    return World(x, binary(z, np.median(z)), z, offsets_of(lengths), np.arange(sessions))


def drifting(
    rng: np.random.Generator, sessions: int = 60, bars: int = 78, features: int = 1
) -> World:
    """Feature levels and label rates that drift slowly, each on its own, over the sessions."""
    lengths = np.full(sessions, bars)
    time = np.linspace(0, 2 * np.pi, sessions)
    phase = rng.uniform(0, 2 * np.pi, features + 1)
    wave = np.sin(time[:, None] + phase)
    level = np.repeat(wave, bars, axis=0)
    x = by_session(lengths, lambda n: ar(rng, (n, features), 0.95)) + level[:, 1:]
    z = by_session(lengths, lambda n: outcome(rng.standard_normal(n), 12)) / np.sqrt(12)
    z = z + 0.5 * level[:, 0]
    return World(x, binary(z), z, offsets_of(lengths), np.arange(sessions))


def coin(rng: np.random.Generator, sessions: int = 60, bars: int = 78, features: int = 1) -> World:
    """Labels drawn 60/40 for every bar alone, beside AR(.95) features."""
    lengths = np.full(sessions, bars)
    x = by_session(lengths, lambda n: ar(rng, (n, features), 0.95))
    y = (rng.random(len(x)) < 0.4).astype(float)
    z = rng.standard_normal(len(x))
    return World(x, y, z, offsets_of(lengths), np.arange(sessions))


def unequal(rng: np.random.Generator, sessions: int = 60, features: int = 1) -> World:
    """AR features and overlapping labels in sessions of 30 to 90 bars."""
    return ar_overlap(rng, features=features, lengths=rng.integers(30, 91, sessions))


def half_days(rng: np.random.Generator, sessions: int = 60, features: int = 1) -> World:
    """AR features and overlapping labels; one session in eight is half as long."""
    lengths = np.where(rng.random(sessions) < 1 / 8, 42, 78)
    return ar_overlap(rng, features=features, lengths=lengths)


def symbols(rng: np.random.Generator, dates: int = 60, bars: int = 40, features: int = 1) -> World:
    """Four symbols a date that share most of their features and of their outcomes."""
    count = 4
    lengths = np.full(dates * count, bars)
    x = np.empty((count, dates, bars, features))
    z = np.empty((count, dates, bars))
    for d in range(dates):
        common = ar(rng, (bars, features), 0.95)
        market = rng.standard_normal(bars)
        for k in range(count):
            x[k, d] = np.sqrt(0.7) * common + np.sqrt(0.3) * ar(rng, (bars, features), 0.95)
            own = rng.standard_normal(bars)
            z[k, d] = outcome(np.sqrt(0.7) * market + np.sqrt(0.3) * own, 12)
    z = z.reshape(-1)
    return World(
        x.reshape(-1, features), binary(z), z, offsets_of(lengths), np.tile(np.arange(dates), count)
    )


NULL_WORLDS: dict[str, Callable[..., World]] = {
    "AR × overlapping labels": ar_overlap,
    "random walks": random_walks,
    "drifting sessions": drifting,
    "random 60/40 labels": coin,
    "unequal lengths": unequal,
    "half days": half_days,
    "four symbols a date": symbols,
}
