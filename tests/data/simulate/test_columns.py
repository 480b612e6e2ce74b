"""Planted columns: features, signals, labels and faults."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from fireassay.data.simulate.columns import ColumnTable, Step, plant
from fireassay.data.simulate.effects import Course
from fireassay.data.simulate.inputs import (
    Degenerate,
    Features,
    FutureLeak,
    LabelCopy,
    RandomWalks,
    Rescaled,
    SlowFeatures,
)
from fireassay.data.simulate.labels import (
    Chance,
    Misaligned,
    Mislabelled,
    RepeatedSessions,
    ShuffledLate,
    Signal,
    SpanningChance,
    calibrate,
)
from fireassay.data.simulate.signals import Even, Interaction, Lagged, Linear, Varying
from fireassay.errors import SettingError


def table_of(*steps: Step, sessions: int = 200, bars: int = 60) -> ColumnTable:
    # Lengths differ, so that nothing may assume that they don't.
    lengths = np.where(np.arange(sessions) % 7 == 3, bars // 2, bars)
    offsets = np.r_[0, np.cumsum(lengths)]
    elapsed = np.repeat(np.arange(sessions) / (sessions - 1), lengths)
    return plant(ColumnTable(offsets=offsets, elapsed=elapsed), steps, "columns")


def auc(table: ColumnTable, score: np.ndarray) -> float:
    known = ~np.isnan(table.y)
    return roc_auc_score(table.y[known], score[known])


def test_features_are_autoregressions_that_start_anew():
    table = table_of(Features(3, persistence=0.8))
    x = table.matrix()
    assert list(table.features) == ["f_00", "f_01", "f_02"]
    assert x.std(0) == pytest.approx([1, 1, 1], abs=0.08)
    before = np.column_stack([table.earlier(column, 1) for column in x.T])
    inside = ~np.isnan(before[:, 0])
    assert inside.sum() == table.rows - table.sessions
    assert np.corrcoef(x[inside, 0], before[inside, 0])[0, 1] == pytest.approx(0.8, abs=0.02)
    starts = table.offsets[1:-1]
    # Standard error 1/√199 = .07.
    assert abs(np.corrcoef(x[starts, 0], x[starts - 1, 0])[0, 1]) < 0.25


@given(st.floats(0.51, 0.95))
@settings(max_examples=10, deadline=None)
def test_calibration_agrees_with_the_closed_form_for_normal_scores(wanted):
    from scipy.special import ndtri

    score = ndtri((np.arange(20_000) + 0.5) / 20_000)
    rho, c = calibrate(score, wanted)
    assert 0.5 + 2 / np.pi * np.arcsin(rho / np.sqrt(2)) == pytest.approx(wanted, abs=2e-3)
    assert c == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("prevalence", [0.1, 0.5, 0.8])
@pytest.mark.parametrize("wanted", [0.56, 0.65, 0.85])
def test_labels_have_the_auc_and_the_prevalence_planted(wanted, prevalence):
    table = table_of(Features(4), Linear(4), Signal(wanted, prevalence), sessions=1000)
    # Standard error of an AUC with 5,000 rare positives among 50,000: about .004.
    assert auc(table, table.score) == pytest.approx(wanted, abs=0.012)
    assert np.nanmean(table.y) == pytest.approx(prevalence, abs=0.01)


@pytest.mark.parametrize(
    "signal", [Linear(8), Interaction(), Even(1), Even(8), Lagged(5), Linear(2)], ids=repr
)
def test_every_signal_is_calibrated_and_of_unit_size(signal):
    table = table_of(Features(8), signal, Signal(0.8), sessions=600)
    assert auc(table, table.score) == pytest.approx(0.8, abs=0.01)
    assert table.score.mean() == pytest.approx(0, abs=0.03)
    assert table.score.std() == pytest.approx(1, abs=0.06)


def test_an_auc_that_a_signal_can_t_reach_is_refused():
    with pytest.raises(SettingError, match="can't reach an AUC"):
        # Three in four rows are younger than the lag, so nothing tells their label.
        table_of(Features(1), Lagged(45), Signal(0.95))


def test_interactions_and_even_signals_hide_from_single_features():
    for signal in (Interaction(), Even(1)):
        table = table_of(Features(4), signal, Signal(0.85), sessions=600)
        known = ~np.isnan(table.y)
        correlation = [np.corrcoef(x[known], table.y[known])[0, 1] for x in table.matrix().T]
        assert np.abs(correlation).max() < 0.025


def test_many_weak_features_stay_below_a_tenth_each():
    table = table_of(Features(70), Linear(70), Signal(0.75))
    known = ~np.isnan(table.y)
    correlation = [np.corrcoef(x[known], table.y[known])[0, 1] for x in table.matrix().T]
    assert np.abs(correlation).max() < 0.1
    assert auc(table, table.score) == pytest.approx(0.75, abs=0.02)


def test_a_lagged_signal_is_the_feature_of_so_many_bars_ago():
    table = table_of(Features(2), Lagged(5))
    x = table.matrix()[:, 0]
    start = table.offsets[1]
    np.testing.assert_array_equal(table.score[start : start + 5], 0)
    np.testing.assert_array_equal(table.score[start + 5 : start + 9], x[start : start + 4])


def test_a_relation_that_flips():
    table = table_of(Features(4), Linear(4), Varying(Course.FLIP), Signal(0.8), sessions=400)
    early = table.elapsed < 0.5
    fixed = np.where(early, table.score, -table.score)
    known = ~np.isnan(table.y)
    assert roc_auc_score(table.y[known & early], fixed[known & early]) > 0.77
    assert roc_auc_score(table.y[known & ~early], fixed[known & ~early]) < 0.23


def test_overlapping_labels_share_noise_and_end_where_they_look():
    table = table_of(Features(1), Chance(0.5, horizon=6), sessions=600)
    assert np.isnan(table.y).sum() == 6 * 600
    rows = np.arange(table.rows)
    known = ~np.isnan(table.y)
    np.testing.assert_array_equal(table.end[known], rows[known] + 6)
    np.testing.assert_array_equal(table.end[~known], rows[~known])
    for lag, share in ((1, 5 / 6), (3, 3 / 6), (6, 0.0)):
        before = table.earlier(table.y, lag)
        both = known & ~np.isnan(before)
        # Two signs of normals with correlation r agree with correlation (2/π)·arcsin r.
        expected = 2 / np.pi * np.arcsin(share)
        assert np.corrcoef(table.y[both], before[both])[0, 1] == pytest.approx(expected, abs=0.025)


def test_prevalence_may_run_over_the_sample():
    table = table_of(Features(1), Chance(0.3, late=0.7), sessions=400)
    assert np.nanmean(table.y[table.elapsed < 0.1]) == pytest.approx(0.32, abs=0.03)
    assert np.nanmean(table.y[table.elapsed > 0.9]) == pytest.approx(0.68, abs=0.03)


def test_spanning_labels_end_in_a_later_session():
    table = table_of(SlowFeatures(2), SpanningChance(3), sessions=50)
    known = ~np.isnan(table.y)
    ahead = table.session[table.end] - table.session
    assert (ahead[known] == 3).all()
    assert (table.session[~known] >= 47).all()
    assert (table.end[known] + 1 == table.offsets[table.session[known] + 4]).all()
    constant = table.matrix()[table.offsets[:-1]][table.session]
    np.testing.assert_array_equal(table.matrix(), constant)


def test_mislabelling_costs_what_the_formula_says():
    table = table_of(Features(4), Linear(4), Signal(0.85), Mislabelled(0.3), sessions=600)
    assert auc(table, table.score) == pytest.approx(0.85 - 0.3 * 0.7, abs=0.012)


@pytest.mark.parametrize("bars", [3, -3])
def test_misaligned_labels_belong_to_another_row(bars):
    steps = (Features(2), Linear(2), Signal(0.9))
    right, wrong = table_of(*steps), table_of(*steps, Misaligned(bars))
    rows = np.flatnonzero(~np.isnan(wrong.y))
    np.testing.assert_array_equal(wrong.y[rows], right.y[rows + bars])
    assert (wrong.session[rows] == wrong.session[rows + bars]).all()
    assert auc(wrong, wrong.score) == pytest.approx(0.5, abs=0.02)
    assert auc(wrong, wrong.earlier(wrong.score, -bars, fill=0)) > 0.85
    assert (wrong.end >= np.arange(wrong.rows)).all()


def test_leak_and_copy_tell_the_label():
    leaked = table_of(Features(2), Chance(), FutureLeak(0.5))
    # Correlation 1/√1.25 between leak and outcome.
    expected = 0.5 + 2 / np.pi * np.arcsin(1 / np.sqrt(1.25) / np.sqrt(2))
    assert auc(leaked, leaked.features["f_leak"]) == pytest.approx(expected, abs=0.01)
    copied = table_of(Features(2), Chance(), LabelCopy())
    assert auc(copied, copied.features["f_copy"]) == 1.0
    assert not np.isnan(copied.features["f_copy"]).any()


def test_one_feature_may_have_another_unit():
    plain, scaled = table_of(Features(2)), table_of(Features(2), Rescaled("f_01", 1e6))
    np.testing.assert_array_equal(scaled.features["f_00"], plain.features["f_00"])
    np.testing.assert_allclose(scaled.features["f_01"], 1e6 * plain.features["f_01"])


def test_degenerate_features():
    table = table_of(Features(8), Degenerate())
    x = table.features
    assert [name for name in x if np.nanstd(x[name]) == 0] == ["f_00", "f_03", "f_06"]
    assert [name for name in x if np.isnan(x[name]).mean() > 0.9] == ["f_01", "f_04"]
    for name in ("f_02", "f_05"):
        assert np.corrcoef(x[name], x["f_07"])[0, 1] == pytest.approx(1)


def test_random_walks_wander():
    x = table_of(RandomWalks(5)).matrix()
    assert (np.abs(np.diff(x, axis=0)).mean(0) < 1).all()
    assert (x.std(0) > 10).all()


def test_shuffled_late_labels_keep_their_sessions_counts():
    steps = (Features(4), Linear(4), Signal(0.85))
    right, shuffled = table_of(*steps), table_of(*steps, ShuffledLate(0.7))
    late = right.elapsed >= 0.7
    np.testing.assert_array_equal(shuffled.y[~late], right.y[~late])
    assert (np.isnan(shuffled.y) == np.isnan(right.y)).all()
    ones = [np.bincount(t.session, np.nan_to_num(t.y)) for t in (right, shuffled)]
    np.testing.assert_array_equal(*ones)
    known = late & ~np.isnan(right.y)
    assert roc_auc_score(shuffled.y[known], shuffled.score[known]) == pytest.approx(0.5, abs=0.03)


def test_repeated_sessions_are_copies_of_early_ones():
    table = table_of(Features(2), Chance(), RepeatedSessions(0.25), sessions=80)
    x = table.matrix()
    early = {x[row].tobytes() for row in np.flatnonzero(table.session < 60)}
    late = np.flatnonzero(table.session >= 60)
    assert all(x[row].tobytes() in early for row in late)
    rows = {x[row].tobytes(): table.y[row] for row in np.flatnonzero(table.session < 60)}
    same = [np.array_equal(rows[x[row].tobytes()], table.y[row], equal_nan=True) for row in late]
    assert all(same)
