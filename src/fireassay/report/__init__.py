"""One Diagnosis, many forms: HTML, Markdown, terminal, JSON, notebook.

`fireassay.report.story` arranges a `Diagnosis` into what a person reads, in order; a form is one
file in `forms/` that writes that story. Every number comes from the diagnosis by its JSON pointer
(`fireassay.report.cited`) and is written by one function (`fireassay.report.numerals.show`), so no
form can say another number than diagnosis.json does. Every text is made harmless in one place
(`fireassay.report.wording`).

Nothing here imports torch, data, models or training; libraries load when a form is rendered.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from fireassay.errors import UserError

if TYPE_CHECKING:
    from fireassay.findings import Diagnosis

if "IPython" in sys.modules:
    from fireassay.report.notebook import enable

    enable()


def read(path: Path) -> Diagnosis:
    """Read the diagnosis of a run folder, or a diagnosis.json itself.

    Raises
    ------
    UserError
        If it isn't there, or isn't a diagnosis of a version that can be read.
    """
    from pydantic import ValidationError

    from fireassay.findings import Diagnosis

    file = path / "diagnosis.json" if path.is_dir() else path
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise UserError(
            f"there is no diagnosis to read ({error.strerror})",
            where=str(file),
            fix="Give the run folder of a finished `fireassay diagnose`.",
        ) from None
    try:
        return Diagnosis.from_json(text)
    except (ValidationError, UnicodeDecodeError) as error:
        first = str(error).splitlines()[0]
        raise UserError(f"it isn't a diagnosis: {first}", where=str(file)) from None


def render(diagnosis: Diagnosis, form: str = "html") -> str:
    """Write a diagnosis in one form.

    Parameters
    ----------
    diagnosis
        All that the report shows.
    form
        A name in `fireassay.report.forms.FORMS`: "html", "json", "markdown", "terminal".

    Returns
    -------
    str
        The report; HTML is one self-contained page.

    Raises
    ------
    SettingError
        If there is no such form; names the nearest.
    """
    from fireassay.report.forms import FORMS

    return FORMS[form].render(diagnosis)
