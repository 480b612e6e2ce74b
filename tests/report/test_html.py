from __future__ import annotations

import itertools
import re
from html import unescape

import pytest

from fireassay.causes import CAUSES
from fireassay.errors import SettingError
from fireassay.findings import Status
from fireassay.report import render
from fireassay.report.forms import FORMS

from .examples import minimal, vwap_noise
from .hostile import hostile
from .walk import read

OWN_TAGS = (
    "html head meta title link style script body a svg symbol rect path circle header div p h1 h2",
    "h3 dl dt dd nav ul li main section use span article figure figcaption g line text tspan desc",
    "details summary table caption thead tbody tr th td button pre ins del ol footer bdi",
)


@pytest.fixture(scope="module")
def page() -> str:
    return render(vwap_noise())


@pytest.fixture(scope="module")
def broken_into() -> str:
    return render(hostile())


def test_the_assessment_and_primary_causes_come_first(page: str) -> None:
    places = [
        page.index(text)
        for text in (
            "<p>No learner found a relation",
            ">Primary causes</h3>",
            ">Causes at a glance</h2>",
            ">Evidence</h2>",
            ">Causes one by one</h2>",
            ">What to change</h2>",
            ">What to do next</h2>",
            ">Reading the metrics</h2>",
            ">The data</h2>",
            ">How it was run</h2>",
        )
    ]
    assert places == sorted(places)


def test_every_cause_is_told_with_its_status_in_words(page: str) -> None:
    strip = page[page.index('class="strip"') : page.index('id="evidence"')]
    for id_, verdict in vwap_noise().causes.items():
        found = re.search(rf'<li class="(\w+)"><a href="#cause-{id_}">.*?</li>', strip)
        assert found
        assert found[1] == verdict.status.value
        assert f">{verdict.status.value}</span>" in found[0]
        assert f'id="cause-{id_}"' in page
    assert strip.count("<li class=") == len(CAUSES)


def test_what_is_said_of_many_causes_is_said_once() -> None:
    said = "No check of this diagnosis examined it."
    whole = minimal()
    causes = {
        id_: verdict.model_copy(
            update={"status": Status.UNDECIDED, "why": said, "evidence": (), "share": None}
        )
        for id_, verdict in whole.causes.items()
    }
    found = whole.model_copy(update={"causes": causes, "primary": ()})
    page = render(found)
    assert page.count(said) == 1
    assert page.count("How it is established:") == len(CAUSES)
    for id_ in CAUSES:
        assert f'id="cause-{id_}"' in page
    text = render(found, "markdown")
    assert text.count(said) == 1
    assert all(cause.title in text for cause in CAUSES.values())


def test_sentences_begin_with_a_capital_and_names_stay() -> None:
    whole = vwap_noise()
    item = whole.evidence["permuted"].model_copy(
        update={
            "control": "labels of whole sessions exchanged, 199 times.",
            "reading": "look-back 256 bars takes AUC to 0.52.",
            "caveat": "kl_weight takes part.",
            "experiment": "volume is exchanged.",
            "table": ({"feature": "volume", "AUC": 0.5},),
        }
    )
    page = render(whole.model_copy(update={"evidence": {**whole.evidence, "permuted": item}}))
    assert "Labels of whole sessions exchanged" in page
    assert "Look-back 256 bars takes" in page
    assert "kl_weight takes part" in page
    assert "volume is exchanged" in page


def test_the_kl_stands_beside_what_can_pay_for_it(page: str) -> None:
    title = "The KL, and the information that could pay for it"
    assert title in page
    assert 'data-path="/information_budget"' in page
    without = vwap_noise().model_copy(update={"information_budget": None})
    assert title not in render(without)


def test_every_finding_has_what_it_needs(page: str) -> None:
    words = unescape(page)
    for evidence in vwap_noise().evidence.values():
        for text in (
            evidence.question,
            evidence.experiment,
            evidence.control,
            evidence.reading,
            evidence.caveat,
        ):
            assert text in words
    assert page.count("<figure>") == 15 + 3  # the findings', the training's two and the calendar
    assert page.count('<svg class="figure"') == page.count("<figure>")


def test_headings_descend_by_one_and_ids_are_unique(page: str, broken_into: str) -> None:
    for text in (page, broken_into, render(minimal())):
        found = read(text)
        assert found.headings[0] == 1
        assert all(b <= a + 1 for a, b in itertools.pairwise(found.headings))
        assert found.headings.count(1) == 1
        assert len(found.ids) == len(set(found.ids))


def test_references_lead_somewhere(page: str, broken_into: str) -> None:
    for text in (page, broken_into):
        found = read(text)
        assert {link for link in found.links if not link.startswith("#")} == set()
        assert {link[1:] for link in found.links} <= set(found.ids)
        labels = [v.split() for n, v in found.attributes if n == "aria-labelledby"]
        assert set(itertools.chain(*labels)) <= set(found.ids)


def test_nothing_is_loaded(page: str) -> None:
    found = read(page)
    loads = {(n, v) for n, v in found.attributes if n in {"src", "href", "srcset", "data"}}
    assert {v for _, v in loads if not v.startswith("#")} == {"data:,"}
    assert "url(" not in page
    assert "@import" not in page
    assert "default-src 'none'" in unescape(page)


def test_size(page: str, broken_into: str) -> None:
    assert len(page.encode()) < 1_000_000
    assert len(broken_into.encode()) < 5_000_000


def test_hostile_texts_add_no_element_and_no_attribute(broken_into: str) -> None:
    found = read(broken_into)
    assert set(found.tags) <= {tag for line in OWN_TAGS for tag in line.split()}
    assert found.tags.count("script") == 2
    assert found.tags.count("style") == 1
    assert not [name for name, _ in found.attributes if name.startswith("on") or name == "style"]
    assert "\x1b" not in broken_into
    assert not set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200b") & set(broken_into)
    assert "{{ 7 * 7 }}" in broken_into


def test_formulas_are_text_to_a_spreadsheet(broken_into: str) -> None:
    cells = re.findall(r"<t[hd][^>]*>(?:<bdi>)?([^<]*)", broken_into)
    assert cells
    assert not [unescape(c) for c in cells if re.match(r"\s*[=+@]", unescape(c))]


def test_an_unknown_form_names_the_nearest() -> None:
    with pytest.raises(SettingError, match=r"unknown report form 'htlm'.*html"):
        render(minimal(), "htlm")


def test_the_forms_are_found() -> None:
    assert list(FORMS) == ["html", "json", "markdown", "terminal"]
    assert {f.name: f.file for f in FORMS.values()} == {
        "html": "report.html",
        "json": "diagnosis.json",
        "markdown": "report.md",
        "terminal": "",
    }
