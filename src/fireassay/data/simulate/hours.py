"""When the simulated market trades: the sessions of the New York Stock Exchange."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np

from fireassay.arrays import AnyArray, Int
from fireassay.data.calendars import schedule
from fireassay.data.simulate.market import SESSION_MINUTES, Market
from fireassay.seeds import generator

EXCHANGE = "XNYS"


@dataclass(frozen=True, eq=False)
class Hours:
    """Trading hours, the same for all symbols.

    Attributes
    ----------
    opens
        `[S]` datetime64[us], each session's open, New York time without a zone.
    lengths
        `[S]` bars of each session.
    """

    opens: AnyArray
    lengths: Int


def hours(market: Market, *path: str | int) -> Hours:
    """Return the sessions from the market's first day on; early closes are the exchange's.

    Parameters
    ----------
    *path
        Names the draw that decides which sessions are ragged.
    """
    # 252 of 365 days have a session; the margin covers the holidays around any start.
    last = market.start + dt.timedelta(days=int(market.sessions * 1.5) + 15)
    exchange = schedule(EXCHANGE, market.start, last)
    table = exchange.within(market.start, last).head(market.sessions)
    opens = table["open"].dt.convert_time_zone(exchange.zone).dt.replace_time_zone(None).to_numpy()
    minutes = (table["close"] - table["open"]).dt.total_minutes().to_numpy()
    if not market.early_closes:
        minutes = np.full(market.sessions, SESSION_MINUTES)
    lengths = np.maximum(minutes // market.bar_minutes, 1)
    rng = generator(*path, "hours")
    cut = rng.random(market.sessions) < market.ragged
    share = rng.uniform(0.5, 1.0, market.sessions)
    lengths = np.where(cut, np.maximum((lengths * share).astype(int), 1), lengths)
    return Hours(opens, lengths)
