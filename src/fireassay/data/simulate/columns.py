"""Columns of the user's own: features `f_*`, a label `y` and its `label_end`, planted step by step.

A world of columns is a list of steps, each of which takes the table so far and returns the next:
features are drawn, a signal is read off them, a label is drawn around the signal, and faults are
planted in any of it. The order of the steps is the order of events.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from fireassay.arrays import Float, Int, bar_of_row, session_of_row
from fireassay.seeds import generator


@dataclass(frozen=True, eq=False)
class ColumnTable:
    """The columns planted so far, over the rows of all sessions.

    Attributes
    ----------
    offsets
        `[S + 1]` row offsets of sessions (symbol by symbol where there are several).
    elapsed
        `[R]` share of the sample's sessions that lie before the row's, from 0 to 1.
    features
        Name to `[R]` values.
    score
        `[R]` the signal that the label is drawn around, about mean 0 and variance 1.
    outcome
        `[R]` the latent quantity whose sign is the label; NaN where there is no label.
    y
        `[R]` 0 or 1, NaN where there is no label.
    end
        `[R]` row at which the label is known.
    """

    offsets: Int
    elapsed: Float
    features: Mapping[str, Float] = field(default_factory=dict)
    score: Float | None = None
    outcome: Float | None = None
    y: Float | None = None
    end: Int | None = None

    @property
    def rows(self) -> int:
        """R, the number of rows."""
        return int(self.offsets[-1])

    @property
    def sessions(self) -> int:
        """S, the number of sessions."""
        return len(self.offsets) - 1

    @property
    def session(self) -> Int:
        """`[R]` the session of every row."""
        return session_of_row(self.offsets)

    @property
    def bar(self) -> Int:
        """`[R]` the position of every row in its session."""
        return bar_of_row(self.offsets)

    def matrix(self, count: int | None = None) -> Float:
        """Return `[R, count]` the first features, all of them by default."""
        return np.column_stack(list(self.features.values())[:count])

    def with_features(self, columns: Mapping[str, Float]) -> ColumnTable:
        """Return the table with features added or replaced."""
        return replace(self, features={**self.features, **columns})

    def earlier(self, values: Float, bars: int, fill: float = np.nan) -> Float:
        """Return `[R]` the value `bars` rows earlier in the same session (later if negative)."""
        source = np.arange(self.rows) - bars
        within = (source >= self.offsets[self.session]) & (source < self.offsets[self.session + 1])
        return np.where(within, values[np.clip(source, 0, self.rows - 1)], fill)


class Step(ABC):
    """One step in the making of a table."""

    @abstractmethod
    def __call__(self, table: ColumnTable, rng: np.random.Generator) -> ColumnTable:
        """Return the table with this step taken."""


def plant(table: ColumnTable, steps: Iterable[Step], *path: str | int) -> ColumnTable:
    """Take the steps in order; the draws of each are named by its place and kind."""
    for place, step in enumerate(steps):
        table = step(table, generator(*path, "columns", place, type(step).__name__))
    return table
