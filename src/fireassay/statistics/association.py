"""Each feature against the label: Pearson, rank and mutual information, with the session null.

Every measure is computed for the observed labels and for each permutation of whole label sessions,
for all features at once, and tested two-sided (mutual information one-sided) against its own null:
what the time of day, the drift inside blocks and finite samples bring about by themselves is in the
null, so the mutual information's bias is too. p-values are adjusted over the features by max-T.

An association says something about one feature alone. Pearson and rank see monotone relations,
mutual information any; none of them sees interactions.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from fireassay.arrays import Bool, Float, Int, bar_of_row, session_of_row
from fireassay.statistics.exchange import Permutations
from fireassay.statistics.moments import givers_of
from fireassay.statistics.multiplicity import westfall_young
from fireassay.statistics.scores import midranks
from fireassay.statistics.threads import in_threads


class Measure(StrEnum):
    """What is measured between a feature and the label."""

    PEARSON = "Pearson correlation"
    RANK = "rank correlation"
    MUTUAL_INFORMATION = "mutual information"
    """In nats, between eighths of the feature and the label's classes (a real label's thirds)."""


@dataclass(frozen=True, eq=False)
class Association:
    """One measure for all features.

    Attributes
    ----------
    measure
        Which one.
    value
        `[F]` as observed, NaN where a feature or the label doesn't vary; mutual information less the
        null's mean, which is its bias.
    null_mean, null_sd
        `[F]` of the permuted labels; for mutual information before the subtraction.
    p, p_adjusted
        `[F]` alone, and adjusted over all features by max-T.
    """

    measure: Measure
    value: Float
    null_mean: Float
    null_sd: Float
    p: Float
    p_adjusted: Float

    @property
    def order(self) -> Int:
        """`[F]` features from the most to the least significant."""
        strength = np.abs(self.value - self._chance) / np.where(
            self.null_sd > 0, self.null_sd, np.inf
        )
        return np.argsort(-np.nan_to_num(strength), kind="stable")

    @property
    def _chance(self) -> Float:
        return self.null_mean * (self.measure is not Measure.MUTUAL_INFORMATION)


Precision = type[np.float32] | type[np.float64]

FEATURE_BINS = 8
LABEL_BINS = 3
LONG = 128
"""Bars from which a session is multiplied with its donors' labels by itself."""

TOGETHER = 4096
"""Bars of short sessions that are multiplied together."""

PARTS = 8
"""Parts in which sums over sessions are taken, whatever the number of processors."""

MOST_CLASSES = 5
"""Labels with more distinct values than this are taken as real."""


def associate(
    x: Float,
    y: Float,
    permutations: Permutations,
    *,
    measures: Sequence[Measure] = tuple(Measure),
) -> dict[Measure, Association]:
    """Measure each feature against the label, with p-values from permuted label sessions.

    Parameters
    ----------
    x
        `[R, F]` features; a missing value (NaN) counts as the feature's mean in the correlations
        and is left out of the mutual information.
    y
        `[R]` labels, NaN where missing.
    permutations
        Of sessions or dates; not of bars inside sessions.
    measures
        Which ones.

    Raises
    ------
    ValueError
        For permutations that turn labels inside sessions.

    Notes
    -----
    Sums of features with the labels that draws give are matrix products (`_Donated.sums`). They run
    in single precision where there is much to do: relative error about 1e-6. Sessions that take no
    part in the permutations are left out altogether, also of ranks and bins.
    """
    if permutations.shifts is not None:
        raise ValueError("associations need labels exchanged between sessions, not turned inside")
    work = len(y) * x.shape[1] * (permutations.draws + 1)
    precision: Precision = np.float64 if work < 5e8 else np.float32
    table = _Donated(y, permutations, precision)
    x, y = x[table.rows], table.y
    known = ~np.isnan(x)
    places = _places(x, precision) if set(measures) - {Measure.PEARSON} else x
    found = {}
    for measure in measures:
        if measure is Measure.MUTUAL_INFORMATION:
            codes = np.where(known, places * FEATURE_BINS, -1).astype(np.int8)
            values = _informations(codes, y, table)
        elif measure is Measure.RANK:
            values = _correlations(_standardised(places, known, precision), midranks(y), table)
        else:
            values = _correlations(_standardised(x, known, precision), y, table)
        found[measure] = _judge(measure, values)
    return found


def _judge(measure: Measure, values: Float) -> Association:
    """Compare row 0, the observed labels, with the other rows."""
    observed, null = values[0], values[1:]
    information = measure is Measure.MUTUAL_INFORMATION
    tested = westfall_young(observed, null, two_sided=not information)
    mean = null.mean(0) if len(null) else np.full(len(observed), np.nan)
    sd = null.std(0, ddof=1) if len(null) > 1 else np.full(len(observed), np.nan)
    return Association(
        measure=measure,
        value=observed - mean if information else observed,
        null_mean=mean,
        null_sd=sd,
        p=np.where(np.isnan(observed), np.nan, tested.p),
        p_adjusted=tested.p_adjusted,
    )


class _Donated:
    """Sums over bars of a matrix with what each draw gives, of the sessions that take part.

    Row 0 of the draws is the observed order; donor S gives nothing. `rows` tells which rows of the
    data the sessions that take part have: matrices hold these alone.
    """

    def __init__(self, y: Float, permutations: Permutations, precision: Precision) -> None:
        taking = permutations.unit >= 0
        sessions = np.flatnonzero(taking)
        self.rows = taking[session_of_row(permutations.offsets)]
        self.y = y[self.rows]
        self.offsets = np.r_[0, np.cumsum(np.diff(permutations.offsets)[sessions])]
        place = np.full(len(taking) + 1, len(sessions))
        place[sessions] = np.arange(len(sessions))
        # A donor of −1, the last place, gives nothing.
        self.donors = np.vstack([np.arange(len(sessions)), place[permutations.donors[:, sessions]]])
        self.precision = precision
        self.labelled = ~np.isnan(self.y)
        self.session, self.bar = session_of_row(self.offsets), bar_of_row(self.offsets)
        self.has = self.padded(np.ones_like(self.y))
        codes = [row.tobytes() for row in np.packbits(self.has > 0, axis=1)]
        first = {code: s for s, code in enumerate(codes)}
        self.pattern = np.array([first[code] for code in codes])

    def padded(self, values: Float) -> Float:
        """Return `[S + 1, T]` label values, 0 where there is no label; the last session has none."""
        width = int(np.diff(self.offsets).max(initial=1))
        out: Float = np.zeros((len(self.offsets), width), dtype=self.precision)
        rows = self.labelled
        out[self.session[rows], self.bar[rows]] = values[rows]
        return out

    def sums(self, matrix: Callable[[slice], Float], given: Sequence[Float]) -> list[Float]:
        """Return for each of `given` `[B + 1, columns]` Σ feature · given label over bars, per draw.

        Parameters
        ----------
        matrix
            The features `[T, columns]` of a slice of rows.
        given
            Padded label values `[S + 1, T]`; `self.has` itself depends on the donor's pattern of
            labelled bars alone, of which there are few.

        Notes
        -----
        A long session meets the labels of each of its donors once, however many draws share them;
        short ones are taken together, with their labels laid out draw by draw. The runs of sessions
        are summed in `PARTS` parts, side by side.
        """
        runs = list(self._stretches())
        ends = np.linspace(0, len(runs), PARTS + 1).round().astype(int)
        parts = [runs[a:b] for a, b in itertools.pairwise(ends) if a < b]
        first, *others = in_threads(lambda part: self._part_sums(part, matrix, given), parts)
        for other in others:
            for total, more in zip(first, other, strict=True):
                total += more
        return first

    def _part_sums(
        self,
        runs: Sequence[tuple[int, int]],
        matrix: Callable[[slice], Float],
        given: Sequence[Float],
    ) -> list[Float]:
        totals: list[Float] = []
        for low, high in runs:
            span = slice(int(self.offsets[low]), int(self.offsets[high]))
            rows = matrix(span)
            if not totals:
                totals = [np.zeros((len(self.donors), rows.shape[1])) for _ in given]
            for total, values in zip(totals, given, strict=True):
                if high - low == 1:
                    chosen = self.donors[:, low]
                    chosen = self.pattern[chosen] if values is self.has else chosen
                    givers, draw = givers_of(chosen, len(values))
                    total += (values[givers, : len(rows)] @ rows)[draw]
                else:
                    at = self.donors[:, self.session[span]] * values.shape[1] + self.bar[span]
                    total += values.ravel()[at] @ rows
        return totals

    def _stretches(self) -> Iterator[tuple[int, int]]:
        """Yield runs of sessions: each long one alone, neighbouring short ones up to `TOGETHER`."""
        lengths = np.diff(self.offsets)
        low = 0
        while low < len(lengths):
            end = int(np.searchsorted(self.offsets, self.offsets[low] + TOGETHER, side="right")) - 1
            long = np.flatnonzero(lengths[low:end] >= LONG)
            # A run ends before the next long session; one that is long itself is a run.
            high = max(low + int(long[0]) if len(long) else end, low + 1)
            if lengths[low:high].any():
                yield low, high
            low = high

    def label_sums(self, *given: Float) -> list[Float]:
        """Return for each of `given` `[B + 1, 1]` its sum over the bars that each session has."""
        return self.sums(lambda rows: np.ones((rows.stop - rows.start, 1), self.precision), given)


def _standardised(x: Float, known: Bool, precision: Precision) -> Float:
    """Return `[R, F]` with mean 0 and variance 1 over known values, 0 where unknown or constant."""
    count = np.maximum(known.sum(0), 1)
    out = np.where(known, x, 0).astype(np.float64)
    mean = out.sum(0) / count
    out -= mean
    out[~known] = 0
    sd = np.sqrt((out**2).sum(0) / count)
    varies = sd > 1e-9 * np.maximum(np.abs(mean), 1e-300)
    out *= np.where(varies, 1 / np.where(varies, sd, 1), 0.0)
    return out.astype(precision)


def _correlations(x: Float, y: Float, table: _Donated) -> Float:
    """Return `[B + 1, F]` correlations over the labelled bars of each draw."""
    labelled = y[~np.isnan(y)]
    scale = labelled.std() if len(labelled) else 0.0
    centred = (y - labelled.mean()) / scale if scale > 0 else np.zeros_like(y)
    given = table.padded(centred)
    n, b, bb = table.label_sums(table.has, given, given * given)
    a, ab = table.sums(lambda rows: x[rows], [table.has, given])
    (aa,) = table.sums(lambda rows: x[rows] ** 2, [table.has])
    share = 1 / np.maximum(n, 1)
    variances = (aa - a * a * share) * (bb - b * b * share)
    defined = variances > 1e-9 * np.maximum(n, 1) ** 2
    return np.where(defined, (ab - a * b * share) / np.sqrt(np.where(defined, variances, 1)), np.nan)


def _places(x: Float, precision: Precision) -> Float:
    """Return `[R, F]` each value's place among its feature's, in (0, 1), tied values in one."""
    out = np.empty(x.shape, dtype=precision)

    def place(f: int) -> None:
        ranks = midranks(x[:, f])
        out[:, f] = (ranks - 0.5) / max(int((~np.isnan(ranks)).sum()), 1)

    in_threads(place, range(x.shape[1]))
    return out


def _one_hot(codes: Int, precision: Precision) -> Float:
    """Return `[T, F · Q]` indicators of the codes."""
    hot = codes[:, :, None] == np.arange(FEATURE_BINS, dtype=np.int8)
    return hot.reshape(len(codes), -1).astype(precision)


def _label_classes(y: Float) -> Float:
    """Return `[R]` class numbers from 0: the values themselves if few, else thirds; NaN kept."""
    values, code = np.unique(y[~np.isnan(y)], return_inverse=True)
    out = np.full(len(y), np.nan)
    if len(values) > MOST_CLASSES:
        ranks = midranks(y)
        code = ((ranks[~np.isnan(y)] - 0.5) / len(code) * LABEL_BINS).astype(int)
    out[~np.isnan(y)] = code
    return out


def _informations(codes: Int, y: Float, table: _Donated) -> Float:
    """Return `[B + 1, F]` plug-in mutual information in nats over the labelled bars of each draw."""
    classes = _label_classes(y)
    count = int(np.nanmax(classes, initial=0)) + 1
    shape = (len(table.donors), codes.shape[1], FEATURE_BINS)
    given = [table.has, *(table.padded(classes == c) for c in range(count - 1))]
    sums = table.sums(lambda rows: _one_hot(codes[rows], table.precision), given)
    every, *cells = (total.reshape(shape) for total in sums)
    joint = np.stack([*cells, every - sum(cells)], axis=-1)
    n = joint.sum(axis=(2, 3), keepdims=True)
    expected = joint.sum(3, keepdims=True) * joint.sum(2, keepdims=True) / np.maximum(n, 1)
    # Rounding of single-precision counts must not make an empty cell negative.
    joint = np.maximum(np.round(joint), 0)
    ratio = np.where(joint > 0, joint / np.where(expected > 0, expected, 1), 1)
    information = (joint * np.log(ratio)).sum((2, 3)) / np.maximum(n[:, :, 0, 0], 1)
    varies = (joint.sum(3) > 0).sum(2) > 1
    varies &= (joint.sum(2) > 0).sum(2) > 1
    return np.where(varies, information, np.nan)
