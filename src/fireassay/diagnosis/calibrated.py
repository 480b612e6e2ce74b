"""Calibration of a trained model: judged on test dates, mended on validation dates."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fireassay.arrays import Float, Int
from fireassay.data.task import Kind, Task
from fireassay.seeds import derive
from fireassay.statistics import calibration as measure
from fireassay.statistics import conformal
from fireassay.statistics.scores import CLIP
from fireassay.trained import Bin, Calibration, Conformal, Covered, Rescaled
from fireassay.training.settings import NetSettings
from fireassay.training.trial import Run

PROMISED = (0.8, 0.9, 0.95)
"""Coverage of conformal sets and intervals."""

FLIPS = 999
"""Draws of what a calibrated model shows."""

SCARCE = 3
"""Dates below which nothing is said of calibration."""


@dataclass(frozen=True, eq=False)
class Said:
    """What was predicted of labelled bars, `[n]` each but for the mean `[n, C]`, in label units."""

    kind: Kind
    mean: Float
    variance: Float
    y: Float
    dates: Int

    @classmethod
    def of(cls, task: Task, runs: Sequence[Run], part: str) -> Said:
        """Return what runs together predict of a part of the split."""
        each = [getattr(run, part) for run in runs]
        rows = each[0].rows
        from fireassay.training.serving import pooled  # PyTorch, which naming a check needn't load

        found = pooled(task.label.kind, each)
        return cls(
            kind=task.label.kind,
            mean=found.mean.astype(np.float64),
            variance=found.total.astype(np.float64),
            y=task.label.y[rows].astype(np.float64),
            dates=task.panel.clusters[task.panel.session_of_row[rows]],
        )

    @property
    def count(self) -> int:
        """Number of dates."""
        return len(np.unique(self.dates))

    def nll(self, mean: Float | None = None, scale: float = 1.0) -> float:
        """Return the mean NLL, of other probabilities or with SDs multiplied."""
        mean = self.mean if mean is None else mean
        if self.kind == "real":
            variance = self.variance * scale**2
            z2 = (self.y - mean[:, 0]) ** 2 / variance
            return float(0.5 * np.mean(z2 + np.log(2 * np.pi * variance)))
        return float(-np.log(np.maximum(1 - conformal.class_scores(mean, self.y), CLIP)).mean())


def calibration(task: Task, runs: Sequence[Run]) -> Calibration | None:
    """Judge the calibration of a model's runs, one a seed, as the mixture that they are.

    Returns None with fewer than SCARCE test dates, or for a real label whose learner has no spread.
    """
    test, kind = Said.of(task, runs, "test"), task.label.kind
    if test.count < SCARCE or (kind == "real" and not (test.variance > 0).all()):
        return None
    seed = derive("calibration", task.fingerprint)
    found = _of_spread(test, seed) if kind == "real" else _of_probabilities(test, seed)
    later = Said.of(task, runs, "validation")
    learned_from = not isinstance(runs[0].trial.settings, NetSettings)
    if learned_from or later.count < SCARCE or len(np.unique(later.y)) < 2:
        return found
    return found.model_copy(
        update={
            "rescaled": _rescaled(later, test, seed),
            "conformal": tuple(_conformal(later, test, share, seed) for share in PROMISED),
        }
    )


def _of_probabilities(test: Said, seed: int) -> Calibration:
    prob, true = measure.confidence(test.mean, test.y)
    table = measure.reliability(prob, true, test.dates, seed=seed)
    error = measure.calibration_error(table, FLIPS, seed=seed)
    parts = measure.brier_parts(prob, true, table)
    columns = (table.count, table.predicted, table.observed, table.low, table.high)
    return Calibration(
        dates=test.count,
        nll=test.nll(),
        ece=error.value,
        ece_calibrated=error.calibrated,
        p=error.p,
        brier=parts.brier,
        reliability=parts.reliability,
        resolution=parts.resolution,
        uncertainty=parts.uncertainty,
        bins=tuple(
            Bin(count=int(count), predicted=said, observed=seen, low=low, high=high)
            for count, said, seen, low, high in zip(*(c.tolist() for c in columns), strict=True)
        ),
    )


def _of_spread(test: Said, seed: int) -> Calibration:
    found = measure.spread(test.mean[:, 0], test.variance, test.y, test.dates, seed=seed)
    return Calibration(
        dates=test.count,
        nll=test.nll(),
        pit=tuple(found.pit.tolist()),
        intervals=tuple(
            Covered(level=level, covered=e.value, low=e.low, high=e.high)
            for level, e in zip(found.levels, found.covered, strict=True)
        ),
    )


def _rescaled(later: Said, test: Said, seed: int) -> Rescaled:
    before = test.nll()
    if test.kind == "real":
        scale = measure.fit_scale(later.mean[:, 0], later.variance, later.y, later.dates, seed=seed)
        return Rescaled(
            value=scale.value,
            low=scale.low,
            high=scale.high,
            dates=later.count,
            nll_before=before,
            nll_after=test.nll(scale=scale.value),
        )
    fitted = measure.fit_temperature(later.mean, later.y, later.dates)
    cooled = fitted(test.mean)
    return Rescaled(
        value=fitted.value,
        low=fitted.low,
        high=fitted.high,
        dates=later.count,
        nll_before=before,
        nll_after=test.nll(cooled),
        ece_after=measure.ece(cooled, test.y),
    )


def _conformal(later: Said, test: Said, share: float, seed: int) -> Conformal:
    real = test.kind == "real"
    scores = (
        conformal.real_scores(later.mean[:, 0], later.variance, later.y)
        if real
        else conformal.class_scores(later.mean, later.y)
    )
    threshold = conformal.session_quantile(scores, later.dates, 1 - share)
    if real:
        found = conformal.coverage_of_intervals(
            test.mean[:, 0], test.variance, test.y, threshold, test.dates, seed=seed
        )
    else:
        found = conformal.coverage_of_sets(test.mean, test.y, threshold, test.dates, seed=seed)
    return Conformal(
        promised=share,
        threshold=threshold,
        dates=later.count,
        covered=found.covered.value,
        low=found.covered.low,
        high=found.covered.high,
        size=found.size,
        single=found.single,
        empty=found.empty,
    )


def told(found: Calibration | None, alpha: float) -> list[str]:
    """Say in a sentence whether predictions may be taken at their word."""
    if found is None:
        return []
    if found.ece is not None and found.p is not None and found.ece_calibrated is not None:
        size = (
            f"ECE {found.ece:.3f}, where a calibrated model would show {found.ece_calibrated:.3f} on "
        )
        size += f"{found.dates} dates (p = {found.p:.3f})"
        if found.p > alpha:
            return [f"What it says can't be told from calibrated: {size}."]
        return [f"It isn't calibrated: {size}.{_mended(found)}"]
    wide = next((c for c in found.intervals if c.level == 0.9), None)
    if wide is None or wide.covered is None or wide.low is None or wide.high is None:
        return []
    size = f"its 90 % intervals hold {wide.covered:.1%} [{wide.low:.1%}, {wide.high:.1%}] of later "
    size += "labels"
    if wide.low <= wide.level <= wide.high:
        return [f"Its spread is as wide as its errors, as far as can be seen: {size}."]
    sure = "too sure" if wide.high < wide.level else "less sure than it could be"
    return [f"It is {sure}: {size}.{_mended(found)}"]


def _mended(found: Calibration) -> str:
    rescaled = found.rescaled
    if rescaled is None or rescaled.nll_before is None or rescaled.nll_after is None:
        return ""
    what = "A temperature" if found.bins else "A factor on its SDs"
    value = "without bound" if rescaled.value is None else f"of {rescaled.value:.2f}"
    gain = rescaled.nll_before - rescaled.nll_after
    verb = "lowers" if gain > 0 else "raises"
    return f" {what} {value}, fitted on validation sessions, {verb} the test NLL by {abs(gain):.4f}."


def threshold_for(found: Calibration | None, share: float) -> float | None:
    """Return the conformal threshold of that coverage; infinite where sets hold everything."""
    kept = next((c for c in found.conformal if c.promised == share), None) if found else None
    if kept is None:
        return None
    return math.inf if kept.threshold is None else kept.threshold
