"""The panel: one buffer, windows as views into it, and no loop over bars."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import numpy as np
import polars as pl
import pytest

from fireassay.data.bars import INDEX_COLUMNS
from fireassay.data.panel import LEAD, SessionPanel, SessionWindows
from fireassay.errors import DataError
from tests.data.make import table

LENGTHS = [7, 3, 5]
ROWS = sum(LENGTHS)


def numbered(lengths: list[int] = LENGTHS, width: int = 2, lead: int = LEAD) -> SessionPanel:
    """A panel whose first feature is the row's number, the second ten times that, and so on."""
    rows = np.arange(sum(lengths), dtype=np.float64)
    index = table({"volume": np.ones(len(rows))}, lengths).select(INDEX_COLUMNS)
    features = pl.DataFrame({f"f_{j}": rows * 10**j for j in range(width)})
    return SessionPanel.from_frame(index, features, lead)


def test_rows_of_all_sessions_lie_one_after_the_other() -> None:
    panel = numbered()
    assert panel.values.dtype == np.float32
    assert panel.values.tolist() == [[r, 10 * r] for r in range(ROWS)]
    assert panel.offsets.tolist() == [0, 7, 10, 15]
    assert panel.lengths.tolist() == LENGTHS
    assert (panel.rows, panel.sessions, panel.features) == (ROWS, 3, ("f_0", "f_1"))
    assert panel.session_of_row.tolist() == [0] * 7 + [1] * 3 + [2] * 5
    assert panel.bar_of_row.tolist() == [*range(7), *range(3), *range(5)]
    assert panel.clusters.tolist() == [0, 1, 2]
    assert not panel.buffer[: panel.lead].any()
    with pytest.raises(ValueError, match="read-only"):
        panel.values[0, 0] = 1.0


def test_symbols_of_one_date_are_one_cluster() -> None:
    index = table({"volume": np.ones(6)}, [2, 2, 2], ["A", "A", "B"]).select(INDEX_COLUMNS)
    panel = SessionPanel.from_frame(index, pl.DataFrame({"f": np.zeros(6)}))
    assert panel.symbols == ("A", "A", "B")
    assert panel.clusters.tolist() == [0, 1, 0]


def test_windows_are_views_that_end_at_their_bar() -> None:
    panel, y = numbered(), np.arange(ROWS, dtype=np.float32)
    data = SessionWindows(panel, y, window=4)
    assert len(data) == 3
    for session, (start, stop) in enumerate([(0, 7), (7, 10), (10, 15)]):
        x, labels, lengths = data[session]
        assert x.shape == (stop - start, 4, 2)
        assert labels.tolist() == y[start:stop].tolist()
        assert lengths.tolist() == [min(j + 1, 4) for j in range(stop - start)]
        for j, known in enumerate(lengths.tolist()):
            last = start + j
            expected = np.arange(last - known + 1, last + 1)
            assert x[j, 4 - known :, 0].tolist() == expected.tolist()
            assert x[j, 4 - known :, 1].tolist() == (10 * expected).tolist()
        assert x.untyped_storage().data_ptr() == panel.tensor().untyped_storage().data_ptr()
    assert panel.tensor().data_ptr() == panel.buffer.ctypes.data
    with pytest.raises(IndexError):
        data[3]


def test_the_longest_window_is_that_of_the_lead() -> None:
    panel, y = numbered(lead=8), np.zeros(ROWS, dtype=np.float32)
    x, _, lengths = SessionWindows(panel, y, window=9)[0]
    assert x[0, 8, 0] == 0
    assert x[6, 8, 0] == 6
    assert lengths.tolist() == [1, 2, 3, 4, 5, 6, 7]
    for window in (0, 10):
        with pytest.raises(ValueError, match="window must lie in 1 … 9"):
            SessionWindows(panel, y, window)


def test_memory_is_little_more_than_that_of_the_features() -> None:
    rows, width = 260_000, 70
    index = pl.DataFrame(
        {
            "symbol": pl.repeat("A", rows, eager=True),
            "session": pl.int_range(rows, eager=True) // 520,
            "date": pl.repeat(dt.date(2024, 1, 8), rows, eager=True),
            "stale": pl.repeat(value=False, n=rows, eager=True),
        }
    )
    values = pl.zeros(rows, pl.Float32, eager=True)
    panel = SessionPanel.from_frame(index, pl.DataFrame({f"f_{j}": values for j in range(width)}))
    taken = panel.buffer.nbytes + panel.offsets.nbytes + panel.stale.nbytes
    assert taken <= 1.2 * rows * width * 4
    assert panel.buffer.flags.c_contiguous


def calls(work: Callable[[], object]) -> int:
    """Python functions that a piece of work calls."""
    count = 0

    def seen(_frame: FrameType, event: str, _argument: Any) -> None:
        nonlocal count
        count += event == "call"

    sys.setprofile(seen)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


def test_longer_tables_take_no_more_calls() -> None:
    """A loop over bars would show: ten times the bars of as many sessions."""

    def built(bars: int) -> Callable[[], SessionPanel]:
        index = table({"volume": np.ones(20 * bars)}, [bars] * 20).select(INDEX_COLUMNS)
        features = pl.DataFrame({"f": np.zeros(20 * bars)})
        return lambda: SessionPanel.from_frame(index, features)

    short, long = built(50), built(500)
    short()
    assert calls(long) == calls(short)


def test_what_is_not_known_is_nan_and_infinity_is_refused() -> None:
    index = table({"volume": np.ones(4)}, [2, 2]).select(INDEX_COLUMNS)
    panel = SessionPanel.from_frame(index, pl.DataFrame({"f": [1.0, None, float("nan"), 2.0]}))
    assert np.isnan(panel.values[:, 0]).tolist() == [False, True, True, False]
    for value in (float("inf"), -1e300):
        with pytest.raises(DataError, match="column f, row 3: 1 infinite"):
            SessionPanel.from_frame(index, pl.DataFrame({"f": [1.0, 2.0, value, 2.0]}))


def test_a_selection_has_its_own_buffer_and_fingerprint() -> None:
    panel = numbered(width=3)
    chosen = panel.select(["f_2", "f_0"])
    assert chosen.features == ("f_2", "f_0")
    assert chosen.values.tolist() == [[100 * r, r] for r in range(ROWS)]
    assert chosen.fingerprint != panel.fingerprint
    assert numbered(width=3).fingerprint == panel.fingerprint
    assert chosen.tensor().shape == (LEAD + ROWS, 2)
    with pytest.raises(ValueError, match="not in tuple"):
        panel.select(["f_9"])
