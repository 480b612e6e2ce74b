"""Numbers by reference: a report never holds a number, only where in diagnosis.json it stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fireassay.report.numerals import AUTO, Scalar, Style, show

if TYPE_CHECKING:
    from pydantic import BaseModel


@dataclass(frozen=True)
class Cited:
    """A value of diagnosis.json, the place where it stands, and the style to show it in.

    Attributes
    ----------
    pointer
        JSON pointer (RFC 6901).
    value
        What stands there, unrounded.
    style
        How `text` writes it.
    """

    pointer: str
    value: Scalar
    style: Style = AUTO

    @property
    def text(self) -> str:
        """The value as it is shown."""
        return show(self.value, self.style)

    @property
    def is_number(self) -> bool:
        """Whether the value is a number, rather than a text, a truth value or nothing."""
        return isinstance(self.value, int | float) and not isinstance(self.value, bool)


class Source:
    """A diagnosis (or a training's account) as the tree that its JSON file holds.

    Parameters
    ----------
    found
        What to cite from.
    """

    def __init__(self, found: BaseModel) -> None:
        self.tree: Any = found.model_dump(mode="json")

    def cite(self, *keys: str | int, style: Style = AUTO) -> Cited:
        """Return the scalar at the path of keys and indices; KeyError or IndexError if none."""
        here = self.tree
        for key in keys:
            here = here[key]
        return Cited(pointer(keys), here, style)


def pointer(keys: Sequence[str | int]) -> str:
    """Return the JSON pointer of a path (RFC 6901).

    >>> pointer(["evidence", "a/b", 0])
    '/evidence/a~1b/0'
    """
    return "".join("/" + str(key).replace("~", "~0").replace("/", "~1") for key in keys)


def resolve(tree: Any, pointer: str) -> Any:
    """Return what stands at a JSON pointer of a tree; KeyError or IndexError if nothing does."""
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        tree = tree[int(key)] if isinstance(tree, list) else tree[key]
    return tree
