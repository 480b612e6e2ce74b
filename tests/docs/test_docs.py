"""The pages under docs/: their examples run, and what is generated is current."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from fireassay.cli.reference import FILE, reference

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGES = sorted(path.name for path in DOCS.glob("*.md") if path.name != "cli.md")


@pytest.mark.slow
@pytest.mark.parametrize("name", PAGES)
def test_the_examples_of_a_page_run(name: str, tmp_path: Path) -> None:
    script = Path(__file__).with_name("execute.py")
    done = subprocess.run(
        [sys.executable, str(script), str(DOCS / name)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]


def test_the_reference_of_the_command_line_is_current() -> None:
    assert FILE.read_text(encoding="utf-8") == reference(), "python -m fireassay.cli.reference"


@pytest.mark.parametrize("name", [*PAGES, "cli.md", "../README.md", "../CONTRIBUTING.md"])
def test_links_lead_somewhere(name: str) -> None:
    page = (DOCS / name).resolve()
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
        assert (page.parent / target).exists(), target
