"""`init`: looks at a data file and writes a commented study.toml for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import ValidationError

from fireassay.data.load import load
from fireassay.data.settings import DataSettings
from fireassay.errors import DataError, SettingError, unknown_name
from fireassay.study import Study, told
from fireassay.studyfile.suggest import Suggestion, suggest
from fireassay.studyfile.write import study_text


def begin(
    location: str,
    out: Path | str = "study.toml",
    frame: object = None,
    *,
    replace: bool = False,
    **reading: Any,
) -> Suggestion:
    """Look at data and write a commented study.toml for it.

    Parameters
    ----------
    location, frame
        The data, as `train` takes it.
    out
        The file to write.
    replace
        Whether it may be there already.
    **reading
        How the data is read (fields of `DataSettings`); the study keeps it.

    Raises
    ------
    UserError
        If the data can't be read, or the file is there or can't be written.
    """
    path = Path(out)
    if path.exists() and not replace:
        raise SettingError(
            "the file is there already", where=str(path), fix="Give another --out, or --force."
        )
    for name in reading:
        if name not in DataSettings.model_fields:
            raise unknown_name("data setting", name, DataSettings.model_fields)
    try:
        data = DataSettings(location=location, **reading)
    except ValidationError as error:
        raise told(error, "data") from None
    try:
        bars = load(data, frame)
    except DataError as error:
        try:
            bars = load(data, frame, need_prices=False)
        except DataError:
            raise error from None
    found = suggest(bars)
    asked: dict[str, Any] = {"target": found.target, "features": found.features, "data": data}
    if found.label_end:
        asked["label_end"] = found.label_end
    text = study_text(Study(**asked), found, bars.frame["date"].n_unique(), str(out))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise SettingError(f"it can't be written ({error.strerror})", where=str(path)) from None
    return found
