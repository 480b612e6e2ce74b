"""Dates are exchanged and resampled singly, or in runs where labels reach across them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fireassay.data.task import Label
from fireassay.data.units import span_of, units_of
from fireassay.statistics.exchange import permute_dates
from fireassay.statistics.null import heldout_null
from fireassay.statistics.scores import Score
from tests.diagnosis.cases import simulated
from tests.training.tasks import label_of, panel_of

DATES, BARS = 10, 3


def reaching(dates: int, symbols: int = 1) -> tuple[object, Label]:
    """A panel of ten dates of three bars a symbol, whose labels are known some dates later."""
    lengths = [BARS] * DATES * symbols
    panel = panel_of(np.zeros((sum(lengths), 1)), lengths, symbols)
    rows = np.arange(panel.rows)
    end = rows + dates * BARS * symbols
    y = np.where(end < panel.rows, 1.0, np.nan)
    return panel, replace(label_of(y), end=np.minimum(end, panel.rows - 1))


def test_labels_within_their_date_leave_dates_as_they_are() -> None:
    panel, label = reaching(0, symbols=2)
    assert span_of(panel, label) == 1
    units = units_of(panel)
    assert units.clusters.tolist() == panel.clusters.tolist()
    assert units.places.tolist() == [0, 1] * DATES
    assert units.name == ""


@pytest.mark.parametrize(("reach", "span"), [(1, 3), (2, 5), (4, 9)])
def test_labels_that_reach_r_dates_ahead_make_runs_of_2r_and_1(reach: int, span: int) -> None:
    assert span_of(*reaching(reach)) == span


def test_few_labels_that_reach_on_make_no_runs() -> None:
    panel, label = reaching(0)
    end = label.end.copy()
    end[2::BARS] = np.minimum(end[2::BARS] + 1, panel.rows - 1)  # the last bar of each date
    assert span_of(panel, replace(label, end=end)) == 1
    assert span_of(panel, replace(label, y=np.full(panel.rows, np.nan, np.float32))) == 1


def test_runs_are_counted_from_the_last_date() -> None:
    panel, _ = reaching(0)
    units = units_of(panel, 3)
    assert units.clusters.tolist() == [0, 1, 1, 1, 2, 2, 2, 3, 3, 3]
    assert units.places.tolist() == [0, 2, 1, 0, 2, 1, 0, 2, 1, 0]


def test_runs_move_whole_each_symbol_and_date_in_its_place() -> None:
    panel, _ = reaching(0, symbols=2)
    units = units_of(panel, 5)
    drawn = permute_dates(
        panel.offsets, units.clusters, 3, seed=0, symbols=units.places, unit=units.name
    )
    (swapped,) = drawn.donors  # two runs can be exchanged in one way only
    assert swapped.tolist() == [*range(10, 20), *range(10)]
    assert drawn.kind == "labels of whole runs of 5 dates permuted"


def false_signal(span: int | None, seed: int) -> bool:
    """Test the best of a slow feature and its opposite against labels of five dates' noise."""
    rng = np.random.default_rng(seed)
    dates, bars, reach = 90, 4, 5
    offsets = np.arange(dates + 1) * bars
    noise = rng.standard_normal(dates + reach)
    ahead = np.convolve(noise, np.ones(reach), "valid")[1:]
    y = np.repeat(ahead[:dates] > 0, bars).astype(float)
    slow = np.convolve(rng.standard_normal(dates + reach), np.ones(reach + 1), "valid")
    pred = np.repeat(slow, bars)
    panel = panel_of(np.zeros((dates * bars, 1)), [bars] * dates)
    units = units_of(panel, span or 1)
    test = heldout_null(
        pred, y, offsets, units.clusters, 99, seed=seed, score=Score.AUC, symbols=units.places
    )
    return test.p <= 0.05


@pytest.mark.statistical
def test_single_dates_call_noise_signal_where_labels_span_them_and_runs_do_not() -> None:
    worlds = 600
    single, runs = (np.mean([false_signal(span, i) for i in range(worlds)]) for span in (None, 11))
    assert single > 0.12
    assert runs < 0.09


def test_a_case_knows_its_units() -> None:
    case = simulated("spanning-labels", sessions=40, span=3)
    assert case.units.span == 7
    assert case.told_units(4) == "4 runs of 7 dates"
    assert simulated("random-labels", sessions=20).units.span == 1
