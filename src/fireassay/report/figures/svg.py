"""SVG as text: elements, escaping and the width of words; colours are classes that CSS fills."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from html import escape
from urllib.parse import quote

from fireassay.report.cited import Cited
from fireassay.report.wording import clean, clip

WIDTH = 460.0
"""Width of every figure in user units; a phone shows it at about four fifths."""

SIZE = 12.5
"""Height of the letters on a phone, for which room is kept; a wide page sets them smaller."""

Words = str | Cited | Sequence[str | Cited]


@dataclass
class Picture:
    """Elements of a figure as they are drawn, and the height that they take."""

    height: float = 0.0
    parts: list[str] = field(default_factory=list)

    def line(self, x1: float, y1: float, x2: float, y2: float, cls: str) -> None:
        """Draw a straight line."""
        ends = f'x1="{num(x1)}" y1="{num(y1)}" x2="{num(x2)}" y2="{num(y2)}"'
        self.parts.append(f'<line class="{cls}" {ends}/>')

    def path(self, d: str, cls: str) -> None:
        """Draw a path; nothing if it is empty."""
        if d:
            self.parts.append(f'<path class="{cls}" d="{d}"/>')

    def rect(self, x: float, y: float, width: float, height: float, cls: str) -> None:
        """Draw a rectangle."""
        box = f'x="{num(x)}" y="{num(y)}" width="{num(width)}" height="{num(height)}"'
        self.parts.append(f'<rect class="{cls}" {box}/>')

    def text(
        self, x: float, y: float, words: Words, cls: str, *, anchor: str = "start", turn: float = 0
    ) -> None:
        """Write words with their baseline at (x, y); numbers keep their reference."""
        turned = f' transform="rotate({num(turn)} {num(x)} {num(y)})"' if turn else ""
        body = "".join(_span(part) for part in parts_of(words))
        self.parts.append(
            f'<text class="{cls}" x="{num(x)}" y="{num(y)}" text-anchor="{anchor}"{turned}>'
            f"{body}</text>"
        )

    def open(self, cls: str) -> None:
        """Begin a group."""
        self.parts.append(f'<g class="{cls}">')

    def close(self) -> None:
        """End a group."""
        self.parts.append("</g>")

    def wrap(self, id_: str, title: str, description: str) -> str:
        """Return the whole SVG element, named and described for people who can't see it."""
        height = num(self.height)
        return (
            f'<svg class="figure" id="{id_}" viewBox="0 0 {num(WIDTH)} {height}" role="img" '
            f'width="{num(WIDTH)}" height="{height}" aria-labelledby="{id_}-t {id_}-d">'
            f'<title id="{id_}-t">{text(title)}</title><desc id="{id_}-d">{text(description)}</desc>'
            f"{''.join(self.parts)}</svg>"
        )


def num(value: float) -> str:
    """Write a coordinate with one decimal at most."""
    return f"{value:.1f}".removesuffix(".0")


def text(words: str) -> str:
    """Return text that is safe between tags and in attributes."""
    return escape(clean(words), quote=True)


def parts_of(words: Words) -> Sequence[str | Cited]:
    """Return words as a sequence of texts and numbers."""
    return (words,) if isinstance(words, str | Cited) else words


def plain(words: Words) -> str:
    """Return words as they are read."""
    return "".join(p.text if isinstance(p, Cited) else clean(p) for p in parts_of(words))


def cited_attributes(item: Cited) -> str:
    """Return the attributes that say where a number stands, its full value and its style.

    The place is a JSON pointer in its URI form (RFC 6901, section 6): keys may hold anything.
    """
    place = quote(item.pointer, safe="/~:,|() ", errors="replace")
    return f'data-path="{text(place)}" data-value="{text(repr(item.value))}" data-as="{item.style}"'


def _span(part: str | Cited) -> str:
    if isinstance(part, str):
        return text(part)
    if not part.is_number:
        return text(part.text)
    return f"<tspan {cited_attributes(part)}>{text(part.text)}</tspan>"


def measure(words: str, size: float = SIZE) -> float:
    """Return about how wide a line of a sans-serif face is, in user units, rather too wide."""
    return size * sum(_advance(c) for c in words)


@cache
def _advance(character: str) -> float:
    if character in "iljtfrI.,:;'!|()[] ":
        return 0.34
    if unicodedata.east_asian_width(character) in "WF":
        return 1.0
    if unicodedata.combining(character):
        return 0.0
    return 0.86 if character in "mwMW%@—" else 0.68 if character.isupper() else 0.58


def fit(words: str, width: float, size: float = SIZE) -> str:
    """Cut a line to a width."""
    words = clip(clean(words), 400)
    if measure(words, size) <= width:
        return words
    while words and measure(words, size) + size > width:
        words = words[:-1]
    return words.rstrip() + "…"


def wrap_lines(words: str, width: float, lines: int, size: float = SIZE) -> list[str]:
    """Break a label into at most so many lines of a width; the last one is cut."""
    out: list[str] = []
    rest = clip(clean(words), 400).split()
    while rest and len(out) < lines - 1:
        count = 1
        while count < len(rest) and measure(" ".join(rest[: count + 1]), size) <= width:
            count += 1
        if measure(" ".join(rest[:count]), size) > width:
            break
        out.append(" ".join(rest[:count]))
        rest = rest[count:]
    if rest or not out:
        out.append(fit(" ".join(rest), width, size))
    return out


def polyline(points: Iterable[tuple[float, float] | None]) -> str:
    """Return path data through the points, broken where a point is missing."""
    out: list[str] = []
    pen_down = False
    for point in points:
        if point is None:
            pen_down = False
            continue
        out.append(f"{'L' if pen_down else 'M'}{num(point[0])} {num(point[1])}")
        pen_down = True
    return "".join(out)
