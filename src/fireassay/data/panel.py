"""SessionPanel: features of all sessions as one flat float32 buffer, and windows as views into it.

The rows of all sessions lie one after the other, `[R, F]`, with session offsets; a batch is a slice
or a gather, and the window of T bars that ends at any bar is a strided view. A few zero rows in
front (`lead`) let the first bars of the first session have windows too, so the whole costs
`(lead + R) · F · 4` bytes and nothing is copied per window.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from fireassay.arrays import Float, Int, bar_of_row, session_of_row
from fireassay.errors import DataError

if TYPE_CHECKING:
    import torch

LEAD = 512
"""Zero rows in front of the first session: the longest window that `SessionWindows` can view."""


@dataclass(frozen=True, eq=False)
class SessionPanel:
    """Immutable features over sessions.

    Attributes
    ----------
    buffer
        `[lead + R, F]` float32, C order; the first `lead` rows are zero. NaN where a feature isn't
        known (before its look-back is filled); scaling and filling are the Task's business.
    offsets
        `[S + 1]` int64 row offsets of sessions, counted without the lead.
    features
        The names of the F columns.
    symbols
        `[S]` the symbol of each session.
    dates
        `[S]` the date of each session; sessions of one date are one cluster in every resampling.
    stale
        `[R]` bool: nothing traded in this bar.
    lead
        Zero rows in front.
    """

    buffer: Float
    offsets: Int
    features: tuple[str, ...]
    symbols: tuple[str, ...]
    dates: tuple[dt.date, ...]
    stale: np.ndarray[Any, np.dtype[np.bool_]]
    lead: int = LEAD
    _on_device: dict[str, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def from_frame(
        cls, index: pl.DataFrame, features: pl.DataFrame, lead: int = LEAD
    ) -> SessionPanel:
        """Build a panel from the canonical index columns and the feature columns, row by row.

        Parameters
        ----------
        index
            Columns symbol, session, date and stale of a canonical table (`fireassay.data.bars`).
        features
            `[R, F]` numeric columns in the same row order; nulls become NaN.
        lead
            Zero rows in front: the longest window that can be viewed.

        Raises
        ------
        DataError
            If a feature holds an infinite value; names the column and the first row.
        """
        rows = index.height
        buffer = np.zeros((lead + rows, features.width), dtype=np.float32)
        for j, column in enumerate(features.iter_columns()):
            values = column.cast(pl.Float32).to_numpy()
            infinite = np.isinf(values)
            if infinite.any():
                row = int(np.argmax(infinite))
                raise DataError(
                    f"{int(infinite.sum())} infinite values",
                    column=column.name,
                    row=row,
                    fix="Remove or bound them before the column can be a feature.",
                )
            buffer[lead:, j] = values
        session = index["session"].to_numpy()
        starts = np.flatnonzero(np.r_[True, session[1:] != session[:-1]])
        first = index[starts.tolist()]
        return cls(
            buffer=buffer,
            offsets=np.r_[starts, rows].astype(np.int64),
            features=tuple(features.columns),
            symbols=tuple(first["symbol"].to_list()),
            dates=tuple(first["date"].to_list()),
            stale=index["stale"].to_numpy().astype(bool),
            lead=lead,
        )

    def select(self, names: Sequence[str]) -> SessionPanel:
        """Return a panel of the named features, in that order; ValueError if one isn't here."""
        columns = [self.features.index(name) for name in names]
        buffer = np.ascontiguousarray(self.buffer[:, columns])
        return replace(self, buffer=buffer, features=tuple(names), _on_device={})

    @property
    def values(self) -> Float:
        """`[R, F]` the features without the lead; a read-only view."""
        view = self.buffer[self.lead :]
        view.flags.writeable = False
        return view

    @property
    def rows(self) -> int:
        """R, the number of bars."""
        return int(self.offsets[-1])

    @property
    def sessions(self) -> int:
        """S, the number of sessions."""
        return len(self.offsets) - 1

    @property
    def lengths(self) -> Int:
        """`[S]` the number of bars of each session."""
        return np.diff(self.offsets)

    @cached_property
    def session_of_row(self) -> Int:
        """`[R]` the session of every row."""
        return session_of_row(self.offsets)

    @cached_property
    def bar_of_row(self) -> Int:
        """`[R]` the position of every row inside its session."""
        return bar_of_row(self.offsets)

    @cached_property
    def clusters(self) -> Int:
        """`[S]` the index of each session's date among the sorted dates."""
        ordered = {day: i for i, day in enumerate(sorted(set(self.dates)))}
        return np.array([ordered[day] for day in self.dates], dtype=np.int64)

    @cached_property
    def fingerprint(self) -> str:
        """A hash of values, offsets and names: equal panels have equal fingerprints."""
        digest = hashlib.blake2b(digest_size=12)
        digest.update("\x1f".join(self.features).encode())
        digest.update(np.ascontiguousarray(self.offsets).tobytes())
        digest.update(self.buffer.data.cast("B"))
        return digest.hexdigest()

    def tensor(self, device: str = "cpu") -> torch.Tensor:
        """Return `[lead + R, F]` the buffer on a device; on the CPU it shares the panel's memory."""
        import torch

        if device not in self._on_device:
            host = torch.from_numpy(self.buffer)
            self._on_device[device] = host if device == "cpu" else host.to(device)
        return self._on_device[device]


@dataclass(frozen=True)
class SessionWindows:
    """`dataset[i]`: the windows of session i as `(x_batch, y_batch, seq_lengths)`, without copies.

    `x_batch [n, T, F]` is a strided view: the window of row j holds bars j − T + 1 … j. Where the
    session is shorter than that, the first `T − seq_lengths[j]` steps lie before the session's
    start (they are what stands in memory there, never the future): mask them. `y_batch [n]` is NaN
    where there is no label.

    Parameters
    ----------
    panel
        The panel; features are raw (unscaled).
    y
        `[R]` labels.
    window
        T, at most `panel.lead + 1`.
    """

    panel: SessionPanel
    y: Float
    window: int
    device: str = "cpu"

    def __post_init__(self) -> None:
        if not 1 <= self.window <= self.panel.lead + 1:
            raise ValueError(f"window must lie in 1 … {self.panel.lead + 1}, got {self.window}")

    def __len__(self) -> int:
        return self.panel.sessions

    def __getitem__(self, session: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        import torch

        if not 0 <= session < len(self):
            raise IndexError(session)
        buffer = self.panel.tensor(self.device)
        width = buffer.shape[1]
        start, stop = self.panel.offsets[session : session + 2].tolist()
        length = stop - start
        first = self.panel.lead + start - self.window + 1
        x = torch.as_strided(buffer, (length, self.window, width), (width, width, 1), first * width)
        y = torch.from_numpy(self.y[start:stop]).to(self.device)
        seq_lengths = torch.arange(1, length + 1, device=self.device).clamp_(max=self.window)
        return x, y, seq_lengths
