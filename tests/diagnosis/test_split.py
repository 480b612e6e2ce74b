"""Sessions and rows of the test that stand in training are found; sound splits are cleared."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fireassay.diagnosis.checks.split import SplitAudit
from fireassay.findings import Status
from fireassay.lab import Prepared
from tests.diagnosis.cases import case_of, judged, market, prepared, repeat_sessions, simulated


@pytest.mark.parametrize("share", [0.3, 0.05])
def test_repeated_sessions_are_found(share: float) -> None:
    """All of the test, or those of its last six sessions that repeat one learned from."""
    evidence, verdict = judged(SplitAudit(), simulated("repeated-sessions", share=share))
    assert verdict.status is Status.SUPPORTED
    repeats = int(evidence.numbers["of them repeat a training session"])
    assert repeats == 36 if share == 0.3 else 1 <= repeats <= 6
    assert evidence.effect == pytest.approx(repeats / 36, abs=0.01)


@pytest.mark.parametrize(
    "name", ["healthy-strong", "random-labels", "random-walks", "degenerate-features", "label-copy"]
)
def test_sound_splits_are_cleared(name: str) -> None:
    _, verdict = judged(SplitAudit(), simulated(name))
    assert verdict.status is Status.EXCLUDED


@pytest.fixture(scope="module")
def thin() -> Prepared:
    return prepared(
        "thin", sessions=60, features=("bar_return", "run_length", "gap", "volume_ratio_20")
    )


def test_idle_bars_of_a_thin_share_are_no_repeats(thin: Prepared) -> None:
    evidence, verdict = judged(SplitAudit(), case_of(thin.task, market(thin)))
    assert verdict.status is Status.EXCLUDED
    assert evidence.effect == pytest.approx(evidence.trivial, abs=0.01)


def test_bars_repeated_under_a_later_date_are_found_by_their_prices(thin: Prepared) -> None:
    """The gap to the day before differs, so features don't tell."""
    task = thin.task
    pairs = {task.panel.sessions - 1: 4, task.panel.sessions - 2: 9}
    prices = {name: repeat_sessions(task, pairs, v) for name, v in market(thin).items()}
    stale = repeat_sessions(task, pairs, task.panel.stale)
    task = replace(task, panel=replace(task.panel, stale=stale, _on_device={}))
    evidence, verdict = judged(SplitAudit(), case_of(task, prices))
    assert verdict.status is Status.SUPPORTED
    assert "prices and volumes alike" in verdict.why
    assert evidence.numbers["of them repeat a training session"] == 2


def test_scattered_rows_of_training_in_the_test_are_found() -> None:
    made = prepared("healthy-strong")
    task, rng = made.task, np.random.default_rng(0)
    rows = rng.choice(task.test_rows, len(task.test_rows) // 30, replace=False)
    source = rng.choice(task.train_rows, len(rows), replace=False)
    buffer, y = task.panel.buffer.copy(), task.label.y.copy()
    buffer[task.panel.lead + rows] = task.panel.values[source]
    y[rows] = y[source]
    spoiled = replace(
        task,
        panel=replace(task.panel, buffer=buffer, _on_device={}),
        label=replace(task.label, y=y),
    )
    evidence, verdict = judged(SplitAudit(), case_of(spoiled))
    assert verdict.status is Status.SUPPORTED
    assert evidence.effect == pytest.approx(1 / 30, abs=1e-3)
    assert evidence.numbers["of them repeat a training session"] == 0


def test_labels_that_reach_over_are_counted_and_what_they_bring_is_shown() -> None:
    """Of 84 sessions before the test, the last five label what the next five days bring."""
    case = simulated("spanning-labels", sessions=120)
    evidence, verdict = judged(SplitAudit(), case)
    task = case.task
    reaching = np.flatnonzero(task.usable & (task.label.end > np.arange(task.panel.rows)))
    session, end = (task.panel.session_of_row[r] for r in (reaching, task.label.end[reaching]))
    first_test, first_later = task.split.test.min(), task.split.validation.min()
    train, validation = np.isin(session, task.split.train), np.isin(session, task.split.validation)
    expected = (train & (end >= first_later)) | (validation & (end >= first_test))
    assert evidence.numbers["training labels that reach into the test, purged"] == expected.sum()
    assert verdict.status is Status.EXCLUDED
    assert "without purge" in str(evidence.numbers)
    assert "are left out" in verdict.why
