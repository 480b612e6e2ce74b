"""Counting: a table worked out by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from fireassay.clinic.patient import Half
from fireassay.clinic.run import read
from fireassay.clinic.tally import NOTHING, Share, tally
from fireassay.clinic.told import markdown
from fireassay.clinic.visit import Visit


def seen(patient: str, seed: int, *primary: str, cured: bool | None = None) -> Visit:
    return Visit(
        patient=patient,
        half=Half.REPORTED,
        seed=seed,
        drawn={},
        primary=primary,
        cured=cured,
        seconds=10.0 + seed,
        training_runs=4.0,
    )


VISITS = [
    seen("healthy-strong", 0),
    seen("healthy-strong", 1, "drift"),
    seen("kl-unscaled", 0, "kl_dominates", cured=True),
    seen("kl-unscaled", 1, "over_regularized", "kl_dominates", cured=False),
    seen("kl-unscaled", 2),
    seen("random-labels", 0, "no_signal", "metric_artefact"),
    seen("random-labels", 1, "underpowered"),
    seen("kl-unscaled", 3, "no_signal"),
]


def test_the_figures_are_those_counted_by_hand() -> None:
    found = tally(VISITS)
    assert found.first == Share(hits=3, of=8)
    assert found.first_sick == Share(hits=2, of=6)
    assert found.recall == Share(hits=3, of=6)
    # drift no; kl yes; regularized no, kl yes; no_signal yes, metric may be; underpowered no; no.
    assert found.precision == Share(hits=4, of=8)
    assert found.false_alarm == Share(hits=1, of=2)
    assert found.signal_denied == Share(hits=1, of=6)
    assert found.abstained == Share(hits=1, of=6)
    assert found.cured == Share(hits=1, of=2)


def test_a_row_says_what_was_named_instead() -> None:
    rows = {row.patient: row for row in tally(VISITS).rows}
    assert rows["kl-unscaled"].confused == {"over_regularized": 1, NOTHING: 1, "no_signal": 1}
    assert rows["kl-unscaled"].first == Share(hits=1, of=4)
    assert rows["random-labels"].confused == {"underpowered": 1}
    assert rows["healthy-strong"].confused == {"drift": 1}


def test_the_sick_stand_before_the_healthy() -> None:
    found = tally(VISITS)
    assert [row.patient for row in found.rows][-1] == "healthy-strong"


def test_a_visit_that_broke_off_is_not_right_and_is_told() -> None:
    broken = seen("healthy-strong", 0).model_copy(update={"failure": "Traceback\nValueError: x"})
    found = tally([broken])
    assert found.first == Share(hits=0, of=1)
    assert "1 broke off" in markdown(found, Half.REPORTED)


def test_nothing_seen_is_no_fault() -> None:
    found = tally([])
    assert found.first.value is None
    assert "No visits." in markdown(found, Half.TUNING)


def test_the_order_of_visits_changes_nothing() -> None:
    assert tally(VISITS) == tally(VISITS[::-1])


def test_visits_that_cannot_be_read_are_left_out(tmp_path: Path) -> None:
    folder = tmp_path / "visits"
    folder.mkdir()
    whole = VISITS[0]
    (folder / "a.visit.json").write_text(whole.model_dump_json())
    (folder / "b.visit.json").write_text(whole.model_dump_json()[:40])
    (folder / "c.visit.json").write_text(
        whole.model_copy(update={"patient": "gone"}).model_dump_json()
    )
    assert read(tmp_path) == [whole]


@pytest.mark.slow
def test_the_quick_gauntlet_names_every_cause_and_blames_no_healthy_patient(
    tmp_path: Path,
) -> None:
    from fireassay.clinic.run import QUICK, gauntlet

    told: list[str] = []
    found = gauntlet(
        tmp_path, QUICK, half=Half.TUNING, seeds=1, news=lambda v, *_: told.append(v.name)
    )
    assert found.first == Share(hits=len(QUICK), of=len(QUICK))
    assert found.false_alarm.hits == 0
    assert len(told) == len(QUICK)
    again: list[str] = []
    resumed = gauntlet(
        tmp_path, QUICK, half=Half.TUNING, seeds=1, news=lambda v, *_: again.append(v.name)
    )
    assert not again
    assert resumed == found
