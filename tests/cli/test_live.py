"""What stands on standard error while a verb works, off a terminal."""

from __future__ import annotations

import time

import pytest

from fireassay.cli import live
from fireassay.cli.live import Output, watching


def test_what_is_over_at_once_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with watching(Output.RICH) as watch:
        watch.phase("reading bars")
        watch.phase("computing features and target")
    assert capsys.readouterr().err == ""


def test_what_takes_longer_is_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "PATIENCE_S", 0.02)
    with watching(Output.RICH) as watch:
        watch.phase("reading [bars]")
        time.sleep(0.2)
        watch.phase("computing features and target")
    assert capsys.readouterr().err == "reading [bars]\n"


def test_a_fault_ends_the_waiting(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "PATIENCE_S", 0.05)

    def faulty() -> None:
        with watching(Output.RICH) as watch:
            watch.phase("reading bars")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        faulty()
    time.sleep(0.2)
    assert capsys.readouterr().err == ""
