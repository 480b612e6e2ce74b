"""The best of N configurations tried on one data set, beside the best of N without skill.

All runs' held-out predictions meet the same exchanges of label sessions, so that their nulls are
joint: configurations that predict alike cost no more than one. The maximum over the runs of each
exchange is the null of the best; step-down max-T says which of the others are real too.

It is the last step of a search that is tested: what is corrected are the N choices among finished
predictions. A run whose own training looked at the test sessions (early stopping by them, features
chosen on them) can't be mended here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fireassay.arrays import Float
from fireassay.statistics.exchange import Permutations
from fireassay.statistics.multiplicity import BestOf, MaxT, best_of, westfall_young
from fireassay.statistics.null import NullTest, heldout_null
from fireassay.statistics.scores import Score


@dataclass(frozen=True, eq=False)
class Tried:
    """N runs on one data set.

    Attributes
    ----------
    tests
        Each run's score beside its own null; p as if it alone had been tried.
    joint
        `[N]` the same p, adjusted for all N (`p_adjusted`); scores in SDs of their null.
    best
        The best score beside the best of N without skill, in the score's own units: for a loss with
        its sign turned.
    """

    tests: tuple[NullTest, ...]
    joint: MaxT
    best: BestOf


def tried_runs(
    pred: Sequence[Float] | Float,
    y: Float,
    permutations: Permutations,
    *,
    score: Score = Score.AUC,
) -> Tried:
    """Test N runs' held-out predictions at once.

    Parameters
    ----------
    pred
        `[N, R]` predictions of N runs, NaN where a run has none (no session that any run predicts
        may be one that it was fitted on).
    y
        `[R]` labels, NaN where missing: the same for all runs, or their scores don't compare.
    permutations
        Of the held-out sessions, with `eligible` those that the runs predict.
    score
        One that `heldout_null` takes; losses are tested for being small.

    Raises
    ------
    ValueError
        If no run has a score, or the predictions don't fit the labels.
    """
    runs = [np.asarray(p, dtype=np.float64) for p in pred]
    if any(run.shape != np.shape(y) for run in runs):
        raise ValueError("each run needs one prediction per label")
    nowhere = np.zeros(len(permutations.offsets) - 1, dtype=np.int64)
    tests = tuple(
        heldout_null(
            run, y, permutations.offsets, nowhere, seed=0, score=score, permutations=permutations
        )
        for run in runs
    )
    sign = 1 if score.higher_is_better else -1
    observed = np.array([sign * test.observed for test in tests])
    null = np.array([sign * test.values for test in tests]).T
    return Tried(tests=tests, joint=westfall_young(observed, null), best=best_of(observed, null))
