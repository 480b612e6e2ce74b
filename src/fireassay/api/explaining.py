"""`fireassay.explain`: what a name in a report means."""

from __future__ import annotations

from fireassay.manual import Contents, Explanation, contents
from fireassay.manual import explain as explained


def explain(name: str | None = None, *, kind: str | None = None) -> Explanation | Contents:
    """Explain a cause, check, target, feature, learner, setting, intervention or scenario.

    Parameters
    ----------
    name
        As a report or a study.toml has it; None: list what can be explained.
    kind
        List the names of one kind, with a line each.

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
    """
    return contents(kind) if name is None else explained(name)
