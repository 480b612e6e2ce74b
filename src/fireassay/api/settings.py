"""Keywords of the verbs, named as the flags are, and the study that they describe."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fireassay.data.settings import DataSettings, SplitSettings
from fireassay.errors import SettingError, unknown_name
from fireassay.study import TABLES, DiagnosisSettings, ScanSettings, Study, build_study, resolve
from fireassay.training.learner import learner
from fireassay.training.module_settings import PREFIX
from fireassay.training.recall import remember

RENAMED = {"permutations": "diagnosis.draws", "session": "data.sessions"}
"""Keywords that aren't called like their field; `draws` is the model's own."""

OWN_CODE = {"model": PREFIX, "loss": ""}
"""Keywords that take a function or class of one's own, and what begins its name in a study."""


def study_keys() -> dict[str, str]:
    """Return the dotted study key of every keyword that isn't a setting of the model."""
    keys = {name: name for name in Study.model_fields if name not in TABLES}
    for table, model in (
        ("data", DataSettings),
        ("split", SplitSettings),
        ("diagnosis", DiagnosisSettings),
        ("scan", ScanSettings),
    ):
        keys |= {name: f"{table}.{name}" for name in model.model_fields}
    del keys["draws"], keys["location"]
    return keys | RENAMED


def described(
    data: object, study: Study | Path | str | None, keywords: Mapping[str, Any]
) -> tuple[Study, object]:
    """Return the study that data, a study and keywords describe, and the table, if data is one.

    Parameters
    ----------
    data
        A location as text or path, or a Polars, pandas or Arrow table; None: that of the study.
    study
        A study, or the path of a study.toml; each keyword overrides one of its keys.
    keywords
        Named as the flags of the command line; a dotted name is a key of the study itself.

    Raises
    ------
    SettingError
        If a keyword isn't known; names the nearest.
    """
    location = str(data) if isinstance(data, str | Path) else ""
    frame = None if data is None or location else data
    keys = study_keys()
    changes, own = {}, {}
    for name, value in keywords.items():
        if value is None:
            continue
        plain = list(value) if isinstance(value, tuple | set | frozenset) else value
        if name in OWN_CODE and callable(value):
            plain = f"{OWN_CODE[name]}{remember(value)}"
        if "." in name:
            changes[name] = plain
        elif name in keys:
            changes[keys[name]] = plain
        else:
            own[name] = plain
    changes |= {f"settings.{name}": value for name, value in own.items()}
    if isinstance(study, Study):
        chosen = _changed(study, location, changes)
    else:
        chosen = resolve(location, study, **changes)
    known = type(learner(chosen.model).default()).model_fields
    for name in own:
        if name not in known:
            raise unknown_name("setting", name, [*keys, *known])
    return chosen, frame


def _changed(study: Study, location: str, changes: Mapping[str, Any]) -> Study:
    """Return a study with a location and dotted keys changed."""
    values = study.model_dump()
    if location:
        values["data"]["location"] = location
    for key, value in changes.items():
        *parts, last = key.split(".")
        at = values
        for part in parts:
            if not isinstance(at.get(part), dict):
                raise SettingError(f"unknown key {key}", fix="Write TABLE.KEY, as in a study.toml.")
            at = at[part]
        at[last] = value
    return build_study(values)
