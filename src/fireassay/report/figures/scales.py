"""From values to places on paper: linear, logarithmic and categorical scales with their ticks."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from fireassay.report.figures.svg import measure
from fireassay.report.numerals import Scalar

_HUGE = 1e300
_TINY = 1e-290
_HUGE_POWER = 1e250


@dataclass(frozen=True)
class Tick:
    """A place on an axis and what is written there."""

    at: float
    label: str


@dataclass(frozen=True)
class Linear:
    """Equal steps for equal differences."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: Scalar) -> float | None:
        """Return the place of a number, drawn no further out than a little beyond the ends."""
        share = _number(value)
        if share is None:
            return None
        share = (share - self.low) / (self.high - self.low)
        return self.start + min(max(share, -0.05), 1.05) * (self.end - self.start)

    def ticks(self, count: int) -> list[Tick]:
        """Return ticks at multiples of 1, 2 or 5 times a power of ten."""
        values, decimals = nice(self.low, self.high, count)
        return [
            Tick(
                self.start + (v - self.low) / (self.high - self.low) * (self.end - self.start),
                tick_label(v, decimals),
            )
            for v in values
        ]


@dataclass(frozen=True)
class Log:
    """Equal steps for equal ratios; what isn't positive has no place."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: Scalar) -> float | None:
        """Return the place of a positive number."""
        number = _number(value)
        if number is None or number <= 0:
            return None
        low, high = math.log10(self.low), math.log10(self.high)
        share = (math.log10(number) - low) / (high - low)
        return self.start + min(max(share, -0.05), 1.05) * (self.end - self.start)

    def ticks(self, count: int) -> list[Tick]:
        """Return ticks at powers of ten, with 2 and 5 between them where there is room."""
        first, last = math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))
        stride = max(1, math.ceil((last - first) / max(count, 1)))
        steps = (1, 2, 5) if self.high / self.low <= 10 ** (count / 2) else (1,)
        values = [m * 10.0**e for e in range(first, last + 1, stride) for m in steps]
        values = [v for v in values if self.low <= v <= self.high]
        if len(values) < 2:
            values, decimals = nice(self.low, self.high, count)
            return [Tick(self._at(v), tick_label(v, decimals)) for v in values if v > 0]
        return [Tick(self._at(v), power_label(v)) for v in values]

    def _at(self, value: float) -> float:
        place = self.at(value)
        assert place is not None
        return place


@dataclass(frozen=True)
class Category:
    """One slot for each name, in order."""

    names: tuple[str, ...]
    start: float
    end: float

    @property
    def step(self) -> float:
        """The width of a slot, with its sign."""
        return (self.end - self.start) / max(len(self.names), 1)

    def at(self, value: Scalar) -> float | None:
        """Return the middle of a name's slot."""
        index = self._index.get(str(value))
        return None if index is None else self.start + (index + 0.5) * self.step

    def ticks(self, count: int) -> list[Tick]:
        """Return names, as many as don't run into each other."""
        del count
        room = abs(self.step)
        widest = max((measure(name) for name in self.names), default=0.0) + 8
        stride = max(1, math.ceil(widest / room)) if room else 1
        return [
            Tick(self.start + (i + 0.5) * self.step, name)
            for i, name in enumerate(self.names)
            if i % stride == 0
        ]

    @cached_property
    def _index(self) -> dict[str, int]:
        return {name: i for i, name in enumerate(self.names)}


Scale = Linear | Log | Category
"""A way from values to places between `start` and `end`."""


def _number(value: Scalar) -> float | None:
    if type(value) is float and -_HUGE <= value <= _HUGE:
        return value
    if value is None or isinstance(value, str | bool) or value != value:
        return None
    return float(min(max(value, -_HUGE), _HUGE))


def numbers(values: Iterable[Scalar]) -> list[float]:
    """Return those of the values that are numbers, held within what can be drawn."""
    # A float within bounds, as nearly all are, is told by one comparison.
    found: list[float] = []
    for value in values:
        if type(value) is float and -_HUGE <= value <= _HUGE:
            found.append(value)
        elif (number := _number(value)) is not None:
            found.append(number)
    return found


def linear(values: Iterable[Scalar], start: float, end: float, *, pad: float = 0.04) -> Linear:
    """Return a linear scale that holds all values with a little room at both ends."""
    found = numbers(values) or [0.0, 1.0]
    low, high = min(found), max(found)
    if high - low <= max(1e-9 * max(abs(low), abs(high)), _TINY):
        half = abs(low) * 0.1 if abs(low) > _TINY else 1.0
        low, high = low - half, high + half
    room = pad * (high - low)
    return Linear(low - room, high + room, start, end)


def log(values: Iterable[Scalar], start: float, end: float) -> Log | Linear:
    """Return a logarithmic scale of the positive values; linear if there are none."""
    values = list(values)
    found = [min(max(n, 1 / _HUGE_POWER), _HUGE_POWER) for n in numbers(values) if n > 0]
    if not found:
        return linear(values, start, end)
    low, high = min(found), max(found)
    if high < 1.05 * low:
        low, high = low / 2, high * 2
    room = 10 ** (0.04 * (math.log10(high) - math.log10(low)))
    return Log(low / room, high * room, start, end)


def category(values: Iterable[Scalar], start: float, end: float) -> Category:
    """Return a categorical scale of the distinct values in the order of their appearance."""
    return Category(tuple(dict.fromkeys(str(v) for v in values if v is not None)), start, end)


def nice(low: float, high: float, count: int) -> tuple[list[float], int]:
    """Return round values within [low, high], about `count`, and the decimals that they need.

    The step is 1, 2 or 5 times a power of ten (Heckbert, Graphics Gems, 1990).
    """
    raw = (high - low) / max(count, 1)
    power = math.floor(math.log10(raw))
    step = next(s for s in (1, 2, 5, 10) if s * 10.0**power >= raw * 0.999) * 10.0**power
    first = math.ceil(low / step - 1e-9)
    values = [(first + i) * step for i in range(4 * count + 2)]
    return [v for v in values if v <= high + 1e-9 * step], max(
        0, -math.floor(math.log10(step) + 1e-9)
    )


def tick_label(value: float, decimals: int) -> str:
    """Write a tick: as many decimals as the step needs, powers of ten where it is very long."""
    if decimals > 6 or abs(value) >= 1e6:
        return power_label(value)
    text = f"{value:,.{decimals}f}"
    text = text.lstrip("-") if float(text.replace(",", "")) == 0 else text
    return text.replace("-", "\u2212")


def power_label(value: float) -> str:
    """Write a number short, with a power of ten if it is large or small.

    >>> power_label(0.001), power_label(2e7)
    ('0.001', '2×10⁷')
    """
    if value == 0 or 1e-4 < abs(value) < 1e6:
        return f"{value:,.6g}".replace("-", "\u2212")
    mantissa, _, exponent = f"{value:.3g}".partition("e")
    if not exponent:
        mantissa, _, exponent = f"{value:.2e}".partition("e")
        mantissa = mantissa.rstrip("0").rstrip(".")
    raised = str(int(exponent)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    head = "" if mantissa == "1" else f"{mantissa}×".replace("-", "\u2212")
    return f"{head}10{raised}"


def spread_out(places: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Move places apart until each is `gap` from the next, staying near where they were.

    Places that don't fit between `low` and `high` are packed from `low` on.
    """
    order = sorted(range(len(places)), key=places.__getitem__)
    out = list(places)
    previous = low - gap
    for i in order:
        out[i] = previous = max(out[i], previous + gap)
    following = max(high, low + gap * (len(places) - 1)) + gap
    for i in reversed(order):
        out[i] = following = min(out[i], following - gap)
    return out
