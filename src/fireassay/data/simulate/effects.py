"""Effects planted in prices: what the next move depends on, one small class each.

An effect sees what anybody could know at the close of a bar and changes the distribution of the
next bar's move. Without effects the efficient price is a martingale.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from fireassay.arrays import Float


@dataclass(frozen=True, eq=False)
class Known:
    """What is known at the close of a bar, of N sessions at once.

    Attributes
    ----------
    deviation
        `[N]` mid price minus session VWAP, in the unit of moves; 0 before the first bar.
    volatility
        `[N]` standard deviation of the next move, in the unit of moves.
    moves
        `[N, t]` past moves of the efficient price, each divided by its standard deviation.
    elapsed
        `[N]` share of the sample's sessions that lie before this one, from 0 to 1.
    draws
        `[N, 2]` uniform random numbers that the effect may use.
    """

    deviation: Float
    volatility: Float
    moves: Float
    elapsed: Float
    draws: Float


class PriceEffect:
    """Base of effects: one dependence of the next move on what is known; here there is none."""

    def drift(self, known: Known) -> Float:
        """Return `[N]` what is added to the next move's mean, in its standard deviations."""
        return np.zeros(len(known.deviation))

    def reshape(self, known: Known, move: Float, *, whole: bool) -> Float:
        """Return `[N]` the next move in another distribution; `whole` moves stay integers."""
        del known, whole
        return move


@dataclass(frozen=True)
class VwapReversion(PriceEffect):
    """The price reverts to the session's VWAP: E[p_{t+1} − p_t] = speed · (V_t − p_t).

    With speed κ a share 1 − (1 − κ)^k of the deviation is expected to be gone after k bars: little
    in one bar, much in 5 to 10.
    """

    speed: float

    def drift(self, known: Known) -> Float:
        """Return the drift towards VWAP."""
        return -self.speed * known.deviation / known.volatility


@dataclass(frozen=True)
class Momentum(PriceEffect):
    """The next move follows recent ones: its mean is `strength` times their weighted average.

    The signal is Σ_j memory^j z_{t−j}, scaled to variance 1 under independent moves z; it is linear
    in past returns, so a linear model sees it. A negative strength is short-term reversal.

    Raises
    ------
    ValueError
        If the moves would not be stationary: |strength| · √(1 − memory²) / (1 − memory) ≥ 1.
    """

    strength: float
    memory: float = 0.6

    def __post_init__(self) -> None:
        if abs(self.strength) * np.sqrt(1 - self.memory**2) / (1 - self.memory) >= 1:
            raise ValueError(f"momentum {self.strength} with memory {self.memory} explodes")

    def drift(self, known: Known) -> Float:
        """Return the drift along recent moves."""
        # Terms beyond this reach weigh less than a thousandth of the first.
        reach = 1 if self.memory == 0 else int(np.ceil(np.log(1e-3) / np.log(self.memory)))
        recent = known.moves[:, -reach:]
        weights = self.memory ** np.arange(recent.shape[1])[::-1]
        return self.strength * np.sqrt(1 - self.memory**2) * (recent @ weights)


@dataclass(frozen=True)
class RareReturns(PriceEffect):
    """Moves towards VWAP are rarer than moves away from it, and larger: the mean stays 0.

    A move that isn't 0 goes towards the session's VWAP with probability `toward`, whatever else is
    known. Sizes are scaled by √(q / (1 − q)) towards and √((1 − q) / q) away, q = 1 − toward, so
    that mean and variance stay those of a martingale: up the stairs, down by the lift. Whether the
    price moves at all doesn't depend on the side.
    """

    toward: float

    def reshape(self, known: Known, move: Float, *, whole: bool) -> Float:
        """Return moves with the sides drawn anew."""
        away = 1 - self.toward
        side = np.where(known.deviation == 0, np.sign(known.draws[:, 1] - 0.5), -known.deviation)
        is_toward = known.draws[:, 0] < self.toward
        factor = np.where(is_toward, np.sqrt(away / self.toward), np.sqrt(self.toward / away))
        size = np.abs(move) * factor
        if whole:
            # The second draw is free wherever there is a deviation: it rounds without bias. A move
            # of one tick stays one, else small moves away would vanish and tilt the odds.
            size = np.where(move == 0, 0, np.maximum(np.floor(size + known.draws[:, 1]), 1))
        return np.where(is_toward, 1, -1) * np.sign(side) * size


class Course(StrEnum):
    """How an effect's strength runs over the sample."""

    STEADY = "steady"
    FLIP = "flip"
    FADE = "fade"

    def weight(self, elapsed: Float) -> Float:
        """Return the factor on the strength at each share of the sample, from 0 to 1.

        Steady: 1. Flip: 1 in the first half, −1 in the second. Fade: from 1 to −1 along a line.
        """
        match self:
            case Course.STEADY:
                return np.ones_like(elapsed)
            case Course.FLIP:
                return np.where(elapsed < 0.5, 1.0, -1.0)
            case Course.FADE:
                return 1 - 2 * elapsed


@dataclass(frozen=True)
class Over(PriceEffect):
    """A drift whose strength changes over the sample."""

    effect: PriceEffect
    course: Course

    def drift(self, known: Known) -> Float:
        """Return the effect's drift with the strength of the time."""
        return self.effect.drift(known) * self.course.weight(known.elapsed)
