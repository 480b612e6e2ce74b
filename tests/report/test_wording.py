from __future__ import annotations

import doctest
import importlib
import json
import pkgutil
import tomllib
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

import fireassay.report
from fireassay.report.wording import cell, clean, clip, json_escaped, toml_escaped

from .hostile import HOSTILE

BIDI = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@given(st.text())
def test_nothing_hidden_is_left(text: str) -> None:
    for character in clean(text):
        assert character not in BIDI
        assert unicodedata.category(character) not in {"Cc", "Cs"}
    clean(text).encode()


@given(st.text(st.characters(categories=["L", "N", "P", "S"])))
def test_what_can_be_seen_stays(text: str) -> None:
    kept = {"\u115f", "\u1160", "\u3164", "\uffa0"}
    assert clean(text) == text or kept & set(text)


@pytest.mark.parametrize(
    "text", ["=1+1", "+cmd", "@SUM(A1)", "-2+3+cmd|' /C calc'!A0", "\t=x", "=", "-"]
)
def test_formulas_are_quoted(text: str) -> None:
    assert cell(text).startswith("'")


@pytest.mark.parametrize("text", ["-1.5", "+3", "\u22120.2", "price", "1=1", "a@b"])
def test_numbers_and_names_are_not_quoted(text: str) -> None:
    assert cell(text) == text


def test_clip_keeps_to_its_length() -> None:
    assert clip("abc", 3) == "abc"
    assert clip("abcd", 3) == "ab…"
    assert len(cell("x" * 10_000)) == 160


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_escaped_literals_read_back(text: str) -> None:
    literal = json.dumps(text, ensure_ascii=False)
    assert json.loads(json_escaped(literal)) == text
    assert tomllib.loads(f"x = {toml_escaped(literal)}")["x"] == text
    assert not BIDI & set(json_escaped(literal) + toml_escaped(literal))


def test_hostile_texts_are_shown_not_obeyed() -> None:
    for text in HOSTILE:
        assert "\x1b" not in clean(text)
        assert "\n" not in clean(text)


def test_examples_in_docstrings() -> None:
    walked = pkgutil.walk_packages(fireassay.report.__path__, "fireassay.report.")
    names = [found.name for found in walked if not found.name.endswith("__main__")]
    results = [doctest.testmod(importlib.import_module(name)) for name in names]
    assert sum(result.attempted for result in results) >= 8
    assert [result.failed for result in results] == [0] * len(results)
