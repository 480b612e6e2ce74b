"""Training as figures: NLL and KL over the epochs, KL against what pays for it, runs side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fireassay.compared import Compared
from fireassay.findings import Mark, Plot, Series, Value
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


def against_budget(
    source: Source,
    metrics: Sequence[Mapping[str, Value]],
    place: Path,
    levels: Sequence[tuple[str, Path]],
) -> Chart | None:
    """Return the figure of a Bayesian model's KL beside the information that could pay for it.

    Parameters
    ----------
    source, metrics, place
        As in `training`.
    levels
        Reference lines in nats: their names, and where they stand. Those of nothing are left out.
    """
    values = tuple(_number(row.get("kl")) for row in metrics)
    if len(metrics) < 2 or not any(values) or not all("epoch" in row for row in metrics):
        return None
    moved: list[tuple[Path, Path]] = []
    for i, row in enumerate(metrics):
        moved.append((("series", 0, "x", i), (*place, i, "epoch")))
        if "kl" in row:
            moved.append((("series", 0, "y", i), (*place, i, "kl")))
    marks: list[Mark] = []
    for label, path in levels:
        value = source.cite(*path).value
        if isinstance(value, int | float) and value > 0:
            moved.append((("marks", len(marks), "value"), path))
            marks.append(Mark(axis="y", value=value, label=label))
    if not marks:
        return None
    plot = Plot(
        kind="traces",
        title="The KL, and the information that could pay for it",
        x_label="epoch",
        y_label="nats",
        y_log=True,
        series=(
            Series(
                name="KL of the weights",
                x=tuple(row["epoch"] for row in metrics),
                y=values,
                style="line",
            ),
        ),
        marks=tuple(marks),
        note="At KL weight 1 a signal of the size that matters pays for as many nats of KL as the "
        "budget has, and no more.",
    )
    return Chart(plot, source, (), moved)


def side_by_side(compared: Compared, source: Source) -> Chart | None:
    """Return the figure of the learning curves of a comparison; None where no run has epochs."""
    series: list[Series] = []
    moved: list[tuple[Path, Path]] = []
    for i, side in enumerate(compared.runs):
        if len(side.curve) < 2:
            continue
        at = ("series", len(series))
        moved += [((*at, "y", k), ("runs", i, "curve", k)) for k in range(len(side.curve))]
        moved += [((*at, "x", k), ("runs", i, "epochs", k)) for k in range(len(side.epochs))]
        name = f"run {i + 1}, {side.learning}"
        series.append(Series(name=name, x=side.epochs, y=side.curve, style="line"))
    if not series:
        return None
    plot = Plot(
        kind="traces",
        title="Learning curves",
        x_label="epoch",
        y_label="NLL, nats per label",
        series=tuple(series),
        note="The first seed of each run. Runs that learn other labels, or another part of them, "
        "have losses that don't compare.",
    )
    return Chart(plot, source, (), moved)


def _number(value: Value) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None
