"""Small faults in the bytes of a sound file: the command line inspects it, or says why it can't."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from fireassay.cli.app import app
from tests.data.tables import minute_bars

SOUND = minute_bars(sessions=6, bars=12).write_csv(datetime_format="%Y-%m-%d %H:%M:%S").encode()
ASKED = ("--features", "return_1,close_location", "--target", "direction:1", "--output", "quiet")
SPLINTERS = [
    b"", b",", b"\n", b"\r", b"\n\n", b'"', b";", b"\x00", b"\xff", b"\xef\xbb\xbf", b"-", b"e", b" ",
    b"inf", b"nan", b"1e400", b"0", b"2024-02-30", b"+03:00", b"Z", b"\t", b"<html>", b"PAR1",
    b"\xf0\x9f\x92\xb8",
]  # fmt: skip


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """The sound file with up to four stretches of it replaced, or cut short."""
    data = SOUND
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data)))
        length = draw(st.sampled_from([0, 1, 1, 2, 7, 60, 500]))
        put = draw(st.one_of(st.sampled_from(SPLINTERS), st.binary(max_size=3)))
        data = data[:at] + put + data[at + length :]
    return data[: draw(st.integers(0, len(data)))] if draw(st.integers(0, 4)) == 0 else data


def inspected(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    result = CliRunner().invoke(app, ["inspect", str(path), *ASKED])
    if result.exit_code == 0:
        assert "How it was run" in result.stdout
        assert result.stderr == ""
        return
    assert result.exit_code == 2, repr(result.exception)
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("\n") == 1
    assert str(path) in result.stderr


QUIET = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@QUIET
@given(content=damaged())
def test_a_damaged_csv_never_gives_a_traceback(tmp_path: Path, content: bytes) -> None:
    inspected(tmp_path / "bars.csv", content)


@pytest.mark.slow
@settings(parent=QUIET, max_examples=2000)
@given(content=damaged())
def test_many_damaged_csv(tmp_path: Path, content: bytes) -> None:
    inspected(tmp_path / "bars.csv", content)
