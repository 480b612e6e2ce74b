"""The first sentence says what holds, and never that nothing is missing where something is."""

from __future__ import annotations

from fireassay.causes import CAUSES
from fireassay.diagnosis.conclude import WHY_OPEN, assessment
from fireassay.findings import Bearing, CauseVerdict, Evidence, Rule, Status


def shortfall(name: str, effect: float, p: float = 0.001) -> Evidence:
    return Evidence(
        id=name,
        check=name,
        question="?",
        reading=f"It learns .5 of {name}, another .8.",
        effect=effect,
        trivial=0.0,
        p=p,
        mde=0.02,
        matters=0.1,
        bears_on=(Bearing(cause="kl_dominates", rule=Rule.BOUND),),
    )


SIGNAL = Evidence(id="signal", check="signal", question="?", reading="Beyond chance.")


def opening(*evidence: Evidence, learned: bool = True) -> tuple[str, tuple[str, ...]]:
    found = {c: CauseVerdict(status=Status.UNDECIDED, why="") for c in CAUSES}
    if learned:
        found["no_signal"] = CauseVerdict(status=Status.EXCLUDED, why="")
    first = assessment(found, [SIGNAL, *evidence], ())[0]
    return first.text, first.evidence


def test_a_deficit_that_nothing_explains_is_told_first() -> None:
    text, cited = opening(shortfall("planted", 0.3), shortfall("deficit", 0.3))
    assert text == f"It learns .5 of deficit, another .8. {WHY_OPEN}"
    assert cited == ("deficit",)
    text, cited = opening(shortfall("planted", 0.3), shortfall("deficit", 0.01), learned=False)
    assert cited == ("planted",)


def test_without_one_nothing_keeps_the_model_from_learning() -> None:
    text, cited = opening(shortfall("deficit", 0.01), shortfall("planted", 0.3, p=0.4))
    assert "nothing that was examined keeps the model from learning it" in text
    assert cited == ("signal",)
    assert opening(learned=False)[0] == "Nothing that was examined explains the result."
