from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from fireassay.causes import CAUSES
from fireassay.report import render
from fireassay.report.forms.markdown import escape

from .examples import minimal, vwap_noise
from .hostile import HOSTILE, hostile

PARSER = MarkdownIt("gfm-like", {"html": True, "linkify": False})


def flat(text: str) -> list[Token]:
    out: list[Token] = []
    for token in PARSER.parse(text):
        out += [token, *(token.children or ())]
    return out


def test_it_is_complete() -> None:
    diagnosis = vwap_noise()
    text = render(diagnosis, "markdown")
    for heading in (
        "Assessment",
        "Evidence",
        "Causes",
        "What to change",
        "What to do next",
        "Reading the metrics",
        "The data",
        "How it was run",
    ):
        assert f"\n## {heading}\n" in text
    for evidence in diagnosis.evidence.values():
        assert escape(evidence.question) in text
    assert all(f"| {cause.side.value} |" in text for cause in CAUSES.values())
    assert "```diff\n [model]\n-prior_sigma = 0.1\n+prior_sigma = 1.0\n" in text
    assert len(text) < 60_000


def test_tables_keep_their_shape() -> None:
    for make in (vwap_noise, minimal, lambda: hostile(50)):
        text = render(make(), "markdown")
        rows = [token for token in flat(text) if token.type == "tr_open"]
        lines = [line for line in text.split("\n") if line.startswith("| ")]
        assert len(rows) == len(lines) - sum(set(line) <= set("| -:") for line in lines)
        width = 0
        for line in [*lines, ""]:
            cells = len(re.findall(r"(?<!\\)\|", line))
            width = cells if set(line) <= set("| -:") else width


def test_hostile_texts_stay_text() -> None:
    text = render(hostile(50), "markdown")
    tokens = flat(text)
    html = [t.content.strip() for t in tokens if t.type.startswith("html")]
    own = re.compile(r"^(<details><summary>[^<]*</summary>|</details>)$", re.DOTALL)
    assert html
    assert [part for part in html if not own.match(part)] == []
    assert not [t for t in tokens if t.type in {"link_open", "image", "code_inline", "em_open"}]
    assert not re.search(r"(?<![\w`])@\w", re.sub(r"```+.*?\n```+", "", text, flags=re.DOTALL))
    assert "\x1b" not in text


def test_every_hostile_text_is_one_plain_paragraph() -> None:
    for hostile_text in HOSTILE:
        tokens = flat(escape(hostile_text))
        assert [t.type for t in tokens if t.type not in {"text", "inline", "text_special"}] == [
            "paragraph_open",
            "paragraph_close",
        ]


@given(st.text(min_size=1))
def test_any_text_is_plain(text: str) -> None:
    kinds = {t.type for t in flat("a " + escape(text))}
    assert kinds <= {
        "paragraph_open",
        "paragraph_close",
        "inline",
        "text",
        "text_special",
        "softbreak",
    }


@given(st.text("-+*=>#1.) \t`~_|x", min_size=1))
def test_no_text_begins_a_block(text: str) -> None:
    kinds = {t.type for t in flat(escape(text.strip()))}
    assert kinds <= {"paragraph_open", "paragraph_close", "inline", "text", "text_special"}


def test_a_fence_is_longer_than_what_it_holds() -> None:
    text = render(hostile(50), "markdown")
    fences = [t for t in flat(text) if t.type == "fence"]
    assert [t.info for t in fences] == ["diff", "toml"]
