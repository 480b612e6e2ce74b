"""Tables that verbs print."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
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
    """Print what metrics can mean: the table of trivial ranges, then a sentence each."""
    from rich.console import Console
    from rich.text import Text

    print_table(reading.rows)
    console = Console(highlight=False)
    for sentence in reading.sentences:
        console.print(Text(f"- {sentence.text}"))


def _shown(value: Value) -> str:
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)
