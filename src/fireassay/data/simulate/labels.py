"""Steps that draw labels, around a signal or by chance, and faults planted in labels."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from fireassay.arrays import Float, rows_of_sessions
from fireassay.data.simulate.columns import ColumnTable, Step
from fireassay.errors import SettingError

_GRID = 2000
_HALVINGS = 36


def calibrate(score: Float, auc: float, prevalence: float = 0.5) -> tuple[float, float]:
    """Return (ρ, c) such that y = 1[ρ·score + √(1 − ρ²)·ε > c] has this AUC and prevalence.

    The AUC is that of the score itself for y, the best that any learner reaches. For a standard
    normal score and c = 0 it is ½ + (2/π)·arcsin(ρ/√2), by the orthant probability of three normals.

    Parameters
    ----------
    score
        `[R]` finite values of any distribution; ties count half.
    auc, prevalence
        What y shall have in the mean over the noise ε.

    Raises
    ------
    SettingError
        If no ρ < 1 reaches the AUC.
    """
    grid = np.quantile(score, (np.arange(_GRID) + 0.5) / _GRID, method="nearest")
    values, counts = np.unique(grid, return_counts=True)
    shares = counts / _GRID
    low, high = 0.0, 1 - 1e-9
    if _population_auc(values, shares, high, prevalence)[0] < auc:
        raise SettingError(f"this signal can't reach an AUC of {auc:g}", fix="Ask for less.")
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if _population_auc(values, shares, middle, prevalence)[0] < auc:
            low = middle
        else:
            high = middle
    rho = (low + high) / 2
    return rho, _population_auc(values, shares, rho, prevalence)[1]


def _population_auc(
    values: Float, shares: Float, rho: float, prevalence: float
) -> tuple[float, float]:
    """Return the AUC at correlation ρ and the threshold c that gives the prevalence."""
    from scipy.special import ndtr

    noise = np.sqrt(1 - rho**2)
    reach = np.abs(values).max() + 10
    low, high = -reach, reach
    for _ in range(_HALVINGS):
        c = (low + high) / 2
        positive = ndtr((rho * values - c) / noise)
        if positive @ shares > prevalence:
            low = c
        else:
            high = c
    ones, zeros = positive * shares, (1 - positive) * shares
    below = np.cumsum(zeros) - zeros / 2
    return float(ones @ below / (ones.sum() * zeros.sum())), c


def _noise(table: ColumnTable, horizon: int, rng: np.random.Generator) -> Float:
    """Return `[R]` the scaled sum of the next `horizon` bars' normals; NaN near the session's end.

    Labels that overlap share noise, as outcomes over several bars do.
    """
    steps = rng.standard_normal(table.rows)
    ahead = [table.earlier(steps, -k) for k in range(1, horizon + 1)]
    return np.sum(ahead, axis=0) / np.sqrt(horizon)


def _labelled(table: ColumnTable, outcome: Float, horizon: int) -> ColumnTable:
    rows = np.arange(table.rows)
    known = ~np.isnan(outcome)
    return replace(
        table,
        outcome=outcome,
        y=np.where(known, (outcome > 0).astype(float), np.nan),
        end=np.where(known, np.minimum(rows + horizon, table.rows - 1), rows),
    )


@dataclass(frozen=True)
class Signal(Step):
    """A label drawn around the score, so that the score's AUC for it is `auc`."""

    auc: float
    prevalence: float = 0.5
    horizon: int = 1

    def __call__(self, table: ColumnTable, rng: np.random.Generator) -> ColumnTable:
        """Draw the label."""
        assert table.score is not None
        rho, c = calibrate(table.score, self.auc, self.prevalence)
        noise = _noise(table, self.horizon, rng)
        return _labelled(table, rho * table.score + np.sqrt(1 - rho**2) * noise - c, self.horizon)


@dataclass(frozen=True)
class Chance(Step):
    """A label that depends on nothing; its prevalence may run from `prevalence` to `late`."""

    prevalence: float = 0.5
    late: float | None = None
    horizon: int = 1

    def __call__(self, table: ColumnTable, rng: np.random.Generator) -> ColumnTable:
        """Draw the label."""
        from scipy.special import ndtri

        late = self.prevalence if self.late is None else self.late
        share = self.prevalence + (late - self.prevalence) * table.elapsed
        return _labelled(table, _noise(table, self.horizon, rng) + ndtri(share), self.horizon)


@dataclass(frozen=True)
class SpanningChance(Step):
    """A label of the next `sessions` sessions' noise: it ends in a later session than its own.

    All rows of a session look ahead to nearly the same sum, and neighbouring sessions share most of
    it. Rows whose outcome would leave the sample have no label.
    """

    sessions: int = 5

    def __call__(self, table: ColumnTable, rng: np.random.Generator) -> ColumnTable:
        """Draw the label."""
        total = np.r_[0.0, np.cumsum(rng.standard_normal(table.rows))]
        last = table.session + self.sessions
        known = last < table.sessions
        end = table.offsets[np.minimum(last, table.sessions - 1) + 1] - 1
        rows = np.arange(table.rows)
        outcome = np.where(known, total[end + 1] - total[rows + 1], np.nan)
        return replace(_labelled(table, outcome, 1), end=np.where(known, end, rows))


@dataclass(frozen=True)
class Mislabelled(Step):
    """A share of labels is turned into its opposite, at random.

    An AUC of A becomes A − share·(2A − 1) when classes are balanced.
    """

    share: float

    def __call__(self, table: ColumnTable, rng: np.random.Generator) -> ColumnTable:
        """Turn labels over."""
        assert table.y is not None
        wrong = rng.random(table.rows) < self.share
        return replace(table, y=np.where(wrong, 1 - table.y, table.y))


@dataclass(frozen=True)
class Misaligned(Step):
    """Each row carries the label that belongs to the row `bars` later (earlier if negative)."""

    bars: int

    def __call__(self, table: ColumnTable, rng: np.random.Generator) -> ColumnTable:
        """Shift label and end."""
        del rng
        assert table.y is not None
        assert table.end is not None
        y = table.earlier(table.y, -self.bars)
        rows = np.arange(table.rows)
        end = table.earlier(table.end.astype(float), -self.bars)
        # A label that was known before its row is known at its row.
        known = np.where(np.isnan(y), rows, np.maximum(np.nan_to_num(end), rows))
        return replace(table, y=y, end=known.astype(np.int64))


@dataclass(frozen=True)
class ShuffledLate(Step):
    """From a share of the sample on, labels are shuffled inside each session."""

    after: float = 0.7

    def __call__(self, table: ColumnTable, rng: np.random.Generator) -> ColumnTable:
        """Shuffle late labels among the labelled rows of their session."""
        assert table.y is not None
        y = table.y.copy()
        late = np.flatnonzero((table.elapsed >= self.after) & ~np.isnan(y))
        by_session = late[np.lexsort((rng.random(len(late)), table.session[late]))]
        y[late] = y[by_session]
        return replace(table, y=y)


@dataclass(frozen=True)
class RepeatedSessions(Step):
    """Late sessions repeat early ones, features and labels alike, under a later date."""

    share: float = 0.3

    def __call__(self, table: ColumnTable, rng: np.random.Generator) -> ColumnTable:
        """Copy early sessions over the last share of sessions, as far as they are long."""
        assert table.y is not None
        first_late = table.sessions - int(table.sessions * self.share)
        late = np.arange(first_late, table.sessions)
        originals = rng.integers(0, first_late, len(late))
        rows = rows_of_sessions(table.offsets, late)
        lengths = np.diff(table.offsets)
        original = np.repeat(originals, lengths[late])
        bar = np.minimum(table.bar[rows], lengths[original] - 1)
        source = np.arange(table.rows)
        source[rows] = table.offsets[original] + bar
        features = {name: values[source] for name, values in table.features.items()}
        return replace(table, features=features, y=table.y[source])
