"""Folds over whole dates, and the groups of sessions that no fold tells apart."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fireassay.arrays import Int

Fold = tuple[Int, Int]
"""Train and test session indices."""


def session_folds(
    clusters: Int, count: int = 5, *, embargo: int = 0, reach: Int | None = None
) -> list[Fold]:
    """Return `count` folds whose test parts are runs of dates, purged and with an embargo.

    Parameters
    ----------
    clusters
        `[S]` index of each session's date.
    embargo
        Dates on either side of the test part that are left out of training.
    reach
        `[S]` dates that a session's labels reach beyond their own; training sessions before the
        test part whose labels reach into it, and sessions after it into which the test part's labels
        reach, are left out too. None: labels end in their session.

    Raises
    ------
    ValueError
        With fewer dates than folds.
    """
    dates, date = np.unique(clusters, return_inverse=True)
    if len(dates) < count:
        raise ValueError(f"{count} folds need as many dates, there are {len(dates)}")
    far = np.zeros(len(date), dtype=np.int64) if reach is None else np.asarray(reach)
    folds: list[Fold] = []
    for part in np.array_split(np.arange(len(dates)), count):
        low, high = part[0], part[-1]
        inside = (date >= low) & (date <= high)
        reached = high + max(embargo, int(far[inside].max(initial=0)))
        before = date + np.maximum(far, embargo) < low
        folds.append((np.flatnonzero(before | (date > reached)), np.flatnonzero(inside)))
    return folds


def group_sessions(sessions: int, folds: Sequence[Fold]) -> tuple[Int, list[tuple[Int, Int]]]:
    """Put sessions that no fold tells apart into one group.

    Returns `[S]` group (−1: in no fold), and per fold its train and test groups.
    """
    role = np.zeros((len(folds), sessions), dtype=np.int8)
    for k, (train, test) in enumerate(folds):
        role[k, train], role[k, test] = 1, 2
    roles, group = np.unique(role, axis=1, return_inverse=True)
    group = group.reshape(-1)
    # The roles are sorted, so that sessions in no fold, if any, are the first group.
    if not roles[:, 0].any():
        group, roles = group - 1, roles[:, 1:]
    return group, [(np.flatnonzero(r == 1), np.flatnonzero(r == 2)) for r in roles]
