"""Docstrings of checks, features and targets, taken apart into what a reader looks for.

They are written to a form: what it is in a line; `Question:`, `Null:` or `Control:`, what misleads,
references; a formula stands indented; NumPy sections list parameters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from inspect import cleandoc

HEADINGS = {
    "question": "Question",
    "null": "Null",
    "no null is drawn": "Null",
    "control": "Control",
    "controls": "Control",
    "misleads": "What misleads it",
    "what misleads it": "What misleads it",
    "what misleads the test": "What misleads it",
    "what it can't say": "What it can't say",
    "references": "References",
}
"""Words with a colon that open a part, and its heading."""

_OPENING = re.compile(rf"(?:^|(?<=[.;:?] ))({'|'.join(HEADINGS)}): ", re.IGNORECASE)


@dataclass(frozen=True)
class Part:
    """A heading and its text.

    Attributes
    ----------
    heading
        "" for text that continues without one.
    text
        Words in one line, or where `formula` says so lines that stand as they are.
    formula
        Whether it is a formula.
    item
        Whether it is one of a list rather than a paragraph.
    """

    heading: str
    text: str
    formula: bool = False
    item: bool = False


def parts(docstring: str | None) -> list[Part]:
    """Return the parts of a docstring in its own order; the first is what it is, in a line."""
    found: list[Part] = []
    for block in re.split(r"\n\s*\n", cleandoc(docstring or "")):
        lines = block.split("\n")
        if len(lines) > 1 and set(lines[1]) == {"-"}:
            found += _listed(lines)
        elif all(line.startswith("    ") for line in lines):
            found.append(Part("Formula", cleandoc(block), formula=True))
        else:
            found += _opened(" ".join(line.strip() for line in lines))
    return [part for part in found if part.text]


def _opened(paragraph: str) -> Iterator[Part]:
    """Yield a paragraph's text before the first opening word, and what each word opens."""
    at, heading = 0, ""
    for match in [*_OPENING.finditer(paragraph), None]:
        text = paragraph[at : match.start() if match else None].strip()
        yield Part(heading, text[:1].upper() + text[1:] if heading else text)
        if match:
            at, heading = match.end(), HEADINGS[match[1].lower()]


def _listed(lines: list[str]) -> Iterator[Part]:
    """Yield the names and descriptions of a NumPy section; of other sections their text."""
    if lines[0] not in ("Attributes", "Parameters"):
        yield Part(lines[0], " ".join(line.strip() for line in lines[2:]))
        return
    name, said = "", list[str]()
    for line in [*lines[2:], "end"]:
        if line.startswith(" "):
            said.append(line.strip())
            continue
        if name:
            heading = "Parameters" if lines[0] == "Attributes" else lines[0]
            yield Part(heading, f"{name}: {' '.join(said)}", item=True)
        name, said = line.strip(), []
