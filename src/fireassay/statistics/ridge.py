"""Ridge fits and their held-out errors from moments, for all draws of the labels at once.

Everything here is F × F algebra on the sums of `moments`. The scaled covariance of each training
part is decomposed once; in its eigenbasis a penalty is a division, so that trying five costs little
more than one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fireassay.arrays import Float, Int
from fireassay.statistics.moments import Crosses, Grams, Layout


@dataclass(frozen=True, eq=False)
class Fit:
    """One fold's learner for J draws, and what it scored on the test part.

    p = (x − shift) · coef + start; `mean`, `sd` `[J]` are the training mean and deviation of p;
    `penalty [J]`. Of the test part: `n` labelled bars, `py` covariance of prediction and label, `pp`,
    `yy` their variances, `sse` the summed squared errors, `[J]` each.
    """

    coef: Float
    start: Float
    mean: Float
    sd: Float
    penalty: Float
    n: Float
    py: Float
    pp: Float
    yy: Float
    sse: Float

    def first(self) -> Fit:
        """Return the fit of the first draw alone."""
        return Fit(**{name: value[:1] for name, value in vars(self).items()})


class Learner:
    """Ridge fits and their held-out moments from the groups' sums."""

    TURNED = 64
    """Covariances in another part's eigenbasis that are kept."""

    def __init__(
        self,
        layout: Layout,
        grams: Grams,
        members: list[tuple[Int, Int]],
        outer: int,
        penalties: Float,
        standardise: bool,
    ) -> None:
        self.layout, self.grams, self.penalties = layout, grams, penalties
        self.standardise = standardise
        self.outer = members[:outer]
        self.inner = members[outer:]
        self._parts: dict[tuple[bytes, int], Part] = {}
        self._turned: dict[tuple[bytes, bytes, int], Float] = {}

    def part(self, groups: Int, row_set: int) -> Part:
        """Return the features' moments over some groups, decomposed once and kept."""
        key = groups.tobytes(), row_set
        if key not in self._parts:
            self._parts[key] = Part.of(self.grams, groups, row_set, self.standardise)
        return self._parts[key]

    def fit(self, k: int, target: int, crosses: Crosses) -> Fit:
        """Fit fold k for all draws of one target, each with the penalty its training part chose."""
        train, test = self.outer[k]
        row_set = int(self.layout.row_set[target])
        errors = np.zeros((len(self.penalties), crosses.n.shape[2]))
        if len(self.penalties) > 1:
            for inner_train, inner_test in self.inner:
                kept, out = np.intersect1d(inner_train, train), np.intersect1d(inner_test, train)
                if len(kept) and len(out):
                    errors += self._errors(kept, out, row_set, target, crosses)
        chosen = self.penalties[errors.argmin(axis=0)]
        part, held_part = self.part(train, row_set), self.part(test, row_set)
        label = Labels.of(crosses, train, target, part.mean)
        held = Labels.of(crosses, test, target, held_part.mean)
        w = part.shrink(label.xy @ part.to_features, chosen[:, None])
        coef = w @ part.to_features.T
        start = label.mean - coef @ part.mean
        py, pp = (held.xy * coef).sum(1), quadratic(coef, held_part.covariance)
        bias = start + coef @ held_part.mean - held.mean
        return Fit(
            coef=coef,
            start=start,
            mean=label.mean,
            sd=np.sqrt(np.maximum((w**2) @ part.eigenvalues, 1e-300)),
            penalty=chosen,
            n=held.n,
            py=py,
            pp=pp,
            yy=held.yy,
            sse=held.n * (held.yy - 2 * py + pp + bias**2),
        )

    def _in_basis(self, train: Int, test: Int, row_set: int) -> Float:
        """Return the covariance of one part in the eigenbasis of another; the latest are kept."""
        key = train.tobytes(), test.tobytes(), row_set
        found = self._turned.get(key)
        if found is None:
            basis = self.part(train, row_set).to_features
            found = basis.T @ self.part(test, row_set).covariance @ basis
            if len(self._turned) >= self.TURNED:
                self._turned.clear()
            self._turned[key] = found
        return found

    def _errors(self, train: Int, test: Int, row_set: int, target: int, crosses: Crosses) -> Float:
        """Return `[penalties, J]` the summed squared errors on an inner test part."""
        part, held_part = self.part(train, row_set), self.part(test, row_set)
        label = Labels.of(crosses, train, target, part.mean)
        held = Labels.of(crosses, test, target, held_part.mean)
        # In the eigenbasis of the training part each penalty is a division.
        basis = part.to_features
        label_in_basis = label.xy @ basis
        covariance = self._in_basis(train, test, row_set)
        cross = held.xy @ basis
        offset = (held_part.mean - part.mean) @ basis
        shape = (len(self.penalties), *label_in_basis.shape)
        w = np.stack([part.shrink(label_in_basis, penalty) for penalty in self.penalties])
        flat = w.reshape(-1, shape[-1])
        bias = label.mean + (flat @ offset).reshape(shape[:2]) - held.mean
        py = np.einsum("ijf,jf->ij", w, cross)
        pp = quadratic(flat, covariance).reshape(shape[:2])
        return held.n * (held.yy - 2 * py + pp + bias**2)


@dataclass(frozen=True, eq=False)
class Part:
    """Features' moments over some groups: mean `[F]`, covariance, eigenbasis of the scaled one."""

    mean: Float
    covariance: Float
    eigenvalues: Float
    to_features: Float

    @classmethod
    def of(cls, grams: Grams, groups: Int, row_set: int, standardise: bool) -> Part:
        """Add the moments of some groups and decompose their scaled covariance."""
        n = max(grams.n[groups, row_set].sum(), 1)
        mean = grams.x[groups, row_set].sum(0) / n
        second = grams.xx[groups, row_set].sum(0) / n
        covariance = second - np.outer(mean, mean)
        variance = np.diag(covariance)
        # A feature that is constant here but for rounding gets no weight, nor one that hardly varies
        # beside what it does elsewhere: its scale here would blow it up there.
        varies = variance > 1e-12 * np.maximum(np.diag(second), 1e-300)
        everywhere = max(grams.n[:, row_set].sum(), 1)
        overall = grams.xx[:, row_set].sum(0).diagonal() / everywhere
        overall = overall - (grams.x[:, row_set].sum(0) / everywhere) ** 2
        varies &= variance > 1e-8 * overall
        scale = np.where(varies, 1 / np.sqrt(np.where(varies, variance, 1)), 0.0)
        if not standardise:
            scale = varies.astype(float)
        eigenvalues, vectors = np.linalg.eigh(covariance * np.outer(scale, scale))
        return cls(mean, covariance, np.maximum(eigenvalues, 0), scale[:, None] * vectors)

    def shrink(self, cross: Float, penalty: Float | float) -> Float:
        """Return `[J, F]` coefficients in the eigenbasis from the labels' covariances in it."""
        ridge = self.eigenvalues + penalty
        return cross / np.where(ridge > 1e-12, ridge, np.inf)


@dataclass(frozen=True, eq=False)
class Labels:
    """Labels' moments over some groups for J draws of one target, as means over labelled bars.

    `n`, `mean`, `yy` (variance) `[J]`; `xy [J, F]` covariance with the features.
    """

    n: Float
    mean: Float
    yy: Float
    xy: Float

    @classmethod
    def of(cls, crosses: Crosses, groups: Int, target: int, centre: Float) -> Labels:
        """Add the moments of some groups; `centre [F]` is the features' mean there."""
        n, y, yy = (m[groups, target].sum(0) for m in (crosses.n, crosses.y, crosses.yy))
        xy = crosses.xy[groups, target].sum(0)
        count = np.maximum(n, 1)
        mean = y / count
        return cls(n, mean, yy / count - mean**2, xy / count[:, None] - mean[:, None] * centre)


def quadratic(vectors: Float, matrix: Float) -> Float:
    """Return `[J]` v' M v for `[J, F]` vectors."""
    return np.einsum("jf,jf->j", vectors @ matrix, vectors)
