"""`fireassay.init`: a commented study.toml for a data file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fireassay.studyfile.begin import begin
from fireassay.studyfile.suggest import Suggestion


def init(
    data: object, out: Path | str = "study.toml", *, force: bool = False, **reading: Any
) -> Suggestion:
    """Look at a data file and write a commented study.toml for it.

    Parameters
    ----------
    data
        CSV or Parquet file, glob or folder; SQL URL; `sim:NAME`; or a Polars, pandas or Arrow table.
    out
        The file to write.
    force
        Whether it may be there already.
    **reading
        How the data is read: sessions, timezone, columns, ...; the study keeps it.

    Returns
    -------
    Suggestion
        What was seen: targets that the data could ask, features, and remarks.

    Raises
    ------
    UserError
        If the data can't be read, or the file is there or can't be written.

    Examples
    --------
    >>> fireassay.init("bars.parquet", "study.toml", sessions="calendar:XNYS").targets[0]
    ('vwap_reversion:1', 'Will the price move toward the session VWAP over the next k bars?')
    >>> fireassay.diagnose(study="study.toml")
    """
    location = str(data) if isinstance(data, str | Path) else ""
    return begin(location, out, None if location else data, replace=force, **reading)
