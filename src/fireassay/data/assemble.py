"""From bars to a Task: features, label, panel, split."""

from __future__ import annotations

from collections.abc import Sequence

from fireassay.data.bars import INDEX_COLUMNS, Bars
from fireassay.data.columns import select_features
from fireassay.data.panel import SessionPanel
from fireassay.data.settings import SplitSettings
from fireassay.data.splits import walk_forward
from fireassay.data.targets import TargetSpec, labels
from fireassay.data.task import Scaling, Task
from fireassay.errors import TooLittleError


def build_panel(
    bars: Bars, features: Sequence[str], target: TargetSpec | None = None
) -> SessionPanel:
    """Return the panel of the selected features (see `fireassay.data.columns.select_features`)."""
    index = bars.frame.select(INDEX_COLUMNS)
    with bars.located():
        return SessionPanel.from_frame(index, select_features(bars.frame, features, target))


def build_task(
    bars: Bars,
    *,
    features: Sequence[str],
    target: TargetSpec,
    split: SplitSettings | None = None,
    scaling: Scaling = "standard",
    others: Sequence[TargetSpec] = (),
) -> Task:
    """Return the Task that a study describes.

    Parameters
    ----------
    bars
        Checked bars.
    features, target
        What is learned from, and what is to be learned.
    split, scaling
        How sessions are divided and features scaled.
    others
        Further targets of the same bars that an intervention may ask for; those that these bars
        can't have (sessions too short, say) are left out.

    Raises
    ------
    UserError
        If a feature or the target can't be computed, a part of the split would be empty or without
        labels, or the training labels are all of one class.
    """
    split = split or SplitSettings()
    with bars.located():
        first, *rest = labels(bars.frame, [target], others)
    panel = build_panel(bars, features, target)
    with bars.located():
        divided = walk_forward(
            panel, test=split.test, validation=split.validation, embargo=split.embargo
        )
    task = Task(panel, first, divided, scaling, others=tuple(rest))
    with bars.located():
        _refuse_unlabelled(task)
    return task


def _refuse_unlabelled(task: Task) -> None:
    """Raise TooLittleError where a part that needs labels has none, or training has one class."""
    parts = {"training": task.train_rows, "test": task.test_rows}
    where, fix = f"target {task.label.name}", "Give labels of more dates, or divide them otherwise."
    for part, rows in parts.items():
        if not len(rows):
            raise TooLittleError(f"no bar of the {part} sessions has a label", where=where, fix=fix)
    y = task.label.y[parts["training"]]
    if task.label.kind != "real" and y.min() == y.max():
        value = task.label.classes[int(y[0])] if task.label.classes else f"{y[0]:g}"
        raise TooLittleError(f"every label of the training sessions is {value}", where=where, fix=fix)
