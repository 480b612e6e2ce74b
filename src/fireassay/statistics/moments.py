"""Per-session moments: all that a ridge learner needs, for all targets and permutations at once.

Sessions are streamed; what is kept are sums over *groups* of sessions that no fold tells apart:
XᵀX and Σx of the features, and for every target and draw XᵀY of the features with the labels that
the draw gives. Memory doesn't grow with rows (labels apart). The work is done by an `Engine`, so that
another device can do it and hand back the same NumPy arrays.

A draw changes which labels meet which features, not the features. Only where it also changes which
bars have a label would XᵀX have to change with it. Each target has a *row set*: the bars that some
draw labels. If every draw labels all of them (sessions of equal length, labels missing only at their
ends) the moments are those of the labelled bars, exactly; otherwise they are pairwise complete: XᵀX
from the row set, XᵀY from the labelled bars. Observed and permuted labels are treated alike either
way, so that p-values don't depend on it. Many targets may share one row set, the bars that some draw
labels for any of them: XᵀX is then summed and decomposed once instead of once per target.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from fireassay.arrays import AnyArray, Bool, Float, Int, bar_of_row, session_of_row
from fireassay.statistics.exchange import Permutations

BINS = 1024
"""Bins of the predictions' histograms, over the squashed z/(1 + abs(z))."""


@dataclass(frozen=True, eq=False)
class Layout:
    """Who belongs to which group, which labels each session gets, which rows count.

    Attributes
    ----------
    offsets
        `[S + 1]` row offsets.
    group, groups
        `[S]` group of each session, −1 for sessions in no fold; and their number.
    labels
        `[H, S + 1, T]` labels less `centre`, padded with NaN; the last session has none.
    centre
        `[H]` mean label, subtracted for the sake of precision; exchanging labels doesn't change it.
    donors
        `[J, S]` session whose labels each session gets; row 0 is the observed order, S: none.
    row_set
        `[H]` which of the M row sets each target uses.
    rows
        `[M, R]` the row sets.
    exact
        `[H]` whether every draw labels the whole row set.
    shift
        `[F]` subtracted from the features for the sake of precision.
    """

    offsets: Int
    group: Int
    groups: int
    labels: Float
    centre: Float
    donors: Int
    row_set: Int
    rows: Bool
    exact: Bool
    shift: Float

    @classmethod
    def of(
        cls,
        y: Float,
        permutations: Permutations,
        group: Int,
        shift: Float,
        *,
        share_rows: bool = False,
    ) -> Layout:
        """Arrange `[R, H]` labels (NaN where missing) for the permutations given.

        With `share_rows` all targets have one row set.

        Raises
        ------
        ValueError
            For permutations that turn labels inside sessions: they need the rows.
        """
        if permutations.shifts is not None:
            raise ValueError("labels turned inside sessions can't be had from moments")
        offsets = permutations.offsets
        sessions, targets = len(offsets) - 1, y.shape[1]
        with np.errstate(invalid="ignore"):
            counts = np.maximum((~np.isnan(y)).sum(0), 1)
        centre = np.nansum(y, axis=0) / counts
        labels = np.full((targets, sessions + 1, int(np.diff(offsets).max())), np.nan)
        labels[:, session_of_row(offsets), bar_of_row(offsets)] = (y - centre).T
        own = np.where(permutations.unit >= 0, np.arange(sessions), sessions)
        donors = np.vstack([own, permutations.donors])
        donors[donors < 0] = sessions
        some, every = _labelled_by_draws(~np.isnan(labels), donors, offsets)
        if share_rows:
            some[:] = some.any(axis=0)
        distinct = {bits.tobytes(): h for h, bits in enumerate(some)}
        first = sorted(distinct.values())
        row_set = np.array([first.index(distinct[bits.tobytes()]) for bits in some])
        return cls(
            offsets=offsets,
            group=group,
            groups=int(group.max()) + 1,
            labels=labels,
            centre=centre,
            donors=donors,
            row_set=row_set,
            rows=some[first],
            exact=(some == every).all(axis=1),
            shift=shift,
        )

    def sessions(self, features: Iterable[Float]) -> Iterator[tuple[int, Float]]:
        """Yield (session, its shifted features `[T, F]` as float64) for sessions in some group.

        Raises
        ------
        ValueError
            If a session's rows don't fit the offsets, a value isn't finite, or sessions are lacking
            (an iterator that is already spent).
        """
        count = 0
        for s, x in enumerate(features):
            count += 1
            length = int(self.offsets[s + 1] - self.offsets[s]) if s < len(self.group) else -1
            if len(x) != length:
                raise ValueError(f"session {s} has {len(x)} rows of features, {length} are expected")
            if self.group[s] < 0 or not length:
                continue
            x = np.asarray(x, dtype=np.float64) - self.shift
            if not np.isfinite(x).all():
                raise ValueError(f"session {s} holds a feature that isn't finite: fill or drop it")
            yield s, x
        if count != len(self.group):
            raise ValueError(f"{count} sessions of features came, {len(self.group)} are expected")


def _labelled_by_draws(labelled: Bool, donors: Int, offsets: Int) -> tuple[Bool, Bool]:
    """Return `[H, R]` twice: bars that some draw labels, and that every draw labels."""
    targets, _, longest = labelled.shape
    packed = np.packbits(labelled.transpose(1, 0, 2).reshape(labelled.shape[1], -1), axis=1)
    some = np.empty((len(offsets) - 1, packed.shape[1]), dtype=np.uint8)
    every = np.empty_like(some)
    known: dict[bytes, tuple[AnyArray, AnyArray]] = {}
    for s in range(len(offsets) - 1):
        # Sessions that exchange among themselves have the same donors: ask once.
        givers, _ = givers_of(donors[:, s], labelled.shape[1])
        key = givers.tobytes()
        if key not in known:
            given = packed[givers]
            known[key] = np.bitwise_or.reduce(given), np.bitwise_and.reduce(given)
        some[s], every[s] = known[key]
    session, bar = session_of_row(offsets), bar_of_row(offsets)
    width = targets * longest
    some_rows, every_rows = (
        np.unpackbits(bits, axis=1, count=width)
        .reshape(-1, targets, longest)[session, :, bar]
        .T.astype(bool)
        for bits in (some, every)
    )
    return some_rows, every_rows


def givers_of(donors: Int, sessions: int) -> tuple[Int, Int]:
    """Return the distinct values of `[J]` donors, sorted, and each draw's place among them."""
    given = np.zeros(sessions, dtype=bool)
    given[donors] = True
    place = np.cumsum(given) - 1
    return np.flatnonzero(given), place[donors]


@dataclass(frozen=True, eq=False)
class Grams:
    """Moments of the features over groups: `n [G, M]`, `x [G, M, F]`, `xx [G, M, F, F]`."""

    n: Float
    x: Float
    xx: Float


@dataclass(frozen=True, eq=False)
class Crosses:
    """Moments with the labels of J draws, over groups.

    `n`, `y`, `yy` `[G, H, J]` count, Σy, Σy² of labelled bars; `xy [G, H, J, F]` Σxy.
    """

    n: Float
    y: Float
    yy: Float
    xy: Float


@dataclass(frozen=True, eq=False)
class Predictor:
    """Linear predictions of one fold for J draws of one target, as z-scores.

    z = (x − shift) · coef + intercept, `coef [J, F]`, `intercept [J]`; `sessions` are its test ones.
    """

    sessions: Int
    coef: Float
    intercept: Float


class Engine(Protocol):
    """What a device has to do. All arrays in and out are NumPy's."""

    def grams(self, features: Iterable[Float], layout: Layout) -> Grams:
        """Sum the features' moments over groups."""
        ...

    def crosses(self, features: Iterable[Float], layout: Layout, draws: slice) -> Crosses:
        """Sum the moments of features with labels over groups, for some rows of `donors`."""
        ...

    def histograms(
        self,
        features: Iterable[Float],
        layout: Layout,
        draws: slice,
        targets: Sequence[int],
        predictors: Sequence[Sequence[Predictor]],
    ) -> Float:
        """Count predictions: `[H', K, J, 2, BINS]` by target, fold, draw, class, bin (`bin_of_z`).

        Classes are told apart by the sign of the centred label; `predictors[target][fold]`, the
        folds of all targets alike.
        """
        ...


def bin_of_z(z: Float) -> AnyArray:
    """Return `int16` the bin of each z-score: 0 … BINS − 1, evenly over z/(1 + abs(z))."""
    squashed = np.abs(z)
    squashed += 1
    np.divide(z, squashed, out=squashed)
    squashed += 1
    squashed *= np.float32(0.5 * BINS * (1 - 1e-6))  # the largest z in the last bin
    return squashed.astype(np.int16)


def _label_sums(labels: Float) -> tuple[Float, Float, Float]:
    """Return `[H, S + 1]` count, Σy and Σy² over the bars of padded labels."""
    filled = np.nan_to_num(labels)
    count = (~np.isnan(labels)).sum(axis=2).astype(np.float64)
    return count, filled.sum(axis=2), np.einsum("hst,hst->hs", filled, filled)


class NumpyEngine:
    """The engine on the host; `workers` threads share the targets whose predictions are counted."""

    def __init__(self, workers: int = 1) -> None:
        self.workers = workers

    BUFFER = 4096
    """Rows that are predicted at a time."""

    CELLS = 2**20
    """Predictions that are made and counted at a time."""

    LENGTHS = 64
    """Session lengths for which the donors' label sums are kept."""

    def grams(self, features: Iterable[Float], layout: Layout) -> Grams:
        """Sum the features' moments over groups."""
        width, sets = len(layout.shift), len(layout.rows)
        n = np.zeros((layout.groups, sets))
        x = np.zeros((layout.groups, sets, width))
        xx = np.zeros((layout.groups, sets, width, width))
        for s, values in layout.sessions(features):
            g, span = layout.group[s], slice(layout.offsets[s], layout.offsets[s + 1])
            for m in range(sets):
                chosen = values[layout.rows[m, span]]
                n[g, m] += len(chosen)
                x[g, m] += chosen.sum(0)
                xx[g, m] += chosen.T @ chosen
        return Grams(n, x, xx)

    def crosses(self, features: Iterable[Float], layout: Layout, draws: slice) -> Crosses:
        """Sum the moments of features with labels over groups, for some rows of `donors`."""
        donors = layout.donors[draws]
        targets, width = len(layout.labels), len(layout.shift)
        shape = (layout.groups, targets, len(donors))
        n, y, yy, xy = (np.zeros(s) for s in (shape, shape, shape, (*shape, width)))
        filled = np.nan_to_num(layout.labels)
        totals: dict[int, tuple[Float, Float, Float]] = {}
        for s, values in layout.sessions(features):
            g, bars = layout.group[s], len(values)
            # Each donor's labels meet the session's features once, whatever the number of draws.
            givers, draw = givers_of(donors[:, s], filled.shape[1])
            given = filled[:, givers, :bars].reshape(-1, bars) @ values
            for h, by_giver in enumerate(given.reshape(targets, len(givers), width)):
                xy[g, h] += by_giver[draw]
            if bars not in totals:
                if len(totals) >= self.LENGTHS:
                    totals.clear()
                totals[bars] = _label_sums(layout.labels[:, :, :bars])
            for total, each in zip((n, y, yy), totals[bars], strict=True):
                total[g] += each[:, donors[:, s]]
        return Crosses(n, y, yy, xy)

    def histograms(
        self,
        features: Iterable[Float],
        layout: Layout,
        draws: slice,
        targets: Sequence[int],
        predictors: Sequence[Sequence[Predictor]],
    ) -> Float:
        """Count predictions: `[H', K, J, 2, BINS]` by target, fold, draw, class, bin (`bin_of_z`)."""
        donors = layout.donors[draws]
        labels = layout.labels[list(targets)]
        # 1 for the upper class, 0 for the lower, 2 for bars without a label.
        code = np.where(np.isnan(labels), 2, labels > 0).astype(np.int16) * np.int16(BINS)
        folds = [predictor.sessions for predictor in predictors[0]]
        counts = np.zeros((len(targets), len(folds), len(donors), 2, BINS))
        waiting: list[list[tuple[int, Float]]] = [[] for _ in folds]
        inside = np.zeros((len(folds), len(layout.group)), dtype=bool)
        for k, sessions in enumerate(folds):
            inside[k, sessions] = True

        def flush(k: int) -> None:
            if not waiting[k]:
                return
            x = np.concatenate([values for _, values in waiting[k]]).astype(np.float32)
            step = max(1, self.CELLS // len(x))

            def count(i: int) -> None:
                given = [code[i, donors[:, s], : len(values)] for s, values in waiting[k]]
                classes = np.concatenate(given, axis=1)
                predictor = predictors[i][k]
                coef = predictor.coef.astype(np.float32)
                for low in range(0, len(donors), step):
                    part = slice(low, low + step)
                    z = coef[part] @ x.T
                    z += predictor.intercept[part, None].astype(np.float32)
                    cell = bin_of_z(z)
                    cell += classes[part]
                    for j, row in enumerate(cell, start=low):
                        found = np.bincount(row, minlength=3 * BINS)[: 2 * BINS]
                        counts[i, k, j] += found.reshape(2, BINS)

            with ThreadPoolExecutor(self.workers) as pool:
                list(pool.map(count, range(len(targets))))
            waiting[k].clear()

        for s, values in layout.sessions(features):
            for k in np.flatnonzero(inside[:, s]).tolist():
                waiting[k].append((s, values))
                if sum(len(v) for _, v in waiting[k]) >= self.BUFFER:
                    flush(k)
        for k in range(len(folds)):
            flush(k)
        return counts
