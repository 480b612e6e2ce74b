"""The pages under docs/: their examples run, and what is generated is current."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import fireassay
from fireassay.cli.reference import FILE, reference
from fireassay.manual.pages import pages

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGES = sorted(path.name for path in DOCS.glob("*.md") if path.name != "cli.md")
CONFIGURATION = DOCS.parent / "mkdocs.yml"
MADE = {f"manual/{page.path}": page.text for found in pages().values() for page in found}
"""What docs/hook.py adds when the site is built."""


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
    for target, anchor in re.findall(r"\]\(([^)#:]*)(?:#([^)]*))?\)", text):
        led = (page.parent / target).resolve() if target else page
        made = MADE.get(led.relative_to(DOCS).as_posix()) if led.is_relative_to(DOCS) else None
        assert made or led.exists(), target
        if anchor:
            assert anchor in anchors(made or led.read_text(encoding="utf-8")), (target, anchor)


def anchors(text: str) -> set[str]:
    """Return the anchors of a page's headings, as GitHub and MkDocs make them."""
    found = re.findall(r"^#{1,4} (.+)$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in found}


def test_the_site_shows_every_page() -> None:
    listed = re.findall(r"[\w-]+\.md$", CONFIGURATION.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert sorted(listed) == sorted([*PAGES, "cli.md"])


def test_the_page_on_python_has_every_public_name() -> None:
    text = (DOCS / "python.md").read_text(encoding="utf-8")
    told = re.findall(r"^::: fireassay\.(\w+)$", text, flags=re.MULTILINE)
    assert sorted(told) == sorted(set(fireassay.__all__) - {"__version__"})
