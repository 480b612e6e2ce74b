"""Steps that draw features, and faults planted in features."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fireassay.data.simulate.columns import ColumnTable, Step


def _names(table: ColumnTable, count: int) -> list[str]:
    taken = len(table.features)
    return [f"f_{i:02d}" for i in range(taken, taken + count)]


@dataclass(frozen=True)
class Features(Step):
    """Independent Gaussian AR(1) features with variance 1, started anew in each session."""

    count: int = 8
    persistence: float = 0.0

    def __call__(self, table: ColumnTable, rng: np.random.Generator) -> ColumnTable:
        """Add the features."""
        values = rng.standard_normal((table.rows, self.count))
        innovation = np.sqrt(1 - self.persistence**2)
        lengths = np.diff(table.offsets)
        for bar in range(1, int(lengths.max()) if self.persistence else 1):
            rows = table.offsets[:-1][lengths > bar] + bar
            values[rows] = self.persistence * values[rows - 1] + innovation * values[rows]
        return table.with_features(dict(zip(_names(table, self.count), values.T, strict=True)))


@dataclass(frozen=True)
class RandomWalks(Step):
    """Features that wander over the whole sample and never come back: spurious by nature."""

    count: int = 8

    def __call__(self, table: ColumnTable, rng: np.random.Generator) -> ColumnTable:
        """Add the features."""
        values = np.cumsum(rng.standard_normal((self.count, table.rows)), axis=1)
        return table.with_features(dict(zip(_names(table, self.count), values, strict=True)))


@dataclass(frozen=True)
class SlowFeatures(Step):
    """Features that are constant in a session and walk from session to session.

    They tell which sessions are neighbours, so a learner can carry a label that spans sessions over
    a split that isn't purged.
    """

    count: int = 4

    def __call__(self, table: ColumnTable, rng: np.random.Generator) -> ColumnTable:
        """Add the features."""
        walks = np.cumsum(rng.standard_normal((self.count, table.sessions)), axis=1)
        values = walks[:, table.session]
        return table.with_features(dict(zip(_names(table, self.count), values, strict=True)))


@dataclass(frozen=True)
class FutureLeak(Step):
    """A feature that holds the outcome itself, with noise: a bar of the future in a feature."""

    noise: float = 0.5

    def __call__(self, table: ColumnTable, rng: np.random.Generator) -> ColumnTable:
        """Add the feature `f_leak`."""
        assert table.outcome is not None
        leak = np.nan_to_num(table.outcome) + self.noise * rng.standard_normal(table.rows)
        return table.with_features({"f_leak": leak})


@dataclass(frozen=True)
class LabelCopy(Step):
    """A feature that copies the label in another unit."""

    def __call__(self, table: ColumnTable, rng: np.random.Generator) -> ColumnTable:
        """Add the feature `f_copy`."""
        assert table.y is not None
        copy = np.where(np.isnan(table.y), 0.5, table.y) * 250 + 1000
        return table.with_features({"f_copy": copy + rng.standard_normal(table.rows)})


@dataclass(frozen=True)
class Rescaled(Step):
    """One feature in a unit that is far from the others'."""

    feature: str = "f_00"
    factor: float = 1e6

    def __call__(self, table: ColumnTable, rng: np.random.Generator) -> ColumnTable:
        """Multiply the feature."""
        del rng
        return table.with_features({self.feature: table.features[self.feature] * self.factor})


@dataclass(frozen=True)
class ScaledOnAll(Step):
    """Features of all sorts of units, standardised over the whole sample, later sessions included."""

    decades: float = 3.0

    def __call__(self, table: ColumnTable, rng: np.random.Generator) -> ColumnTable:
        """Give each feature a unit of its own, then take mean and SD over all rows."""
        columns = {}
        for name, values in table.features.items():
            measured = values * 10 ** rng.uniform(-self.decades, self.decades) + rng.normal()
            columns[name] = (measured - np.nanmean(measured)) / np.nanstd(measured)
        return table.with_features(columns)


@dataclass(frozen=True)
class Degenerate(Step):
    """Every feature but the last is spoiled: constant, almost always null, or a copy of the last."""

    def __call__(self, table: ColumnTable, rng: np.random.Generator) -> ColumnTable:
        """Spoil the features in turn."""
        *spoiled, last = table.features
        columns = {}
        for place, name in enumerate(spoiled):
            match place % 3:
                case 0:
                    columns[name] = np.full(table.rows, 3.0)
                case 1:
                    known = rng.random(table.rows) < 0.01
                    columns[name] = np.where(known, table.features[name], np.nan)
                case _:
                    columns[name] = 2.0 * table.features[last] + 1.0
        return table.with_features(columns)
