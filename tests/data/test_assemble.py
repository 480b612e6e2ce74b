"""From bars to a Task, and where its errors say that the fault is."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from fireassay.data.assemble import build_panel, build_task
from fireassay.data.load import load, read
from fireassay.data.settings import DataSettings, SplitSettings
from fireassay.data.targets import TargetSpec
from fireassay.errors import DataError, TooLittleError
from tests.data.tables import minute_bars


def spec(text: str) -> TargetSpec:
    return TargetSpec.parse(text)


def test_a_task_holds_features_label_and_parts() -> None:
    bars = read(minute_bars(sessions=12, bars=40))
    task = build_task(
        bars,
        features=["return_1", "close_location"],
        target=spec("direction:2"),
        split=SplitSettings(test=0.25, validation=0.25, embargo=0),
        others=[spec("direction:2,skip=1")],
    )
    assert task.panel.features == ("return_1", "close_location")
    assert task.label.name == "direction:2"
    assert [other.name for other in task.others] == ["direction:2,skip=1"]
    assert [len(p) for p in (task.split.train, task.split.validation, task.split.test)] == [6, 3, 3]
    assert task.panel.rows == len(task.label.y) == 480


def test_other_labels_that_these_bars_cannot_have_are_left_out() -> None:
    bars = read(minute_bars(sessions=40, bars=3))
    task = build_task(
        bars,
        features=["return_1"],
        target=spec("direction:2"),
        others=[spec("direction:2,skip=1"), spec("direction:1")],
    )
    assert [other.name for other in task.others] == ["direction:1"]


def test_errors_tell_the_row_of_the_source() -> None:
    """Sorted and without the rows left out, a bar stands elsewhere than in its source."""
    frame = minute_bars(sessions=4, bars=10).with_columns(
        f=pl.when(pl.int_range(pl.len()) == 30).then(float("inf")).otherwise(1.0)
    )
    shuffled = frame.sample(fraction=1.0, shuffle=True, seed=3)
    row = int(np.argmax(np.isinf(shuffled["f"].to_numpy())))
    bars = read(shuffled)
    with pytest.raises(DataError, match=rf"^polars DataFrame, column f, row {row + 1}: inf"):
        build_panel(bars, ["columns:f"])


def test_errors_that_name_no_row_name_the_source() -> None:
    bars = read(minute_bars(sessions=3, bars=10).drop("volume"))
    with pytest.raises(DataError, match=r"^polars DataFrame: target volume_surge:1,?.* needs volume"):
        build_task(bars, features=["return_1"], target=spec("volume_surge:1"))


def test_what_the_audit_noticed_is_told_where_too_little_is_left() -> None:
    bars = read(minute_bars(sessions=6, bars=10).with_columns(volume=0))
    with pytest.raises(TooLittleError, match=r"The audit noticed: bars of volume 0 \(100%\)"):
        build_task(bars, features=["return_1"], target=spec("vwap_reversion:1"))


def test_a_label_of_yours_needs_no_prices() -> None:
    frame = minute_bars(sessions=6, bars=10).select("time", f=pl.col("close"), y=pl.col("volume") % 2)
    bars = load(DataSettings(), frame, need_prices=False)
    task = build_task(bars, features=["columns:f"], target=spec("column:y"))
    assert task.label.kind == "binary"
    assert task.panel.features == ("f",)
