"""Splits over whole sessions: walk-forward for scores, session blocks for nulls.

Sessions of one date (several symbols) are one cluster and never part. Test sessions are later than
training sessions; between them lies an embargo. Labels that reach beyond their session are purged
by their end: a training row whose label ends in or after the first later session is not used.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from fireassay.arrays import Bool, Int
from fireassay.data.panel import SessionPanel
from fireassay.errors import DataError, TooLittleError

FEW_DATES = 20
"""Dates below which leaving some out between the parts costs more than it guards against."""


@dataclass(frozen=True, eq=False)
class Split:
    """Session indices of each part, sorted.

    Attributes
    ----------
    train, validation, test
        Session indices. Validation is the last stretch before the test: early stopping and the
        choice of settings look only there.
    embargo
        Dates left out between neighbouring parts.
    """

    train: Int
    validation: Int
    test: Int
    embargo: int = 0

    @property
    def fitted(self) -> Int:
        """Sessions that a learner without early stopping may fit on: train and validation."""
        return np.sort(np.concatenate([self.train, self.validation]))

    def told(self, panel: SessionPanel) -> str:
        """Say which dates each part has, and how many lie between."""
        parts = []
        for name in ("train", "validation", "test"):
            days = sorted({panel.dates[s] for s in getattr(self, name)})
            if days:
                until = f" to {days[-1]}" if len(days) > 1 else ""
                parts.append(f"{name} {days[0]}{until} ({_dates(len(days))})")
        between = _dates(self.embargo) if self.embargo else "none"
        return f"{', '.join(parts)}; {between} left out between"


def walk_forward(
    panel: SessionPanel,
    *,
    test: float = 0.3,
    validation: float = 0.1,
    embargo: int | None = 1,
) -> Split:
    """Split by date: the last share for test, the stretch before it for validation.

    Parameters
    ----------
    test, validation
        Shares of all dates. Validation may be 0.
    embargo
        Dates left out before the test and before the validation part; None for 1, and none where
        there are fewer than FEW_DATES: labels are purged by their end in any case.

    Raises
    ------
    DataError
        If a part would be empty.
    """
    clusters = panel.clusters
    count = int(clusters.max()) + 1
    embargo = (0 if count < FEW_DATES else 1) if embargo is None else embargo
    test_from = count - round(count * test)
    validation_size = round(count * validation)
    if validation:
        validation_size = max(validation_size, 1)
    validation_to = test_from - embargo
    validation_from = validation_to - validation_size
    train_to = validation_from - embargo if validation_size else validation_to
    if train_to < 1 or test_from >= count:
        raise TooLittleError(
            f"{count} session dates are too few for {test:.0%} test, {validation:.0%} validation "
            f"and an embargo of {embargo}",
            fix="Give more sessions, or set --embargo 0, --validation 0 or another --test.",
        )
    sessions = np.arange(panel.sessions)
    return Split(
        train=sessions[clusters < train_to],
        validation=sessions[(clusters >= validation_from) & (clusters < validation_to)],
        test=sessions[clusters >= test_from],
        embargo=embargo,
    )


def _dates(count: int) -> str:
    return f"{count} date{'' if count == 1 else 's'}"


def date_blocks(panel: SessionPanel, folds: int, embargo: int = 0) -> list[tuple[Int, Int]]:
    """Return `folds` pairs (train sessions, test sessions); test parts are runs of dates.

    The embargo drops that many dates on either side of the test part from training.
    """
    clusters = panel.clusters
    count = int(clusters.max()) + 1
    if folds > count:
        raise DataError(
            f"{folds} folds need as many session dates, there are {count}",
            fix="Give more sessions or fewer folds.",
        )
    bounds = np.linspace(0, count, folds + 1).round().astype(int)
    sessions = np.arange(panel.sessions)
    pairs = []
    for low, high in itertools.pairwise(bounds):
        inside = (clusters >= low) & (clusters < high)
        near = (clusters >= low - embargo) & (clusters < high + embargo)
        pairs.append((sessions[~near], sessions[inside]))
    return pairs


def purged(panel: SessionPanel, label_end: Int, train: Int, test: Int) -> Bool:
    """Return `[R]` True for training rows whose label ends before any later test session begins.

    Parameters
    ----------
    label_end
        `[R]` the row at which each label is known (its own row or a later one).
    train, test
        Session indices.

    Notes
    -----
    Times are compared by date within and across symbols: a label that stays in its own session
    never reaches a test session. López de Prado (2018), Advances in Financial Machine Learning, 7.4.
    """
    in_train = np.zeros(panel.sessions, dtype=bool)
    in_train[train] = True
    keep: Bool = in_train[panel.session_of_row]
    if len(test) == 0:
        return keep
    end_cluster = panel.clusters[panel.session_of_row[label_end]]
    own_cluster = panel.clusters[panel.session_of_row]
    is_test = np.zeros(int(panel.clusters.max()) + 1, dtype=bool)
    is_test[panel.clusters[test]] = True
    # Number of test dates in (own date, date of the label's end]: any means an overlap.
    seen = np.r_[0, np.cumsum(is_test)]
    return keep & (seen[end_cluster + 1] - seen[own_cluster + 1] == 0)
