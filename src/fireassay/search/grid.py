"""The configurations of a sweep: all combinations of the values that the grid gives to settings."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from fireassay.errors import SettingError, unknown_name
from fireassay.study import Study, build_study
from fireassay.training.learner import default_settings

MOST = 1000
"""Configurations of one grid."""

WHOLE = ("model", "seed")
"""Keys of the study, beside the model's settings, that leave the question as it is."""


@dataclass(frozen=True)
class Configuration:
    """One point of the grid, or of the space that is searched.

    Attributes
    ----------
    changes
        Values by key, as the grid names them.
    model, settings, seed
        What is trained.
    """

    changes: Mapping[str, Any]
    model: str
    settings: BaseModel
    seed: int

    @property
    def key(self) -> str:
        """Equal for configurations that train the same."""
        values = [self.model, self.settings.model_dump(mode="json"), self.seed]
        return json.dumps(values, sort_keys=True)

    def specification(self) -> dict[str, Any]:
        """Return the configuration as plain data; `read` gives it back."""
        settings = self.settings.model_dump(mode="json")
        changes = dict(self.changes)
        return {"changes": changes, "model": self.model, "settings": settings, "seed": self.seed}

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> Configuration:
        """Build a configuration from plain data."""
        kind = type(default_settings(values["model"]))
        settings = kind.model_validate(values["settings"])
        return cls(values["changes"], values["model"], settings, values["seed"])


def configurations(study: Study, grid: Mapping[str, Sequence[Any]]) -> list[Configuration]:
    """Return the distinct configurations of a grid, validated, the last key changing fastest.

    A setting that one of several models doesn't have is left out for it.

    Raises
    ------
    SettingError
        If the grid is empty or too large, or a key or a value isn't possible.
    """
    if not grid:
        raise SettingError(
            "there is no grid",
            fix="Give --grid learning_rate=1e-4,1e-3, or --vary learning_rate=1e-5:1e-2:log for a "
            "search (both repeatable), or [sweep.grid] or [sweep.vary] in the study.",
        )
    named = {short(key): list(values) for key, values in grid.items()}
    count = 1
    for key, values in named.items():
        refuse_key(study, named, key, values)
        count *= len(values)
    if count > MOST:
        raise SettingError(f"the grid has {count:,} configurations, at most {MOST:,} are possible")
    found: dict[str, Configuration] = {}
    for point in itertools.product(*named.values()):
        one = configuration(study, dict(zip(named, point, strict=True)))
        found.setdefault(one.key, one)
    return list(found.values())


def configuration(study: Study, changes: Mapping[str, Any], where: str = "--grid") -> Configuration:
    """Return the configuration of a study with some keys changed.

    Raises
    ------
    SettingError
        If they aren't possible together; `where` says who gave them.
    """
    model = str(changes.get("model", study.model))
    known = type(default_settings(model)).model_fields
    own = {k: v for k, v in study.settings.items() if k in known or model == study.model}
    own |= {k: v for k, v in changes.items() if k in known}
    seed = changes.get("seed", study.seed)
    values = {**study.model_dump(), "model": model, "settings": own, "seed": seed}
    changed = build_study(values, where=where)
    told = {k: v for k, v in changes.items() if k in known or k in WHOLE}
    return Configuration(told, model, changed.learner_settings(), changed.seed)


def short(key: str) -> str:
    """Return the name of a setting that may be written as a key of the study."""
    return key.removeprefix("settings.")


def refuse_key(
    study: Study, grid: Mapping[str, Sequence[Any]], key: str, values: Sequence[Any]
) -> None:
    """Raise SettingError if a key can't be swept over, or has no values."""
    if not values:
        raise SettingError(f"{key} has no values in the grid", fix=f"Write {key}=VALUE,VALUE.")
    models = [str(model) for model in grid.get("model", [study.model])]
    known = [*WHOLE, *_settings(models)]
    if key in known:
        return
    if key in Study.model_fields or "." in key:
        raise SettingError(
            f"{key} can't be swept over: it changes what is asked, and scores of different labels or "
            "dates can't be compared",
            fix="`fireassay scan` compares targets; `fireassay compare` two trainings.",
        )
    raise unknown_name("setting", key, known)


def _settings(models: Sequence[str]) -> Iterator[str]:
    for model in models:
        yield from type(default_settings(model)).model_fields


def parsed(texts: Sequence[str], what: str = "grid") -> dict[str, list[Any]]:
    """Read KEY=VALUE,VALUE texts as a grid; values are read as TOML where they can be.

    Raises
    ------
    SettingError
        If one can't be read.
    """
    import tomllib

    grid: dict[str, list[Any]] = {}
    for text in texts:
        key, sign, values = text.partition("=")
        if not sign or not values:
            raise SettingError(f"can't read the {what} {text!r}", fix="Write KEY=VALUE,VALUE.")
        for value in values.split(","):
            try:
                plain = tomllib.loads(f"value = {value.strip()}")["value"]
            except tomllib.TOMLDecodeError:
                plain = value.strip()
            grid.setdefault(key.strip().replace("-", "_"), []).append(plain)
    return grid
