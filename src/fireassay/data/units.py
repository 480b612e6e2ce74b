"""Units of independence: dates, or runs of dates where labels reach across them.

A label that is known within its own date ties no dates together, so dates can be exchanged and
resampled. One that looks several dates ahead repeats what its neighbours' labels hold: exchanging
single dates then breaks a dependence that the observed labels have, and calls noise signal. Runs of
dates keep it; with runs of 2r + 1 dates for labels that reach r dates ahead, most of what ties two
dates together lies inside a run.

References: Künsch (1989), The jackknife and the bootstrap for general stationary observations,
Annals of Statistics 17:1217
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fireassay.arrays import Int
from fireassay.data.panel import SessionPanel
from fireassay.data.task import Label


@dataclass(frozen=True, eq=False)
class Units:
    """Runs of dates that are exchanged and resampled whole.

    Attributes
    ----------
    clusters
        `[S]` the run of each session.
    places
        `[S]` which symbol a session is, and which date of its run: what is exchanged for what.
    span
        Dates of a run; 1 where labels stay within their date.
    """

    clusters: Int
    places: Int
    span: int

    @property
    def name(self) -> str:
        """What is exchanged, in words; empty for single dates."""
        return f"runs of {self.span} dates" if self.span > 1 else ""


def units_of(panel: SessionPanel, span: int = 1) -> Units:
    """Return the runs of `span` dates, counted from the last date so that no test run is cut."""
    _, symbols = np.unique(np.array(panel.symbols), return_inverse=True)
    dates = panel.clusters
    if span <= 1:
        return Units(dates, symbols.astype(np.int64), 1)
    back = dates.max() - dates
    run = back // span
    return Units(run.max() - run, symbols * span + back % span, span)


def span_of(panel: SessionPanel, label: Label) -> int:
    """Return the dates of a run for a label: 2r + 1 where it reaches r dates ahead on average."""
    rows = np.flatnonzero(label.labelled)
    if not len(rows):
        return 1
    own, end = (panel.clusters[panel.session_of_row[at]] for at in (rows, label.end[rows]))
    reach = int(np.floor(float(np.mean(end - own)) + 0.5))
    return 2 * reach + 1
