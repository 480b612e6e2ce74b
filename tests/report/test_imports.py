"""The report loads little, and works where torch and the numerical libraries aren't installed."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

from fireassay.report.forms import FORMS

from .examples import vwap_noise

HEAVY = ("torch", "numpy", "polars", "scipy", "sklearn", "pandas", "pyarrow", "exchange_calendars")


def run(code: str, text: str = "") -> str:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        input=text,
        text=True,
        capture_output=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("form", list(FORMS))
def test_a_report_is_rendered_without_heavy_libraries(form: str) -> None:
    code = f"""
        import sys
        for name in {HEAVY!r}:
            sys.modules[name] = None
        from fireassay.findings import Diagnosis
        from fireassay.report import render
        print(len(render(Diagnosis.from_json(sys.stdin.read()), {form!r})))
    """
    assert int(run(code, vwap_noise().to_json())) > 1_000


def test_importing_the_report_loads_no_renderer() -> None:
    code = """
        import sys
        import fireassay.report
        print(sorted({"jinja2", "rich", "pydantic", "torch", "numpy"} & set(sys.modules)))
    """
    assert run(code).strip() == "[]"
