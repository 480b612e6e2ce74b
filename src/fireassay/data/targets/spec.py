"""How a target is written: `vwap_reversion:5,skip=1,band=2bp`, `column:y,end=label_end`."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from typing import Any, get_args

from fireassay.data.task import Kind
from fireassay.errors import SettingError, unknown_name

COLUMN = "column"
"""The name of a target that is a column of the user's own."""


class BandUnit(StrEnum):
    """What the size of a tie band is measured in."""

    BASIS_POINTS = "bp"
    SIGMA = "sigma"
    SPREAD = "spread"


class Ties(StrEnum):
    """What becomes of outcomes that are neither up nor down."""

    DROP = "drop"
    CLASS = "class"


class Stale(StrEnum):
    """What becomes of bars in which nothing traded."""

    KEEP = "keep"
    DROP = "drop"


class Price(StrEnum):
    """The price whose moves are the outcome."""

    CLOSE = "close"
    MID = "mid"
    TYPICAL = "typical"
    VWAP = "vwap"


@dataclass(frozen=True)
class Band:
    """Moves of at most this size are ties.

    Attributes
    ----------
    size
        Basis points of the price, multiples of σ_t √k, or multiples of the quoted spread at t.
    unit
        Which of them.
    """

    size: float = 0.0
    unit: BandUnit = BandUnit.BASIS_POINTS

    @classmethod
    def parse(cls, text: str) -> Band:
        """Read `0`, `2bp`, `0.5sigma` (or `0.5*sigma`), `spread` or `0.5spread`."""
        match = re.fullmatch(r"(?P<size>[0-9.]*(?:e-?[0-9]+)?)\*?(?P<unit>bp|sigma|spread)?", text)
        try:
            if match is None:
                raise ValueError(text)
            size = float(match["size"]) if match["size"] else 1.0
            if (match["unit"] is None and size != 0) or not text:
                raise ValueError(text)
        except ValueError:
            raise SettingError(
                f"band {text!r} isn't a size",
                fix="Write 0, basis points (2bp), a multiple of sigma (0.5sigma) or spread.",
            ) from None
        return cls(size, BandUnit(match["unit"] or "bp")) if size else cls()

    def __str__(self) -> str:
        if self.size == 0:
            return "0"
        if self.unit is BandUnit.SPREAD and self.size == 1:
            return self.unit.value
        return f"{_number(self.size)}{self.unit}"


@dataclass(frozen=True)
class TargetSpec:
    """A target with all its options.

    Attributes
    ----------
    name
        A target of the catalogue, or "column" for a column of the user's own.
    horizon
        k, bars of outcome.
    skip
        s, bars left out between what is known and the outcome.
    band
        Moves within it are ties.
    c
        Multiple of the threshold; None on the way in: the target's default, if it has one.
    ties
        What becomes of ties; None on the way in: the target's default, if it has ties.
    price
        Whose moves are the outcome.
    stale
        Whether bars in which nothing traded have a label.
    column, kind, end
        For "column": the column with the label, what kind of label it is (None: detected), and the
        column with the label's end ("": its own bar); see `fireassay.data.targets.column`.

    Raises
    ------
    SettingError
        If the target isn't known, has no such option, or a value isn't possible.
    """

    name: str
    horizon: int = 1
    skip: int = 0
    band: Band = field(default_factory=Band)
    c: float | None = None
    ties: Ties | None = None
    price: Price = Price.CLOSE
    stale: Stale = Stale.KEEP
    column: str = ""
    kind: Kind | None = None
    end: str = ""

    def __post_init__(self) -> None:
        has, defaults = _options(self.name), _defaults(self.name)
        for option in (f.name for f in fields(self) if f.name not in ("name", "column")):
            if option in defaults and getattr(self, option) is None:
                object.__setattr__(self, option, defaults[option])
            if option not in has and getattr(self, option) != _EMPTY[option]:
                raise _no_option(self.name, option)
        where = f"target {self.name}"
        if self.horizon < 1:
            raise SettingError(
                f"horizon {self.horizon} is below 1", where=where, fix="Give bars of outcome, from 1."
            )
        if self.skip < 0:
            raise SettingError(
                f"skip {self.skip} is below 0", where=where, fix="Give bars to leave out, from 0."
            )
        if self.band.size < 0 or not math.isfinite(self.band.size):
            raise SettingError(
                f"band {self.band} isn't a size", where=where, fix="Write it as band=2bp."
            )
        if self.c is not None and not 0 < self.c < math.inf:
            raise SettingError(f"c {self.c} isn't above 0", where=where, fix="Write it as c=1.5.")
        if (self.name == COLUMN) != bool(self.column):
            raise SettingError("a column is named with column:NAME and in no other way", where=where)

    @property
    def multiple(self) -> float:
        """c, of a target that has one."""
        assert self.c is not None
        return self.c

    @classmethod
    def parse(cls, text: str) -> TargetSpec:
        """Read `NAME[:HORIZON][,option=value …]`, or `column:NAME[,option=value …]`.

        A column's name may hold commas; what follows it as `,option=value` belongs to the options.

        Raises
        ------
        SettingError
            If the target, an option or a value isn't known or possible; says what is.
        """
        head, options = _split(text.strip())
        name, _, after = head.partition(":")
        name = name.strip()
        has = _options(name)
        if name == COLUMN:
            spec = cls(name, column=after)
        else:
            spec = cls(name, horizon=_whole("horizon", after)) if after else cls(name)
        seen: set[str] = {"horizon"} if after and name != COLUMN else set()
        changes: dict[str, Any] = {}
        for option, value in options:
            if option not in has:
                raise _no_option(name, option)
            if option in seen:
                raise SettingError(f"option {option} is given twice", where=f"target {text!r}")
            seen.add(option)
            changes[option] = _READ[option](option, value)
        return replace(spec, **changes)

    def __str__(self) -> str:
        """Return the shortest text that `parse` reads back as this."""
        defaults = _defaults(self.name)
        if self.name == COLUMN:
            parts = [f"{COLUMN}:{self.column}"]
            parts += [f"horizon={self.horizon}"] if self.horizon != 1 else []
        else:
            parts = [f"{self.name}:{self.horizon}"]
        for option in ("skip", "band", "c", "ties", "price", "stale", "kind", "end"):
            value = getattr(self, option)
            if value != defaults.get(option, _EMPTY[option]):
                parts.append(f"{option}={_number(value) if option == 'c' else value}")
        return ",".join(parts)


_EMPTY: Mapping[str, Any] = {
    "horizon": 1,
    "skip": 0,
    "band": Band(),
    "c": None,
    "ties": None,
    "price": Price.CLOSE,
    "stale": Stale.KEEP,
    "kind": None,
    "end": "",
}


def _options(name: str) -> tuple[str, ...]:
    from fireassay.data.targets import TARGETS

    if name == COLUMN:
        return ("horizon", "stale", "kind", "end")
    if name not in TARGETS:
        raise unknown_name("target", name, [*TARGETS, f"{COLUMN}:NAME"])
    return ("horizon", "skip", "stale", *TARGETS[name].options)


def _defaults(name: str) -> Mapping[str, Any]:
    from fireassay.data.targets import TARGETS

    return {} if name == COLUMN else TARGETS[name].defaults


def _no_option(name: str, option: str) -> SettingError:
    if option == "end":
        return SettingError(
            f"target {name} knows itself when its labels end",
            fix="A label end goes with --target column:NAME; leave it out.",
        )
    return SettingError(
        f"target {name} has no option {option!r}", fix=f"It has {', '.join(_options(name))}."
    )


def _split(text: str) -> tuple[str, list[tuple[str, str]]]:
    """Split off the options, which are the last parts that read `word=value`."""
    parts = text.split(",")
    options: list[tuple[str, str]] = []
    is_column = parts[0].startswith(f"{COLUMN}:")
    while len(parts) > 1:
        word, equals, value = (piece.strip() for piece in parts[-1].partition("="))
        if not equals or (is_column and word not in _EMPTY):
            break
        options.insert(0, (word, value))
        parts.pop()
    if len(parts) > 1 and not is_column:
        raise SettingError(
            f"{parts[-1]!r} isn't an option",
            where=f"target {text!r}",
            fix="Write option=value, such as skip=1.",
        )
    return ",".join(parts), options


def _whole(option: str, text: str) -> int:
    if re.fullmatch(r"[+-]?\d{1,9}", text.strip()):
        return int(text)
    raise SettingError(
        f"{option} {text!r} isn't a whole number", fix="Write it as in direction:5,skip=1."
    )


def _real(option: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise SettingError(f"{option} {text!r} isn't a number", fix="Write it as c=1.5.") from None


def _one_of(kind: Callable[[str], Any], known: tuple[str, ...]) -> Callable[[str, str], Any]:
    def read(option: str, text: str) -> Any:
        if text not in known:
            raise SettingError(f"{option} {text!r} isn't known", fix=f"Known: {', '.join(known)}.")
        return kind(text)

    return read


_READ: Mapping[str, Callable[[str, str], Any]] = {
    "horizon": _whole,
    "skip": _whole,
    "band": lambda _, text: Band.parse(text),
    "c": _real,
    "ties": _one_of(Ties, tuple(Ties)),
    "price": _one_of(Price, tuple(Price)),
    "stale": _one_of(Stale, tuple(Stale)),
    "kind": _one_of(str, get_args(Kind)),
    "end": lambda _, text: text.removeprefix(f"{COLUMN}:"),
}


def _number(value: float) -> str:
    return repr(float(value)).removesuffix(".0")
