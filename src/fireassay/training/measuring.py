"""What is measured of a cohort's predictions: per-epoch rows, and the predictions that are kept."""

from __future__ import annotations

import numpy as np

from fireassay.arrays import Float, Int
from fireassay.data.task import Task
from fireassay.training.measures import measures
from fireassay.training.member import Member
from fireassay.training.prediction import Predictive
from fireassay.training.trial import Predictions


def spread_evenly(task: Task, sessions: Int, rows: int) -> Int:
    """Return sessions spread evenly over those given that hold at most about so many rows."""
    wanted = max(1, int(rows / max(float(task.panel.lengths[sessions].mean()), 1.0)))
    if wanted >= len(sessions):
        return sessions
    return sessions[np.linspace(0, len(sessions) - 1, wanted).round().astype(int)]


def rows_of(task: Task, sessions: Int) -> Int:
    """Return the sorted rows of the sessions."""
    inside = np.zeros(task.panel.sessions, dtype=bool)
    inside[sessions] = True
    return np.flatnonzero(inside[task.panel.session_of_row])


def _means(member: Member, predicted: Predictive, k: int, places: Int) -> Float:
    mean = predicted.mean[k].cpu().numpy()[places].astype(np.float64)
    return mean * member.spread + member.centre if member.task.label.kind == "real" else mean


def measure_row(member: Member, rows: Int, predicted: Predictive, k: int) -> dict[str, float]:
    """Return the measures of one trial's predictions at the rows it has labels for."""
    places, y = member.scored_rows(rows)
    if not len(places):
        return {}
    mean = _means(member, predicted, k, places)
    found = measures(member.task.label.kind, mean, y)
    if member.task.label.kind == "real":
        # Gaussian with the predictive's moments, in training SDs.
        variance = predicted.total[k].cpu().numpy()[places]
        z2 = ((y - mean[:, 0]) / member.spread) ** 2 / variance
        found["nll"] = float(0.5 * np.mean(z2 + np.log(2 * np.pi * variance)))
    return found


def predictions(member: Member, rows: Int, predicted: Predictive, k: int) -> Predictions:
    """Return the predictions of one trial on the rows that it has labels for, in label units."""
    places, _ = member.scored_rows(rows)
    unit = member.spread**2 if member.task.label.kind == "real" else 1.0
    return Predictions(
        rows=rows[places],
        mean=_means(member, predicted, k, places).astype(np.float32),
        total=predicted.total[k].cpu().numpy()[places] * np.float32(unit),
        expected=predicted.expected[k].cpu().numpy()[places] * np.float32(unit),
    )
