"""Tables that verbs print."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fireassay.clinic.tally import Tally
    from fireassay.clinic.visit import Visit
    from fireassay.findings import Value
    from fireassay.statistics.metrics_reading import MetricsReading


def print_table(rows: Sequence[Mapping[str, Value]]) -> None:
    """Print rows of the same keys as a table, at most as wide as the terminal."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    if not rows:
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name, value in rows[0].items():
        table.add_column(Text(name), justify="left" if isinstance(value, str) else "right")
    for row in rows:
        table.add_row(*(Text(_shown(value)) for value in row.values()))
    Console(highlight=False).print(table)


def metrics_table(reading: MetricsReading) -> None:
    """Print what metrics can mean: a sentence each, then what classifiers without skill get."""
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False)
    for sentence in reading.sentences:
        console.print(Text(f"- {sentence.text}"))
    console.print("\nRanges (95 %) without skill, and where the numbers given lie:")
    print_table(_by_classifier(reading.rows))


def told_visit(made: Visit, done: int, of: int) -> str:
    """Return one line on a patient's visit."""
    said = ", ".join(made.primary) or "nothing is blamed"
    said = made.failure.strip().splitlines()[-1] if made.failure else said
    return f"{done}/{of} {made.patient} {made.seed}: {said} ({made.seconds:.0f} s)"


def gauntlet_table(counted: Tally) -> None:
    """Print the gauntlet's figures, then a line a patient."""
    from fireassay.clinic.told import figures, rows

    print_table(figures(counted))
    print_table(rows(counted))


def _by_classifier(rows: Sequence[Mapping[str, Value]]) -> list[dict[str, Value]]:
    """Return a row for each classifier, a column for each metric that was given (all if none was)."""
    asked = [row for row in rows if "train" in row or "test" in row] or rows
    table: dict[str, dict[str, Value]] = {}
    for row in asked:
        ends = (f"{row[end]:.3f}".removeprefix("0") for end in ("low", "high"))
        cell = "–".join(dict.fromkeys(ends))
        inside = [part for part in ("train", "test") if row.get(part) == "yes"]
        name = str(row["classifier"])
        table.setdefault(name, {"": name})[str(row["metric"])] = " ".join([cell, *inside])
    return list(table.values())


def _shown(value: Value) -> str:
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)
