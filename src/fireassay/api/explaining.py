"""`fireassay.explain`: what a name in a report means."""

from __future__ import annotations

from pathlib import Path

from fireassay.manual import Contents, Explanation, contents
from fireassay.manual import explain as explained


def explain(
    name: str | Path | None = None, *, kind: str | None = None, row: int | None = None
) -> Explanation | Contents:
    """Explain a cause, check, target, feature, learner, setting or scenario, or a sweep's row.

    Parameters
    ----------
    name
        As a report or a study.toml has it; the run folder of a sweep, with `row`; None: list what
        can be explained.
    kind
        List the names of one kind, with a line each.
    row
        Number of a sweep's row, whose train and test metrics are read.

    Returns
    -------
    Explanation or Contents
        Printed as text of 80 columns; a notebook shows an explanation formatted.

    Raises
    ------
    SettingError
        If nothing has that name; names the nearest.

    Examples
    --------
    >>> fireassay.explain("kl-dominates")
    >>> fireassay.explain(kind="features")
    >>> fireassay.explain("runs/sweep", row=13)
    """
    if row is not None:
        from fireassay.search.reading import explain_row

        return explain_row(name or "", row)
    return contents(kind) if name is None else explained(str(name))
