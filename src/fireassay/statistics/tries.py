"""All that was ever tried on one set of sessions, corrected together from what is written down.

A run's own correction (step-down max-T over a sweep's rows, a scan's targets, a diagnosis' learners)
needs the draws of all of them at once. Runs of other days have left their p alone, so families of
tries are corrected by Holm (1979), Scand. J. Stat. 6:65: right however their tests depend on each
other, where Šidák's correction would be right only without negative dependence. The price over
Šidák's is small, under 3 % of the p at .05.
"""

from __future__ import annotations

import math
from collections.abc import Sequence, Set
from dataclasses import dataclass

import numpy as np

from fireassay.arrays import Float
from fireassay.statistics.multiplicity import holm


@dataclass(frozen=True, eq=False)
class OverTries:
    """Families of tries, corrected together.

    Attributes
    ----------
    members
        Distinct tries.
    families
        Families that are counted: those with a p that no other one holds.
    p_adjusted
        `[N]` p of each family given, adjusted for all. One that another holds has that one's.
    smallest, smallest_adjusted
        The smallest p of the families counted, as it was and adjusted; NaN where there is none.
    """

    members: int
    families: int
    p_adjusted: Float
    smallest: float
    smallest_adjusted: float


def over_tries(members: Sequence[Set[str]], p: Sequence[float]) -> OverTries:
    """Correct the p of families of tries for all that was tried.

    Parameters
    ----------
    members
        `[N]` what each family tried, by names that equal tries share.
    p
        `[N]` of the best of each family, valid for the family as a whole; NaN where none was had.

    Notes
    -----
    A family whose members another one holds is not counted: nothing further was tried in it. Of
    equal families the largest p stands, so that asking again until it is small gains nothing. Which
    family is counted depends on members alone, never on p, so that the correction stays valid.
    """
    if len(members) != len(p):
        raise ValueError("each family needs one p")
    tested = [i for i, value in enumerate(p) if not math.isnan(value)]
    counted: dict[frozenset[str], float] = {}
    for i in tested:
        own = frozenset(members[i])
        if not any(own < members[j] for j in tested):
            counted[own] = max(counted.get(own, 0.0), p[i])
    families = list(counted)
    raw = np.array([counted[f] for f in families], dtype=np.float64)
    adjusted = dict(zip(families, holm(raw).tolist(), strict=True))
    each = np.full(len(p), np.nan)
    for i in tested:
        # Of several that hold it the least sure one speaks.
        each[i] = max(adjusted[f] for f in families if members[i] <= f)
    best = int(np.argmin(raw)) if len(raw) else -1
    return OverTries(
        members=len(frozenset().union(*members)),
        families=len(families),
        p_adjusted=each,
        smallest=float(raw[best]) if len(raw) else math.nan,
        smallest_adjusted=adjusted[families[best]] if families else math.nan,
    )
