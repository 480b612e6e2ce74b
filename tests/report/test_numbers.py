"""Every number in every form is the one of diagnosis.json, rounded by the one function."""

from __future__ import annotations

import re
from urllib.parse import unquote

import pytest

from fireassay.findings import Diagnosis
from fireassay.report import render

from .examples import minimal, vwap_noise
from .hostile import hostile
from .walk import html_mismatches, read, text_mismatches

CASES = {"vwap_noise": vwap_noise, "minimal": minimal, "hostile": lambda: hostile(60)}


@pytest.fixture(scope="module", params=CASES)
def diagnosis(request: pytest.FixtureRequest) -> Diagnosis:
    return CASES[request.param]()


def test_html_shows_the_recorded_numbers(diagnosis: Diagnosis) -> None:
    assert html_mismatches(render(diagnosis, "html"), diagnosis) == []


@pytest.mark.parametrize("form", ["markdown", "terminal"])
def test_text_shows_the_recorded_numbers(form: str) -> None:
    for make in (vwap_noise, minimal):
        diagnosis = make()
        text = render(diagnosis, form)
        if form == "markdown":
            text = text.replace("&#8203;", "")
        assert text_mismatches(text, diagnosis) == []


def test_most_numbers_of_the_evidence_are_in_the_page() -> None:
    diagnosis = vwap_noise()
    paths = {found["data-path"] for found, _ in read(render(diagnosis)).citations}
    for key, evidence in diagnosis.evidence.items():
        for name in ("effect", "trivial", "p", "p_adjusted", "mde", "matters"):
            if getattr(evidence, name) is not None:
                assert f"/evidence/{key}/{name}" in paths
        if evidence.interval:
            assert f"/evidence/{key}/interval/low" in paths
        assert {f"/evidence/{key}/numbers/{name}" for name in evidence.numbers} <= {
            unquote(path).replace("~1", "/") for path in paths
        }


def test_the_walk_finds_a_number_that_was_tampered_with() -> None:
    diagnosis = vwap_noise()
    html = render(diagnosis)
    cited = re.search(r'data-path="/evidence/ladder/effect"[^>]*>(0\.619)<', html)
    assert cited
    tampered = html[: cited.start(1)] + "0.691" + html[cited.end(1) :]
    assert html_mismatches(tampered, diagnosis) == [
        f"/evidence/ladder/effect: 0.691 for {diagnosis.evidence['ladder'].effect}"
    ]
    uncited = html.replace("How it was run</h2>", "How it was run 0.8765</h2>")
    assert html_mismatches(uncited, diagnosis) == ["uncited 0.8765 in 'How it was run 0.8765'"]


def test_the_walk_finds_a_number_that_a_text_made_up() -> None:
    diagnosis = vwap_noise()
    text = render(diagnosis, "terminal")
    assert text_mismatches(text.replace("0.619", "0.691"), diagnosis) == ["0.691"]
