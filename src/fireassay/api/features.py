"""Features of your own, asked whether they look ahead."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fireassay.data.features.prefix import CUTS, FeatureFunction, Violation
from fireassay.data.features.prefix import violations as violated
from fireassay.data.load import load
from fireassay.data.settings import DataSettings
from fireassay.errors import unknown_name
from fireassay.study import resolve


def look_ahead(
    function: FeatureFunction, data: object, *, ends: int = CUTS, **reading: Any
) -> tuple[Violation, ...]:
    """Find the columns of a feature function of your own that know what comes later.

    It is called with all the bars and with bars that end earlier: a feature that is known at a bar's
    close is the same in both (prefix invariance). A centred window, a mean over the whole session,
    a scaler fitted on all rows and a shift in the wrong direction are not.

    Parameters
    ----------
    function
        Maps a Polars table of bars (symbol, time, open, high, low, close, volume, session, bar, ...,
        sorted by symbol and time) to a table of as many rows in the same order.
    data
        CSV or Parquet file, glob or folder; SQL URL; `sim:NAME`; or a Polars, pandas or Arrow table.
    ends
        Earlier ends that are tried, inside sessions.
    **reading
        How the data is read: sessions, timezone, columns, ...

    Returns
    -------
    tuple[Violation, ...]
        A column each, with the first row and time at which it differs; empty if none does.

    Raises
    ------
    UserError
        If the data can't be read, or the function returns another number of rows.

    Examples
    --------
    >>> def centred(bars):
    ...     return bars.select(smooth=pl.col("close").rolling_mean(5, center=True).over("session"))
    >>> fireassay.look_ahead(centred, "bars.parquet")[0].column
    'smooth'
    """
    known = DataSettings.model_fields
    for name in reading:
        if name not in known:
            raise unknown_name("data setting", name, known)
    location = str(data) if isinstance(data, str | Path) else ""
    study = resolve(location, None, **{f"data.{name}": value for name, value in reading.items()})
    bars = load(study.data, None if location else data, least_sessions=1)
    return violated(function, bars.frame, ends)
