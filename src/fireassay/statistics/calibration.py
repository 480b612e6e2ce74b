"""Calibration: do bars of which .6 was said come true in 60 %, and intervals as often as they claim?

Sampling error alone makes the calibration error positive, the more the more bins and the fewer
sessions. What a perfectly calibrated model would show is found by flipping: its residuals y − p have
mean zero in every bin, so the sign of all of a date's residuals may be flipped together and nothing
changes but chance. That leaves whatever joins the bars of a date (overlapping outcomes, a session's
own mood, several symbols) as it is, and takes no more than the sums of each date and bin (the wild
cluster bootstrap: Cameron, Gelbach & Miller 2008, Rev. Econ. Stat. 90:414; signs: Liu 1988, Ann.
Stat. 16:1696). Said to be miscalibrated at a nominal 5 %, of calibrated models on 30 sessions of 78
bars (400 data sets each, so ± 2 %), beside what drawing labels bar by bar from p would say:

| labels | signs of dates | bar by bar |
| --- | --- | --- |
| independent | 4.3 % | 3.8 % |
| outcomes of 12 bars | 4.8 % | 72 % |
| sessions with a mood of their own | 4.5 % | 54 % |
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, ndtr, ndtri

from fireassay.arrays import Bool, Float, Int
from fireassay.statistics.bootstrap import Estimate, mean_interval
from fireassay.statistics.null import p_value
from fireassay.statistics.scores import CLIP

BINS = 10

LEVELS = (0.5, 0.8, 0.9, 0.95)
"""Central intervals whose coverage is counted."""

SHARPEST = 20.0
"""Bound on 1 / T: logits aren't multiplied by more."""


def confidence(mean: Float, y: Float) -> tuple[Float, Float]:
    """Return `[n]` the probability that is judged, and whether it came true.

    Binary, `mean [n, 1]`: that of class 1. Several classes: that of the likeliest, top-label
    calibration as in Guo et al. (2017), arXiv:1706.04599.
    """
    if mean.shape[1] == 1:
        return mean[:, 0].astype(np.float64), y.astype(np.float64)
    return mean.max(1).astype(np.float64), (mean.argmax(1) == y).astype(np.float64)


def equal_mass(prob: Float, bins: int = BINS) -> Float:
    """Return the edges of bins of about equally many bars; fewer where predictions tie."""
    return _edges(np.quantile(prob, np.linspace(0, 1, bins + 1)))


def equal_width(bins: int = BINS) -> Float:
    """Return the edges of bins of equal width over [0, 1]."""
    return np.linspace(0, 1, bins + 1)


def _edges(edges: Float) -> Float:
    distinct = np.unique(edges)
    return distinct if len(distinct) > 1 else np.array([distinct[0], np.nextafter(distinct[0], 2)])


def _place(prob: Float, edges: Float) -> Int:
    """Return the bin of each probability."""
    return np.clip(np.searchsorted(edges, prob, side="right") - 1, 0, len(edges) - 2)


@dataclass(frozen=True, eq=False)
class Reliability:
    """Observed shares over predicted ones, bin by bin.

    Attributes
    ----------
    edges
        `[B + 1]`; a bin holds edge ≤ p < next edge, the last one its upper edge too.
    count
        `[B]` bars.
    predicted, observed
        `[B]` mean probability, and share that came true; NaN in empty bins.
    low, high
        `[B]` 95 % interval of the observed share over dates; NaN with fewer than 3.
    residuals
        `[D, B]` Σ (y − p) of each date in each bin.
    """

    edges: Float
    count: Int
    predicted: Float
    observed: Float
    low: Float
    high: Float
    residuals: Float

    @property
    def ece(self) -> float:
        """Expected calibration error Σ c/n · abs(observed − predicted); Naeini et al. 2015, AAAI."""
        return float(np.abs(self.residuals.sum(0)).sum() / self.count.sum())

    def calibrated(self, draws: int = 999, *, seed: int) -> Float:
        """Return `[draws]` the ECE of a calibrated model: signs of dates' residuals flipped.

        Its mean is the bias of the ECE; (1 + number at least as large) / (draws + 1) is the p of the
        observed one.
        """
        rng = np.random.default_rng(seed)
        signs = rng.integers(0, 2, (draws, len(self.residuals))) * 2.0 - 1.0
        return np.abs(signs @ self.residuals).sum(1) / self.count.sum()


def reliability(
    prob: Float, y: Float, dates: Int, edges: Float | None = None, *, seed: int
) -> Reliability:
    """Return the reliability table of probabilities.

    Parameters
    ----------
    prob, y
        `[n]` probabilities, and 0 or 1: whether it came true.
    dates
        `[n]` which date a bar is of: what counts as independent.
    edges
        Of the bins; None: ten of equal mass.
    """
    edges = equal_mass(prob) if edges is None else edges
    bins = len(edges) - 1
    place = _place(prob, edges)
    _, date = np.unique(dates, return_inverse=True)
    days = int(date.max()) + 1 if len(date) else 0
    at = date * bins + place

    def summed(values: Float) -> Float:
        sums: Float = np.bincount(at, values, minlength=days * bins).astype(np.float64)
        return sums.reshape(days, bins)

    count, said, true = summed(np.ones(len(prob))), summed(prob), summed(y)
    total = count.sum(0)
    with np.errstate(invalid="ignore", divide="ignore"):
        observed, predicted = true.sum(0) / total, said.sum(0) / total
        # Jackknife pseudo-values of each bin's share, over the dates that have bars in it.
        without = (true.sum(0) - true) / (total - count)
    half = np.full(bins, np.nan)
    for b in range(bins):
        there = count[:, b] > 0
        dates_in = int(there.sum())
        pseudo = dates_in * observed[b] - (dates_in - 1) * without[there, b]
        found = mean_interval(pseudo, seed=seed)
        half[b] = (found.high - found.low) / 2
    return Reliability(
        edges=edges,
        count=total.astype(np.int64),
        predicted=predicted,
        observed=observed,
        low=np.maximum(observed - half, 0),
        high=np.minimum(observed + half, 1),
        residuals=true - said,
    )


def ece(mean: Float, y: Float, bins: int = BINS) -> float:
    """Return the expected calibration error in bins of equal mass, of predictions `[n, C]`."""
    prob, true = confidence(mean, y)
    return reliability(
        prob, true, np.zeros(len(y), dtype=np.int64), equal_mass(prob, bins), seed=0
    ).ece


@dataclass(frozen=True)
class CalibrationError:
    """The ECE beside what a calibrated model shows.

    Attributes
    ----------
    value
        The ECE.
    calibrated, high
        Mean and 95 % quantile of the ECE if the model were calibrated.
    excess
        What is left of it beyond that mean; at least 0.
    p
        Of the ECE, if the model were calibrated.
    """

    value: float
    calibrated: float
    high: float
    p: float

    @property
    def excess(self) -> float:
        """`value` less `calibrated`, at least 0."""
        return max(0.0, self.value - self.calibrated)


def calibration_error(table: Reliability, draws: int = 999, *, seed: int) -> CalibrationError:
    """Judge a reliability table's ECE against that of a calibrated model."""
    null = table.calibrated(draws, seed=seed)
    value = table.ece
    return CalibrationError(
        value, float(null.mean()), float(np.quantile(null, 0.95)), p_value(value, null)
    )


@dataclass(frozen=True)
class BrierParts:
    """Brier score = reliability − resolution + uncertainty + within.

    Murphy (1973), J. Appl. Meteorol. 12:595.

    Attributes
    ----------
    brier
        Mean of (p − y)².
    reliability
        Σ c/n (predicted − observed)²: what miscalibration costs.
    resolution
        Σ c/n (observed − base rate)²: what telling bars apart gains.
    uncertainty
        Base rate · (1 − base rate): the score of saying the base rate at every bar.
    within
        What spreads inside the bins: zero where a bin's predictions are the same (Stephenson et al.
        2008, Weather Forecast. 23:752).
    """

    brier: float
    reliability: float
    resolution: float
    uncertainty: float
    within: float


def brier_parts(prob: Float, y: Float, table: Reliability) -> BrierParts:
    """Divide the Brier score of `[n]` probabilities by the bins of their reliability table."""
    filled = table.count > 0
    share = table.count[filled] / table.count.sum()
    said, seen, rate = table.predicted[filled], table.observed[filled], float(y.mean())
    brier = float(((prob - y) ** 2).mean())
    parts = (share @ (said - seen) ** 2, share @ (seen - rate) ** 2, rate * (1 - rate))
    reliability_, resolution, uncertainty = map(float, parts)
    within = brier - (reliability_ - resolution + uncertainty)
    return BrierParts(brier, reliability_, resolution, uncertainty, within)


@dataclass(frozen=True)
class Temperature:
    """One number that all logits are divided by.

    Attributes
    ----------
    value
        T > 1 makes predictions less sure, T < 1 more; infinite where they are worth nothing.
    low, high
        95 % interval over dates; infinite where it isn't bounded.
    """

    value: float
    low: float
    high: float

    def __call__(self, mean: Float) -> Float:
        """Return `[n, C]` probabilities with the logits divided (binary: `[n, 1]`)."""
        return _scaled(_log_odds(mean), 1 / self.value, mean.shape[1])


def fit_temperature(mean: Float, y: Float, dates: Int) -> Temperature:
    """Return the temperature of least NLL; Guo et al. (2017), arXiv:1706.04599.

    Fit it on sessions that weren't learned from, and never on those it is judged on. The logits are
    those of the predictive mean, so a posterior's spread is in them. The NLL is convex in 1 / T. The
    interval is that of an M-estimate with dates as clusters: SE² = Σ_d g_d² / H² with g_d a date's
    gradient and H the curvature (Liang & Zeger 1986, Biometrika 73:13), by D / (D − 1); measured
    coverage at a nominal 95 % in those worlds: 93 to 96 %.

    Parameters
    ----------
    mean, y
        `[n, C]` probabilities (binary: `[n, 1]`, of class 1) and `[n]` labels.
    dates
        `[n]` which date a bar is of.
    """
    logits, code = _log_odds(mean), y.astype(np.int64)
    rows = np.arange(len(code))
    truth = logits[rows, code]

    def loss(inverse: float) -> float:
        return float(-log_softmax(logits * inverse, axis=1)[rows, code].mean())

    best = float(
        minimize_scalar(loss, bounds=(0, SHARPEST), method="bounded", options={"xatol": 1e-6}).x
    )
    if loss(0.0) <= loss(best):
        best = 0.0
    p = np.exp(log_softmax(logits * best, axis=1))
    expected = (p * logits).sum(1)
    _, date = np.unique(dates, return_inverse=True)
    gradient = np.bincount(date, expected - truth)
    curvature = float((p * logits**2).sum() - (expected**2).sum())
    days = len(gradient)
    if days < 3 or curvature <= 0:
        return Temperature(_inverse(best), 0.0, math.inf)
    se = math.sqrt((gradient**2).sum() * days / (days - 1)) / curvature
    return Temperature(_inverse(best), _inverse(best + 1.96 * se), _inverse(max(best - 1.96 * se, 0)))


def _inverse(value: float) -> float:
    return 1 / value if value > 0 else math.inf


def _log_odds(mean: Float) -> Float:
    """Return `[n, C]` logits of probabilities, two columns for a binary label."""
    p = np.clip(mean.astype(np.float64), CLIP, 1 - CLIP)
    if p.shape[1] == 1:
        return np.concatenate([np.zeros_like(p), np.log(p) - np.log1p(-p)], axis=1)
    return np.log(p)


def _scaled(logits: Float, inverse: float, classes: int) -> Float:
    p = np.exp(log_softmax(logits * inverse, axis=1))
    return p[:, 1:] if classes == 1 else p


@dataclass(frozen=True, eq=False)
class Spread:
    """Whether predictive spreads of a real label are as wide as its errors.

    Attributes
    ----------
    pit
        `[BINS]` share of bars whose probability integral transform Φ((y − mean) / SD) falls into
        each tenth: flat if calibrated, high at both ends if too sure (Dawid 1984, J. R. Stat. Soc. A
        147:278).
    levels
        Nominal coverage of central intervals.
    covered
        Share of bars inside them, with its interval over dates, averaged over bars of a date, then
        dates.
    """

    pit: Float
    levels: tuple[float, ...]
    covered: tuple[Estimate, ...]


def spread(mean: Float, variance: Float, y: Float, dates: Int, *, seed: int) -> Spread:
    """Count how often Gaussian predictive intervals hold the label.

    Parameters
    ----------
    mean, variance, y
        `[n]` predictive mean and variance, and the label.
    dates
        `[n]` which date a bar is of.
    """
    z = (y - mean) / np.sqrt(np.maximum(variance, np.finfo(np.float64).tiny))
    share = np.histogram(ndtr(z), bins=BINS, range=(0, 1))[0] / max(len(z), 1)
    covered = tuple(
        mean_interval(by_date(np.abs(z) <= ndtri(0.5 + level / 2), dates), seed=seed)
        for level in LEVELS
    )
    return Spread(share, LEVELS, covered)


def fit_scale(mean: Float, variance: Float, y: Float, dates: Int, *, seed: int) -> Estimate:
    """Return the factor on predictive SDs of least Gaussian NLL, √(mean z²), with its interval.

    The counterpart of a temperature for a real label; to be fitted on other sessions than it is
    judged on.
    """
    z2 = (y - mean) ** 2 / np.maximum(variance, np.finfo(np.float64).tiny)
    found = mean_interval(by_date(z2, dates), seed=seed)
    value, low, high = (math.sqrt(max(v, 0.0)) for v in (found.value, found.low, found.high))
    return Estimate(value, low, high, found.level, found.se, found.units)


def by_date(values: Float | Bool, dates: Int) -> Float:
    """Return `[D]` the mean of values `[n]` over each date's bars."""
    _, date = np.unique(dates, return_inverse=True)
    return np.bincount(date, values.astype(np.float64)) / np.bincount(date)
