"""The one function that writes a number, and the styles in which it does.

A shown number is always the recorded one, rounded. The decimals of a measured quantity follow its
uncertainty: two significant digits of the width of its interval.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from fireassay.report.wording import cell, toml_escaped

Scalar = bool | int | float | str | None

NOT_GIVEN = "–"
LONGEST = 400
"""Characters after which a text among the values is cut."""
_MINUS = "\u2212"


class Kind(StrEnum):
    """How a number is written."""

    AUTO = "auto"
    """Four significant digits."""

    FIXED = "fixed"
    """A given number of decimals."""

    P = "p"
    """A p-value: three decimals, four under .01."""

    PERCENT = "percent"
    """A share, in per cent, with a given number of decimals."""

    DURATION = "duration"
    """Seconds, as seconds, minutes or hours."""

    EXACT = "exact"
    """A setting, as study.toml writes it."""


@dataclass(frozen=True)
class Style:
    """A kind and, where it takes them, decimals; `str` and `parse` are each other's inverse."""

    kind: Kind = Kind.AUTO
    decimals: int = 0

    def __str__(self) -> str:
        return f"{self.kind}:{self.decimals}" if self.kind in _TAKES_DECIMALS else self.kind

    @classmethod
    def parse(cls, text: str) -> Style:
        """Read what `str` wrote."""
        kind, _, decimals = text.partition(":")
        return cls(Kind(kind), int(decimals or 0))


_TAKES_DECIMALS = (Kind.FIXED, Kind.PERCENT)

AUTO = Style()
P_VALUE = Style(Kind.P)
PERCENT = Style(Kind.PERCENT, 1)
WHOLE_PERCENT = Style(Kind.PERCENT, 0)
DURATION = Style(Kind.DURATION)
EXACT = Style(Kind.EXACT)


def fixed(decimals: int) -> Style:
    """Return the style with that many decimals."""
    return Style(Kind.FIXED, decimals)


def show(value: Scalar, style: Style = AUTO) -> str:
    """Write a number (or a truth value, a text, or that none is given) in a style.

    >>> show(0.49731, fixed(3)), show(254000), show(0.005, P_VALUE), show(1e-5, EXACT)
    ('0.497', '254,000', '0.0050', '1e-05')
    """
    if style.kind is Kind.EXACT:
        return literal(value)
    if value is None:
        return NOT_GIVEN
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return cell(value, LONGEST)
    if isinstance(value, float) and not math.isfinite(value):
        return "not a number" if math.isnan(value) else ("∞" if value > 0 else f"{_MINUS}∞")
    return _WRITERS[style.kind](value, style).replace("-", _MINUS)


def literal(value: Scalar) -> str:
    """Write a value as TOML does; what isn't set is written as "not set"."""
    if value is None:
        return "not set"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return toml_escaped(json.dumps(value, ensure_ascii=False))
    return repr(value)


def decimals_for(spread: float | None, values: Iterable[float | None]) -> Style:
    """Return the style that quotes values to two significant digits of their spread.

    Parameters
    ----------
    spread
        Width of an interval, or a standard error; None or 0 where there is none.
    values
        The numbers that will stand side by side; without a spread, the largest is given four
        significant digits, three if it is under a tenth. Whole numbers get no decimals.
    """
    if spread:
        return _decimals(spread, 2)
    given = [v for v in values if v is not None]
    if given and all(isinstance(v, int) for v in given):
        return AUTO
    largest = max((abs(v) for v in given), default=0.0)
    return _decimals(largest, 4 if largest >= 0.1 else 3) if largest else fixed(3)


def _decimals(size: float, significant: int) -> Style:
    if not math.isfinite(size) or not 1e-6 < abs(size) < 1e12:
        return AUTO
    return fixed(min(max(significant - 1 - math.floor(math.log10(abs(size))), 0), 6))


def _auto(value: float, _style: Style) -> str:
    size = abs(value)
    if size == 0:
        return "0"
    if isinstance(value, int) and size < 10**15:
        return f"{value:,}"
    if size >= 10**7 or size < 1e-4:
        return _scientific(value, 2)
    if size >= 1000:
        return f"{value:,.0f}"
    return f"{value:.4g}"


def _fixed(value: float, style: Style) -> str:
    if abs(value) >= 10**15:
        return _auto(value, style)
    text = f"{value:,.{style.decimals}f}"
    # What rounds to nothing has no sign.
    return text.lstrip("-") if float(text.replace(",", "")) == 0 else text


def _p(value: float, _style: Style) -> str:
    if value >= 0.0095 or value == 0:
        return f"{value:.3f}"
    return f"{value:.4f}" if value >= 0.00005 else _scientific(value, 1)


def _scientific(value: float | Decimal, decimals: int) -> str:
    # Decimal, since an integer of JSON may be too large for a float.
    mantissa, _, exponent = f"{Decimal(value):.{decimals}e}".partition("e")
    return f"{mantissa}e{int(exponent)}"


def _percent(value: float, style: Style) -> str:
    if isinstance(value, float) and abs(value) > 1e300:  # a hundred times that is no float
        return f"{_scientific(Decimal(value) * 100, 2)}\u00a0%"
    return f"{_fixed(100 * value, style)}\u00a0%"


def _duration(value: float, _style: Style) -> str:
    if value < 9.95:
        return f"{value:.1f}\u00a0s"
    whole = round(value)
    if whole < 60:
        return f"{whole}\u00a0s"
    minutes, seconds = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes}\u00a0min" + (f" {seconds:02d}\u00a0s" if seconds else "")
    hours, minutes = divmod(round(value / 60), 60)
    return f"{hours:,}\u00a0h {minutes:02d}\u00a0min"


_WRITERS = {
    Kind.AUTO: _auto,
    Kind.FIXED: _fixed,
    Kind.P: _p,
    Kind.PERCENT: _percent,
    Kind.DURATION: _duration,
}
