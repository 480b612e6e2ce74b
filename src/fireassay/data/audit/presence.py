"""The calendar picture: which bars are there and traded, sessions down and time of day across."""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl

from fireassay.data.clock import Step
from fireassay.findings import Matrix, Plot

ROWS = 120
COLUMNS = 60
RARE = 0.01
"""Share of sessions below which a slot at the edge of the day isn't shown."""


def presence(frame: pl.DataFrame, step: Step, opening: dt.timedelta) -> Plot:
    """Return the share of bars that are there and not stale, over sessions and slots.

    Dates are grouped to at most 120 rows, slots to at most 60 columns; a date counts all symbols.

    Parameters
    ----------
    frame
        Canonical bars.
    step
        Length of a bar.
    opening
        Local time of day at which slot 0 starts.
    """
    slot, session = frame["slot"].to_numpy(), frame["session"].to_numpy()
    starts = np.flatnonzero(np.r_[True, session[1:] != session[:-1]])
    usual = np.flatnonzero(np.bincount(slot) >= max(1.0, RARE * len(starts)))
    # Irregular bars can be so scattered that no slot is usual: then all are shown.
    first, last = (usual[0], usual[-1]) if len(usual) else (slot.min(), slot.max())
    first, last = int(first), int(last)
    dates = frame["date"].gather(starts)
    days = dates.unique().sort()
    per_row, per_column = -(-len(days) // ROWS), -(-(last - first + 1) // COLUMNS)
    shape = (-(-len(days) // per_row), -(-(last - first + 1) // per_column))
    row_of_session = np.searchsorted(days.to_numpy(), dates.to_numpy()) // per_row
    live = (slot >= first) & (slot <= last) & ~frame["stale"].to_numpy()
    row, column = row_of_session[session[live]], (slot[live] - first) // per_column
    # Irregular bars may share a slot of their session, one after the other: it counts once.
    again = (np.diff(slot[live], prepend=-1) == 0) & (np.diff(session[live], prepend=-1) == 0)
    cells = (row * shape[1] + column)[~again]
    counts = np.bincount(cells, minlength=shape[0] * shape[1]).reshape(shape)
    sessions_of_row = np.bincount(row_of_session, minlength=shape[0])
    slots_of_column = np.full(shape[1], per_column)
    slots_of_column[-1] = (last - first + 1) - per_column * (shape[1] - 1)
    share = counts / (sessions_of_row[:, None] * slots_of_column[None, :])
    grouped = f"; a row is up to {per_row} dates" if per_row > 1 else ""
    return Plot(
        kind="calendar",
        title="Bars that are there and traded",
        x_label="time of day",
        y_label="session",
        matrix=Matrix(
            rows=tuple(str(days[i * per_row]) for i in range(shape[0])),
            columns=tuple(
                _time_of_day(opening + (first + i * per_column) * step.length)
                for i in range(shape[1])
            ),
            values=tuple(tuple(round(float(v), 4) for v in line) for line in share),
            value_label="share of bars",
        ),
        note=f"1 where every bar is there and traded; stale bars count as missing{grouped}.",
    )


def _time_of_day(since_midnight: dt.timedelta) -> str:
    minutes = since_midnight // dt.timedelta(minutes=1) % 1440
    return f"{minutes // 60:02d}:{minutes % 60:02d}"
