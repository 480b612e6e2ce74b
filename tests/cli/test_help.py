"""The list of verbs starts fast, and every help fits into 80 columns."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from rich.cells import cell_len
from typer.testing import CliRunner

from fireassay.cli.app import app

HEAVY = ("torch", "numpy", "polars", "pydantic", "scipy", "sklearn", "exchange_calendars")


def shown(*args: str) -> str:
    result = CliRunner().invoke(app, [*args, "--help"], env={"COLUMNS": "80"})
    assert result.exit_code == 0, result.output
    return result.output


def verbs() -> list[str]:
    return re.findall(r"^│ ([a-z-]+) {2,}\S", shown().split("Commands")[1], flags=re.MULTILINE)


def test_every_verb_is_listed_with_what_it_does() -> None:
    assert {"diagnose", "inspect", "train", "predict", "report", "demo", "scan", "simulate"} <= set(
        verbs()
    )
    assert "Train a model and tell what it is worth" in shown()


@pytest.mark.parametrize("verb", ["", *verbs()])
def test_help_fits_into_80_columns(verb: str) -> None:
    text = shown(verb) if verb else shown()
    assert max(cell_len(line) for line in text.split("\n")) <= 80


def test_a_verb_has_its_flags() -> None:
    text = shown("train")
    for flag in (
        "--target",
        "--learning-rate",
        "--seeds",
        "--permutations",
        "--sessions",
        "--embargo",
    ):
        assert flag in text
    assert "--budget" not in text


def test_the_list_of_verbs_loads_no_library_of_numbers_or_models() -> None:
    code = f"""
import sys
sys.argv = ["fireassay", "--help"]
from fireassay.cli import main
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
print("LOADED", sorted(set({HEAVY!r}) & set(sys.modules)))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.splitlines()[-1] == "LOADED []"
