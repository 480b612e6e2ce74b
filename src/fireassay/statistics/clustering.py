"""How labels depend on their neighbours in time: runs, autocorrelation, effective number.

Labels whose outcomes span h bars overlap, so they come in clusters even where returns are pure noise.
The question is what is left beyond that. The null draws independent returns, sums them over h bars,
cuts them at the observed share of positives and leaves the same bars without labels. Clustering
alone makes nothing predictable; it says how little a label adds to its neighbour.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from fireassay.arrays import Bool, Float, Int, bar_of_row, session_of_row
from fireassay.statistics.multiplicity import westfall_young
from fireassay.statistics.null import p_value
from fireassay.statistics.threads import in_threads


def entropy(y: Float) -> float:
    """Return the entropy of the labels' values in nats: it measures class balance, nothing else."""
    _, counts = np.unique(y[~np.isnan(y)], return_counts=True)
    share = counts / max(counts.sum(), 1)
    return float(-(share * np.log(share)).sum()) + 0.0


@dataclass(frozen=True)
class RunsTest:
    """Wald–Wolfowitz runs test, summed over sessions.

    Attributes
    ----------
    runs, expected
        Runs of equal labels, and their expectation if the order inside each session were random.
    z
        Standardised difference; negative: fewer and longer runs, clustering.
    p
        One-sided, for clustering.
    """

    runs: int
    expected: float
    z: float
    p: float


def runs_test(y: Float, offsets: Int) -> RunsTest:
    """Test whether labels cluster inside their sessions, whatever each session's share of classes.

    Parameters
    ----------
    y
        `[R]` class labels; bars without a label (NaN) are passed over.

    Notes
    -----
    Mean and variance for any number of classes: Mood (1940), Ann. Math. Stat. 11:367; for two
    those of Wald & Wolfowitz (1940), Ann. Math. Stat. 11:147. Runs never cross a session's end.
    """
    from scipy.special import ndtr

    known = ~np.isnan(y)
    session = session_of_row(offsets)[known]
    _, code = np.unique(y[known], return_inverse=True)
    counts = np.zeros((len(offsets) - 1, int(code.max(initial=0)) + 1))
    np.add.at(counts, (session, code), 1)
    n = counts.sum(1)
    counts, n = counts[n > 1], n[n > 1]
    squares, cubes = (counts**2).sum(1), (counts**3).sum(1)
    expected = float(((n * (n + 1) - squares) / n).sum())
    variance = squares * (squares + n * (n + 1)) - 2 * n * cubes - n**3
    sd = math.sqrt(float((variance / (n**2 * (n - 1))).sum()))
    runs = _changes(code, session) + len(n)
    z = (runs - expected) / sd if sd > 0 else math.nan
    return RunsTest(runs, expected, z, float(ndtr(z)))


def _changes(code: Int | Float, session: Int) -> int:
    """Count neighbours of one session that differ."""
    return int(np.count_nonzero((code[1:] != code[:-1]) & (session[1:] == session[:-1])))


def autocorrelation(y: Float, offsets: Int, lags: int) -> Float:
    """Return `[lags]` correlations of labels 1 … lags bars apart inside sessions, over all sessions.

    Deviations are from the mean of all labels, so that sessions which differ in their mean count as
    clustering. Pairs with a missing label are left out; NaN where there is no pair.
    """
    return _Lags(~np.isnan(y), offsets, lags)(y)


class _Lags:
    """Autocorrelations of labels on the same bars, again and again.

    Sessions are laid out with gaps of `lags` zeros, so that a lag is one inner product.
    """

    def __init__(self, known: Bool, offsets: Int, lags: int) -> None:
        self.known, self.lags = known, lags
        self.place = np.arange(len(known)) + lags * session_of_row(offsets)
        self.width = len(known) + lags * (len(offsets) - 1)
        self.pairs = self._products(known.astype(np.float64))

    def __call__(self, y: Float) -> Float:
        if not self.known.any():
            return np.full(self.lags, np.nan)
        deviation = np.where(self.known, y - y[self.known].mean(), 0.0)
        variance = (deviation**2).sum() / self.known.sum()
        defined = (self.pairs > 0.5) & (variance > 0)
        scale = np.where(defined, self.pairs * variance, 1.0)
        return np.where(defined, self._products(deviation) / scale, np.nan)

    def _products(self, values: Float) -> Float:
        laid = np.zeros(self.width)
        laid[self.place] = values
        return np.array([laid[lag:] @ laid[:-lag] for lag in range(1, self.lags + 1)])


def effective_labels(y: Float, offsets: Int, clusters: Int) -> float:
    """Return how many independent labels would give the labels' mean the same standard error.

    N / deff, with deff the variance of the dates' summed deviations over that of as many independent
    labels: the Kish design effect of dates as clusters. With overlap of h bars it is about N / h;
    sessions that differ in their mean make it smaller.
    """
    known = ~np.isnan(y)
    count = int(known.sum())
    if count < 2:
        return float(count)
    deviation = y[known] - y[known].mean()
    _, date = np.unique(clusters[session_of_row(offsets)[known]], return_inverse=True)
    totals = np.bincount(date, deviation)
    dates = len(totals)
    if dates < 2 or not deviation.any():
        return math.nan
    deff = dates / (dates - 1) * (totals**2).sum() / (deviation**2).sum()
    return min(float(count / deff), float(count)) if deff > 0 else float(count)


def shared_between_sessions(y: Float, offsets: Int, clusters: Int) -> float:
    """Return the correlation of labels at the same bar of sessions of one date; 0 without such.

    The intraclass correlation of symbols, cut at 0 from below.
    """
    known = ~np.isnan(y)
    session, bar = session_of_row(offsets)[known], bar_of_row(offsets)[known]
    deviation = y[known] - y[known].mean() if known.any() else y[known]
    _, moment = np.unique(np.stack([clusters[session], bar]), axis=1, return_inverse=True)
    moment = moment.reshape(-1)
    count, total, square = (np.bincount(moment, w) for w in (None, deviation, deviation**2))
    pairs = float((count * (count - 1)).sum())
    variance = float((deviation**2).mean()) if len(deviation) else 0.0
    if pairs == 0 or variance == 0:
        return 0.0
    return max(float((total**2 - square).sum()) / pairs / variance, 0.0)


class OverlappingNoise:
    """Draws of labels made from independent returns, for the bars and with the values of `y`.

    Each is the sum of the next `horizon` returns of one session. The sums get the values of `y` in
    their order, the smallest the smallest, so that the distribution is that of `y`. Sessions of one
    date share as much of their returns as their labels say.

    Parameters
    ----------
    y
        `[R]` labels, NaN where missing.
    offsets
        `[S + 1]` row offsets of the sessions.
    clusters
        `[S]` index of each session's date.
    horizon
        Bars of outcome.
    """

    def __init__(self, y: Float, offsets: Int, clusters: Int, horizon: int) -> None:
        self.known, self.horizon = ~np.isnan(y), horizon
        self.values, counts = np.unique(y[self.known], return_counts=True)
        self.sorted = np.repeat(self.values, counts)
        self.cuts = np.cumsum(counts)[:-1]
        session = session_of_row(offsets)
        # Every session has `horizon` more returns than bars, so that its last bar has an outcome.
        self.returns = len(y) + horizon * (len(offsets) - 1)
        self.start = (np.arange(len(y)) + horizon * session)[self.known]
        _, date = np.unique(clusters, return_inverse=True)
        width = int(np.diff(offsets).max(initial=0)) + horizon
        self.common = (int(date.max(initial=-1)) + 1) * width
        self.common_start = (date[session] * width + bar_of_row(offsets))[self.known]
        shared = shared_between_sessions(y, offsets, clusters)
        # Signs of two normals with correlation ρ correlate by 2/π · arcsin ρ.
        classes = len(self.values) <= FEW
        self.shared = float(np.sin(np.pi / 2 * min(shared, 1.0))) if classes else min(shared, 1.0)

    def _sums(self, count: int, start: Int, rng: np.random.Generator) -> Float:
        if self.horizon == 1:
            return rng.standard_normal(count)[start]
        total = np.cumsum(np.append(0.0, rng.standard_normal(count)))
        return total[start + self.horizon] - total[start]

    def draw(self, rng: np.random.Generator) -> Float:
        """Return `[R]` labels."""
        sums: Float
        if self.horizon == 1:  # outcomes don't overlap: each has a return of its own
            sums = rng.standard_normal(len(self.sorted))
        else:
            sums = self._sums(self.returns, self.start, rng)
        if self.shared > 0:
            common = self._sums(self.common, self.common_start, rng)
            sums = np.sqrt(1 - self.shared) * sums + np.sqrt(self.shared) * common
        out = np.full(len(self.known), np.nan)
        if len(self.values) <= FEW:
            bounds = np.partition(sums, self.cuts)[self.cuts] if len(self.cuts) else self.cuts
            out[self.known] = self.values[np.searchsorted(bounds, sums, side="right")]
        else:
            placed = np.empty(len(sums))
            placed[np.argsort(sums)] = self.sorted
            out[self.known] = placed
        return out


FEW = 10
"""Labels with more distinct values are taken as real."""


@dataclass(frozen=True, eq=False)
class Clustering:
    """How labels cluster, beside what overlapping outcomes alone bring.

    Attributes
    ----------
    labels, positive_rate, entropy
        Number of labels, share above 0 (for classes and signed outcomes), entropy in nats (NaN for
        real labels).
    effective
        Effective number of labels (`effective_labels`).
    runs
        Runs test against random order inside sessions; real labels are cut at their median.
    overlap_runs, p_overlap
        Mean number of runs under overlap alone, and the one-sided p of seeing as few.
    autocorrelation
        `[L]` at lags 1 … L.
    overlap_mean, overlap_low, overlap_high
        `[L]` of the autocorrelation under overlap alone: mean, 2.5 % and 97.5 % points.
    p_lags
        `[L]` two-sided p of each lag's difference from overlap alone, adjusted over lags.
    """

    labels: int
    positive_rate: float
    entropy: float
    effective: float
    runs: RunsTest
    overlap_runs: float
    p_overlap: float
    autocorrelation: Float
    overlap_mean: Float
    overlap_low: Float
    overlap_high: Float
    p_lags: Float


def label_clustering(
    y: Float,
    offsets: Int,
    clusters: Int,
    *,
    horizon: int = 1,
    lags: int = 30,
    draws: int = 99,
    seed: int,
) -> Clustering:
    """Measure how labels cluster, and test it against overlap alone.

    Parameters
    ----------
    y
        `[R]` labels, NaN where missing: classes, or real values (more than `FEW` distinct).
    clusters
        `[S]` index of each session's date.
    horizon
        Bars of outcome; 1: the null's labels are independent.
    lags
        L.
    draws
        Simulated label sequences for the null.
    """
    known = ~np.isnan(y)
    session = session_of_row(offsets)[known]
    noise = OverlappingNoise(y, offsets, clusters, horizon)
    real = len(noise.values) > FEW
    middle = float(np.median(y[known])) if known.any() else math.nan

    def classes(labels: Float) -> Float:
        return np.where(known, labels > middle, np.nan) if real else labels

    runs = runs_test(classes(y), offsets)
    lags = max(min(lags, int(np.diff(offsets).max()) - 1), 1)
    correlate = _Lags(known, offsets, lags)
    observed = correlate(y)
    null_changes, null = np.empty(draws), np.empty((draws, lags))

    def simulate(b: int) -> None:
        labels = noise.draw(np.random.default_rng((seed, b)))
        null[b] = correlate(labels)
        null_changes[b] = _changes(classes(labels)[known], session)

    in_threads(simulate, range(draws))
    changes = _changes(classes(y)[known], session)
    low, high = np.quantile(null, [0.025, 0.975], axis=0)
    return Clustering(
        labels=int(known.sum()),
        positive_rate=float((y[known] > 0).mean()) if known.any() else math.nan,
        entropy=math.nan if real else entropy(y),
        effective=effective_labels(y, offsets, clusters),
        runs=runs,
        overlap_runs=runs.runs - changes + float(null_changes.mean()),
        p_overlap=p_value(-changes, -null_changes),
        autocorrelation=observed,
        overlap_mean=null.mean(0),
        overlap_low=low,
        overlap_high=high,
        p_lags=westfall_young(observed, null, two_sided=True).p_adjusted,
    )
