"""A figure's data together with the place where its numbers stand in diagnosis.json."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fireassay.findings import Plot
from fireassay.report.cited import Cited, Source
from fireassay.report.numerals import AUTO, Style

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Chart:
    """A plot that can cite its numbers.

    Attributes
    ----------
    plot
        What is drawn.
    source
        The tree that the numbers stand in.
    at
        Path of the plot in that tree.
    moved
        Parts of the plot that stand elsewhere, as (path inside the plot, path in the tree): a plot
        made of other parts of the evidence.
    """

    plot: Plot
    source: Source
    at: Path
    moved: Sequence[tuple[Path, Path]] = ()

    def cite(self, *keys: str | int, style: Style = AUTO) -> Cited:
        """Return the number at a path inside the plot."""
        for inside, elsewhere in self.moved:
            if keys[: len(inside)] == inside:
                return self.source.cite(*elsewhere, *keys[len(inside) :], style=style)
        return self.source.cite(*self.at, *keys, style=style)
