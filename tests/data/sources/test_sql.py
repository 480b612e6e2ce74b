import datetime as dt
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from fireassay.data.load import read
from fireassay.data.sources.sql import without_password
from fireassay.errors import DataError, SettingError, UserError
from tests.data.sources.postgres import PASSWORD, server
from tests.data.tables import minute_bars

QUERY = "SELECT * FROM bars ORDER BY symbol, time"


@pytest.fixture(scope="module")
def frame() -> pl.DataFrame:
    return pl.concat([minute_bars(symbol=name, seed=i) for i, name in enumerate("AB")])


@pytest.fixture(scope="module")
def sqlite_url(tmp_path_factory: pytest.TempPathFactory, frame: pl.DataFrame) -> str:
    path = tmp_path_factory.mktemp("sqlite") / "market data.sqlite"
    rows = frame.with_columns(pl.col("time").dt.to_string("%Y-%m-%d %H:%M:%S"))
    with sqlite3.connect(path) as connection:
        connection.execute(
            "CREATE TABLE bars (time TEXT, open REAL, high REAL, low REAL, close REAL, "
            "volume, symbol TEXT)"
        )
        connection.executemany("INSERT INTO bars VALUES (?, ?, ?, ?, ?, ?, ?)", rows.iter_rows())
    connection.close()
    return f"sqlite:///{path}"


@pytest.fixture(scope="module")
def duckdb_url(tmp_path_factory: pytest.TempPathFactory, frame: pl.DataFrame) -> str:
    duckdb = pytest.importorskip("duckdb")
    path = tmp_path_factory.mktemp("duckdb") / "market.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.register("rows", frame.to_arrow())
        connection.execute("CREATE TABLE bars AS SELECT * FROM rows")
    return f"duckdb:///{path}"


@pytest.fixture(scope="module")
def postgres_url(frame: pl.DataFrame) -> Iterator[str]:
    driver = pytest.importorskip("adbc_driver_postgresql.dbapi")
    with server() as url:
        with driver.connect(url) as connection, connection.cursor() as cursor:
            cursor.execute(
                "CREATE TABLE bars (time timestamp, open numeric(12, 6), high double precision, "
                "low double precision, close double precision, volume bigint, symbol text)"
            )
            cursor.adbc_ingest("staged", frame.to_arrow(), mode="create")
            cursor.execute(
                "INSERT INTO bars SELECT time, open, high, low, close, volume, symbol FROM staged"
            )
            cursor.execute("DROP TABLE staged")
            connection.commit()
        yield url


@pytest.mark.parametrize("database", ["sqlite", "duckdb", "postgres", "sqlite+pysqlite"])
def test_every_database_gives_the_bars_of_the_frame(
    database: str, frame: pl.DataFrame, request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue(f"{database.partition('+')[0]}_url")
    url = url.replace("sqlite://", f"{database}://") if "+" in database else url
    expected, found = read(frame), read(url, query=QUERY)
    drop = ["open"] if database == "postgres" else []
    assert found.frame.drop(drop).equals(expected.frame.drop(drop))
    # NUMERIC(12, 6) rounds; nothing else does.
    assert (found.frame["open"] - expected.frame["open"]).abs().max() <= 5e-7  # type: ignore[operator]


@pytest.mark.parametrize("database", ["sqlite", "duckdb", "postgres", "sqlite+pysqlite"])
def test_without_a_query_the_tables_are_told(database: str, request: pytest.FixtureRequest) -> None:
    url = request.getfixturevalue(f"{database.partition('+')[0]}_url")
    url = url.replace("sqlite://", f"{database}://") if "+" in database else url
    with pytest.raises(SettingError, match=r"needs a query\. .*Tables: bars\."):
        read(url)


@pytest.mark.parametrize("database", ["sqlite", "duckdb", "postgres", "sqlite+pysqlite"])
def test_what_the_database_refuses_is_told_in_one_line(
    database: str, request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue(f"{database.partition('+')[0]}_url")
    url = url.replace("sqlite://", f"{database}://") if "+" in database else url
    for query in ("SELECT nothing FROM bars", "SELEC", "SELECT * FROM bar"):
        with pytest.raises(DataError) as caught:
            read(url, query=query)
        assert "the database says" in str(caught.value)
        assert "\n" not in str(caught.value)
        assert PASSWORD not in str(caught.value)


@pytest.mark.parametrize("database", ["sqlite", "duckdb", "postgres", "sqlite+pysqlite"])
def test_a_query_that_changes_the_data_does_not(
    database: str, request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue(f"{database.partition('+')[0]}_url")
    url = url.replace("sqlite://", f"{database}://") if "+" in database else url
    with pytest.raises(UserError):
        read(url, query="DELETE FROM bars")
    assert read(url, query=QUERY).audit.rows == 240


def test_moments_with_a_zone_come_from_postgres(postgres_url: str) -> None:
    query = "SELECT time AT TIME ZONE 'America/New_York' AS time, open, high, low, close FROM bars"
    bars = read(postgres_url, query=f"{query} WHERE symbol = 'A'", timezone="America/New_York")
    assert bars.frame["time"][0].isoformat() == "2024-01-08T09:31:00-05:00"
    assert PASSWORD not in bars.audit.source


def test_columns_of_sqlite_may_mix_their_numbers(tmp_path: Path) -> None:
    path = tmp_path / "mixed.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE t (time, open, high, low, close, volume)")
        start = dt.datetime(2024, 1, 8, 9, 30)
        for i in range(3000):
            time = start + dt.timedelta(days=i // 1500, minutes=i % 1500 // 4)
            volume = i if i < 2000 else i + 0.5
            connection.execute(
                "INSERT INTO t VALUES (?, 1, 1, 1, ?, ?)", (str(time), 1 if i < 2500 else 1.0, volume)
            )
    connection.close()
    for scheme in ("sqlite", "sqlite+pysqlite"):
        query = (
            "SELECT DISTINCT time, open, high, low, close, max(volume) AS volume FROM t GROUP BY time"
        )
        assert read(f"{scheme}:///{path}", query=query).frame["volume"].max() == 2999.5


def test_duckdb_queries_files_without_a_database(tmp_path: Path, frame: pl.DataFrame) -> None:
    pytest.importorskip("duckdb")
    frame.write_parquet(tmp_path / "bars.parquet")
    query = f"SELECT * FROM '{tmp_path}/bars.parquet' WHERE symbol = 'B'"
    assert read("duckdb:///:memory:", query=query).audit.symbols == ("B",)


def test_a_missing_file_is_told_and_not_made(tmp_path: Path) -> None:
    (tmp_path / "market.db").write_bytes(b"")
    for scheme in ("sqlite", "duckdb"):
        with pytest.raises(DataError, match=r"no such file\. Did you mean market\.db"):
            read(f"{scheme}:///{tmp_path}/markt.db", query="SELECT 1")
    assert [p.name for p in tmp_path.iterdir()] == ["market.db"]


def test_a_server_that_is_not_there_is_told_without_the_password() -> None:
    with pytest.raises(DataError) as caught:
        read("postgresql://me:sesame@localhost:1/x", query="SELECT 1")
    assert "postgresql://me:***@localhost:1/x" in str(caught.value)
    assert "sesame" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://me:a@b@host/x", "postgresql://me:***@host/x"),
        ("postgresql://me@host/x", "postgresql://me@host/x"),
        ("postgresql:///x?user=me&password=p%20q&a=b", "postgresql:///x?user=me&password=***&a=b"),
        ("sqlite:///a:b.db", "sqlite:///a:b.db"),
    ],
)
def test_passwords_are_never_shown(url: str, shown: str) -> None:
    assert without_password(url) == shown


def test_a_missing_library_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    with pytest.raises(SettingError, match=r"fireassay\[sql\]"):
        read("mysql+pymysql://me@host/x", query="SELECT 1")
