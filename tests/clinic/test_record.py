"""The track record: counted as said, and told only where enough is known."""

from __future__ import annotations

import pytest

from fireassay.causes import CAUSES
from fireassay.clinic.patient import Half
from fireassay.clinic.record import counted
from fireassay.clinic.visit import Visit
from fireassay.diagnosis import track_record
from fireassay.diagnosis.track_record import LEAST, WORTH, confidence, record, with_confidence
from fireassay.findings import CauseVerdict, Status


def seen(patient: str, *primary: str) -> Visit:
    return Visit(patient=patient, half=Half.TUNING, seed=0, drawn={}, primary=primary)


def test_a_cause_held_where_it_is_true_and_debatable_ones_count_neither_way() -> None:
    rows = counted(
        [
            seen("kl-unscaled", "kl_dominates"),
            seen("kl-unscaled", "over_regularized", "kl_dominates"),
            seen("healthy-strong", "kl_dominates"),
            seen("random-labels", "no_signal", "metric_artefact"),
        ]
    )
    assert rows == {
        "kl_dominates": {"held": 2, "supported": 3},
        "no_signal": {"held": 1, "supported": 1},
        "over_regularized": {"held": 0, "supported": 1},
    }


def test_the_record_that_is_kept_names_causes_and_counts() -> None:
    for cause, (held, supported) in record().items():
        assert cause in CAUSES
        assert 0 <= held <= supported


def test_confidence_is_told_from_enough_cases_and_never_certain(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kept = {"kl_dominates": (20, 20), "drift": (1, 10), "overfitting": (0, 0)}
    monkeypatch.setattr(track_record, "record", lambda: kept)
    common = 22 / 32
    assert confidence("kl_dominates") == pytest.approx((20 + WORTH * common) / (20 + WORTH))
    assert confidence("drift") == pytest.approx((1 + WORTH * common) / (10 + WORTH))
    assert confidence("drift") < common < confidence("kl_dominates") < 1
    assert confidence("overfitting") is None
    assert confidence("leakage") is None
    few = {"kl_dominates": (LEAST - 1, LEAST - 1)}
    monkeypatch.setattr(track_record, "record", lambda: few)
    assert confidence("kl_dominates") is None
    monkeypatch.setattr(track_record, "record", lambda: kept)
    found = with_confidence(
        {
            "kl_dominates": CauseVerdict(status=Status.SUPPORTED, why=""),
            "drift": CauseVerdict(status=Status.EXCLUDED, why=""),
        }
    )
    assert found["kl_dominates"].confidence == confidence("kl_dominates")
    assert found["drift"].confidence is None
