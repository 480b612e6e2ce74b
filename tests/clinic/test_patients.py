"""Patients: declared soundly, drawn reproducibly, and never from the other half's ranges."""

from __future__ import annotations

import pytest
from scipy.stats import binomtest

from fireassay.causes import CAUSES
from fireassay.clinic.patient import PARTS, PATIENTS, Draw, Half
from fireassay.clinic.run import QUICK
from fireassay.clinic.tally import Share
from fireassay.study import resolve

NAMES = list(PATIENTS)


@pytest.mark.parametrize("name", NAMES)
def test_a_patient_is_described_and_its_causes_are_known(name: str) -> None:
    patient = PATIENTS[name]
    assert patient.story.endswith(".")
    assert set(patient.causes) | set(patient.first) | set(patient.debatable) <= set(CAUSES)
    assert not (patient.healthy and patient.first)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("half", list(Half))
def test_a_patient_gives_a_study_that_can_be_run(name: str, half: Half) -> None:
    for seed in range(3):
        given = PATIENTS[name].presents(Draw(name, half, seed))
        study = resolve(given.location, **given.settings)
        study.learner_settings()
        again = PATIENTS[name].presents(Draw(name, half, seed))
        assert given == again


def test_halves_draw_from_different_parts_and_both_reach_the_whole_range() -> None:
    def parts(half: Half) -> set[int]:
        drawn = [Draw("someone", half, i).between("x", 0.0, 1.0) for i in range(200)]
        return {int(value * PARTS) for value in drawn}

    tuning, reported = parts(Half.TUNING), parts(Half.REPORTED)
    assert not tuning & reported
    assert tuning | reported == set(range(PARTS))


def test_a_range_of_decades_is_drawn_from_decade_by_decade() -> None:
    drawn = [Draw("someone", half, i).between("x", 1e-4, 1.0) for half in Half for i in range(400)]
    below = sum(value < 1e-2 for value in drawn)
    assert binomtest(below, len(drawn), 0.5).pvalue > 1e-4


def test_options_are_divided_between_the_halves() -> None:
    options = ("a", "b", "c", "d")
    taken = {half: {Draw("x", half, i).among("o", *options) for i in range(40)} for half in Half}
    assert taken == {Half.TUNING: {"a", "c"}, Half.REPORTED: {"b", "d"}}


def test_every_quick_patient_exists_and_one_of_them_is_healthy() -> None:
    assert any(PATIENTS[name].healthy for name in QUICK)


@pytest.mark.parametrize(("hits", "of"), [(0, 20), (3, 20), (20, 20), (1, 200)])
def test_intervals_of_shares_are_exact(hits: int, of: int) -> None:
    expected = binomtest(hits, of).proportion_ci(0.95, method="exact")
    assert Share(hits=hits, of=of).interval() == pytest.approx((expected.low, expected.high))
