"""Notebooks: a diagnosis shown as its HTML report, in a frame of its own.

`findings` sits below `report` and can't call it, so a `Diagnosis` has no `_repr_html_` of its own.
`enable` teaches IPython to show one; it is called when `fireassay.report` is imported inside a
notebook. `show` does the same for one diagnosis, where there is no IPython or it isn't wanted.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from html import escape

from fireassay.findings import Diagnosis
from fireassay.report.forms import FORMS


@dataclass(frozen=True)
class Shown:
    """A diagnosis that a notebook displays."""

    diagnosis: Diagnosis

    def _repr_html_(self) -> str:
        return frame(self.diagnosis)

    def _repr_markdown_(self) -> str:
        return FORMS["markdown"].render(self.diagnosis)

    def __repr__(self) -> str:
        return FORMS["terminal"].render(self.diagnosis)


def show(diagnosis: Diagnosis) -> Shown:
    """Return an object that notebooks display as the report and terminals as text."""
    return Shown(diagnosis)


def frame(diagnosis: Diagnosis) -> str:
    """Return the HTML report as an inline frame.

    The frame keeps the page's style and the notebook's apart, and its sandbox lets the report's own
    script run but not reach the notebook.
    """
    page = escape(FORMS["html"].render(diagnosis), quote=True)
    return (
        f'<iframe title="fireassay findings report" srcdoc="{page}" width="100%" height="760" '
        'sandbox="allow-scripts allow-popups" allow="clipboard-write" '
        'style="border:1px solid #8886;border-radius:3px">'
        "</iframe>"
    )


def enable() -> bool:
    """Register the report as IPython's HTML form of a `Diagnosis`; say whether IPython runs.

    IPython is never imported here: if it runs, it is loaded already.
    """
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if shell is None:
        return False
    shell.display_formatter.formatters["text/html"].for_type(Diagnosis, frame)
    return True
