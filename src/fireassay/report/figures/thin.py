"""Fewer points for the same picture: a line keeps its extremes, a cloud its spread."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import TypeVar

T = TypeVar("T")
Point = tuple[float, float]

COLUMNS = 300
"""Columns of a line's width; more can't be told apart in print."""


def stride(items: Sequence[T], most: int) -> list[T]:
    """Return at most about `most` items, evenly spread over the sequence, its ends included."""
    count = len(items)
    if count <= most:
        return list(items)
    return [items[round(i * (count - 1) / (most - 1))] for i in range(most)]


def envelope(points: Sequence[Point | None]) -> list[Point | None]:
    """Return a line through first, lowest, highest and last point of each narrow column.

    A gap, marked by None, stays a gap. Lines of up to twice `COLUMNS` points stay as they are.
    """
    if len(points) <= 2 * COLUMNS:
        return list(points)
    found = [p[0] for p in points if p]
    if not found:
        return []
    left, width = min(found), (max(found) - min(found)) / COLUMNS or 1.0

    def column(item: tuple[int, Point | None]) -> int | None:
        return None if item[1] is None else int((item[1][0] - left) / width)

    out: list[Point | None] = []
    for where, group in groupby(enumerate(points), key=column):
        if where is None:
            out.append(None)
            continue
        inside = [(i, p) for i, p in group if p is not None]
        lowest = min(inside, key=lambda item: item[1][1])
        highest = max(inside, key=lambda item: item[1][1])
        out += [p for _, p in sorted({inside[0], lowest, highest, inside[-1]})]
    return out
