"""The engine of a scan: held-out scores of one ridge learner for all targets, and their joint null.

The learner is ridge on fixed non-linear features (`expand`), cross-validated over blocks of dates,
its penalty chosen inside every training part. The same exchanges of whole label sessions serve all
targets; each refits the learner. Labels are exchanged within blocks of neighbouring dates, so that
what drifts over months, or depends on the time of day, stays in the null: it is what a target gets
for nothing.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from fireassay.arrays import Bool, Float, Int, rows_of_sessions
from fireassay.data.panel import SessionPanel
from fireassay.data.units import Units, span_of, units_of
from fireassay.diagnosis.scan.candidates import Candidate
from fireassay.diagnosis.scan.expand import Expanded, Expansion
from fireassay.errors import TooLittleError
from fireassay.seeds import derive
from fireassay.statistics.bootstrap import Estimate, session_bootstrap
from fireassay.statistics.exchange import Permutations, permute_dates
from fireassay.statistics.folds import Fold, session_folds
from fireassay.statistics.multiplicity import benjamini_hochberg, westfall_young
from fireassay.statistics.null import NullTest, p_value
from fireassay.statistics.scores import Score
from fireassay.statistics.scores import score as score_of
from fireassay.statistics.sufficient import RidgeNull, ridge_null

BLOCK = 20
"""Neighbouring dates within which labels are exchanged: a month of trading days."""

FOLDS = 5

PENALTIES = (1e-2, 1e-1, 1.0)
"""Of ridge, per row. Smaller and larger ones were chosen by no target and add a thousandth of AUC."""

LEAST_DATES = 10
"""Dates below which folds and exchanges have nothing to work with."""

LEAST_LABELS = 100
"""Labels of the rarer class, or labels of a real target, below which a target isn't tried."""


@dataclass(frozen=True, eq=False)
class Part:
    """The sessions that a scan looks at.

    Attributes
    ----------
    panel
        All sessions.
    sessions
        `[S]` indices of those looked at.
    rows
        `[R]` rows of the panel, session after session.
    offsets, clusters, symbols
        `[S + 1]` offsets in those rows; `[S]` date and symbol of each session.
    units
        What is exchanged and resampled whole.
    """

    panel: SessionPanel
    sessions: Int
    rows: Int
    offsets: Int
    clusters: Int
    symbols: Int
    units: Units
    _made: dict[bytes | None, Expanded] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, panel: SessionPanel, sessions: Int, most_rows: int | None = None) -> Part:
        """Take some sessions of a panel, of the latest dates where there are too many rows."""
        clusters = panel.clusters[sessions]
        if most_rows is not None:
            dates, date = np.unique(clusters, return_inverse=True)
            rows = np.bincount(date, panel.lengths[sessions], minlength=len(dates))
            later = np.cumsum(rows[::-1])[::-1]
            first = min(int((later > most_rows).sum()), max(len(dates) - LEAST_DATES, 0))
            sessions, clusters = sessions[date >= first], clusters[date >= first]
        _, symbols = np.unique(np.array(panel.symbols)[sessions], return_inverse=True)
        return cls(
            panel=panel,
            sessions=sessions,
            rows=rows_of_sessions(panel.offsets, sessions),
            offsets=np.r_[0, np.cumsum(panel.lengths[sessions])].astype(np.int64),
            clusters=clusters,
            symbols=symbols,
            units=_taken(units_of(panel), sessions),
        )

    def exchanging(self, span: int) -> Part:
        """Return the part with runs of so many dates as units."""
        units = _taken(units_of(self.panel, span), self.sessions)
        return replace(self, units=units, _made=self._made)

    @property
    def dates(self) -> int:
        """Number of dates."""
        return len(np.unique(self.clusters))

    @property
    def first_date(self) -> dt.date:
        """The earliest date."""
        return min(self.panel.dates[s] for s in self.sessions)

    @cached_property
    def expansion(self) -> Expansion:
        """The fixed map of features, scaled by these sessions."""
        return Expansion.fit(self.panel.values[self.rows], self.panel.features)

    def features(self, columns: Int | None = None) -> Expanded:
        """Return the expanded features (or some columns of them), session by session."""
        key = None if columns is None else columns.tobytes()
        if key not in self._made:
            ends = self.panel.offsets[:-1][self.sessions], self.panel.offsets[1:][self.sessions]
            self._made[key] = Expanded(self.panel.values, *ends, self.expansion, columns)
        return self._made[key]


@dataclass(frozen=True, eq=False)
class Scan:
    """Every candidate's held-out score beside its null.

    Attributes
    ----------
    part
        The sessions looked at.
    candidates
        `H` targets that were tried.
    left_out, missing
        Why others weren't, by name, and how many more the data can't have.
    labels
        `[R, C]` a column for each binary or real target, and for each class of one with several.
    columns
        Columns of each candidate.
    ridge
        Scores and predictions of all columns.
    observed, null
        `[H]`, `[B, H]` the candidates' scores.
    p, p_adjusted, q
        `[H]` alone, adjusted by step-down max-T, and the false discovery rate.
    mde
        `[H]` minimal detectable effect over the mean of the null, in the family of all candidates.
    folds
        Folds over blocks of dates.
    """

    part: Part
    candidates: tuple[Candidate, ...]
    left_out: dict[str, str]
    missing: int
    labels: Float
    columns: tuple[slice, ...]
    ridge: RidgeNull
    observed: Float
    null: Float
    p: Float
    p_adjusted: Float
    q: Float
    mde: Float
    folds: tuple[Fold, ...]

    @property
    def permutations(self) -> Permutations:
        """The exchanges that all candidates share."""
        return self.ridge.permutations

    def score(self, h: int) -> Score:
        """Return what a candidate is scored by."""
        kind = self.candidates[h].label.kind
        return {"real": Score.IC, "multiclass": Score.AUC_ONE_VS_REST}.get(kind, Score.AUC)

    @cached_property
    def chance(self) -> Float:
        """`[H]` mean of the null: what the time of day and the base rate get."""
        return np.nanmean(self.null, axis=0)

    @cached_property
    def excess(self) -> Float:
        """`[H]` score above the mean of the null."""
        return self.observed - self.chance

    def predictions(self, h: int) -> Float:
        """Return `[R]` held-out predictions of a candidate, `[R, C]` for several classes."""
        found = self.ridge.predictions[:, self.columns[h]]
        return found if found.shape[1] > 1 else found[:, 0]

    def truth(self, h: int) -> Float:
        """Return `[R]` labels of a candidate."""
        return self.candidates[h].label.y[self.part.rows].astype(np.float64)

    def estimate(self, h: int) -> Estimate:
        """Return a candidate's score with its interval over dates."""
        found = session_bootstrap(
            self.predictions(h),
            self.truth(h),
            self.part.offsets,
            self.part.units.clusters,
            seed=derive("scan interval", self.candidates[h].name),
            score=self.score(h),
        )
        # The folds' mean is what was tested; the pooled score differs from it in the third decimal.
        shift = float(self.observed[h]) - found.value
        return replace(
            found, value=found.value + shift, low=found.low + shift, high=found.high + shift
        )

    def score_on(self, h: int, rows: Bool) -> float:
        """Return the score of a candidate's held-out predictions on some rows, `[R]` True."""
        y = np.where(rows, self.truth(h), np.nan)
        return score_of(self.score(h), self.predictions(h), y)

    def test(self, h: int) -> NullTest:
        """Return a candidate's score beside its null."""
        first = self.ridge.test(self.columns[h].start)
        return replace(
            first, observed=float(self.observed[h]), values=self.null[:, h], p=float(self.p[h])
        )

    def index(self, family: str, horizon: int, skip: int) -> int | None:
        """Return the place of a target among the candidates."""
        for h, c in enumerate(self.candidates):
            if (c.family, c.label.horizon, c.label.skip) == (family, horizon, skip):
                return h
        return None


def scan_targets(
    part: Part,
    candidates: Sequence[Candidate],
    *,
    draws: int = 199,
    alpha: float = 0.05,
    seed: int = 0,
    missing: int = 0,
    progress: Callable[[float], None] | None = None,
) -> Scan:
    """Score every candidate and test them together.

    Parameters
    ----------
    part
        Sessions to look at: leave the test sessions out, so that they stay untouched for the target
        that is chosen.
    candidates
        Targets; those with too few labels are left out.
    draws
        Exchanges of label sessions, the same for all.
    alpha
        Level of the family, for the minimal detectable effects.
    missing
        Targets, horizons and delays that were asked for and that the data can't have.

    Raises
    ------
    TooLittleError
        With fewer than ten dates, or without a candidate that has labels.
    """
    if part.dates < LEAST_DATES:
        raise TooLittleError(
            f"a scan needs {LEAST_DATES} dates before the test, there are {part.dates}",
            fix="Give more sessions, or a smaller --test share.",
        )
    tried, left_out = _with_labels(part, candidates)
    if not tried:
        name, why = next(iter(left_out.items()), ("", ""))
        raise TooLittleError(
            "no target has enough labels" + (f" ({name}: {why})" if name else ""),
            fix="Give more sessions, or other targets.",
        )
    labels, columns = _columns(part, tried)
    # One set of exchanges for all targets: by the one whose labels reach furthest.
    part = part.exchanging(max(span_of(part.panel, c.label) for c in tried))
    permutations = permute_dates(
        part.offsets,
        part.units.clusters,
        draws,
        seed=derive("scan", seed),
        block=BLOCK,
        symbols=part.units.places,
        eligible=_labelled_sessions(labels, part.offsets),
        unit=part.units.name,
    )
    reach = _reach(part, tried)
    folds = session_folds(part.clusters, FOLDS, embargo=1, reach=reach)
    kinds = [
        Score.IC if c.label.kind == "real" else Score.AUC
        for c, s in zip(tried, columns, strict=True)
        for _ in range(s.stop - s.start)
    ]
    ridge = _learned(part.features(), labels, permutations, folds, kinds, progress)
    observed = np.array([ridge.observed[s].mean() for s in columns])
    null = np.stack([ridge.null[:, s].mean(axis=1) for s in columns], axis=1)
    joint = westfall_young(observed, null)
    # The p of each alone is of its raw score; max-T standardises, which changes nothing but rounding.
    p = np.array([p_value(observed[h], null[:, h]) for h in range(len(tried))])
    se = np.array([ridge.se[s].mean() for s in columns])
    return Scan(
        part=part,
        candidates=tuple(tried),
        left_out=left_out,
        missing=missing,
        labels=labels,
        columns=tuple(columns),
        ridge=ridge,
        observed=observed,
        null=null,
        p=p,
        p_adjusted=joint.p_adjusted,
        q=benjamini_hochberg(p),
        mde=_detectable(null, se, permutations.moved, alpha),
        folds=tuple(folds),
    )


def alone(scanned: Scan, h: int, names: Sequence[str]) -> float:
    """Return the score that some features reach without the others, NaN where one is lacking.

    Their squares and their interactions with the side of VWAP are theirs.
    """
    part = scanned.part
    places = {name: i for i, name in enumerate(part.panel.features)}
    if not set(names) <= set(places):
        return float("nan")
    keep = np.flatnonzero(np.isin(part.expansion.source, [places[n] for n in names]))
    once = replace(scanned.permutations, donors=scanned.permutations.donors[:1])
    kind = Score.IC if scanned.score(h) is Score.IC else Score.AUC
    labels = scanned.labels[:, scanned.columns[h]]
    found = _learned(part.features(keep), labels, once, scanned.folds, kind)
    return float(found.observed.mean())


def _learned(
    features: Iterable[Float],
    labels: Float,
    permutations: Permutations,
    folds: Sequence[Fold],
    score: Score | Sequence[Score],
    progress: Callable[[float], None] | None = None,
) -> RidgeNull:
    """Score the scan's learner; targets are shared among threads that each multiply alone."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1, user_api="blas"):
        return ridge_null(
            features,
            labels,
            permutations,
            folds,
            score=score,
            penalties=PENALTIES,
            share_rows=True,
            workers=os.cpu_count() or 1,
            progress=progress,
        )


def _with_labels(
    part: Part, candidates: Sequence[Candidate]
) -> tuple[list[Candidate], dict[str, str]]:
    """Divide candidates into those with enough labels on these sessions, and why others haven't."""
    tried: list[Candidate] = []
    left_out: dict[str, str] = {}
    for candidate in candidates:
        label = candidate.label
        y = label.y[part.rows]
        y = y[~np.isnan(y)]
        if label.kind == "real":
            least = len(y) if len(y) and y.min() < y.max() else 0
        else:
            classes = max(len(label.classes), 2)
            least = int(np.bincount(y.astype(np.int64), minlength=classes)[:classes].min())
        if least < LEAST_LABELS:
            left_out[candidate.name] = f"{least} labels of its rarest value"
        else:
            tried.append(candidate)
    return tried, left_out


def _columns(part: Part, candidates: Sequence[Candidate]) -> tuple[Float, list[slice]]:
    """Return `[R, C]` labels, a column for each class where there are several, and whose they are."""
    parts: list[Float] = []
    slices: list[slice] = []
    at = 0
    for candidate in candidates:
        label = candidate.label
        y = label.y[part.rows].astype(np.float64)[:, None]
        if label.kind == "multiclass":
            y = np.where(np.isnan(y), np.nan, y == np.arange(len(label.classes)))
        parts.append(y)
        slices.append(slice(at, at + y.shape[1]))
        at += y.shape[1]
    return np.concatenate(parts, axis=1), slices


def _labelled_sessions(labels: Float, offsets: Int) -> np.ndarray:
    known = np.r_[0, np.cumsum((~np.isnan(labels)).any(axis=1))]
    return known[offsets[1:]] > known[offsets[:-1]]


def _taken(units: Units, sessions: Int) -> Units:
    return replace(units, clusters=units.clusters[sessions], places=units.places[sessions])


def _reach(part: Part, candidates: Sequence[Candidate]) -> Int:
    """Return `[S]` dates that the labels of each session reach beyond its own."""
    panel = part.panel
    reach = np.zeros(len(part.sessions), dtype=np.int64)
    for candidate in candidates:
        end = panel.session_of_row[candidate.label.end[part.rows]]
        far = panel.clusters[end] - np.repeat(part.clusters, np.diff(part.offsets))
        known = ~np.isnan(candidate.label.y[part.rows])
        np.maximum.at(
            reach, np.repeat(np.arange(len(reach)), np.diff(part.offsets)), np.where(known, far, 0)
        )
    return reach


def _detectable(null: Float, se: Float, moved: float, alpha: float) -> Float:
    """Return `[H]` (z · SE₀ + z.80 · SE) / moved; z is the quantile of the largest null score."""
    from scipy.special import ndtri

    sd = null.std(axis=0, ddof=1)
    z = (null - null.mean(axis=0)) / np.where(sd > 0, sd, np.inf)
    critical = float(np.quantile(np.nan_to_num(z, nan=-np.inf).max(axis=1), 1 - alpha))
    own = np.where(np.isnan(se), sd, se)
    return (critical * sd + float(ndtri(0.8)) * own) / max(moved, 1e-9)
