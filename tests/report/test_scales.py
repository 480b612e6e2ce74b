from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fireassay.report.figures.scales import (
    Log,
    category,
    linear,
    log,
    nice,
    power_label,
    spread_out,
    tick_label,
)

FINITE = st.floats(allow_nan=False, allow_infinity=False)


@given(FINITE, FINITE, st.integers(2, 8))
@example(0.0, 5e-324, 2)
def test_ticks_are_round_and_inside(a: float, b: float, count: int) -> None:
    scale = linear((a, b), 0, 100)
    ticks = scale.ticks(count)
    assert len(ticks) <= 3 * count
    assert all(-1e-6 <= tick.at <= 100 + 1e-6 for tick in ticks)
    assert all(math.isfinite(tick.at) for tick in ticks)


@pytest.mark.parametrize(
    ("low", "high", "values"),
    [(0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1.0]), (-3, 12, [0, 5, 10]), (0.487, 0.513, [0.49, 0.5, 0.51])],
)
def test_nice_takes_steps_of_1_2_or_5(low: float, high: float, values: list[float]) -> None:
    found, decimals = nice(low, high, 5 if high - low <= 1 and high == 1 else 3)
    assert found == pytest.approx(values)
    assert [float(tick_label(v, decimals)) for v in values] == pytest.approx(values)


@given(st.lists(FINITE, max_size=20), FINITE)
def test_a_linear_place_keeps_the_order(values: list[float], value: float) -> None:
    scale = linear(values, 0, 100)
    places = [scale.at(v) for v in sorted(values)]
    assert places == sorted(places)
    assert -6 <= scale.at(value) <= 106


def test_equal_values_stand_in_the_middle() -> None:
    for value in (0.0, 0.5, -3.0, 1e300, 1e-300):
        assert linear((value, value), 0, 100).at(value) == pytest.approx(50)


def test_no_values_give_a_scale_all_the_same() -> None:
    assert linear((), 0, 100).ticks(4)
    assert linear((None, math.nan), 0, 100).at(None) is None


def test_log_has_powers_of_ten_and_no_place_for_zero() -> None:
    scale = log((12.6, 41_000), 0, 100)
    assert [tick.label for tick in scale.ticks(5)] == ["10", "100", "1,000", "10,000"]
    assert scale.at(0) is None
    assert scale.at(-1) is None
    assert isinstance(log((3.0,), 0, 100), Log)
    assert not isinstance(log((0.0, -2.0), 0, 100), Log)


@given(st.lists(st.floats(1e-300, 1e300), min_size=1, max_size=5))
def test_log_holds_every_positive_value(values: list[float]) -> None:
    scale = log(values, 0, 100)
    assert all(-6 <= scale.at(v) <= 106 for v in values)
    assert all(math.isfinite(tick.at) for tick in scale.ticks(5))


def test_names_keep_their_order_and_thin_out() -> None:
    scale = category(["b", "a", "b", "c"], 0, 90)
    assert [scale.at(name) for name in "bac"] == [15, 45, 75]
    assert scale.at("d") is None
    many = category([f"2025-01-{i:03d}" for i in range(500)], 0, 400)
    labels = [tick.label for tick in many.ticks(6)]
    assert labels[0] == "2025-01-000"
    assert len(labels) < 8


@given(st.lists(st.floats(0, 100), max_size=8))
def test_labels_are_moved_apart(places: list[float]) -> None:
    moved = sorted(spread_out(places, 12, 0, 100))
    assert all(b - a >= 12 - 1e-9 for a, b in itertools.pairwise(moved))


def test_labels_that_are_apart_stay() -> None:
    assert spread_out([10, 40, 90], 12, 0, 100) == [10, 40, 90]


def test_power_label() -> None:
    assert power_label(2.5e7) == "2.5×10⁷"
    assert power_label(1e-6) == "10⁻⁶"
    assert power_label(-3e9) == "\u22123×10⁹"
    assert power_label(0.25) == "0.25"
