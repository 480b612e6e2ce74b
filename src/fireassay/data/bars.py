"""Bars: the canonical table that every source becomes and every feature and target is computed on.

| column | type | what it is |
| --- | --- | --- |
| symbol | String | one value if the source names none: "" |
| time | Datetime[us], naive or with zone | the moment from which the bar is known: its end |
| open, high, low, close | Float64 | prices, if the source has them |
| volume | Float64 | shares or contracts, if the source has it |
| vwap, trades, bid, ask | Float64 | if the source has them |
| session | Int32 | 0 … S − 1 in the order of the table; sessions are contiguous |
| bar | Int32 | position inside the session, from 0 |
| slot | Int32 | time of day as a whole number of bar intervals since the session's nominal open |
| date | Date | the session's date in the exchange's time zone; sessions of one date are one cluster |
| stale | Boolean | nothing traded: volume 0, or the price merely carried forward |
| any other | as in the source | the user's own columns |

Rows are sorted by symbol, then time; no row of a session lies outside its span.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import polars as pl

from fireassay.data.sources import Origin
from fireassay.errors import DataError, TooLittleError
from fireassay.findings import AuditItem, DataAudit, Value

SESSION_KEYS = ("symbol", "session")
INDEX_COLUMNS = ("symbol", "time", "session", "bar", "slot", "date", "stale")
PRICE_COLUMNS = ("open", "high", "low", "close")
MARKET_COLUMNS = (*PRICE_COLUMNS, "volume", "vwap", "trades", "bid", "ask")

LARGE = 0.2
"""Share of the rows from which something noticed may be why nothing is left."""


@dataclass(frozen=True)
class Bars:
    """Checked bars with their sessions, how they were read, and what the audit noticed.

    Attributes
    ----------
    frame
        The canonical table (module docstring).
    audit
        Source, readings (layout, time zone, stamp, session rule, ...) and items noticed.
    origin, rows
        Where the rows come from, and `[R]` the row of the source that each bar is (the first of
        its prints).
    """

    frame: pl.DataFrame
    audit: DataAudit
    origin: Origin
    rows: pl.Series

    @property
    def sessions(self) -> int:
        """Number of sessions."""
        return self.audit.sessions

    def has(self, *columns: str) -> bool:
        """Tell whether the table carries all the columns named."""
        return set(columns) <= set(self.frame.columns)

    def reading(self, **readings: Value) -> Bars:
        """Return the bars with more said about how they were read."""
        said = self.audit.model_copy(update={"readings": {**self.audit.readings, **readings}})
        return replace(self, audit=said)

    @contextmanager
    def located(self) -> Iterator[None]:
        """Tell errors about the table by file, column and row of the source.

        Where too little of the data is left, what the audit noticed about much of it is told too.
        """
        try:
            yield
        except DataError as error:
            where, fix = error.where, error.fix
            if error.column:
                row = None if error.row is None else int(self.rows[error.row])
                where = self.origin.where(error.column, row)
            elif not where.startswith(name := self.origin.where()):
                where = f"{name}, {where}" if where else name
            if isinstance(error, TooLittleError) and self._telling:
                noticed = "; ".join(f"{item.what} ({item.share:.0%})" for item in self._telling)
                fix = f"{fix} The audit noticed: {noticed}."
            raise type(error)(error.what, where=where, fix=fix) from None

    @property
    def _telling(self) -> list[AuditItem]:
        """What was noticed about a large share of the rows."""
        return [item for item in self.audit.items if (item.share or 0) >= LARGE]
