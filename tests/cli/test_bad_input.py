"""Whatever a person gives that can't be used is told in one line, with status 2 and no traceback.

One table: what stands in the folder, what is asked, and what the line must name.
"""

from __future__ import annotations

import datetime as dt
import gzip
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner, Result

from fireassay.cli.app import app
from tests.data.tables import minute_bars, prints

WRITTEN = "%Y-%m-%d %H:%M:%S"
BARS = minute_bars(sessions=12, bars=60)
OWN = BARS.select(
    "time",
    f_1=pl.col("close"),
    f_2=pl.col("open"),
    y=pl.col("volume") % 2,
    r=pl.col("close") - 100,
    label_end=pl.col("time") + dt.timedelta(minutes=3),
)
LINES = BARS.write_csv(datetime_format=WRITTEN).splitlines()
ASKED = ("--features", "columns:f_*", "--target", "column:y")
QUICK_S = 5.0
"""Far above what any of these takes, below what reading, training or a timeout would."""


@dataclass(frozen=True)
class Case:
    """One faulty input.

    Attributes
    ----------
    args
        After the verb; the first one is the data.
    told
        Parts of the line, in order.
    content
        What the data file holds: bytes, text, a table, or a function that makes it at a path.
    verb
        Which verb is asked.
    """

    args: tuple[str, ...]
    told: tuple[str, ...]
    content: bytes | str | pl.DataFrame | Callable[[Path], object] | None = None
    verb: str = "inspect"


def at_row(row: int, value: object, otherwise: str) -> pl.Expr:
    """A column with another value in one row, counted from 1."""
    there = pl.int_range(pl.len()) == row - 1
    return pl.when(there).then(pl.lit(value)).otherwise(pl.col(otherwise)).alias(otherwise)


def edited(row: int, field: int, value: str) -> str:
    """The bars as CSV with another text in one field."""
    fields = LINES[row].split(",")
    fields[field] = value
    return "\n".join([*LINES[:row], ",".join(fields), *LINES[row + 1 :]])


def headed(header: str) -> str:
    return "\n".join([header, *LINES[1:]])


def text(frame: pl.DataFrame) -> str:
    return frame.write_csv(datetime_format=WRITTEN)


def parquet() -> bytes:
    from io import BytesIO

    file = BytesIO()
    BARS.write_parquet(file)
    return file.getvalue()


def database(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE bars (time TEXT, close REAL)")
    connection.close()


def good(path: Path) -> None:
    BARS.write_parquet(path)


def study(content: str) -> Callable[[Path], None]:
    """Good bars, and a study.toml beside them."""

    def make(path: Path) -> None:
        good(path)
        path.with_name("study.toml").write_text(content, encoding="latin-1")

    return make


def folder_of(*parts: pl.DataFrame) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        path.mkdir()
        for i, part in enumerate(parts):
            part.write_parquet(path / f"{i}.parquet")

    return make


ONES = OWN.with_columns(y=pl.lit(1))
NULLS = OWN.with_columns(y=pl.lit(None, dtype=pl.Float64))
INFINITE = OWN.with_columns(at_row(78, float("inf"), "f_2"))
FUTURE = BARS.with_columns(pl.col("time").dt.offset_by("200y"))
HTML = "<!DOCTYPE html>\n<html><head><title>Sign in</title></head>\n<body>a, b, c</body></html>\n"
STUDY = ("bars.parquet", "--study", "study.toml")

CASES: dict[str, Case] = {
    # The table.
    "missing column": Case(
        ("bars.csv",),
        ("bars.csv: no column for high", "Columns found: time, open, low", '[columns] time = "time"'),
        text(BARS.drop("high")),
    ),
    "missing column of the target": Case(
        ("bars.csv",),
        ("bars.csv", "vwap_reversion:1 needs volume", "This data can have direction"),
        text(BARS.drop("volume")),
    ),
    "unknown header": Case(
        ("bars.csv",),
        (
            "bars.csv: no column for time, open, high, low, close",
            "Columns found: Zeit, Auf, Hoch, Tief, Zu, Stueck",
            'Write in the study: [columns] time = "…", open = "…"',
            "--column time=…",
            "Without prices: --features columns:NAME",
        ),
        headed("Zeit,Auf,Hoch,Tief,Zu,Stueck"),
    ),
    "no header": Case(("bars.csv",), ("no column for time", "column_1"), "\n".join(LINES[1:])),
    "duplicated columns": Case(
        ("bars.csv",),
        ("bars.csv: two columns are called close",),
        headed("time,open,high,low,close,close"),
    ),
    "mapping to nothing": Case(
        ("bars.csv", "--column", "time=Zeitt"),
        ("bars.csv: there is no column 'Zeitt'", "Did you mean Zeit?"),
        headed("Zeit,open,high,low,close,volume"),
    ),
    "mapping of nothing": Case(
        ("bars.parquet", "--column", "closing=close"), ("closing", "Did you mean close?"), good
    ),
    "mapping without =": Case(("bars.parquet", "--column", "time"), ("Write NAME=VALUE",), good),
    "unparsable time": Case(
        ("bars.csv",),
        ("bars.csv, column time, row 100 (line 101): 'yesterday' is no time", "2016-01-31"),
        edited(100, 0, "yesterday"),
    ),
    "missing time": Case(("bars.csv",), ("column time, row 7 (line 8)",), edited(7, 0, "")),
    "dates without clock": Case(
        ("bars.csv",),
        ("row 1 (line 2)", "share their time", "name the clock"),
        text(BARS.with_columns(pl.col("time").dt.date())),
    ),
    "times with and without zone": Case(
        ("bars.csv",),
        ("bars.csv, column time, row 100 (line 101): times with and without a zone",),
        edited(100, 0, "2024-01-09 10:10:00+03:00"),
    ),
    "mixed time zones": Case(
        ("bars.csv",),
        ("bars.csv, column time, row 2 (line 3): times of several zones", "Set timezone"),
        "\n".join(
            [LINES[0]]
            + [line.replace(",", f"+0{1 + 2 * (i % 2)}:00,", 1) for i, line in enumerate(LINES[1:])]
        ),
    ),
    "text in a price": Case(
        ("bars.csv",), ("bars.csv, column close, row 60 (line 61): 'n.a.'",), edited(60, 4, "n.a.")
    ),
    "infinite price": Case(
        ("bars.csv",), ("column close, row 50 (line 51): an infinite value",), edited(50, 4, "inf")
    ),
    "prices below zero": Case(
        ("bars.parquet",),
        ("no bar has a label", "The audit noticed", "a price of zero or less (100%)"),
        BARS.with_columns(-pl.col("open", "high", "low", "close")),
    ),
    "nothing but ties": Case(
        ("bars.parquet",),
        ("bars.parquet, target vwap_reversion:1: no bar has a label: every outcome is a tie",),
        BARS.with_columns(pl.lit(5.0).alias(c) for c in ("open", "high", "low", "close")),
    ),
    "several instruments": Case(
        ("bars.parquet",),
        ("share their time with a bar of other values", "symbol"),
        pl.concat([BARS, minute_bars(sessions=12, bars=60, seed=1)]).sort("time"),
    ),
    # The file.
    "empty file": Case(("bars.csv",), ("bars.csv: the file is empty",), b""),
    "blank file": Case(("bars.csv",), ("bars.csv: the file is empty",), b"\n \n\n"),
    "header only": Case(("bars.csv",), ("bars.csv: the table is empty",), LINES[0] + "\n"),
    "empty Parquet": Case(("bars.parquet",), ("bars.parquet: the table is empty",), BARS.head(0)),
    "Parquet of 0 bytes": Case(
        ("bars.parquet",), ("bars.parquet: the file is empty (0 bytes)",), b""
    ),
    "truncated Parquet": Case(
        ("bars.parquet",), ("bars.parquet: the file is cut short", "again"), parquet()[:5000]
    ),
    "unreadable Parquet": Case(("bars.parquet",), ("bars.parquet", "not readable"), b"\x00\x01" * 99),
    "web page as Parquet": Case(("bars.parquet",), ("bars.parquet: it is a web page (HTML)",), HTML),
    "web page as CSV": Case(("bars.csv",), ("bars.csv: it is a web page (HTML)",), HTML),
    "JSON as CSV": Case(("bars.csv",), ("bars.csv: it is JSON",), '{"error": "rate limit"}'),
    "Parquet as CSV": Case(("bars.csv",), ("it is a Parquet file", "Name it .parquet"), parquet()),
    "CSV as Parquet": Case(("bars.parquet",), ("it is text", "name it .csv"), "\n".join(LINES)),
    "truncated gzip": Case(
        ("bars.csv.gz",),
        ("bars.csv.gz: the gzipped file is cut short",),
        gzip.compress("\n".join(LINES).encode())[:900],
    ),
    "not gzipped": Case(("bars.csv.gz",), ("isn't gzipped", "without .gz"), "\n".join(LINES)),
    "not UTF-8": Case(
        ("bars.csv",),
        ("bars.csv, row 500 (line 501): the text is not UTF-8",),
        edited(500, 5, "\xe9").encode("latin-1"),
    ),
    "a row too long": Case(
        ("bars.csv",),
        ("bars.csv, row 40 (line 41): 8 fields where the first line has 6",),
        edited(40, 5, "1,2,3"),
    ),
    "a row too short": Case(
        ("bars.csv",),
        ("bars.csv, row 720 (line 721): 2 fields where the first line has 6", "cut short"),
        "\n".join(LINES)[: -len(LINES[-1]) + 25],
    ),
    "an open quote": Case(
        ("bars.csv",), ("bars.csv, row 40 (line 41): a quote is opened",), edited(40, 1, '"99')
    ),
    "another kind of file": Case(("bars.xlsx",), ("files with .xlsx can't be read", "CSV"), b"x"),
    "no file": Case(("bras.parquet",), ("no such file", "Did you mean"), None),
    "no data": Case((), ("no data is named", "FILE.csv"), None),
    "glob without matches": Case(("*.feather",), ("*.feather: no file matches",), None),
    "folder without tables": Case(("empty",), ("empty: the folder holds no table",), Path.mkdir),
    "folder of unlike tables": Case(
        ("many",),
        ("1.parquet: the file has no column close, which", "0.parquet has"),
        folder_of(BARS[:360], BARS[360:].drop("close")),
    ),
    "row of the second file": Case(
        ("many", *ASKED),
        (f"many{os.sep}1.parquet, column f_2, row 18: inf is infinite",),
        folder_of(INFINITE[:60], INFINITE[60:]),
    ),
    # Sessions.
    "one session": Case(
        ("bars.parquet",), ("bars.parquet: one session only (90 bars",), minute_bars(1, 90)
    ),
    "too few sessions": Case(
        ("bars.parquet",), ("bars.parquet: 2 session dates are too few",), minute_bars(2, 90)
    ),
    "one bar a session": Case(
        ("bars.parquet",), ("sessions of one bar", "gap:2d"), minute_bars(60, 1)
    ),
    "sessions nonsense": Case(
        ("bars.parquet", "--sessions", "tuesdays"), ("'tuesdays'", "calendar:XNYS"), good
    ),
    "unknown calendar": Case(
        ("bars.parquet", "--sessions", "calendar:XNYC"), ("'XNYC'", "Did you mean XNYS"), good
    ),
    "calendar that ends earlier": Case(
        ("bars.parquet", "--sessions", "calendar:XHKG"),
        ("XHKG doesn't cover 2224", "gap:60m"),
        FUTURE,
    ),
    "session column not there": Case(
        ("bars.parquet", "--session", "column:sess"), ("no column 'sess'", "Columns found"), good
    ),
    "unknown time zone": Case(
        ("bars.parquet", "--timezone", "Moscow"), ("Did you mean Europe/Moscow?",), good
    ),
    "no such dates": Case(
        ("bars.parquet", "--start", "2030-01-01"), ("no session from 2030-01-01", "2024-01-08"), good
    ),
    "dates nonsense": Case(("bars.parquet", "--start", "soon"), ("'soon'", "2016-01-31"), good),
    "no such symbol": Case(("bars.parquet", "--symbols", "ABC"), ("no symbol 'ABC'",), good),
    "bars nonsense": Case(("bars.parquet", "--bars", "1m"), ("'1m'", "time:1m"), prints()),
    "bars of bars": Case(
        ("bars.parquet", "--bars", "time:5m"),
        ("made of trade prints, and this table holds bars",),
        good,
    ),
    "embargo too long": Case(
        ("bars.parquet", "--embargo", "50"),
        ("12 session dates are too few", "an embargo of 50"),
        good,
    ),
    # Target and features.
    "unknown target": Case(
        ("bars.parquet", "--target", "vwap_revertion:1"), ("Did you mean vwap_reversion or",), good
    ),
    "unlike any target": Case(("bars.parquet", "--target", "zzz"), ("Known: column:NAME",), good),
    "unknown option": Case(
        ("bars.parquet", "--target", "direction:1,skp=1"), ("'skp'", "It has horizon, skip"), good
    ),
    "horizon nonsense": Case(("bars.parquet", "--target", "direction:x"), ("horizon 'x'",), good),
    "horizon longer than sessions": Case(
        ("bars.parquet", "--target", "direction:60"),
        ("horizon 60", "the longest session has 60", "shorter horizon"),
        good,
    ),
    "unknown feature": Case(
        ("bars.parquet", "--features", "rsi_15"), ("'rsi_15'", "Did you mean rsi_14?"), good
    ),
    "unlike any feature": Case(("bars.parquet", "--features", "qqqq"), ("'qqqq'", "more"), good),
    "no features": Case(("bars.parquet", "--features", ","), ("no features are selected",), good),
    "no own columns": Case(
        ("bars.parquet", "--features", "columns:f_*"), ("no column matches 'f_*'",), good
    ),
    "neither time nor session": Case(
        ("own.parquet", *ASKED),
        ("no column for time", "Without a time, --session column:NAME"),
        OWN.drop("time"),
    ),
    "target column not there": Case(
        ("own.parquet", "--features", "columns:f_*", "--target", "column:yy"),
        ("the data has no column 'yy'", "Nearest: y"),
        OWN,
    ),
    "null target": Case(
        ("own.csv", *ASKED), ("own.csv, column y: every label is null",), text(NULLS)
    ),
    "target of one class": Case(
        ("own.csv", *ASKED), ("own.csv, column y: every label is 1",), text(ONES)
    ),
    "text as target": Case(
        ("own.parquet", *ASKED),
        ("own.parquet, column y: 720 different texts",),
        OWN.with_columns(y=pl.int_range(pl.len()).cast(pl.String)),
    ),
    "infinite target": Case(
        ("own.csv", "--features", "columns:f_*", "--target", "column:r"),
        ("own.csv, column r, row 9 (line 10): inf is infinite",),
        text(OWN.with_columns(at_row(9, float("inf"), "r"))),
    ),
    "infinite feature": Case(
        ("own.csv", *ASKED),
        ("own.csv, column f_2, row 78 (line 79): inf is infinite",),
        text(INFINITE),
    ),
    "infinite feature of unsorted rows": Case(
        ("own.parquet", *ASKED), ("own.parquet, column f_2, row 643: inf",), INFINITE.reverse()
    ),
    "text as feature": Case(
        ("own.csv", *ASKED),
        ("own.csv, column f_3, row 6 (line 7): 'abc' is no number",),
        text(OWN.with_columns(f_3=pl.lit("1")).with_columns(at_row(6, "abc", "f_3"))),
    ),
    "target as feature": Case(
        ("own.parquet", "--features", "columns:*", "--target", "column:y"),
        ("column y is the target and can't be a feature",),
        OWN,
    ),
    "label ends before its bar": Case(
        ("own.csv", *ASKED, "--label-end", "column:label_end"),
        ("own.csv, column label_end, row 5 (line 6)", "lies before its bar"),
        text(OWN.with_columns(at_row(5, dt.datetime(2024, 1, 8, 9, 31), "label_end"))),
    ),
    "label end unreadable": Case(
        ("own.csv", *ASKED, "--label-end", "column:label_end"),
        ("own.csv, column label_end, row 3 (line 4): 'soon' is no time",),
        text(
            OWN.with_columns(pl.col("label_end").dt.to_string(WRITTEN)).with_columns(
                at_row(3, "soon", "label_end")
            )
        ),
    ),
    "label end not there": Case(
        ("own.parquet", *ASKED, "--label-end", "column:lable_end"),
        ("label end: the data has no column 'lable_end'", "label_end"),
        OWN,
    ),
    "label end of the catalogue": Case(
        ("bars.parquet", "--label-end", "column:x"), ("knows itself when its labels end",), good
    ),
    # Simulations and databases.
    "unknown sim": Case(("sim:vwap-noize",), ("'vwap-noize'", "Did you mean vwap-noise"), None),
    "sim option": Case(("sim:vwap-noise?sesions=3",), ("Did you mean sessions",), None),
    "query of a file": Case(
        ("bars.parquet", "--query", "SELECT 1"), ("a query asks a database",), good
    ),
    "no query": Case(("sqlite:///market.db",), ("needs a query", "Tables: bars"), database),
    "no such table": Case(
        ("sqlite:///market.db", "--query", "SELECT * FROM bar"),
        ("sqlite:///market.db: the database says: no such table: bar", "Tables: bars"),
        database,
    ),
    "no database": Case(
        ("duckdb:///bars.csv", "--query", "SELECT 1"), ("no DuckDB database",), "\n".join(LINES)
    ),
    "no such database": Case(
        ("sqlite:///markt.db", "--query", "SELECT 1"), ("markt.db: no such file",), None
    ),
    "wrong host": Case(
        ("postgresql://me:sesame@localhost:1/db", "--query", "SELECT 1"),
        ("postgresql://me:***@localhost:1/db: the database says", "Check URL"),
        None,
    ),
    "repeated column of a query": Case(
        ("sqlite:///market.db", "--query", "SELECT close, close FROM bars"),
        ("more than once",),
        database,
    ),
    "web address": Case(("https://example.com/a.csv",), ("can't read from https://", "Fetch"), None),
    # Settings and folders.
    "unknown flag": Case(("bars.parquet", "--tarjet", "x"), ("No such option: --tarjet",), good),
    "flag nonsense": Case(("bars.parquet", "--seed", "1.5"), ("--seed", "integer"), good),
    "choice nonsense": Case(
        ("bars.parquet", "--stale", "maybe"), ("--stale", "'keep', 'drop'"), good
    ),
    "share nonsense": Case(("bars.parquet", "--test", "1.5"), ("split.test = 1.5",), good),
    "unknown model": Case(("bars.parquet", "--model", "bayesain"), ("Did you mean bayesian?",), good),
    "no study": Case(STUDY, ("study.toml: no such study file",), good),
    "broken study": Case(STUDY, ("study.toml: it isn't TOML", "line 1"), study('target = "x\n')),
    "study not UTF-8": Case(STUDY, ("study.toml: the text is not UTF-8",), study('target = "\xe9"')),
    "unknown key": Case(
        STUDY, ("study.toml: unknown key tarjet. Did you mean target?",), study("tarjet = 1")
    ),
    "unknown key below": Case(
        STUDY, ("study.toml: unknown key data.locatoin", "location"), study("[data]\nlocatoin = 1")
    ),
    "wrong value": Case(STUDY, ("study.toml: split.test = 3",), study("[split]\ntest = 3")),
    "number for a table": Case(STUDY, ("data = 3 is no table",), study("data = 3")),
    "columns of a study": Case(
        STUDY,
        ("bars.parquet: there is no column 'when' for time",),
        study('[columns]\ntime = "when"'),
    ),
    "unknown setting of the study": Case(
        STUDY,
        ("unknown setting of bayesian 'wdith'. Did you mean width?",),
        study("[settings]\nwdith = 3"),
    ),
    "run folder below a file": Case(
        ("bars.parquet", "--out", "bars.parquet/run"),
        ("bars.parquet/run: the run folder can't be",),
        good,
    ),
    "budget nonsense": Case(
        ("bars.parquet", "--budget", "soon"), ("budget 'soon'", "90s, 3m"), good, "diagnose"
    ),
    "no budget": Case(("bars.parquet", "--budget", "0s"), ("budget '0s'",), good, "diagnose"),
    "unknown setting": Case(
        ("bars.parquet", "--set", "wdith=3"), ("'wdith'. Did you mean width?",), good, "diagnose"
    ),
    "impossible setting": Case(
        ("bars.parquet", "--set", "width=-3"), ("width = -3", "greater than"), good, "diagnose"
    ),
    "diagnosis below a file": Case(
        ("bars.parquet", "--out", "bars.parquet/x"), ("the run folder can't be",), good, "diagnose"
    ),
    "diagnosis of one session": Case(
        ("bars.parquet", "--out", "x"), ("one session only",), minute_bars(1, 90), "diagnose"
    ),
    "prevalence nonsense": Case(
        ("--prevalence", "2", "--n", "9"), ("prevalence",), None, "explain-metrics"
    ),
    "prevalence left out": Case(("--n", "9"), ("--prevalence",), None, "explain-metrics"),
    "no file of a run": Case(("bars.parquet",), ("it isn't the file of a run",), good, "report"),
    "another JSON": Case(
        ("run.json",),
        ("run.json: it isn't a diagnosis (", "Give the run folder"),
        '{"a": 1}',
        "report",
    ),
    "simulation of another kind": Case(
        ("x.xls", "--sessions", "2"), ("x.xls: can't write .xls files", ".parquet"), None, "simulate"
    ),
    "simulation below a file": Case(
        ("bars.parquet/x.csv", "--sessions", "2"),
        ("bars.parquet/x.csv: it can't be written",),
        None,
        "simulate",
    ),
    "no such run": Case(("nowhere",), ("nowhere",), None, "report"),
    "unknown case": Case(("x.parquet", "--case", "lernable"), ("learnable",), None, "simulate"),
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def laid(case: Case, folder: Path) -> None:
    """Put the case's data where its arguments name it."""
    name = case.args[0].rpartition("/")[2] if case.args else ""
    if case.content is None:
        BARS.write_parquet(folder / "bars.parquet")
    elif isinstance(case.content, bytes | str):
        raw = case.content if isinstance(case.content, bytes) else case.content.encode()
        (folder / name).write_bytes(raw)
    elif isinstance(case.content, pl.DataFrame):
        case.content.write_parquet(folder / name)
    else:
        case.content(folder / name)


def asked(verb: str, *args: str) -> Result:
    return CliRunner().invoke(app, [verb, *args])


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_bad_input_is_told_in_one_line(case: Case, folder: Path) -> None:
    laid(case, folder)
    before = {path.name for path in folder.iterdir()}
    started = time.perf_counter()
    result = asked(case.verb, *case.args)
    taken = time.perf_counter() - started
    assert result.exit_code == 2, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert result.stdout == ""
    told = result.stderr
    assert told.startswith("error: ")
    assert told.count("\n") == 1
    at = 0
    for part in case.told:
        assert part in told[at:], told
        at = told.index(part, at)
    assert "sesame" not in told
    assert taken < QUICK_S
    assert {path.name for path in folder.iterdir()} == before, "a faulty input leaves nothing behind"


@pytest.mark.parametrize(
    "name", ["unparsable time", "unknown flag", "broken study", "run folder below a file"]
)
def test_a_process_ends_with_status_2_and_one_line(name: str, folder: Path) -> None:
    case = CASES[name]
    laid(case, folder)
    command = [sys.executable, "-m", "fireassay.cli", case.verb, *case.args]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert ended.stderr.startswith("error: ")
    assert ended.stderr.count("\n") == 1
    assert case.told[0] in ended.stderr


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_is_told(folder: Path) -> None:
    good(folder / "bars.parquet")
    (folder / "closed").mkdir(mode=0o500)
    result = asked("inspect", "bars.parquet", "--out", "closed/run")
    assert result.exit_code == 2
    assert "closed/run: the run folder can't be written (Permission denied)" in result.stderr


def test_a_fault_in_the_code_is_no_bad_input(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what a person can mend is told in one line; a bug keeps its traceback."""
    from fireassay import lab

    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(lab, "inspect", broken)
    result = asked("inspect", "bars.parquet")
    assert isinstance(result.exception, ZeroDivisionError)
