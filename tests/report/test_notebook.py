from __future__ import annotations

import subprocess
import sys
import textwrap
from html import unescape

import pytest

from fireassay.report import render
from fireassay.report.notebook import enable, show

from .examples import minimal, vwap_noise


def test_the_frame_holds_the_whole_report() -> None:
    diagnosis = vwap_noise()
    html = show(diagnosis)._repr_html_()
    start, end = html.index('srcdoc="') + 8, html.index('" width')
    assert unescape(html[start:end]) == render(diagnosis, "html")
    assert "allow-same-origin" not in html


def test_terminals_and_other_viewers_get_text() -> None:
    shown = show(minimal())
    assert repr(shown) == render(minimal(), "terminal")
    assert shown._repr_markdown_() == render(minimal(), "markdown")


def test_nothing_is_registered_where_no_notebook_runs() -> None:
    assert enable() is False


def test_ipython_shows_a_diagnosis_as_the_report() -> None:
    pytest.importorskip("IPython", reason="IPython isn't installed")
    code = textwrap.dedent("""
        from IPython.core.interactiveshell import InteractiveShell
        shell = InteractiveShell.instance()
        import fireassay.report
        from fireassay.findings import Diagnosis
        import pathlib, sys
        diagnosis = Diagnosis.from_json(sys.stdin.read())
        data, _ = shell.display_formatter.format(diagnosis)
        assert data["text/html"].startswith("<iframe"), data
    """)
    subprocess.run(
        [sys.executable, "-c", code], input=minimal().to_json(), text=True, check=True, timeout=60
    )
