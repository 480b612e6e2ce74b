"""A selection that names every feature gives other data the same ones."""

from __future__ import annotations

import polars as pl
import pytest

from fireassay.data.columns import select_features, selection_of
from fireassay.data.load import read
from fireassay.errors import SettingError

from .tables import minute_bars


def frame(**columns: float) -> pl.DataFrame:
    bars = minute_bars(sessions=4, bars=40)
    return read(bars.with_columns(**{k: pl.col("close") * v for k, v in columns.items()})).frame


@pytest.mark.parametrize(
    "selection",
    [
        ("catalogue",),
        ("columns:f_*", "rsi_14"),
        ("columns:volume", "group:return"),
        ("catalogue", "columns:f_1"),
    ],
)
def test_what_was_chosen_is_chosen_again(selection: tuple[str, ...]) -> None:
    table = frame(f_1=2.0, f_2=3.0)
    chosen = select_features(table, selection)
    named = selection_of(table, selection, chosen.columns)
    again = select_features(table, named)
    assert again.columns == chosen.columns
    assert again.equals(chosen)


def test_a_column_called_like_a_feature_is_told_apart() -> None:
    table = frame(rsi_14=2.0)
    assert selection_of(table, ["columns:rsi_14"], ["rsi_14"]) == ("columns:rsi_14",)
    assert selection_of(table, ["rsi_14"], ["rsi_14"]) == ("rsi_14",)
    assert selection_of(table, ["catalogue"], ["rsi_14"]) == ("rsi_14",)


def test_other_data_lacks_a_column() -> None:
    named = selection_of(frame(f_1=2.0), ["columns:f_*"], ["f_1"])
    with pytest.raises(SettingError, match="no column matches 'f_1'"):
        select_features(frame(g=1.0), named)
