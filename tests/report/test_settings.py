from __future__ import annotations

import tomllib
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from fireassay.report.cited import Cited
from fireassay.report.numerals import EXACT
from fireassay.report.settings import DiffLine, Edit, merge, split

from .hostile import HOSTILE


def edit(setting: str, before: Any, after: Any) -> Edit:
    return Edit(setting, Cited("/b", before, EXACT), Cited("/a", after, EXACT))


def text(lines: tuple[DiffLine, ...]) -> str:
    return "\n".join(line.text + (line.value.text if line.value else "") for line in lines)


def test_the_settings_are_toml_with_the_values_after() -> None:
    edits = merge(
        (
            edit("model.prior_sigma", 0.1, 1.0),
            edit("seed", 1, 2),
            edit("model.kind", "a", "b"),
            edit("training.smoothing", 0.1, None),
        )
    )
    assert tomllib.loads(text(edits.toml)) == {
        "seed": 2,
        "model": {"prior_sigma": 1.0, "kind": "b"},
        "training": {},
    }


def test_the_diff_has_both_values() -> None:
    edits = merge((edit("model.prior_sigma", 0.1, 1.0), edit("model.new", None, True)))
    lines = [line.sign + text((line,)) for line in edits.diff]
    assert lines == [" [model]", "-prior_sigma = 0.1", "+prior_sigma = 1.0", "+new = true"]


def test_the_first_of_two_values_is_taken_and_said() -> None:
    edits = merge((edit("a", 1, 2), edit("a", 1, 3), edit("b", 1, 2), edit("b", 1, 2)))
    assert tomllib.loads(text(edits.toml)) == {"a": 2, "b": 2}
    assert edits.conflicts == ("a",)


def test_what_would_be_in_a_table_that_is_a_value_is_quoted_whole() -> None:
    edits = merge((edit("a", 1, 2), edit("a.b", 1, 3), edit("a.b.c", 1, 4)))
    assert tomllib.loads(text(edits.toml)) == {"a": 2, "a.b": 3, "a.b.c": 4}


def test_hostile_names_are_keys() -> None:
    edits = merge(edit(name, 1, i) for i, name in enumerate(HOSTILE))
    assert set(tomllib.loads(text(edits.toml)).values()) == set(range(len(HOSTILE)))


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), st.integers(0, 99)))
def test_any_names_give_toml_with_every_value(settings: dict[str, int]) -> None:
    parsed = tomllib.loads(text(merge(edit(k, -1, v) for k, v in settings.items()).toml))

    def count(tree: Any) -> int:
        return sum(map(count, tree.values())) if isinstance(tree, dict) else 1

    assert count(parsed) == len(settings)


def test_split() -> None:
    assert split("model.prior.sigma") == ("model.prior", "sigma")
    assert split("a..b") == ("", '"a..b"')
