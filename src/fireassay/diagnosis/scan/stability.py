"""Whether what a scan found holds in every month, at every time of day and for every symbol."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fireassay.arrays import Bool, Float, Int, bar_of_row, session_of_row
from fireassay.diagnosis.scan.engine import LEAST_LABELS, Scan
from fireassay.diagnosis.scan.judge import Row
from fireassay.findings import Evidence, Mark, Matrix, Plot, Value

THIRDS = ("first third", "middle third", "last third")

MOST_SYMBOLS = 6


def stability(scanned: Scan, rows: Sequence[Row]) -> Evidence:
    """Score held-out predictions by month, third of the session and symbol.

    The predictions are those that the scan tested; nothing is fitted again. Parts with few labels are
    left out.
    """
    months, month = _months(scanned)
    third = _thirds(scanned)
    symbol = scanned.part.symbols[session_of_row(scanned.part.offsets)]
    own = np.unique(np.array(scanned.part.panel.symbols)[scanned.part.sessions])
    table: list[dict[str, Value]] = []
    by_month: list[tuple[float | None, ...]] = []
    told: list[str] = []
    for row in rows:
        each = [_score(scanned, row, month == m) for m in range(len(months))]
        known = [v for v in each if v is not None]
        above = sum(v > row.chance for v in known)
        record: dict[str, Value] = {"target": row.candidate.name}
        record |= {t: _score(scanned, row, third == i) for i, t in enumerate(THIRDS)}
        record |= {
            "worst month": min(known, default=None),
            "best month": max(known, default=None),
            "months above null": above,
            "months": len(known),
        }
        if len(own) > 1:
            for i, name in enumerate(own[:MOST_SYMBOLS]):
                record[str(name)] = _score(scanned, row, symbol == i)
        table.append(record)
        by_month.append(tuple(None if v is None else v - row.chance for v in each))
        told.append(f"{row.candidate.name} in {above} of {len(known)}")
    return Evidence(
        id="targets-stability",
        check="targets",
        question="Do the edges hold over months and times of day?",
        experiment="Held-out predictions of the scan, scored in parts of the data.",
        control="The mean of each target's null over all dates.",
        sessions=scanned.permutations.units,
        reading=f"Months above the null: {'; '.join(told)}.",
        caveat="A part has fewer labels than the whole: its score scatters more.",
        table=tuple(table),
        plot=Plot(
            kind="map",
            title="Score above its null, by month",
            x_label="month",
            matrix=Matrix(
                rows=tuple(r.candidate.name for r in rows),
                columns=months,
                values=tuple(by_month),
                value_label="above the null",
            ),
            marks=(Mark(axis="value", value=0.0, label="null"),),
        )
        if len(months) > 1
        else None,
    )


def _score(scanned: Scan, row: Row, rows: Bool) -> float | None:
    """Return the score on some rows; None where they hold too few labels of a kind."""
    y = scanned.truth(row.now)[rows]
    y = y[~np.isnan(y)]
    kind = row.candidate.label.kind
    least = len(y) if kind == "real" else int(np.bincount(y.astype(np.int64), minlength=2).min())
    if least < LEAST_LABELS // 4:
        return None
    value = scanned.score_on(row.now, rows)
    return None if np.isnan(value) else value


def _months(scanned: Scan) -> tuple[tuple[str, ...], Int]:
    """Return the months, and `[R]` which of them each row is in."""
    part = scanned.part
    named = np.array([f"{part.panel.dates[s]:%Y-%m}" for s in part.sessions])
    months, month = np.unique(named, return_inverse=True)
    return tuple(months.tolist()), month[session_of_row(part.offsets)]


def _thirds(scanned: Scan) -> Float:
    """Return `[R]` the third of its session that each row is in."""
    offsets = scanned.part.offsets
    length = np.diff(offsets)[session_of_row(offsets)]
    return np.minimum(3 * bar_of_row(offsets) // length, 2)
