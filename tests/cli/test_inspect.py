"""Inspect through the command line: a person's own columns, databases, and real files."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from fireassay.cli.app import app
from tests.data.sources.postgres import PASSWORD, server
from tests.data.tables import minute_bars

SESSIONS, BARS = 24, 40
ROWS = SESSIONS * BARS


@pytest.fixture(scope="module")
def mine() -> pl.DataFrame:
    """Bars with columns of one's own: each label follows one feature."""
    rng = np.random.default_rng(0)
    f = rng.normal(size=(ROWS, 3))
    noise = rng.normal(size=(ROWS, 3))
    three = np.digitize(f[:, 1] + noise[:, 1], [-0.7, 0.7])
    return minute_bars(sessions=SESSIONS, bars=BARS).with_columns(
        *(pl.Series(f"f_{j + 1}", f[:, j]) for j in range(3)),
        y=pl.Series((f[:, 0] + noise[:, 0] > 0).astype(int)),
        three=pl.Series(np.array(["short", "flat", "long"])[three]),
        real=pl.Series(f[:, 2] + noise[:, 2]),
        label_end=pl.col("time") + dt.timedelta(minutes=5),
        held=pl.lit(5),
        day=pl.col("time").dt.date().cast(pl.String),
    )


def inspected(*args: str) -> str:
    result = CliRunner().invoke(app, ["inspect", *args, "--output", "quiet"])
    assert result.exit_code == 0, result.stderr or repr(result.exception)
    assert result.stderr == ""
    report = result.stdout.partition("How it was run")[0]
    assert max(len(line) for line in report.split("\n")) <= 80
    return " ".join(result.stdout.split())


def recorded(folder: Path, *args: str) -> dict[str, Any]:
    """The diagnosis that an inspection writes."""
    inspected(*args, "--out", str(folder))
    assert (folder / "report.html").exists()
    found: dict[str, Any] = json.loads((folder / "diagnosis.json").read_text(encoding="utf-8"))
    return found


TARGETS = [
    ("column:y", "binary", "f_1", "(0: "),
    ("column:three", "multiclass", "f_2", "flat: "),
    ("column:real", "real", "f_3", "(mean "),
]


@pytest.mark.parametrize(("target", "kind", "feature", "told"), TARGETS)
@pytest.mark.parametrize("end", ["", "column:label_end", "column:held"])
def test_own_columns_as_features_and_target(
    target: str, kind: str, feature: str, told: str, end: str, mine: pl.DataFrame, tmp_path: Path
) -> None:
    """Without prices, from CSV: the feature that the label follows is named, and the kind told."""
    path = tmp_path / "mine.csv"
    without = mine.drop("open", "high", "low", "close", "volume")
    without.write_csv(path, datetime_format="%Y-%m-%d %H:%M:%S")
    asked = ["--features", "columns:f_*", "--target", target]
    text = inspected(str(path), *asked, *(["--label-end", end] if end else []))
    assert f"1 of 3 features go with the label beyond their null, {feature} most." in text
    assert f"Kind detected: {kind}." in text
    assert told in text
    assert (f"Known at column {end.removeprefix('column:')}." in text) == bool(end)
    assert "vwap price: none" in text


def test_own_columns_beside_the_catalogue(mine: pl.DataFrame, tmp_path: Path) -> None:
    mine.write_parquet(tmp_path / "mine.parquet")
    found = recorded(
        tmp_path / "run",
        str(tmp_path / "mine.parquet"),
        "--features",
        "catalogue,columns:f_*",
        "--target",
        "column:y",
    )
    rows = found["evidence"]["association"]["table"]
    assert rows[0]["feature"] == "f_1"
    assert found["evidence"]["features"]["numbers"]["features"] > 60


def test_the_catalogue_predicts_an_own_column_and_own_columns_the_catalogue(
    mine: pl.DataFrame, tmp_path: Path
) -> None:
    path = str(tmp_path / "mine.parquet")
    mine.write_parquet(path)
    assert "Kind detected: binary" in inspected(path, "--target", "column:y")
    text = inspected(path, "--features", "columns:f_*", "--target", "direction:1")
    assert "0 of 3 features go with the label beyond their null." in text


def test_a_session_column_alone_is_enough(mine: pl.DataFrame, tmp_path: Path) -> None:
    """Neither prices nor times: rows in order, and a column that tells the sessions."""
    path = tmp_path / "mine.parquet"
    mine.select("day", "held", "y", pl.col("^f_.*$")).write_parquet(path)
    asked = ["--features", "columns:f_*", "--target", "column:y", "--session", "column:day"]
    text = inspected(str(path), *asked, "--label-end", "column:held")
    assert f"{SESSIONS} sessions, {ROWS} rows" in text
    assert "1 of 3 features go with the label beyond their null, f_1 most." in text
    assert "clock and dates are made up" in text
    assert "1970" not in text


def test_label_ends_purge_what_reaches_into_a_later_part(mine: pl.DataFrame, tmp_path: Path) -> None:
    """Labels known a day later can't be learned from on the day before the test."""
    path = str(tmp_path / "mine.parquet")
    late = mine.with_columns(label_end=pl.col("time") + dt.timedelta(days=1))
    late.write_parquet(path)
    asked = [path, "--features", "columns:f_*", "--target", "column:y", "--embargo", "0"]
    counted = [
        recorded(tmp_path / name, *asked, *end)["evidence"]["label"]["numbers"]["training labels N"]
        for name, end in (("a", []), ("b", ["--label-end", "column:label_end"]))
    ]
    assert counted[0] - counted[1] == BARS


def test_a_mapping_names_the_columns_of_a_foreign_header(tmp_path: Path) -> None:
    names = {"time": "Zeit", "open": "Auf", "high": "Hoch", "low": "Tief", "close": "Zu"}
    path = tmp_path / "bars.csv"
    bars = minute_bars(sessions=SESSIONS, bars=BARS)
    bars.rename(names).write_csv(path, datetime_format="%Y-%m-%d %H:%M:%S")
    flags = [f for name, column in names.items() for f in ("--column", f"{name}={column}")]
    plain = ["--target", "direction:1", "--features", "return_1,rsi_14"]
    text = inspected(str(path), *plain, *flags)
    mapping = "\n".join(f'{name} = "{column}"' for name, column in names.items())
    (tmp_path / "study.toml").write_text(f"[columns]\n{mapping}\n")
    again = inspected(str(path), *plain, "--study", str(tmp_path / "study.toml"))
    assert (
        again.partition("Assessment")[2].partition("The data")[0]
        == (text.partition("Assessment")[2].partition("The data")[0])
    )
    assert "layout: columns" in text


# Databases.


@pytest.fixture(scope="module")
def databases(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[[str], str]]:
    """Return the URL of a database of the kind wanted that holds the bars; skip where it can't be."""
    folder = tmp_path_factory.mktemp("databases")
    bars = minute_bars(sessions=SESSIONS, bars=BARS)
    bars.write_parquet(folder / "bars.parquet")

    def sqlite() -> str:
        rows = bars.with_columns(pl.col("time").dt.to_string("%Y-%m-%d %H:%M:%S"))
        with sqlite3.connect(folder / "bars.db") as connection:
            connection.execute(f"CREATE TABLE bars ({', '.join(rows.columns)})")
            connection.executemany("INSERT INTO bars VALUES (?, ?, ?, ?, ?, ?)", rows.iter_rows())
        connection.close()
        return f"sqlite:///{folder}/bars.db"

    def duckdb() -> str:
        engine = pytest.importorskip("duckdb")
        with engine.connect(str(folder / "bars.duckdb")) as connection:
            connection.execute(f"CREATE TABLE bars AS SELECT * FROM '{folder}/bars.parquet'")
        return f"duckdb:///{folder}/bars.duckdb"

    with ExitStack() as running:

        def postgres() -> str:
            driver = pytest.importorskip("adbc_driver_postgresql.dbapi")
            url = running.enter_context(server())
            with driver.connect(url) as connection, connection.cursor() as cursor:
                cursor.adbc_ingest("bars", bars.to_arrow(), mode="create")
                connection.commit()
            return url

        yield lambda kind: {"sqlite": sqlite, "duckdb": duckdb, "postgres": postgres}[kind]()


@pytest.mark.parametrize("kind", ["sqlite", "duckdb", "postgres"])
def test_a_database_says_what_the_file_says(
    kind: str, databases: Callable[[str], str], tmp_path: Path
) -> None:
    url = databases(kind)
    bars = minute_bars(sessions=SESSIONS, bars=BARS)
    bars.write_parquet(tmp_path / "bars.parquet")
    asked = ["--target", "direction:1", "--features", "return_1,rsi_14"]
    text = inspected(url, "--query", "SELECT * FROM bars ORDER BY time", *asked)
    same = inspected(str(tmp_path / "bars.parquet"), *asked)
    ends = ("Assessment", "The data")
    assert (
        text.partition(ends[0])[2].partition(ends[1])[0]
        == (same.partition(ends[0])[2].partition(ends[1])[0])
    )
    assert PASSWORD not in text
    result = CliRunner().invoke(app, ["inspect", url, "--query", "SELECT * FROM bar"])
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert "Tables: bars." in result.stderr
    assert PASSWORD not in result.stderr
    if kind == "postgres":
        wrong = url.replace(PASSWORD, "open")
        result = CliRunner().invoke(app, ["inspect", wrong, "--query", "SELECT 1"])
        assert result.exit_code == 2
        assert "password authentication failed" in result.stderr
        assert "open@" not in result.stderr
        assert result.stderr.count("\n") == 1


# Real files.


def test_the_foreign_export_of_moscow(real_data: Callable[[str], Path], tmp_path: Path) -> None:
    path = real_data("moex_yndx_1min/YNDX_160101_161231.csv.gz")
    asked = [str(path), "--target", "vwap_reversion:1", "--start", "2016-12-01"]
    found = recorded(tmp_path / "run", *asked)
    readings = found["data_audit"]["readings"]
    assert readings["layout"] == "finam"
    assert readings["vwap price"].startswith("typical price")
    items = {item["id"]: item for item in found["data_audit"]["items"]}
    assert found["data_audit"]["items"][0]["id"] == "filled_from_later"
    assert items["stale_bars"]["share"] > 0.4
    first = found["assessment"][0]["text"]
    assert first.startswith("Mend the data first: ")
    assert "are stale bars filled with the close of the next trade" in first
    assert "stale = drop" in first
    # The label leaves ties out, and with them the filled bars: nothing contradicts that.
    assert "of the labelled bars are among them." in first or "No labelled bar is" in first
    assert "they can't have made a score" in found["evidence"]["copies"]["reading"]
    assert found["causes"]["leakage"]["status"] == "excluded"


def test_prints_of_new_york_as_bars_of_every_kind(
    real_data: Callable[[str], Path], tmp_path: Path
) -> None:
    path = str(real_data("lean_us/trades.parquet"))
    asked = [path, "--target", "direction:1", "--symbols", "AIG", "--features", "return_1,rsi_14"]
    hours = ["--sessions", "calendar:XNYS"]
    for name, options in {
        "time": ["--bars", "time:1m"],
        "volume": ["--bars", "volume:20000"],
        "dollar": ["--bars", "dollar:1000000"],
        "extended": ["--bars", "time:5m"],
    }.items():
        given = options if name == "extended" else [*options, *hours]
        found = recorded(tmp_path / name, *asked, *given)
        audit = found["data_audit"]
        assert audit["readings"]["vwap price"] == "traded VWAP of each bar"
        assert audit["readings"]["bars"].startswith(options[1])
        items = {item["id"]: item for item in audit["items"]}
        assert ("outside_hours" in items) == (name != "extended")
        assert "Nothing could be found" in found["evidence"]["association"]["reading"]
        assert "none left out between" in audit["readings"]["split"]


def test_hourly_bars_show_their_splits_and_their_stamp(
    real_data: Callable[[str], Path], tmp_path: Path
) -> None:
    path = str(real_data("lean_us/hour_bars.parquet"))
    asked = [path, "--target", "direction:1", "--features", "return_1", "--symbols", "AAPL"]
    asked += ["--start", "2013-06-01"]
    found = recorded(tmp_path / "run", *asked, "--sessions", "calendar:XNYS")
    items = {item["id"]: item for item in found["data_audit"]["items"]}
    assert items["split_like_jumps"]["count"] == 2  # 7 for 1 in 2014, 4 for 1 in 2020
    assert "Set stamp = start" in items["stamped_at_start"]["advice"]
    mended = recorded(tmp_path / "b", *asked, "--sessions", "calendar:XNYS", "--stamp", "start")
    assert "stamped_at_start" not in {item["id"] for item in mended["data_audit"]["items"]}


@pytest.mark.slow
def test_ten_thousand_columns_neither_stop_nor_bloat_a_report(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).normal(size=(120, 10_000)).astype(np.float32)
    wide = minute_bars(sessions=3, bars=40).hstack(
        pl.DataFrame(noise, schema=[f"f_{i}" for i in range(10_000)])
    )
    wide.write_parquet(tmp_path / "wide.parquet")
    out = tmp_path / "run"
    result = CliRunner().invoke(
        app, ["inspect", str(tmp_path / "wide.parquet"), "--out", str(out)], env={"COLUMNS": "80"}
    )
    assert result.exit_code == 0, result.output
    assert len(result.stdout) < 20_000
    page = CliRunner().invoke(app, ["report", str(out), "--format", "html"])
    assert page.exit_code == 0, page.output
    assert len(page.stdout.encode()) < 5_000_000
