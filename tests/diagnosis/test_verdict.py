"""The verdict is a pure function of evidence: each rule, the correction, and the order of causes."""

from __future__ import annotations

import hypothesis.strategies as st
import pytest
from hypothesis import given

from fireassay.causes import CAUSES
from fireassay.diagnosis.verdict import (
    EXPLAINED_BY,
    HIDDEN,
    NOT_EXAMINED,
    Presence,
    adjusted,
    presence,
    primary,
    says,
    verdicts,
)
from fireassay.findings import (
    Bearing,
    CauseVerdict,
    Evidence,
    EvidenceStatus,
    Interval,
    Rule,
    Status,
)


def evidence(
    rule: Rule = Rule.EFFECT,
    cause: str = "kl_dominates",
    *,
    effect: float = 0.2,
    p: float | None = 0.001,
    mde: float = 0.02,
    matters: float = 0.1,
    share: float | None = None,
    **more: object,
) -> Evidence:
    return Evidence(
        id=str(more.pop("id", "e")),
        check="c",
        question="?",
        effect=effect,
        trivial=0.0,
        p=p,
        mde=mde,
        matters=matters,
        bears_on=(Bearing(cause=cause, rule=rule, share=share, note="Seen."),),
        **more,
    )


PRESENT = evidence()
ABSENT = evidence(effect=0.0, p=0.6)
UNSEEN = evidence(effect=0.0, p=0.6, mde=0.5)


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (PRESENT, Presence.PRESENT),
        (ABSENT, Presence.ABSENT),
        (UNSEEN, Presence.UNSEEN),
        # Significant, but too small to matter, and an effect that matters would have been seen.
        (evidence(effect=0.03), Presence.ABSENT),
        # Large, but as likely chance.
        (evidence(p=0.2, mde=0.5), Presence.UNSEEN),
        # Power was low, but the interval ends below what matters.
        (
            evidence(effect=0.0, p=0.6, mde=0.5, interval=Interval(low=-0.05, high=0.05)),
            Presence.ABSENT,
        ),
    ],
)
def test_an_effect_is_present_absent_or_unseen(item: Evidence, expected: Presence) -> None:
    assert presence(item, 0.05) is expected


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (Rule.EFFECT, (Status.SUPPORTED, Status.EXCLUDED, Status.UNDECIDED)),
        (Rule.RESTORES, (Status.SUPPORTED, Status.EXCLUDED, Status.UNDECIDED)),
        (Rule.NO_EFFECT, (Status.EXCLUDED, Status.SUPPORTED, Status.UNDECIDED)),
        (Rule.LACK_OF_POWER, (Status.EXCLUDED, Status.EXCLUDED, Status.SUPPORTED)),
        (Rule.OBSERVED_FOR, (Status.SUPPORTED,) * 3),
        (Rule.OBSERVED_AGAINST, (Status.EXCLUDED,) * 3),
        (Rule.ILLUSTRATES, (None,) * 3),
    ],
)
def test_each_rule_reads_the_effect_as_documented(rule: Rule, said: tuple[Status | None]) -> None:
    bearing = Bearing(cause="no_signal", rule=rule)
    assert tuple(says(e, bearing, 0.05) for e in (PRESENT, ABSENT, UNSEEN)) == said


def test_no_signal_and_underpowered_never_hold_together() -> None:
    for item in (PRESENT, ABSENT, UNSEEN):
        both = item.model_copy(
            update={
                "bears_on": (
                    Bearing(cause="no_signal", rule=Rule.NO_EFFECT),
                    Bearing(cause="underpowered", rule=Rule.LACK_OF_POWER),
                )
            }
        )
        found = verdicts([both])
        held = [found[c].status is Status.SUPPORTED for c in ("no_signal", "underpowered")]
        assert sum(held) <= 1


def test_without_a_known_power_a_narrow_interval_is_no_proof_of_no_signal() -> None:
    narrow = evidence(Rule.NO_EFFECT, "no_signal", effect=0.0, p=0.6).model_copy(
        update={"mde": None, "interval": Interval(low=-0.01, high=0.01)}
    )
    assert verdicts([narrow])["no_signal"].status is Status.UNDECIDED


def test_p_is_corrected_over_the_tests_that_can_support_a_fault() -> None:
    faults = [evidence(id=f"e{i}", p=0.02) for i in range(5)]
    gate = evidence(Rule.NO_EFFECT, "no_signal", id="gate", p=0.02)
    corrected = adjusted([*faults, gate])
    assert [e.p_adjusted for e in corrected[:5]] == pytest.approx([0.1] * 5)
    assert corrected[5].p_adjusted == 0.02  # the gate isn't one of many faults
    assert verdicts(corrected)["kl_dominates"].status is not Status.SUPPORTED


def test_one_support_outweighs_an_exclusion_and_the_share_is_the_largest() -> None:
    found = verdicts(
        [evidence(id="a", share=0.3), evidence(id="b", share=0.9), evidence(id="c", effect=0, p=0.9)]
    )["kl_dominates"]
    assert found.status is Status.SUPPORTED
    assert found.share == 0.9
    assert found.evidence == ("b", "a")


def test_what_nobody_examined_is_undecided_and_says_so() -> None:
    found = verdicts([PRESENT])
    assert set(found) == set(CAUSES)
    assert found["drift"].status is Status.UNDECIDED
    assert found["drift"].why == NOT_EXAMINED


def test_a_failed_check_decides_nothing() -> None:
    failed = PRESENT.model_copy(update={"status": EvidenceStatus.FAILED})
    assert verdicts([failed])["kl_dominates"].status is Status.UNDECIDED


def test_another_model_class_is_no_cause_while_a_simpler_fault_explains_the_deficit() -> None:
    other = evidence(cause="wrong_model_class", id="o")
    assert verdicts([other])["wrong_model_class"].status is Status.SUPPORTED
    both = verdicts([other, PRESENT])
    assert both["wrong_model_class"].status is Status.UNDECIDED
    assert CAUSES["kl_dominates"].title in both["wrong_model_class"].why


@pytest.mark.parametrize(
    ("cause", "by"),
    [(cause, by) for cause, reasons in EXPLAINED_BY.items() for by in reasons if by != cause],
)
def test_what_another_fault_explains_is_left_open(cause: str, by: str) -> None:
    own = evidence(Rule.RESTORES, cause, id="own", share=0.9)
    other = evidence(Rule.RESTORES, by, id="other", share=0.8)
    assert verdicts([own])[cause].status is Status.SUPPORTED
    both = verdicts([own, other])
    assert both[cause].status is Status.UNDECIDED
    assert both[cause].share is None
    assert CAUSES[by].title in both[cause].why
    assert primary(both) == (by,)


@pytest.mark.parametrize("cause", ["no_signal", "underpowered"])
def test_labels_that_a_longer_look_back_learns_hold_a_signal(cause: str) -> None:
    rule = Rule.NO_EFFECT if cause == "no_signal" else Rule.LACK_OF_POWER
    none = (ABSENT if cause == "no_signal" else UNSEEN).model_copy(
        update={"bears_on": (Bearing(cause=cause, rule=rule, note="None."),)}
    )
    longer = evidence(cause="context_too_short", id="longer")
    assert verdicts([none])[cause].status is Status.SUPPORTED
    found = verdicts([none, longer])
    assert found[cause].status is Status.EXCLUDED
    assert found[cause].evidence == ("longer",)
    assert primary(found) == ("context_too_short",)


def test_a_change_that_restores_nothing_excludes_its_cause_only_where_another_change_does() -> None:
    vain = evidence(Rule.RESTORES, "over_regularized", id="vain", effect=0.0, p=0.9)
    alone = verdicts([vain])["over_regularized"]
    assert alone.status is Status.UNDECIDED
    assert alone.why.endswith(HIDDEN)
    cure = evidence(Rule.RESTORES, "kl_dominates", id="cure")
    assert verdicts([vain, cure])["over_regularized"].status is Status.EXCLUDED


def test_a_bound_on_one_ground_excludes_nothing_while_another_ground_shows_a_deficit() -> None:
    nothing_missing = evidence(Rule.BOUND, id="real", effect=0.0, p=0.9)
    assert verdicts([nothing_missing])["kl_dominates"].status is Status.EXCLUDED
    deficit = evidence(Rule.BOUND, id="planted")
    assert verdicts([nothing_missing, deficit])["kl_dominates"].status is Status.UNDECIDED


def test_undecided_says_what_could_have_been_seen() -> None:
    why = verdicts([UNSEEN])["kl_dominates"].why
    assert "0.500" in why
    assert "0.100" in why


def test_causes_are_ordered_by_what_limits_first_and_then_by_what_they_restore() -> None:
    def held(share: float | None = None) -> CauseVerdict:
        return CauseVerdict(status=Status.SUPPORTED, why="", share=share)

    found = {
        "kl_dominates": held(0.4),
        "over_regularized": held(0.8),
        "no_signal": held(),
        "leakage": held(),
        "contaminated_split": held(),
        "drift": CauseVerdict(status=Status.EXCLUDED, why=""),
    }
    assert primary(found) == (
        "contaminated_split",
        "leakage",
        "no_signal",
        "over_regularized",
        "kl_dominates",
    )


@given(
    effect=st.floats(-1, 1),
    p=st.floats(0, 1),
    mde=st.floats(0, 1),
    matters=st.floats(0.01, 1),
)
def test_a_fault_is_never_supported_by_an_effect_that_could_be_chance(
    effect: float, p: float, mde: float, matters: float
) -> None:
    item = evidence(effect=effect, p=p, mde=mde, matters=matters)
    found = verdicts(adjusted([item]))["kl_dominates"]
    if p > 0.05 or effect < matters / 2:
        assert found.status is not Status.SUPPORTED
