"""An entry of the manual, and how it is written for a terminal, a notebook or a page."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter

from fireassay.manual.docstring import Part

WIDTH = 80


@dataclass(frozen=True)
class Entry:
    """What one name means.

    Attributes
    ----------
    kind, name
        What it is ("cause", "check", ...), and as a report or a study writes it.
    title
        What it is, in a line.
    parts
        In the order in which they should be read; parts of one heading stand together.
    """

    kind: str
    name: str
    title: str
    parts: tuple[Part, ...]

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def to_markdown(
        self,
        level: int = 2,
        *,
        sections: bool = False,
        written: Callable[[Part], str] = attrgetter("text"),
    ) -> str:
        """Return the entry as Markdown under a heading of that level.

        Parameters
        ----------
        level
            1 is the heading of a page.
        sections
            Whether parts stand under headings of their own, a level lower, rather than behind bold
            words.
        written
            Gives the text of a part that is no formula: where links go in.
        """
        blocks = [f"{'#' * level} {self.name}", f"*{self.kind}.* {self.title}"]
        for heading, same in groupby(self.parts, key=lambda part: part.heading):
            texts = list(same)
            lead = f"**{heading}.** " if heading else ""
            if sections and heading:
                lead = f"{'#' * (level + 1)} {heading}\n\n"
            if texts[0].formula:
                blocks += [lead.strip(), *(f"```text\n{part.text}\n```" for part in texts)]
            elif len(texts) > 1 and texts[0].item:
                blocks += [lead.strip(), "\n".join(f"- {written(part)}" for part in texts)]
            else:
                blocks += [lead + written(texts[0]), *map(written, texts[1:])]
        return "\n\n".join(block for block in blocks if block)

    def _lines(self) -> Iterator[str]:
        yield from wrapped(f"{self.name} ({self.kind})")
        yield from wrapped(self.title)
        short = False
        for heading, same in groupby(self.parts, key=lambda part: part.heading):
            texts = list(same)
            alone = f"{heading}: {texts[0].text}"
            was, short = short, len(texts) == 1 and texts[0].item and len(alone) <= WIDTH
            if not (short and was):
                yield ""
            if short:
                yield alone
                continue
            if heading:
                yield heading
            yield from _body(texts, "  " if heading else "")


def _body(texts: Sequence[Part], indent: str) -> Iterator[str]:
    """Yield what stands under one heading: formulas, a list, or paragraphs."""
    for i, part in enumerate(texts):
        if part.formula:
            for line in part.text.split("\n"):
                yield from wrapped(line, "        ", "    ")
        elif part.item and len(texts) > 1:
            yield from wrapped(part.text, "    ", "  - ")
        else:
            if i:
                yield ""
            yield from wrapped(part.text, indent)


def wrapped(text: str, indent: str = "", first: str | None = None) -> list[str]:
    """Return text in lines of at most 80 columns."""
    lead = indent if first is None else first
    return textwrap.wrap(
        text, WIDTH, initial_indent=lead, subsequent_indent=indent, break_on_hyphens=False
    )


@dataclass(frozen=True)
class Explanation:
    """All entries of one name, most often a single one.

    Attributes
    ----------
    entries
        Causes before checks before what data and models are made of.
    """

    entries: tuple[Entry, ...]

    def __str__(self) -> str:
        return "\n\n\n".join(map(str, self.entries))

    def __repr__(self) -> str:
        return str(self)

    def to_markdown(self) -> str:
        """Return the entries as Markdown."""
        return "\n\n".join(entry.to_markdown() for entry in self.entries) + "\n"

    def _repr_markdown_(self) -> str:
        return self.to_markdown()


def facts(heading: str, texts: Sequence[str]) -> tuple[Part, ...]:
    """Return an item for each text that says something, under one heading."""
    return tuple(Part(heading, text, item=True) for text in texts if text)
