"""The report loads little, and works where torch and the numerical libraries aren't installed."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import time
from pathlib import Path

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


SLOW = ("torch", "sklearn", "scipy.stats", "statsmodels", "matplotlib", "pandas", "polars", "numpy")


def quickest(code: str, runs: int = 5) -> float:
    """Return the least of several times that an interpreter takes for some code, in s."""
    took = []
    for _ in range(runs):
        began = time.perf_counter()
        run(code)
        took.append(time.perf_counter() - began)
    return min(took)


def test_importing_the_package_is_quick() -> None:
    loaded = f"""
        import sys
        import fireassay
        print(sorted(set({SLOW!r}) & set(sys.modules)))
    """
    assert run(loaded).strip() == "[]"
    # A bare interpreter takes .02 s or so, whatever the machine is busy with takes both longer.
    assert quickest("import fireassay") < 10 * quickest("pass")


def test_the_report_verb_works_where_torch_cant_be_imported(tmp_path: Path) -> None:
    (tmp_path / "diagnosis.json").write_text(vwap_noise().to_json(), encoding="utf-8")
    code = f"""
        import sys

        class Refused:
            def find_spec(self, name, path=None, target=None):
                if name.split(".")[0] == "torch":
                    raise ImportError("torch isn't here")

        sys.meta_path.insert(0, Refused())
        sys.argv = ["fireassay", "report", {str(tmp_path)!r}, "--format", FORM]
        from fireassay.cli import main
        try:
            main()
        except SystemExit as end:
            assert not end.code, end.code
    """
    for form, said in (("terminal", "Assessment"), ("html", "<!DOCTYPE html>")):
        assert said in run(code.replace("FORM", repr(form)))
