"""How often the audits accuse sound patients, and how often they find what was planted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from fireassay.data.task import Kind, Task
from fireassay.diagnosis.checks import Check
from fireassay.diagnosis.checks.alignment import Alignment
from fireassay.diagnosis.checks.copies import Copies
from fireassay.diagnosis.checks.drift import Drift
from fireassay.diagnosis.checks.split import SplitAudit
from fireassay.findings import Rule, Status
from tests.diagnosis.cases import case_of, judged, simulated
from tests.training.tasks import make_task

AUDITS: tuple[type[Check], ...] = (Alignment, Copies, SplitAudit, Drift)

SOUND: tuple[tuple[str, dict[str, object]], ...] = (
    ("healthy-strong", {}),
    ("healthy-strong", {"auc": 0.65}),
    ("healthy-weak", {"sessions": 120}),
    ("random-labels", {}),
    ("overlapping-labels", {}),
    ("learnable", {"bar_minutes": 5}),
    ("bounce", {"bar_minutes": 5}),
    ("volatility", {"bar_minutes": 5}),
    ("volume-surges", {"bar_minutes": 5}),
    ("vwap-reverting", {"bar_minutes": 5}),
)

ILL: tuple[tuple[type[Check], str, dict[str, object]], ...] = (
    (Alignment, "misaligned", {"bars": 1, "auc": 0.65}),
    (Alignment, "misaligned", {"bars": 3, "auc": 0.65}),
    (Alignment, "misaligned", {"bars": 7, "auc": 0.65}),
    (Alignment, "misaligned", {"bars": -3, "auc": 0.65}),
    (Copies, "future-leak", {}),
    (Copies, "label-copy", {}),
    (SplitAudit, "repeated-sessions", {"share": 0.1}),
    (Drift, "relation-flips", {"auc": 0.65}),
    (Drift, "relation-fades", {"auc": 0.65}),
    (Drift, "shuffled-late", {"auc": 0.65}),
)


def _strange(kind: Kind) -> Iterator[Task]:
    """Tasks of few or short sessions, and of labels or features that are missing or don't vary."""
    for sessions, bars in ((3, (2, 3)), (30, (1, 2)), (40, (30, 40))):
        task = make_task(kind, sessions=sessions, bars=bars, symbols=2 if bars == (1, 2) else 1)
        yield task
        for rows in (slice(None), task.train_rows, task.test_rows):
            y = task.label.y.copy()
            y[rows] = np.nan
            yield task.with_label(y, "emptied")
        yield task.with_label(np.where(np.isnan(task.label.y), np.nan, 1.0), "levelled")
        for factor in (0.0, np.nan):
            panel = replace(task.panel, buffer=task.panel.buffer * np.float32(factor))
            yield replace(task, panel=panel)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("kind", ["binary", "multiclass", "real"])
def test_strange_tasks_crash_no_audit(kind: Kind) -> None:
    for task in _strange(kind):
        for name in ("direction:1", "column:y,end=e"):
            named = replace(task, label=replace(task.label, name=name))
            prices = {
                "close": 1 + np.abs(task.panel.values[:, 0]),
                "volume": np.ones(task.panel.rows),
            }
            for audit in AUDITS:
                for evidence in audit().judge(case_of(named, prices, draws=19), {}):
                    assert evidence.reading
                    if np.isnan(task.label.y).all():
                        assert not any(b.rule is Rule.OBSERVED_FOR for b in evidence.bears_on)


@pytest.mark.statistical
def test_sound_patients_are_accused_once_in_a_hundred_times_at_most() -> None:
    """200 patients of ten kinds, each audit alone: in the battery p is corrected further."""
    accused: Counter[str] = Counter()
    count = 200
    for i in range(count):
        name, options = SOUND[i % len(SOUND)]
        case = simulated(name, seed=5000 + i, **options)
        for audit in AUDITS:
            _, verdict = judged(audit(), case)
            accused[audit.id] += verdict.status is Status.SUPPORTED
    assert all(times <= 0.01 * count for times in accused.values()), accused


@pytest.mark.statistical
@pytest.mark.parametrize(("audit", "name", "options"), ILL)
def test_planted_faults_are_found(audit: type[Check], name: str, options: dict[str, object]) -> None:
    """In 18 of 20 patients at least, signals of AUC .65; a shift with its lag."""
    found = 0
    for seed in range(20):
        evidence, verdict = judged(audit(), simulated(name, seed=seed, **options))
        right = name != "misaligned" or evidence.numbers["lag"] == options["bars"]
        found += verdict.status is Status.SUPPORTED and right
    assert found >= 18


@pytest.mark.parametrize(("name", "options"), SOUND[3::5])
def test_a_few_sound_patients_are_not_accused(name: str, options: dict[str, object]) -> None:
    case = simulated(name, seed=1, **options)
    for audit in AUDITS:
        _, verdict = judged(audit(), case)
        assert verdict.status is not Status.SUPPORTED, (audit.id, verdict.why)
