"""Task: what a learner is asked: features, a label, which sessions may be learned from.

A Task is immutable; interventions make new ones that share the panel. Scaling is part of the Task,
fitted on its training sessions only, and applied when rows are gathered, so the panel stays raw.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np

from fireassay.arrays import Bool, Float, Int, rows_of_sessions
from fireassay.data.panel import SessionPanel
from fireassay.data.splits import Split, purged

Kind = Literal["binary", "multiclass", "real"]
Scaling = Literal["standard", "robust", "none"]


@dataclass(frozen=True, eq=False)
class Label:
    """A target computed for every bar.

    Attributes
    ----------
    name
        The target as the user writes it, such as `vwap_reversion:5,skip=1`.
    kind
        "binary" (0/1), "multiclass" (0 … C − 1) or "real".
    y
        `[R]` float32; NaN where there is no label (session's end, tie, ambiguous).
    end
        `[R]` int64: the row at which the label is known; the row itself where there is none.
    horizon
        Bars of outcome; N_eff ≈ N / horizon when every bar is labelled.
    skip
        Bars left out between the features and the outcome.
    classes
        Names of the classes, in the order of their codes; empty for "real".
    ties
        Share of otherwise defined labels that are ties (dropped or a class of their own).
    note
        What a reader must know: the price used, the profile it is measured against, whether it is
        mechanically predictable.
    """

    name: str
    kind: Kind
    y: Float
    end: Int
    horizon: int = 1
    skip: int = 0
    classes: tuple[str, ...] = ()
    ties: float = 0.0
    note: str = ""

    @property
    def labelled(self) -> Bool:
        """`[R]` True where there is a label."""
        return ~np.isnan(self.y)

    @property
    def outputs(self) -> int:
        """Number of outputs of a head: 1 for binary and real, C for multiclass."""
        return len(self.classes) if self.kind == "multiclass" else 1


@dataclass(frozen=True, eq=False)
class Scaler:
    """Affine scaling of features: `clip((x − centre) / scale)`, NaN to 0 (the centre).

    Attributes
    ----------
    centre, scale
        `[F]` float32.
    clip
        Bound on the scaled absolute value; market features have tails that no scale contains.
    """

    centre: Float
    scale: Float
    clip: float = 10.0

    @classmethod
    def fit(cls, x: Float, scaling: Scaling) -> Scaler:
        """Fit on `[rows, F]` training rows; NaN are ignored, constant columns get scale 1."""
        width = x.shape[1]
        if scaling == "none" or len(x) == 0:
            ones = np.ones(width, dtype=np.float32)
            return cls(np.zeros(width, dtype=np.float32), ones, clip=np.inf)
        known = ~np.isnan(x)
        count = np.maximum(known.sum(0), 1)
        if scaling == "robust":
            empty = ~known.any(0)
            low, centre, high = np.nanquantile(np.where(empty, 0.0, x), [0.25, 0.5, 0.75], axis=0)
            # 1.349 standard deviations lie between the quartiles of a normal distribution.
            scale = (high - low) / 1.349
        else:
            filled = np.where(known, x, 0).astype(np.float64)
            centre = filled.sum(0) / count
            deviation = np.where(known, x - centre, 0)
            scale = np.sqrt((deviation**2).sum(0) / count)
        scale = np.where(scale > 1e-12 * np.maximum(np.abs(centre), 1e-30), scale, 1.0)
        return cls(centre.astype(np.float32), scale.astype(np.float32))

    def __call__(self, x: Float) -> Float:
        """Scale `[..., F]` float32 rows; returns a new array without NaN."""
        scaled = (x - self.centre) / self.scale
        np.nan_to_num(scaled, copy=False, nan=0.0, posinf=self.clip, neginf=-self.clip)
        if np.isfinite(self.clip):
            np.clip(scaled, -self.clip, self.clip, out=scaled)
        return scaled


@dataclass(frozen=True, eq=False)
class Fitted:
    """What training sessions fitted, kept to predict on other data.

    Attributes
    ----------
    scaler
        Scaling of the features.
    typical_length
        Median bars of a training session.
    """

    scaler: Scaler
    typical_length: float


@dataclass(frozen=True, eq=False)
class Task:
    """What a learner is asked.

    Attributes
    ----------
    panel
        Features over sessions, raw.
    label
        The target.
    split
        Which sessions are for training, validation and test.
    scaling
        How features are scaled; fitted on the training sessions.
    weight
        `[R]` float32 weight of each label in the likelihood, or None for 1: 0 leaves a row out of
        training and scoring.
    others
        Further labels of the same bars that an intervention may ask for instead.
    history
        Names of the interventions that made this Task from the user's.
    fitted
        Fitted on other data, in place of this Task's training sessions.
    """

    panel: SessionPanel
    label: Label
    split: Split
    scaling: Scaling = "standard"
    weight: Float | None = None
    others: tuple[Label, ...] = ()
    history: tuple[str, ...] = ()
    fitted: Fitted | None = None

    @cached_property
    def scaler(self) -> Scaler:
        """Scaling fitted on the training sessions."""
        if self.fitted is not None:
            return self.fitted.scaler
        rows = rows_of_sessions(self.panel.offsets, self.split.train)
        return Scaler.fit(self.panel.values[rows], self.scaling)

    @cached_property
    def typical_length(self) -> float:
        """Median bars of a training session: a session's clock counts in it."""
        if self.fitted is not None:
            return self.fitted.typical_length
        return float(np.median(self.panel.lengths[self.split.train]))

    @cached_property
    def usable(self) -> Bool:
        """`[R]` True where there is a label with a positive weight."""
        keep = self.label.labelled
        return keep if self.weight is None else keep & (self.weight > 0)

    @cached_property
    def train_rows(self) -> Int:
        """Rows to learn from: labelled, in training sessions, purged by label end."""
        later = np.concatenate([self.split.validation, self.split.test])
        keep = purged(self.panel, self.label.end, self.split.train, later)
        return np.flatnonzero(keep & self.usable)

    @cached_property
    def validation_rows(self) -> Int:
        """Labelled rows of the validation sessions, purged against the test sessions."""
        keep = purged(self.panel, self.label.end, self.split.validation, self.split.test)
        return np.flatnonzero(keep & self.usable)

    @cached_property
    def test_rows(self) -> Int:
        """Labelled rows of the test sessions."""
        rows = rows_of_sessions(self.panel.offsets, np.sort(self.split.test))
        return rows[self.usable[rows]]

    @property
    def labels(self) -> int:
        """N: distinct labels to learn from, the N of the objective."""
        return len(self.train_rows)

    @property
    def effective_labels(self) -> float:
        """N_eff ≈ N / horizon: overlapping outcomes are not independent."""
        return self.labels / max(self.label.horizon, 1)

    def inputs(self, rows: Int) -> Float:
        """Return `[rows, F]` float32 scaled features of the rows given."""
        return self.scaler(self.panel.values[rows])

    def with_label(self, y: Float, step: str, *, name: str | None = None) -> Task:
        """Return a Task with other labels on the same rows, recording the step that made them."""
        label = replace(self.label, y=y.astype(np.float32), name=name or self.label.name)
        return replace(self, label=label, history=(*self.history, step))

    def with_split(self, split: Split, step: str) -> Task:
        """Return a Task with another split, recording the step that made it."""
        return replace(self, split=split, history=(*self.history, step))

    @cached_property
    def fingerprint(self) -> str:
        """A hash of panel, label, split and scaling: equal Tasks have equal fingerprints."""
        digest = hashlib.blake2b(digest_size=12)
        digest.update(self.panel.fingerprint.encode())
        digest.update(f"{self.label.kind}{self.label.classes}{self.scaling}".encode())
        for part in (
            self.label.y,
            self.label.end,
            self.split.train,
            self.split.validation,
            self.split.test,
            self.weight,
        ):
            digest.update(b"none" if part is None else np.ascontiguousarray(part).tobytes())
        for other in self.others:
            digest.update(other.name.encode())
            digest.update(other.y.tobytes())
        return digest.hexdigest()
