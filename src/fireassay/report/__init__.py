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
    from fireassay.swept import Swept
    from fireassay.trained import Trained

if "IPython" in sys.modules:
    from fireassay.report.notebook import enable

    enable()


def read(path: Path) -> Diagnosis | Trained | Swept:
    """Read what a run folder holds: a diagnosis, a training's account or a sweep; or the file itself.

    Raises
    ------
    UserError
        If it isn't there, or isn't one of a version that can be read.
    """
    from pydantic import ValidationError

    from fireassay.findings import Diagnosis
    from fireassay.swept import Swept
    from fireassay.trained import Trained

    file = path
    if path.is_dir():
        files = [path / name for name in ("diagnosis.json", "train.json", "sweep.json")]
        file = next((one for one in files if one.exists()), files[0])
    again = "Give the run folder of a finished `fireassay diagnose` or `fireassay train`."
    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise UserError("it isn't the file of a run", where=str(file), fix=again) from None
    except OSError as error:
        raise UserError(
            f"there is no diagnosis or training to read ({error.strerror})",
            where=str(file),
            fix=again,
        ) from None
    kinds: dict[str, tuple[type[Diagnosis | Trained | Swept], str]] = {
        "train.json": (Trained, "training"),
        "sweep.json": (Swept, "sweep"),
    }
    kind, name = kinds.get(file.name, (Diagnosis, "diagnosis"))
    try:
        return kind.from_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        what = f"{key}: {first['msg']}" if key else str(first["msg"])
        raise UserError(f"it isn't a {name} ({what})", where=str(file), fix=again) from None


def render(found: Diagnosis | Trained | Swept, form: str = "html") -> str:
    """Write a diagnosis, the account of a training, or a sweep, in one form.

    Parameters
    ----------
    found
        All that the report shows.
    form
        A name in `fireassay.report.forms.FORMS`: "html", "json", "markdown", "terminal". A training
        has those of `fireassay.report.training.FORMS`.

    Returns
    -------
    str
        The report; HTML is one self-contained page.

    Raises
    ------
    SettingError
        If there is no such form; names the nearest.
    """
    from fireassay.findings import Diagnosis

    if isinstance(found, Diagnosis):
        from fireassay.report.forms import FORMS

        return FORMS[form].render(found)
    from fireassay.swept import Swept

    if isinstance(found, Swept):
        from fireassay.report import sweep

        return sweep.render(found, form)
    from fireassay.report import training

    return training.render(found, form)
