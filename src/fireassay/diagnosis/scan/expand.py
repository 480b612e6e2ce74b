"""Fixed non-linear features, so that a ridge learner sees what isn't linear.

Every feature is squashed, s = z/√(1 + z²) of its robust z-score, which tames the tails of markets;
beside it stand its square (even functions, volatility) and its interactions. The interactions are
those with the side of the session VWAP that the price is on, where that is among the features: a
move towards VWAP is a move times that side. Elsewhere they are products of pairs.

Measured on the first 351 sessions of two years of one-minute bars, tested on the last 150 (AUC;
standard errors .004 to .006; the last line is boosted trees on the same features):

| features | direction:1 | skip=1 | vwap_reversion:1 | skip=1 | vwap_reversion:5 | skip=1 |
| --- | --- | --- | --- | --- | --- | --- |
| as they are | .617 | .546 | .520 | .521 | .520 | .518 |
| squashed | .618 | .551 | .520 | .522 | .522 | .520 |
| and squares | .617 | .547 | .554 | .524 | .556 | .530 |
| and 1,000 random Fourier features | .620 | .554 | .596 | .539 | .581 | .546 |
| squares and the side of VWAP | .617 | .550 | .614 | .550 | .597 | .559 |
| boosted trees | .635 | .562 | .621 | .559 | .592 | .557 |

Centres and scales come from the features of all sessions that are looked at, without labels, so they
are the same for observed and exchanged labels and no p depends on them; taken from the training dates
alone they change these AUC by at most .0013.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from fireassay.arrays import Float, Int
from fireassay.seeds import generator

SIDE = "vwap_deviation"
"""The feature whose sign is the side of VWAP."""

MOST_PAIRS = 128
"""Products of pairs at most; drawn at random where there are more pairs."""

MOST_FEATURES = 192
"""Features up to which squares and interactions are added: the algebra grows with their cube."""

SAMPLE = 30_000
"""Bars from which centres and scales are taken."""

CACHE = 2**30
"""Bytes up to which expanded features are kept; beyond, each pass makes them again."""


@dataclass(frozen=True, eq=False)
class Expansion:
    """A fixed map from features to more features.

    Attributes
    ----------
    centre, scale
        `[F]` median, and the 90 % quantile of the distance from it, over 1.645.
    side
        Column of the side of VWAP, if there is one.
    pairs
        `[P, 2]` columns that are multiplied.
    squares
        Whether squares are added.
    """

    centre: Float
    scale: Float
    side: int | None
    pairs: Int
    squares: bool

    @classmethod
    def fit(cls, x: Float, names: Sequence[str]) -> Expansion:
        """Take centres and scales from `[R, F]` features (NaN where not known)."""
        sample = x[:: max(1, len(x) // SAMPLE)].astype(np.float64)
        sample[:, np.isnan(sample).all(axis=0)] = 0.0
        centre = np.nanmedian(sample, axis=0)
        away = np.abs(sample - centre)
        scale = np.nanquantile(away, 0.9, axis=0) / 1.645
        # Where nine values in ten are the same, the others give the scale.
        rare = np.flatnonzero(scale == 0)
        for j in rare[(away[:, rare] > 0).any(axis=0)]:
            scale[j] = np.median(away[away[:, j] > 0, j])
        few = len(names) <= MOST_FEATURES
        side = list(names).index(SIDE) if few and SIDE in names else None
        return cls(
            centre=centre,
            scale=np.where(scale > 0, scale, 1.0),
            side=side,
            pairs=_pairs(len(names)) if few and side is None else np.empty((0, 2), dtype=np.int64),
            squares=few,
        )

    def __call__(self, x: Float) -> Float:
        """Expand `[T, F]` features to `[T, F']` float32; what isn't known is at the centre."""
        z = np.nan_to_num((x - self.centre) / self.scale, nan=0.0, posinf=1e6, neginf=-1e6)
        s = z / np.sqrt(1 + z * z)
        parts = [s]
        if self.squares:
            parts.append(s * s)
        if self.side is not None:
            parts.append(s * np.sign(np.nan_to_num(x[:, self.side : self.side + 1])))
        if len(self.pairs):
            parts.append(s[:, self.pairs[:, 0]] * s[:, self.pairs[:, 1]])
        return np.concatenate(parts, axis=1).astype(np.float32)

    @property
    def source(self) -> Int:
        """`[F']` the feature that each expanded one is made of; −1 for the product of a pair."""
        own = np.arange(len(self.centre))
        times = 1 + self.squares + (self.side is not None)
        return np.r_[np.tile(own, times), np.full(len(self.pairs), -1)].astype(np.int64)

    def __str__(self) -> str:
        said = ["squashed"]
        if self.squares:
            said.append("squared")
        if self.side is not None:
            said.append("times the side of VWAP")
        if len(self.pairs):
            said.append(f"{len(self.pairs)} products of pairs")
        return ", ".join(said)


def _pairs(count: int) -> Int:
    """Return all pairs, or as many as are allowed, drawn at random."""
    first, second = np.triu_indices(count, k=1)
    pairs = np.stack([first, second], axis=1)
    if len(pairs) > MOST_PAIRS:
        rng = generator("scan", "pairs", count)
        pairs = pairs[np.sort(rng.choice(len(pairs), MOST_PAIRS, replace=False))]
    return pairs


@dataclass
class Expanded:
    """The expanded features of some sessions, session by session, any number of times.

    Attributes
    ----------
    x
        `[R, F]` features.
    starts, stops
        `[S]` first row of each session, and the row after its last.
    expansion
        The map.
    columns
        Expanded features that are kept; None for all.
    """

    x: Float
    starts: Int
    stops: Int
    expansion: Expansion
    columns: Int | None = None
    _kept: list[Float] = field(default_factory=list, repr=False)

    def __iter__(self) -> Iterator[Float]:
        if self._kept:
            yield from self._kept
            return
        width = len(self.expansion.source) if self.columns is None else len(self.columns)
        keep = int((self.stops - self.starts).sum()) * width * 4 <= CACHE
        made: list[Float] = []
        for low, high in zip(self.starts, self.stops, strict=True):
            expanded = self.expansion(self.x[low:high])
            if self.columns is not None:
                expanded = expanded[:, self.columns]
            if keep:
                made.append(expanded)
            yield expanded
        self._kept = made
