"""Uncertainty over a session: what draws of the weights agree is open, and what they disagree about.

The entropy of the mean prediction (total) is the mean entropy of the draws' predictions (aleatoric)
and the mutual information between label and weights (epistemic): Depeweg et al. (2018),
arXiv:1710.07283. Of a real label variances take the place of entropies (law of total variance).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fireassay.arrays import Float, Int

STRETCHES = 13
"""Stretches of a session, at most: half hours of a session of 6½ hours."""


@dataclass(frozen=True, eq=False)
class OverSession:
    """Mean uncertainty in each of K stretches of a session; those without bars are left out.

    Attributes
    ----------
    first, last
        `[K]` the stretch's bars, counted in the session from 0, both included.
    count
        `[K]` bars that were predicted in it.
    total, aleatoric, epistemic
        `[K]` means, in the units given; total = aleatoric + epistemic but for rounding.
    """

    first: Int
    last: Int
    count: Int
    total: Float
    aleatoric: Float
    epistemic: Float


def over_session(total: Float, expected: Float, bar: Int, stretches: int = STRETCHES) -> OverSession:
    """Average the parts of uncertainty over stretches of a session of equally many bars.

    Parameters
    ----------
    total, expected
        `[n]` entropy of the prediction and mean entropy over draws, nats; or variances.
    bar
        `[n]` position in its session, from 0.
    stretches
        How many at most; the last one may be shorter.

    Raises
    ------
    ValueError
        If there is no bar.
    """
    if not len(bar):
        raise ValueError("no bar was predicted")
    longest = int(bar.max()) + 1
    width = -(-longest // stretches)
    place = bar // width
    count = np.bincount(place)
    kept = np.flatnonzero(count)

    def mean(values: Float) -> Float:
        return np.bincount(place, values.astype(np.float64))[kept] / count[kept]

    return OverSession(
        first=kept * width,
        last=np.minimum((kept + 1) * width, longest) - 1,
        count=count[kept],
        total=mean(total),
        aleatoric=mean(expected),
        epistemic=mean(np.maximum(total - expected, 0)),
    )
