"""When a verdict is settled, and what is left out then."""

from dataclasses import replace

import pytest

from fireassay.causes import CAUSES
from fireassay.diagnosis.battery import run_battery
from fireassay.diagnosis.budget import Clock
from fireassay.diagnosis.checks import CHECKS, Check, Cost
from fireassay.diagnosis.settled import OPEN, settled
from fireassay.findings import Bearing, Evidence, EvidenceStatus, Rule
from tests.diagnosis.cases import simulated


def said(cause: str, rule: Rule, name: str = "") -> Evidence:
    return Evidence(
        id=name or cause,
        check="made",
        question="?",
        reading="So it is.",
        bears_on=(Bearing(cause=cause, rule=rule),),
    )


def excluded(*causes: str) -> list[Evidence]:
    return [said(c, Rule.OBSERVED_AGAINST) for c in causes]


ALL = tuple(CAUSES)
REST = tuple(c for c in ALL if c not in OPEN)


def test_nothing_known_settles_nothing() -> None:
    assert settled([], 0.05) == ""


@pytest.mark.parametrize("cause", ["label_misaligned", "leakage", "contaminated_split", "drift"])
def test_a_fault_of_label_data_or_evaluation_settles_it(cause: str) -> None:
    assert settled([said(cause, Rule.OBSERVED_FOR)], 0.05) == CAUSES[cause].title


@pytest.mark.parametrize("cause", ["kl_dominates", "capacity_too_small", "learning_rate_too_low"])
def test_a_fault_of_the_model_settles_it_only_where_labels_are_learned(cause: str) -> None:
    seen = [said(cause, Rule.OBSERVED_FOR)]
    assert settled(seen, 0.05) == ""
    assert settled([*seen, *excluded(*OPEN)], 0.05) == CAUSES[cause].title


@pytest.mark.parametrize("cause", OPEN)
def test_nothing_found_is_never_settled(cause: str) -> None:
    found = [said(cause, Rule.OBSERVED_FOR), *excluded(*REST)]
    assert settled(found, 0.05) == ""
    assert settled([*found, said("kl_dominates", Rule.OBSERVED_FOR)], 0.05) == ""


def test_nothing_missing_is_settled_once_nothing_of_the_model_is_open() -> None:
    assert "nothing is missing" in settled(excluded(*ALL), 0.05)
    assert settled(excluded(*(c for c in ALL if c != "overfitting")), 0.05) == ""


class Telling(Check):
    """Say at once that the label is shifted."""

    id = "telling"
    question = "Is it shifted?"
    causes = ("label_misaligned",)
    cost = Cost.FREE

    def judge(self, case, runs):
        return [said("label_misaligned", Rule.OBSERVED_FOR, "telling")]


class Showing(Check):
    """Illustrate."""

    id = "showing"
    question = "What else?"
    causes = ()
    cost = Cost.VARIANTS

    def judge(self, case, runs):
        return [Evidence(id="showing", check="showing", question="What else?", reading="This.")]


@pytest.mark.parametrize(
    ("names", "early", "left_out"),
    [
        (("telling", "showing"), True, True),
        (("telling", "showing"), False, False),
        (("showing",), True, False),
    ],
)
def test_what_only_illustrates_is_left_out_of_a_settled_battery(
    monkeypatch, names, early, left_out
) -> None:
    len(CHECKS)  # discovered, before two more are set beside
    for made in (Telling, Showing):
        monkeypatch.setitem(CHECKS._items, made.id, made)
    case = replace(simulated("random-labels", sessions=20), stop_early=early)
    battery = run_battery(case, lambda _trials: (), Clock(60.0), None, only=names)
    shown = next(e for e in battery.evidence if e.check == "showing")
    assert (shown.status is EvidenceStatus.NOT_APPLICABLE) is left_out
    assert bool(battery.settled) is left_out
    if left_out:
        assert CAUSES["label_misaligned"].title in shown.reading
