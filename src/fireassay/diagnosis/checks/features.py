"""Are there features without information, or on incomparable scales?"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from fireassay.arrays import Float
from fireassay.diagnosis.case import Case, Runs
from fireassay.diagnosis.checks import Check, Cost, check
from fireassay.findings import Bearing, Evidence, Rule

MOST_ROWS = 50_000

MANY = 0.5
"""Share of features without information from which they are what limits learning."""

DECADES = 3.0
"""Spread of scales, in powers of ten, that an unscaled network doesn't bridge."""


@check
class FeatureAudit(Check):
    """Find features that are constant, null or copies, and compare their scales.

    Question: do the features hold information, on scales that one network can read together?

    A direct look at the training rows; no null is needed to see that a column is constant. Scales
    only matter where features enter unscaled (`scaling = "none"`).
    """

    id: ClassVar[str] = "features"
    question: ClassVar[str] = "Are there features without information, or on incomparable scales?"
    causes: ClassVar[tuple[str, ...]] = ("degenerate_features", "features_unscaled")
    cost: ClassVar[Cost] = Cost.FREE

    def judge(self, case: Case, runs: Runs) -> list[Evidence]:
        """Audit the training rows."""
        task, names = case.task, case.task.panel.features
        rows = task.train_rows
        x = task.panel.values[rows[:: max(1, len(rows) // MOST_ROWS)]].astype(np.float64)
        null = np.isnan(x).mean(axis=0)
        low, high = _extremes(x)
        constant = ~(high > low)
        copies = _copies(x, constant)
        empty = constant | (null > 0.99) | copies
        spread = _spread(x)
        known = np.flatnonzero(spread > 0)
        smallest, largest = (
            (int(known[np.argmin(spread[known])]), int(known[np.argmax(spread[known])]))
            if len(known)
            else (0, 0)
        )
        decades = float(np.log10(spread[largest] / spread[smallest])) if len(known) else 0.0
        many = empty.mean() >= MANY
        bad = [names[i] for i in np.flatnonzero(empty)]
        reading = (
            f"{len(bad)} of {len(names)} features are constant, null or copies"
            + (f" ({', '.join(bad[:5])}{' …' if len(bad) > 5 else ''})" if bad else "")
            + f"; scales span {decades:.1f} powers of ten"
            + (
                f", from {names[smallest]} ({spread[smallest]:.1g}) to {names[largest]} "
                f"({spread[largest]:.1g})."
                if decades >= 1
                else "."
            )
        )
        unscaled = task.scaling == "none" and decades > DECADES
        scale_rule = Rule.ILLUSTRATES if unscaled else Rule.OBSERVED_AGAINST
        scale_note = (
            "Features enter unscaled."
            if task.scaling == "none"
            else f"Features are scaled ({task.scaling}) on the training sessions."
        )
        return [
            Evidence(
                id=self.id,
                check=self.id,
                question=self.question,
                experiment="A look at every feature on the training rows.",
                control="None is needed to see that a column doesn't vary.",
                metric="share of features without information",
                effect=float(empty.mean()),
                trivial=0.0,
                sessions=len(task.split.train),
                bears_on=(
                    Bearing(
                        cause="degenerate_features",
                        rule=Rule.OBSERVED_FOR if many else Rule.OBSERVED_AGAINST,
                        note=reading,
                    ),
                    Bearing(cause="features_unscaled", rule=scale_rule, note=scale_note),
                ),
                reading=reading,
                caveat="A feature that varies may still say nothing about the label.",
                numbers={
                    "features": len(names),
                    "constant": int(constant.sum()),
                    "over 99 % null": int((null > 0.99).sum()),
                    "copies of another": int(copies.sum()),
                    "largest null share": float(null.max()),
                    "powers of ten between scales": decades,
                },
            )
        ]


def _extremes(x: Float) -> tuple[Float, Float]:
    """Return `[F]` smallest and largest value; NaN where a column is null."""
    low = np.fmin.reduce(x, axis=0)
    return low, np.fmax.reduce(x, axis=0)


def _spread(x: Float) -> Float:
    """Return `[F]` standard deviations of what is known."""
    known = ~np.isnan(x)
    count = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, x, 0).sum(axis=0) / count
    return np.sqrt(np.where(known, (x - mean) ** 2, 0).sum(axis=0) / count)


def _copies(x: Float, constant: np.ndarray) -> np.ndarray:
    """Return `[F]` True for columns that repeat an earlier one, value by value."""
    seen: set[bytes] = set()
    copies = np.zeros(x.shape[1], dtype=bool)
    for j in range(x.shape[1]):
        key = np.ascontiguousarray(x[:, j]).tobytes()
        copies[j] = key in seen and not constant[j]
        seen.add(key)
    return copies
