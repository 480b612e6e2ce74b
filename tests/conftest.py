"""Fixtures that every test may use."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

os.environ["FIREASSAY_LEDGER"] = "off"  # of subprocesses too: tests are nobody's tries


@pytest.fixture(scope="session")
def real_data() -> Callable[[str], Path]:
    """Return the path of a real data file, or skip, saying that it isn't here."""

    def find(name: str) -> Path:
        folder = Path(os.environ.get("FIREASSAY_DATA", ROOT.parent / "shared" / "data"))
        path = folder / name
        if not path.exists():
            pytest.skip(f"real data {name} isn't in {folder}; set FIREASSAY_DATA")
        return path

    return find
