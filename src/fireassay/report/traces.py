"""The model's own training as a figure: its NLL and KL per label over the epochs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fireassay.findings import Plot, Series, Value
from fireassay.report.chart import Chart, Path
from fireassay.report.cited import Source

COLUMNS = {
    "train_nll": ("NLL, training", "line"),
    "validation_nll": ("NLL, validation", "dashed"),
    "test_nll": ("NLL, test", "line"),
    "kl_per_label": ("KL per label", "line"),
}
"""Columns of a run's history that are drawn: all in nats per label, so on one axis."""


def training(
    source: Source, metrics: Sequence[Mapping[str, Value]], place: Path = ("metrics",)
) -> Chart | None:
    """Return the figure of the epochs that stand at a place; None where there are fewer than two."""
    if len(metrics) < 2:
        return None
    series: list[Series] = []
    moved: list[tuple[Path, Path]] = []
    epochs = tuple(row.get("epoch", i) for i, row in enumerate(metrics, start=1))
    for name, (title, style) in COLUMNS.items():
        values = tuple(_number(row.get(name)) for row in metrics)
        if not any(values):
            continue
        at = ("series", len(series))
        for i, row in enumerate(metrics):
            moved += [
                ((*at, part, i), (*place, i, column))
                for part, column in (("x", "epoch"), ("y", name))
                if column in row
            ]
        series.append(Series(name=title, x=epochs, y=values, style=style))
    if not series or not all("epoch" in row for row in metrics):
        return None
    plot = Plot(
        kind="traces",
        title="Training, epoch by epoch",
        x_label="epoch",
        y_label="nats per label",
        y_log=True,
        series=tuple(series),
    )
    return Chart(plot, source, (), moved)


def _number(value: Value) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None
