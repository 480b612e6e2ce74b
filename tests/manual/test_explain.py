"""Every name that a report can show is explained, from where it is defined."""

from __future__ import annotations

import subprocess
import sys

import pytest
from rich.cells import cell_len
from typer.testing import CliRunner

import fireassay
from fireassay.causes import CAUSES
from fireassay.cli.app import app
from fireassay.data.features import FEATURES
from fireassay.diagnosis.checks import CHECKS
from fireassay.errors import SettingError
from fireassay.manual import contents, explain
from fireassay.manual.docstring import parts

NAMES = [(kind, name) for kind, names in contents().names.items() for name in names]


def headings(name: str, kind: str) -> list[str]:
    (entry,) = explain(f"{kind}:{name.removeprefix('sim:')}").entries
    return [part.heading for part in entry.parts]


@pytest.mark.parametrize(("kind", "name"), NAMES)
def test_every_name_is_explained_in_80_columns(kind: str, name: str) -> None:
    wanted = name.removeprefix("sim:").upper().replace("_", "-")
    (entry,) = explain(f"{kind}:{wanted}").entries
    assert entry.title
    assert entry.parts
    assert all(part.text for part in entry.parts)
    assert max(cell_len(line) for line in str(entry).split("\n")) <= 80
    assert entry.to_markdown().startswith(f"## {entry.name}\n")
    assert name in {one.name for one in explain(name).entries} or "_w" in entry.name


@pytest.mark.parametrize("name", CHECKS)
def test_a_check_tells_question_method_control_and_what_misleads(name: str) -> None:
    told = set(headings(name, "check"))
    assert {"Question", "Method", "When", "Causes it bears on"} <= told
    if CHECKS[name].causes:
        assert "References" in told
        assert told & {"Null", "Control"} or "direct look" in str(explain(f"check:{name}"))
        assert told & {"What misleads it", "What it can't say"}


@pytest.mark.parametrize("name", CAUSES)
def test_a_cause_tells_meaning_proof_pitfalls_remedy_and_references(name: str) -> None:
    assert {
        "What holds when it is supported",
        "How it is established",
        "Checks",
        "What misleads",
        "What to change",
        "References",
    } <= set(headings(name, "cause"))
    asked = [check for check in CHECKS if name in CHECKS[check].causes]
    assert all(f"{check}: {CHECKS[check].question}"[:60] in str(explain(name)) for check in asked)


@pytest.mark.parametrize("name", FEATURES)
def test_a_feature_tells_formula_pitfalls_and_source(name: str) -> None:
    assert {"Formula", "What misleads it", "Reads", "Needs", "References"} <= set(
        headings(name, "feature")
    )


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("kl-dominates", ["cause kl_dominates"]),
        ("kl_dominates", ["cause kl_dominates"]),
        ("drift", ["cause drift", "check drift"]),
        ("check:drift", ["check drift"]),
        ("kl-planted", ["check kl"]),
        ("together-regularization", ["check together"]),
        ("learners", ["check signal"]),
        ("vwap_reversion:5,skip=1", ["target vwap_reversion"]),
        ("rsi", ["feature rsi_w"]),
        ("sim:vwap-noise", ["scenario sim:vwap-noise"]),
        ("vwap noise", ["scenario sim:vwap-noise"]),
        ("underpowered", ["cause underpowered"]),
        ("kl_weight", ["setting kl_weight"]),
        ("budget", ["setting budget"]),
    ],
)
def test_names_are_found_as_reports_and_people_write_them(asked: str, found: list[str]) -> None:
    assert [f"{entry.kind} {entry.name}" for entry in explain(asked).entries] == found


@pytest.mark.parametrize(
    ("asked", "suggested"),
    [("kl-dominate", "kl_dominates"), ("vwap_reversal", "vwap_reversion"), ("sim:vwap-nois", "sim:")],
)
def test_an_unknown_name_suggests_the_nearest(asked: str, suggested: str) -> None:
    with pytest.raises(SettingError, match=f"Did you mean .*{suggested}"):
        explain(asked)


def test_the_command_lists_explains_and_teaches() -> None:
    run = CliRunner().invoke
    listed = run(app, ["explain"]).stdout
    assert all(name in listed for name in (*CAUSES, *CHECKS))
    assert max(map(cell_len, listed.split("\n"))) <= 80
    assert run(app, ["explain", "KL-dominates"]).stdout == f"{fireassay.explain('kl_dominates')}\n"
    features = run(app, ["explain", "--kind", "features"]).stdout
    assert all(f"  {name} " in features for name in FEATURES)
    unknown = run(app, ["explain", "kl-dominate"])
    assert unknown.exit_code == 2
    assert unknown.stderr.count("\n") == 1
    assert run(app, ["explain", "--kind", "causs"]).exit_code == 2


def test_explaining_loads_no_torch() -> None:
    code = "import sys, fireassay; str(fireassay.explain('kl')); print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_a_docstring_is_taken_apart() -> None:
    found = parts(
        """Fit it twice.

        Question: does it
        hold? Null: dates exchanged.

            a / b

        Null without trades. Misleads: early bars.

        Attributes
        ----------
        dose
            How much
            of it.
        """
    )
    assert [(part.heading, part.text) for part in found] == [
        ("", "Fit it twice."),
        ("Question", "Does it hold?"),
        ("Null", "Dates exchanged."),
        ("Formula", "a / b"),
        ("", "Null without trades."),
        ("What misleads it", "Early bars."),
        ("Parameters", "dose: How much of it."),
    ]
