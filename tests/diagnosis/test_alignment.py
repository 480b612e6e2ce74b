"""Shifted labels are found with their lag; sound ones, whose outcomes later bars hold, aren't."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fireassay.diagnosis.checks.alignment import Alignment, Ends, Verdict, read
from fireassay.findings import EvidenceStatus, Rule, Status
from fireassay.lab import Prepared
from tests.diagnosis.cases import as_column, case_of, judged, prepared, shift, simulated

MARKET = ("bar_return", "return_5", "bar_range", "volume_ratio_20", "vwap_deviation")


@pytest.mark.parametrize("bars", [1, 3, 7, -3])
def test_a_shifted_label_is_found_with_its_lag(bars: int) -> None:
    evidence, verdict = judged(Alignment(), simulated("misaligned", bars=bars, sessions=60))
    assert verdict.status is Status.SUPPORTED
    assert evidence.numbers["lag"] == bars
    assert evidence.p is not None
    assert evidence.p <= 0.001
    where = "early" if bars > 0 else "late"
    unit = "bar" if abs(bars) == 1 else "bars"
    assert f"{abs(bars)} {unit} too {where} (peak at lag {'+' if bars > 0 else '−'}" in verdict.why
    assert evidence.plot is not None
    assert evidence.plot.kind == "lag"
    values = dict(zip(evidence.plot.series[0].x, evidence.plot.series[0].y, strict=True))
    assert max(values, key=lambda lag: values[lag] or 0) == bars


def test_persistent_features_do_not_hide_the_lag() -> None:
    """The simulated fault has features without memory; here they are those of a sound patient."""
    bars = 3
    made = prepared("healthy-strong")
    task, rows = made.task, np.arange(made.task.panel.rows)
    y = shift(task, task.label.y, bars)
    end = np.where(np.isnan(y), rows, np.nan_to_num(shift(task, task.label.end, bars)))
    label = replace(task.label, y=y.astype(np.float32), end=end.astype(np.int64))
    evidence, verdict = judged(Alignment(), case_of(replace(task, label=label)))
    assert verdict.status is Status.SUPPORTED
    assert evidence.numbers["lag"] == bars


@pytest.mark.parametrize("name", ["healthy-strong", "even"])
def test_a_sound_label_with_something_in_it_is_cleared(name: str) -> None:
    _, verdict = judged(Alignment(), simulated(name))
    assert verdict.status is Status.EXCLUDED


@pytest.mark.parametrize("name", ["random-labels", "overlapping-labels"])
def test_noise_is_not_accused(name: str) -> None:
    _, verdict = judged(Alignment(), simulated(name))
    assert verdict.status is not Status.SUPPORTED


def test_what_a_look_back_reaches_is_left_open() -> None:
    _, verdict = judged(Alignment(), simulated("lagged", bar_minutes=5))
    assert verdict.status is Status.UNDECIDED
    assert "look-back" in verdict.why
    assert "10 bars earlier" in verdict.why


def test_labels_that_leave_their_session_have_no_lag_in_bars() -> None:
    assert Alignment().judge(simulated("spanning-labels"), {}) == []


def test_a_target_of_the_catalogue_is_cleared_by_construction() -> None:
    made = prepared("bounce", bar_minutes=5, sessions=60, features=MARKET)
    evidence, verdict = judged(Alignment(), case_of(made.task))
    assert verdict.status is Status.EXCLUDED
    assert evidence.bears_on[0].rule is Rule.OBSERVED_AGAINST
    assert evidence.status is EvidenceStatus.MEASURED
    assert evidence.plot is not None
    scores = dict(zip(evidence.plot.series[0].x, evidence.plot.series[0].y, strict=True))
    # The next bar's return is the outcome itself.
    assert scores[1] > 0.9 > scores[0]


@pytest.fixture(scope="module")
def market() -> Prepared:
    return prepared("learnable", bar_minutes=5, sessions=80, features=MARKET)


TARGETS = (
    "direction:1",
    "direction:1,skip=1",
    "direction:5",
    "vwap_touch:5",
    "triple_barrier:5",
    "return_magnitude:5",
    "volatility_increase:5",
    "volume_surge:5",
    "vwap_reversion:10",
)


@pytest.mark.parametrize(
    ("target", "told"),
    [(target, True) for target in TARGETS] + [(target, False) for target in TARGETS[3::3]],
)
def test_outcomes_in_later_features_are_no_fault(market: Prepared, target: str, told: bool) -> None:
    """The user's own column is a sound label of the market that the features are made of."""
    case = case_of(as_column(market, target, told=told), draws=199)
    _, verdict = judged(Alignment(), case)
    assert verdict.status is not Status.SUPPORTED


def test_a_sound_label_of_unknown_end_says_what_is_needed(market: Prepared) -> None:
    _, verdict = judged(Alignment(), case_of(as_column(market, "direction:1", told=False)))
    assert verdict.status is Status.UNDECIDED
    assert "--label-end" in verdict.why


@pytest.mark.parametrize("target", ["direction:1", "return_magnitude:3"])
def test_a_label_that_ends_later_than_it_says_is_found(market: Prepared, target: str) -> None:
    """Shifted by 6 bars while its end stays: bars up to the end tell next to nothing."""
    task = as_column(market, target, told=True)
    label = replace(task.label, y=shift(task, task.label.y, 6).astype(np.float32))
    evidence, verdict = judged(Alignment(), case_of(replace(task, label=label)))
    horizon = int(target.split(":")[1])
    assert verdict.status is Status.SUPPORTED
    assert evidence.numbers["lag"] == pytest.approx(6 + horizon, abs=1)


@pytest.mark.parametrize("told", [True, False])
def test_a_label_of_bars_gone_by_is_held_by_them(market: Prepared, told: bool) -> None:
    """Four bars late, the next bar's direction is that of three bars ago."""
    task = as_column(market, "direction:1", told=told, early=-4)
    evidence, verdict = judged(Alignment(), case_of(task))
    assert verdict.status is Status.SUPPORTED
    assert evidence.numbers["lag"] == -3


def test_an_outcome_that_features_hold_before_its_end_is_told(market: Prepared) -> None:
    """The move of five bars stands three bars late, with the end of one that begins there."""
    task = as_column(market, "direction:5", told=True)
    label = replace(task.label, y=shift(task, task.label.y, -3).astype(np.float32))
    evidence, verdict = judged(Alignment(), case_of(replace(task, label=label)))
    assert verdict.status is Status.SUPPORTED
    assert evidence.numbers["lag"] == 2
    assert "3 bars too late, or its end is told wrong" in verdict.why


def test_the_verdict_follows_from_curve_and_end() -> None:
    """One scan, read with different ends."""
    from tests.statistics.test_lags import follows, scanned

    two = scanned(follows(np.random.default_rng(0), 2))
    told = {
        (3, 3): Verdict.SHIFTED,  # what follows bar 2 up to the end adds nothing
        (1, 1): Verdict.SHIFTED,  # bars up to the end tell nothing
        (2, 2): Verdict.ALIGNED,  # the outcome shows when it is known
        (1, 3): Verdict.ALIGNED,  # ends vary: bar 2 may be the end
    }
    for (first, last), expected in told.items():
        assert read(two, Ends(first, last, told=True), 0.05).verdict is expected, (first, last)
    assert read(two, Ends(0, 0, told=False), 0.05).verdict is Verdict.UNCLEAR
    late = scanned(follows(np.random.default_rng(1), -2))
    assert read(late, Ends(0, 0, told=True), 0.05).verdict is Verdict.SHIFTED
    assert read(late, Ends(1, 1, told=True), 0.05).verdict is Verdict.UNCLEAR
