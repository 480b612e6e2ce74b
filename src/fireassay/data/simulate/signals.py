"""Steps that read a signal off the features: what the label will be drawn around.

Each score has mean 0 and variance 1 when features are independent standard normals.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from fireassay.data.simulate.columns import ColumnTable, Step
from fireassay.data.simulate.effects import Course


@dataclass(frozen=True)
class Linear(Step):
    """A weighted sum of the first `count` features; weights of equal size and random sign."""

    count: int = 4

    def __call__(self, table: ColumnTable, rng: np.random.Generator) -> ColumnTable:
        """Set the score."""
        x = table.matrix(self.count)
        weights = rng.choice([-1.0, 1.0], x.shape[1]) / np.sqrt(x.shape[1])
        return replace(table, score=x @ weights)


@dataclass(frozen=True)
class Interaction(Step):
    """The exclusive or of two features' signs: neither tells anything alone."""

    def __call__(self, table: ColumnTable, rng: np.random.Generator) -> ColumnTable:
        """Set the score to −1 or 1."""
        del rng
        first, second = table.matrix(2).T
        return replace(table, score=np.sign(first) * np.sign(second))


@dataclass(frozen=True)
class Even(Step):
    """The summed absolute values of the first `count` features: uncorrelated with any of them.

    One feature is the trap of all correlations near 0; many need about two hidden units each.
    """

    count: int = 1

    def __call__(self, table: ColumnTable, rng: np.random.Generator) -> ColumnTable:
        """Set the score."""
        del rng
        # |x| of a standard normal has mean √(2/π) and variance 1 − 2/π.
        centred = np.abs(table.matrix(self.count)) - np.sqrt(2 / np.pi)
        return replace(table, score=centred.sum(1) / np.sqrt(self.count * (1 - 2 / np.pi)))


@dataclass(frozen=True)
class Lagged(Step):
    """One feature as it was `lag` bars ago; 0 where the session is younger than that."""

    lag: int

    def __call__(self, table: ColumnTable, rng: np.random.Generator) -> ColumnTable:
        """Set the score."""
        del rng
        return replace(table, score=table.earlier(table.matrix(1)[:, 0], self.lag, fill=0.0))


@dataclass(frozen=True)
class Varying(Step):
    """The score's sign and size run over the sample: the relation flips, or fades and turns."""

    course: Course

    def __call__(self, table: ColumnTable, rng: np.random.Generator) -> ColumnTable:
        """Multiply the score by the course's weight."""
        del rng
        assert table.score is not None
        return replace(table, score=table.score * self.course.weight(table.elapsed))
