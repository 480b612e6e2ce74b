"""Flags from settings: every field of a settings model is one flag, with its description and default.

The models are the one place where a setting is described; the command line, the study's schema and
the documentation read them.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from types import NoneType
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin

import typer

if TYPE_CHECKING:
    from pydantic import BaseModel
    from pydantic.fields import FieldInfo


@dataclass(frozen=True)
class Flag:
    """One flag and the study key that it overrides.

    Attributes
    ----------
    key
        Dotted key of the study.
    parameter
        As typer takes it; its default None means "not given".
    many
        Whether several values, comma-separated, make a list.
    """

    key: str
    parameter: inspect.Parameter
    many: bool = False


def flags(
    model: type[BaseModel],
    prefix: str,
    panel: str,
    *,
    skip: Iterable[str] = (),
    names: dict[str, tuple[str, ...]] | None = None,
) -> list[Flag]:
    """Return a flag for every field of a settings model.

    Parameters
    ----------
    model
        The settings.
    prefix
        Dotted path of the settings in a study, empty or ending in a dot.
    panel
        Heading under which help lists them.
    skip
        Fields that have no flag.
    names
        Flags that aren't called like their field.
    """
    return [
        _flag(field, f"{prefix}{name}", (names or {}).get(name, (name,)), panel)
        for name, field in model.model_fields.items()
        if name not in set(skip)
    ]


def _flag(field: FieldInfo, key: str, names: tuple[str, ...], panel: str) -> Flag:
    kind, many = _kind(field.annotation)
    text = field.description or ""
    default = field.get_default(call_default_factory=True)
    shown = ",".join(map(str, default)) if isinstance(default, (tuple, list)) else default
    if shown not in (None, "", {}):
        text = f"{text} [default: {shown.value if isinstance(shown, Enum) else shown}]"
    words = [name.replace("_", "-") for name in names]
    declared = [f"--{w}/--no-{w}" if kind is bool else f"--{w}" for w in words]
    option = typer.Option(None, *declared, help=text, rich_help_panel=panel, show_default=False)
    parameter = inspect.Parameter(
        key.replace(".", "__"),
        inspect.Parameter.KEYWORD_ONLY,
        default=option,
        annotation=Union[kind, None],  # noqa: UP007  (built at run time)
    )
    return Flag(key, parameter, many)


def _kind(annotation: Any) -> tuple[Any, bool]:
    """Return the type that typer reads, and whether it stands for a list."""
    if get_origin(annotation) is Literal:
        values = get_args(annotation)
        return Enum(str(annotation), {str(v): v for v in values}, type=str), False
    if get_origin(annotation) in (tuple, list):
        return str, True
    parts = [a for a in get_args(annotation) if a is not NoneType]
    if len(parts) == 1:
        return _kind(parts[0])
    if parts or annotation not in (int, float, bool, str):
        known = isinstance(annotation, type) and issubclass(annotation, Enum)
        return (annotation if known else str), False
    return annotation, False


def with_flags(function: Callable[..., None], groups: Iterable[list[Flag]]) -> Callable[..., None]:
    """Return the command with the flags added; it gets those given as `changes`, by study key."""
    chosen = [flag for group in groups for flag in group]
    own = inspect.signature(function, eval_str=True)
    fixed = [p for name, p in own.parameters.items() if name != "changes"]

    def command(**values: Any) -> None:
        changes: dict[str, Any] = {}
        for flag in chosen:
            value = values.pop(flag.parameter.name)
            if value is None:
                continue
            value = value.value if isinstance(value, Enum) else value
            changes[flag.key] = _listed(value) if flag.many else value
        function(**values, changes=changes)

    parameters = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in fixed]
    parameters += [flag.parameter for flag in chosen]
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {p.name: p.annotation for p in parameters}
    command.__name__, command.__doc__ = function.__name__, function.__doc__
    return command


def _listed(text: str) -> list[str]:
    """Return the parts between commas."""
    return [part.strip() for part in text.split(",") if part.strip()]
