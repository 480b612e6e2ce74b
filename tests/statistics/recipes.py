"""Permutation recipes in common use, refitting a ridge learner for every draw, from the rows.

Slow and plain on purpose: what they call signal in worlds without any is measured beside the session
null. `permutation_test_score` is scikit-learn's function in its documented use: rows shuffled, folds
of shuffled rows.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from sklearn.model_selection import KFold

from fireassay.arrays import session_of_row
from fireassay.statistics.exchange import permute_dates, rotate_bars
from fireassay.statistics.null import p_value
from fireassay.statistics.scores import midranks
from tests.statistics.worlds import World

Folds = list[tuple[np.ndarray, np.ndarray]]
ALPHA = 1.0


def cross_validated_auc(x: np.ndarray, labels: np.ndarray, folds: Folds) -> np.ndarray:
    """Return `[J]` the mean over folds of the AUC of scikit-learn's Ridge, for `[R, J]` labels."""
    out = np.zeros(labels.shape[1])
    for train, test in folds:
        mean = x[train].mean(0)
        a, b = x[train] - mean, x[test] - mean
        inverse = np.linalg.solve(a.T @ a + ALPHA * np.eye(x.shape[1]), a.T)
        pred = b @ (inverse @ (labels[train] - labels[train].mean(0)))
        held = labels[test]
        ones = held.sum(0)
        rank_sum = (midranks(pred.T).T * held).sum(0)
        out += (rank_sum - ones * (ones + 1) / 2) / (ones * (len(test) - ones))
    return out / len(folds)


def shuffled_folds(rows: int, rng: np.random.Generator) -> Folds:
    return list(KFold(5, shuffle=True, random_state=int(rng.integers(2**31))).split(np.arange(rows)))


def session_folds_of_rows(session: np.ndarray) -> Folds:
    """Five runs of whole sessions."""
    parts = np.array_split(np.unique(session), 5)
    tests = [np.flatnonzero(np.isin(session, part)) for part in parts]
    return [(np.setdiff1d(np.arange(len(session)), test), test) for test in tests]


def _p(x: np.ndarray, y: np.ndarray, drawn: list[np.ndarray], folds: Folds) -> float:
    values = cross_validated_auc(x, np.column_stack([y, *drawn]), folds)
    return p_value(values[0], values[1:])


def row_permutation(world: World, rng: np.random.Generator, draws: int) -> float:
    """scikit-learn's recipe: rows permuted, folds of shuffled rows."""
    keep = ~np.isnan(world.y)
    x, y = world.x[keep], world.y[keep]
    return _p(x, y, [rng.permutation(y) for _ in range(draws)], shuffled_folds(len(y), rng))


def row_permutation_blocked(world: World, rng: np.random.Generator, draws: int) -> float:
    """Rows permuted, folds of whole sessions."""
    keep = ~np.isnan(world.y)
    x, y, session = world.x[keep], world.y[keep], session_of_row(world.offsets)[keep]
    drawn = [rng.permutation(y) for _ in range(draws)]
    return _p(x, y, drawn, session_folds_of_rows(session))


def circular_shift(world: World, rng: np.random.Generator, draws: int) -> float:
    """All rows' labels shifted circularly by one number, folds of whole sessions."""
    keep = ~np.isnan(world.y)
    x, y, session = world.x[keep], world.y[keep], session_of_row(world.offsets)[keep]
    drawn = [np.roll(y, rng.integers(1, len(y))) for _ in range(draws)]
    return _p(x, y, drawn, session_folds_of_rows(session))


def _exchanged(make: Callable) -> Callable[[World, np.random.Generator, int], float]:
    def recipe(world: World, rng: np.random.Generator, draws: int) -> float:
        keep = ~np.isnan(world.y)
        permutations = make(world, int(rng.integers(2**62)), draws)
        drawn = [permutations.labels(world.y, b)[keep] for b in range(permutations.draws)]
        session = session_of_row(world.offsets)[keep]
        return _p(world.x[keep], world.y[keep], drawn, session_folds_of_rows(session))

    return recipe


RECIPES: dict[str, Callable[[World, np.random.Generator, int], float]] = {
    "rows permuted, folds of shuffled rows (scikit-learn's recipe)": row_permutation,
    "rows permuted, folds of whole sessions": row_permutation_blocked,
    "all rows shifted circularly, folds of whole sessions": circular_shift,
    "bars shifted inside sessions, folds of whole sessions": _exchanged(
        lambda w, seed, draws: rotate_bars(
            w.offsets, w.clusters, draws, seed=seed, labelled=~np.isnan(w.y)
        )
    ),
    "whole label sessions permuted, folds of whole sessions": _exchanged(
        lambda w, seed, draws: permute_dates(w.offsets, w.clusters, draws, seed=seed)
    ),
    "the same within blocks of 10 sessions": _exchanged(
        lambda w, seed, draws: permute_dates(w.offsets, w.clusters, draws, seed=seed, block=10)
    ),
}
