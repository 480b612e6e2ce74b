"""From a location to checked bars: read, name, order, divide into sessions, audit.

`load` tells the whole story; each step is a function of `fireassay.data.reading`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from fireassay.data import reading, sources
from fireassay.data.audit import AUDIT, Stage, View, by_gravity
from fireassay.data.audit.presence import presence
from fireassay.data.bars import INDEX_COLUMNS, MARKET_COLUMNS, Bars
from fireassay.data.layouts import recognise
from fireassay.data.rows import canonical
from fireassay.data.rules import ByColumn
from fireassay.data.sessions import HOURS, ROW
from fireassay.data.settings import DataSettings
from fireassay.data.times import moment_text, zone_of
from fireassay.errors import SettingError, unknown_name
from fireassay.findings import DataAudit, Plot


def read(location: object = "", **options: Any) -> Bars:
    """Read bars from a location or a dataframe.

    Parameters
    ----------
    location
        What `DataSettings.location` takes, or a Polars, pandas or Arrow table.
    **options
        The other fields of `DataSettings`.

    Raises
    ------
    SettingError, DataError
        See `load`.
    """
    known = DataSettings.model_fields
    for name in options:
        if name not in known:
            raise unknown_name("data setting", name, known)
    frame = None if isinstance(location, str) else location
    where = location if isinstance(location, str) else ""
    try:
        settings = DataSettings(location=where, **options)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise SettingError(f"{name}: {first['msg']}", fix=f"It is {first['input']!r}.") from None
    return load(settings, frame)


def load(
    settings: DataSettings,
    frame: object = None,
    need_prices: bool = True,
    least_sessions: int = reading.LEAST_SESSIONS,
) -> Bars:
    """Read, check and divide bars into sessions.

    Parameters
    ----------
    settings
        Where the bars are and how they are read.
    frame
        A Polars, pandas or Arrow table, in place of `settings.location`.
    need_prices
        Whether bars without prices are of no use. False when the user's own columns are features
        and target: then a time column, or a session column alone, is enough.
    least_sessions
        Sessions without which the bars are of no use: a trained model can be asked about one.

    Returns
    -------
    Bars
        The canonical table and its audit.

    Raises
    ------
    SettingError
        If a name isn't known or a setting isn't possible.
    DataError
        If the data can't be read as bars; names file, column and row.
    """
    table = sources.read(settings.location if frame is None else frame, settings)
    settings = _suggested(settings, table.suggested)
    rule = settings.session_rule
    column = rule.column if isinstance(rule, ByColumn) else None
    layout = recognise(
        table,
        settings.layout,
        settings.columns,
        need_prices=need_prices,
        session_column=column,
    )
    settings = _suggested(settings, layout.suggested)
    rows = canonical(table, layout, settings)
    zoned = rows.schedule is not None and zone_of(rows.frame["time"]) is not None
    view = View(
        rows.frame,
        layout.kind,
        table,
        settings,
        schedule=rows.schedule,
        zone=rows.schedule.zone if zoned and rows.schedule is not None else None,
    )
    readings = {**table.readings, "layout": layout.name, **rows.readings}
    state = reading.State(view, readings, least_sessions=least_sessions)
    state = reading.ordered(state.examined(Stage.SOURCE))
    state = reading.divided(reading.stamped(state)).examined(Stage.SORTED)
    state = reading.indexed(reading.made(state))
    calendar = presence(state.view.frame, state.step, state.view.opening)
    state = reading.numbered(state.examined(Stage.BARS))
    return _bars(state, calendar)


def _suggested(settings: DataSettings, suggested: Mapping[str, str]) -> DataSettings:
    """Return the settings with what source or header suggest, where they are the default."""
    fields = DataSettings.model_fields
    free = {k: v for k, v in suggested.items() if getattr(settings, k) == fields[k].default}
    return DataSettings(**{**settings.model_dump(), **free}) if free else settings


def _bars(state: reading.State, calendar: Plot) -> Bars:
    frame, rows = state.view.frame, state.view.frame[ROW]
    market = [c for c in MARKET_COLUMNS if c in frame.columns]
    own = [
        c
        for c in frame.columns
        if c not in INDEX_COLUMNS and c not in market and c not in (ROW, *HOURS)
    ]
    frame = frame.select(*INDEX_COLUMNS, *market, *own)
    noticed = {item.id for item in state.items}
    quiet = [name for name in AUDIT if name not in noticed]
    audit = DataAudit(
        source=state.view.table.name,
        rows=frame.height,
        sessions=int(frame["session"][-1]) + 1,
        symbols=tuple(frame["symbol"].unique(maintain_order=True).to_list()),
        first=moment_text(frame["time"].min()),
        last=moment_text(frame["time"].max()),
        readings={**state.readings, "own columns": len(own), "nothing noticed by": ", ".join(quiet)},
        items=by_gravity(state.items),
        calendar=calendar,
    )
    return Bars(frame, audit, state.view.table.origin, rows)
