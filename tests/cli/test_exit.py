"""What scripts and shells see: exit codes, colours, machine-readable progress, completion."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from fireassay.cli.answers import gate, known_causes
from fireassay.cli.app import app
from fireassay.errors import SettingError
from fireassay.findings import Diagnosis

DEGENERATE = "sim:degenerate-target?sessions=20"
SOUND = "sim:healthy-strong?sessions=12"


def inspect(*args: str, output: str = "quiet") -> Result:
    return CliRunner().invoke(app, ["inspect", *args, "--output", output])


def test_a_supported_cause_gives_status_1_where_it_is_asked_for() -> None:
    gated = inspect(DEGENERATE, "--exit-code")
    assert gated.exit_code == 1
    assert gated.stderr.strip() == "supported: degenerate_target"
    assert "Assessment" in gated.stdout
    assert inspect(SOUND, "--exit-code-on", "drift,degenerate-target").exit_code == 0


def test_an_unknown_cause_is_told_before_anything_is_read() -> None:
    result = inspect("nowhere.parquet", "--exit-code-on", "leakge")
    assert result.exit_code == 2
    assert "Did you mean leakage?" in result.stderr
    with pytest.raises(SettingError, match="kl_dominates"):
        known_causes("kl_dominate")
    assert known_causes("kl-dominates, drift") == ("kl_dominates", "drift")


def test_a_diagnosis_is_gated_by_its_verdicts() -> None:
    import typer

    from tests.report.examples import vwap_noise

    found: Diagnosis = vwap_noise()
    supported = {name for name, told in found.causes.items() if told.status == "supported"}
    assert supported
    with pytest.raises(typer.Exit) as ended:
        gate(found, None)
    assert ended.value.exit_code == 1
    gate(found, tuple(set(found.causes) - supported))


def test_lines_of_progress_are_json() -> None:
    result = inspect(SOUND, output="jsonl")
    rows = [json.loads(line) for line in result.stderr.strip().split("\n")]
    assert {"phase", "evidence"} <= {row["event"] for row in rows}
    assert inspect(SOUND, output="quiet").stderr == ""


def run(*args: str, **env: str) -> subprocess.CompletedProcess[str]:
    code = (
        "import sys; sys.argv = ['fireassay', *sys.argv[1:]]; from fireassay.cli import main; main()"
    )
    return subprocess.run(
        [sys.executable, "-c", code, *args],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, **env},
        timeout=120,
    )


def test_no_color_is_kept_even_where_a_terminal_is_forced() -> None:
    plain = run("--help", NO_COLOR="1", FORCE_COLOR="1", TERM="xterm-256color")
    assert "\x1b[3" not in plain.stdout  # no colour; bold and dim are no colours
    assert "\x1b" not in run("--help", FORCE_COLOR="").stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_verbs_and_flags_complete(shell: str, tmp_path: Path) -> None:
    def completed(words: str) -> str:
        env = {"_FIREASSAY_COMPLETE": f"complete_{shell}", "COMP_WORDS": words, "HOME": str(tmp_path)}
        env |= {"COMP_CWORD": str(words.count(" ")), "_TYPER_COMPLETE_ARGS": words}
        env["_TYPER_COMPLETE_FISH_ACTION"] = "get-args"
        return run(**env).stdout

    assert "explain" in completed("fireassay expl")
    assert "--learning-rate" in completed("fireassay train --learn")
