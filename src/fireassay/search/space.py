"""The space that an optimiser searches: a range or some choices for each setting.

A value is rounded to four digits before it is trained: what a row shows is what was trained, and can
be typed again.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, get_args

from fireassay.errors import SettingError
from fireassay.search.grid import configuration, parsed, refuse_key, short
from fireassay.study import Range, Study
from fireassay.training.learner import default_settings

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

DIGITS = 4
"""Significant digits of a value that the optimiser gives."""

POINTS = 256
"""Combinations of the other settings' values with which one value is tried."""

Space = Mapping[str, Range | Sequence[Any]]


def checked(study: Study, space: Space) -> dict[str, Range | tuple[Any, ...]]:
    """Return the space with plain names of settings.

    Raises
    ------
    SettingError
        If a key or one of its values isn't possible for the study, or nothing varies.
    """
    named = {
        short(key): values if isinstance(values, Range) else tuple(values)
        for key, values in space.items()
    }
    listed = {key: ends(study, named, key) for key in named}
    for key, values in listed.items():
        refuse_key(study, listed, key, values)
        for value in values:
            _refuse_impossible(study, listed, key, value)
    if not any(len(values) > 1 for values in listed.values()):
        raise SettingError(
            "nothing varies", fix="Give a range, --vary learning_rate=1e-5:1e-2:log, or choices."
        )
    return named


def _refuse_impossible(
    study: Study, listed: Mapping[str, Sequence[Any]], key: str, value: Any
) -> None:
    """Raise SettingError if no other values of the space make this one possible."""
    alone: SettingError | None = None
    others = [{}, *_points({k: v for k, v in listed.items() if k != key})]
    for other in others:
        try:
            configuration(study, {**other, key: value}, where="--vary")
        except SettingError as error:
            alone = alone or error
        else:
            return
    assert alone is not None
    raise alone


def _points(listed: Mapping[str, Sequence[Any]]) -> Iterator[dict[str, Any]]:
    points = itertools.product(*listed.values())
    for point in itertools.islice(points, POINTS):
        yield dict(zip(listed, point, strict=True))


def ends(study: Study, space: Space, key: str) -> tuple[Any, ...]:
    """Return the choices of a key, or both ends of its range, as its setting takes them."""
    values = space[key]
    if not isinstance(values, Range):
        return tuple(values)
    if not _whole(study, space, key):
        return values.low, values.high
    if values.low != int(values.low) or values.high != int(values.high):
        raise SettingError(
            f"{key} takes whole numbers, {values} isn't a range of them", fix=f"Write {key}=1:8."
        )
    return int(values.low), int(values.high)


def varied(texts: Sequence[str]) -> dict[str, Any]:
    """Read SETTING=RANGE or SETTING=VALUE,VALUE texts as a space.

    Raises
    ------
    SettingError
        If one can't be read.
    """
    space: dict[str, Any] = {}
    for text in texts:
        key, _, values = text.partition("=")
        if ":" in values and "," not in values:
            try:
                Range.parse(values.strip())
            except ValueError as error:
                raise SettingError(
                    str(error), where=f"--vary {text}", fix="Write KEY=LOW:HIGH or KEY=LOW:HIGH:log."
                ) from None
            space[key.strip().replace("-", "_")] = values.strip()
        else:
            space |= parsed([text], "space")
    return space


def distributions(study: Study, space: Space) -> dict[str, BaseDistribution]:
    """Return the space as Optuna takes it."""
    from optuna.distributions import (
        CategoricalDistribution,
        FloatDistribution,
        IntDistribution,
    )

    found: dict[str, BaseDistribution] = {}
    for key, values in space.items():
        if not isinstance(values, Range):
            found[key] = CategoricalDistribution(tuple(values))
        elif _whole(study, space, key):
            low, high = ends(study, space, key)
            step = int(values.step or 1)
            found[key] = IntDistribution(low, high, log=values.log, step=step)
        else:
            found[key] = FloatDistribution(values.low, values.high, log=values.log, step=values.step)
    return found


def rounded(space: Space, point: Mapping[str, Any]) -> dict[str, Any]:
    """Return a point of the space with its numbers rounded, none of them beyond its range."""
    return {key: _rounded(space[key], value) for key, value in point.items()}


def _rounded(values: Range | Sequence[Any], value: Any) -> Any:
    if not isinstance(values, Range) or not isinstance(value, float):
        return value
    near = float(f"{value:.{DIGITS}g}") if math.isfinite(value) else value
    return min(max(near, values.low), values.high)


def _models(study: Study, space: Space) -> list[str]:
    models = space.get("model", [study.model])
    return [study.model] if isinstance(models, Range) else [str(model) for model in models]


def _whole(study: Study, space: Space, key: str) -> bool:
    """Tell whether a setting takes whole numbers; raises SettingError if it takes no numbers."""
    if key == "seed":
        return True
    for model in _models(study, space):
        field = type(default_settings(model)).model_fields.get(key)
        if field is None:
            continue
        kinds = set(get_args(field.annotation) or (field.annotation,))
        if float in kinds:
            return False
        if int in kinds:
            return True
        raise SettingError(
            f"{key} takes no numbers, so it has no range", fix=f"Write {key}=VALUE,VALUE."
        )
    return False
