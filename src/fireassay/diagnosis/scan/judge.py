"""What a scan says of every target: whether it can be learned, what it is worth, what misleads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from fireassay.diagnosis.scan.candidates import Candidate
from fireassay.diagnosis.scan.engine import Scan, alone
from fireassay.seeds import derive
from fireassay.statistics.bootstrap import Estimate, session_bootstrap
from fireassay.statistics.scores import Score

MATTERS = {"binary": 0.03, "multiclass": 0.03, "real": 0.05}
"""The effect that matters: AUC over chance (about 52 % accuracy), and IC."""

BOUNCE_FEATURES = ("return_1", "close_location", "vwap_deviation")
"""The last return and where in its range the bar closed show bounce; with the side of VWAP they show
it for moves towards VWAP too."""

LOST, CARRIED = 0.5, 0.6
"""Parts of an edge that are gone a bar later, and that bounce's features reach, from which it is
mostly bounce."""

MANY_TIES, MANY_STALE = 0.2, 0.05
"""Shares from which ties and bars without a trade are told."""


class Verdict(StrEnum):
    """What is said of a target, the most useful first."""

    LEARNABLE = "can be learned"
    """Significant, worth its size, and so a bar later."""
    UNDELAYED = "significant, delay not examined"
    ODDS = "odds only"
    """Which way is predicted, but larger moves the other way make up for it."""
    LITTLE = "too little"
    """Significant, but less than half of what matters a bar later."""
    FADES = "gone a bar later"
    BOUNCE = "bounce"
    """Gone a bar later, and bounce's features reach it alone."""
    MECHANICAL = "mechanical"
    NOTHING = "nothing seen"


@dataclass(frozen=True, eq=False)
class Row:
    """One target at one horizon, without delay, and what is left of it a bar later.

    Attributes
    ----------
    candidate
        The target.
    now, later
        Its place in the scan, and that of the target with one more bar skipped, if it was tried.
    estimate
        Its score with an interval over dates.
    chance
        Mean of its null.
    verdict
        What is said of it.
    lost
        Part of its edge that is gone a bar later; NaN where there is no edge.
    bounce
        Score that bounce's features reach alone; NaN where that wasn't asked.
    size
        IC of its predictions with how far the price moves, for a target that says which way.
    traded
        Score on bars in which something traded; NaN where nearly all did.
    strength
        What is left of the edge a bar later, in units of what matters.
    """

    candidate: Candidate
    now: int
    later: int | None
    estimate: Estimate
    chance: float
    verdict: Verdict
    lost: float
    bounce: float
    size: Estimate | None
    traded: float
    strength: float

    @property
    def carried(self) -> float:
        """Part of the edge that bounce's features reach alone."""
        edge = self.estimate.value - self.chance
        return (self.bounce - self.chance) / edge if edge > 0 else 0.0

    @property
    def mostly_bounce(self) -> bool:
        """Whether most of the edge is gone a bar later and bounce's features reach it alone."""
        return self.lost >= LOST and self.carried >= CARRIED


def judge_all(scanned: Scan, alpha: float = 0.05) -> list[Row]:
    """Judge every target at its shortest delay, the best that can be learned first."""
    first: dict[tuple[str, int], int] = {}
    for h, c in enumerate(scanned.candidates):
        key = (c.family, c.label.horizon)
        if key not in first or c.label.skip < scanned.candidates[first[key]].label.skip:
            first[key] = h
    rows = [_row(scanned, h, alpha) for h in first.values()]
    order = list(Verdict)
    return sorted(rows, key=lambda r: (order.index(r.verdict), -r.strength))


def _row(scanned: Scan, h: int, alpha: float) -> Row:
    candidate = scanned.candidates[h]
    label = candidate.label
    later = scanned.index(candidate.family, label.horizon, label.skip + 1)
    found = bool(scanned.p_adjusted[h] <= alpha)
    excess = float(scanned.excess[h])
    left = float(scanned.excess[later]) if later is not None else excess
    matters = MATTERS[label.kind]
    asks_bounce = found and candidate.price_move and not candidate.caution and label.skip == 0
    row = Row(
        candidate=candidate,
        now=h,
        later=later,
        estimate=scanned.estimate(h),
        chance=float(scanned.chance[h]),
        verdict=Verdict.NOTHING,
        lost=_lost(excess, left) if found and later is not None else float("nan"),
        bounce=alone(scanned, h, BOUNCE_FEATURES) if asks_bounce else float("nan"),
        size=_size(scanned, h) if found and candidate.size is not None else None,
        traded=_traded(scanned, h),
        strength=min(excess, left) / matters,
    )
    return replace(row, verdict=_verdict(scanned, row, alpha))


def _lost(excess: float, left: float) -> float:
    """Return the part of an edge that is gone; all of it where the sign has turned."""
    return min(1 - left / excess, 1.0) if excess > 0 else float("nan")


def _verdict(scanned: Scan, row: Row, alpha: float) -> Verdict:
    if not scanned.p_adjusted[row.now] <= alpha:
        return Verdict.NOTHING
    if row.candidate.caution:
        return Verdict.MECHANICAL
    if row.size is not None and row.size.low <= 0:
        return Verdict.ODDS
    if row.later is None:
        return Verdict.UNDELAYED
    if scanned.p_adjusted[row.later] > alpha:
        return Verdict.BOUNCE if row.mostly_bounce else Verdict.FADES
    return Verdict.LEARNABLE if row.strength >= 0.5 else Verdict.LITTLE


def _size(scanned: Scan, h: int) -> Estimate:
    """Return the IC of a target's held-out predictions with how far the price moves."""
    size = scanned.candidates[h].size
    assert size is not None
    part = scanned.part
    return session_bootstrap(
        scanned.predictions(h),
        size.y[part.rows].astype(np.float64),
        part.offsets,
        part.units.clusters,
        seed=derive("scan size", scanned.candidates[h].name),
        score=Score.IC,
    )


def _traded(scanned: Scan, h: int) -> float:
    """Return the score where something traded; NaN where nearly every bar has trades."""
    stale = scanned.part.panel.stale[scanned.part.rows]
    return scanned.score_on(h, ~stale) if stale.mean() >= MANY_STALE else float("nan")


def percent(share: float) -> str:
    """Write a share."""
    return f"{100 * share:.0f} %"


def note(scanned: Scan, row: Row) -> str:
    """Say what a reader of a row must know."""
    label, score = row.candidate.label, scanned.score(row.now)
    said: list[str] = []
    if row.verdict is Verdict.ODDS and row.size is not None:
        said.append(
            "Which way is predicted, not how much is earned: larger moves the other way make up for "
            f"it (IC with the move {row.size.value:.3f}, 95 % interval {row.size.low:.3f} to "
            f"{row.size.high:.3f})."
        )
    if row.mostly_bounce:
        said.append(
            f"Mostly bounce: {percent(row.lost)} of the edge is gone a bar later, and the last "
            f"return and the close's location alone reach {score} {row.bounce:.3f}."
        )
    elif row.lost >= LOST:
        said.append(f"{percent(row.lost)} of the edge is gone a bar later.")
    if row.verdict is Verdict.LITTLE:
        said.append("What is left a bar later is less than half of what matters.")
    if label.ties >= MANY_TIES:
        said.append(f"{percent(label.ties)} of the outcomes are ties and left out.")
    if row.traded < row.estimate.low and not row.candidate.caution:
        said.append(f"Only {score} {row.traded:.3f} on bars in which something traded.")
    return " ".join(said)


def best(rows: Sequence[Row], count: int = 3) -> list[Row]:
    """Return the best targets that can be learned, one horizon of each family."""
    chosen: dict[str, Row] = {}
    for row in rows:
        if row.verdict is Verdict.LEARNABLE:
            chosen.setdefault(row.candidate.family, row)
    return list(chosen.values())[:count]
