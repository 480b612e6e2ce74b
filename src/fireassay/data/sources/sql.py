"""Databases: a SQL URL and a query.

DuckDB hands over Arrow tables itself. PostgreSQL and SQLite are read by their ADBC drivers, which
fill Arrow columns without making a Python object of every value (four and eight times as fast as
fetching rows, on 262,108 bars). Every other database goes through SQLAlchemy and whatever driver
its URL names. All are opened to read only, or left without a commit.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import polars as pl

from fireassay.data.paths import not_found
from fireassay.data.settings import DataSettings
from fireassay.data.sources import SOURCES, SQL, Table
from fireassay.errors import DataError, SettingError, listed

T = TypeVar("T")

NOT_SQL = frozenset({"http", "https", "ftp", "file", "s3", "gs", "gcs", "az", "abfs", "hdfs"})
ROWS_AT_ONCE = 100_000
MEMORY = ":memory:"

_USER_TABLES = (
    "SELECT table_name FROM information_schema.tables "
    "WHERE table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY 1"
)
_SQLITE_TABLES = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') ORDER BY 1"


class Sql:
    """Any database that has a SQL URL; the query's result is the table."""

    locations = "DIALECT://… with a query"

    def takes(self, location: object) -> bool:
        """Tell whether the location is a URL that isn't one of files."""
        if not isinstance(location, str) or "://" not in location:
            return False
        scheme = location.partition("://")[0]
        return re.fullmatch(r"\w+(\+\w+)?", scheme) is not None and scheme.lower() not in NOT_SQL

    def read(self, location: object, settings: DataSettings) -> Table:
        """Run the query.

        Raises
        ------
        SettingError
            If there is no query (lists the tables), or a library is missing.
        DataError
            If the database can't be reached or refuses the query; tells its reason in one line.
        """
        url = str(location)
        name = without_password(url)
        engine = _engine(url)
        if settings.query is None or not settings.query.strip():
            tables = _told(name, lambda: engine.tables(url))
            names = listed(tables) or "none"
            raise SettingError(
                "a database needs a query",
                where=name,
                fix=f"Give --query 'SELECT …'. Tables: {names}.",
            )
        query = settings.query
        return Table.of(
            _told(name, lambda: engine.query(url, query), lambda: engine.tables(url)), name
        )


class _DuckDb:
    """`duckdb:///FILE`, or `duckdb:///:memory:` for queries over files."""

    def query(self, url: str, query: str) -> pl.DataFrame:
        import duckdb

        path = _path(url)
        memory = path == MEMORY
        if not memory:
            _must_exist(path)
            with Path(path).open("rb") as file:
                if file.read(12)[8:] != b"DUCK":
                    raise DataError("the file is no DuckDB database", fix="Give the file of one.")
        with duckdb.connect(path, read_only=not memory) as connection:
            relation = connection.sql(query)
            if relation is None:
                raise DataError("the query returns no table", fix="Write a SELECT.")
            return _from_arrow(relation.to_arrow_table())

    def tables(self, url: str) -> list[str]:
        return _names(self.query(url, _USER_TABLES))


class _Postgres:
    """`postgresql://…` through ADBC and libpq."""

    def query(self, url: str, query: str) -> pl.DataFrame:
        import adbc_driver_postgresql.dbapi as driver

        with driver.connect(url) as connection, connection.cursor() as cursor:
            cursor.execute(query)
            return _from_arrow(cursor.fetch_arrow_table())

    def tables(self, url: str) -> list[str]:
        return _names(self.query(url, _USER_TABLES))


class _Sqlite:
    """`sqlite:///FILE` through ADBC."""

    def query(self, url: str, query: str) -> pl.DataFrame:
        import adbc_driver_sqlite.dbapi as driver

        path = _path(url)
        _must_exist(path)
        with (
            driver.connect(f"file:{quote(path)}?mode=ro") as connection,
            connection.cursor() as cursor,
        ):
            # A column's type is that of all its values, not of the first thousand.
            cursor.adbc_statement.set_options(**{"adbc.sqlite.query.batch_rows": str(2**30)})
            cursor.execute(query)
            return _from_arrow(cursor.fetch_arrow_table())

    def tables(self, url: str) -> list[str]:
        return _names(self.query(url, _SQLITE_TABLES))


class _SqlAlchemy:
    """Any other URL: `mysql+pymysql://…`, `mssql+pyodbc://…`, `sqlite+pysqlite:///…`."""

    def query(self, url: str, query: str) -> pl.DataFrame:
        import sqlalchemy

        engine = sqlalchemy.create_engine(url)
        try:
            with engine.connect() as connection:
                streamed = connection.execution_options(stream_results=True)
                result = streamed.execute(sqlalchemy.text(query))
                if not result.returns_rows:
                    raise DataError("the query returns no table", fix="Write a SELECT.")
                names = list(result.keys())
                parts = [_from_rows(names, rows) for rows in result.partitions(ROWS_AT_ONCE)]
        finally:
            engine.dispose()
        empty = pl.DataFrame(schema=dict.fromkeys(names, pl.Null))
        return pl.concat(parts, how="vertical_relaxed") if parts else empty

    def tables(self, url: str) -> list[str]:
        import sqlalchemy

        engine = sqlalchemy.create_engine(url)
        try:
            return sorted(sqlalchemy.inspect(engine).get_table_names())
        finally:
            engine.dispose()


def _engine(url: str) -> _DuckDb | _Postgres | _Sqlite | _SqlAlchemy:
    match url.partition("://")[0].lower():
        case "duckdb":
            return _DuckDb()
        case "postgresql" | "postgres":
            return _Postgres()
        case "sqlite":
            return _Sqlite()
    return _SqlAlchemy()


def _told(name: str, run: Callable[[], T], tables: Callable[[], list[str]] | None = None) -> T:
    """Run something against the database and tell its faults as one line that names it.

    With `tables`, those that are there are told too, if the database can be asked at all.
    """
    try:
        return run()
    except ImportError as error:
        raise SettingError(
            f"reading it needs the library {error.name or error}",
            where=name,
            fix="Install fireassay[sql], and the driver that the URL names.",
        ) from None
    except DataError as error:
        raise DataError(error.what, where=error.where or name, fix=error.fix) from None
    except _faults() as error:
        said = f"the database says: {_one_line(error)}"
    there = _there(tables) if tables is not None else []
    fix = f"Check the query. Tables: {listed(there)}." if there else "Check URL and query."
    raise DataError(said, where=name, fix=fix)


def _there(tables: Callable[[], list[str]]) -> list[str]:
    try:
        return tables()
    except DataError:
        return []  # what is wrong is told already
    except _faults():
        return []


def _faults() -> tuple[type[BaseException], ...]:
    """Return what the drivers raise, of those that are installed."""
    faults: list[type[BaseException]] = [OSError, pl.exceptions.PolarsError]
    try:
        import adbc_driver_manager

        faults.append(adbc_driver_manager.Error)
    except ImportError:
        pass
    try:
        import duckdb

        faults.append(duckdb.Error)
    except ImportError:
        pass
    try:
        import sqlalchemy.exc

        faults.append(sqlalchemy.exc.SQLAlchemyError)
    except ImportError:
        pass
    return tuple(faults)


def _one_line(error: BaseException) -> str:
    """Return what the database says in one line, without the driver's own words around it."""
    lines = [line.strip() for line in str(error).splitlines()]
    told = " ".join(line for line in lines if line and set(line) != {"^"})
    told = re.sub(r"^[A-Z_]+: \[\w+\] (Failed to \w+( \w+)?: )?", "", told)
    told = re.sub(r"\s*(query:|\[SQL:|\(Background on this error).*", "", told)
    return (told or type(error).__name__)[:300]


def _path(url: str) -> str:
    """Return the file of `dialect:///relative` or `dialect:////absolute`."""
    path = url.partition("://")[2].removeprefix("/").partition("?")[0]
    return re.sub("^//+", "/", path) or MEMORY


def _must_exist(path: str) -> None:
    if not Path(path).is_file():
        raise not_found(path, "DIALECT:///FILE")


def _names(frame: pl.DataFrame) -> list[str]:
    return [str(name) for name in frame.to_series().to_list()]


def _from_arrow(table: Any) -> pl.DataFrame:
    """Return an Arrow table as Polars; PostgreSQL's NUMERIC, which Arrow lacks, comes as text."""
    import pyarrow as pa

    for i, field in enumerate(table.schema):
        if isinstance(field.type, pa.BaseExtensionType):
            chunks = [chunk.storage for chunk in table.column(i).chunks]
            stored = pa.chunked_array(chunks, type=field.type.storage_type)
            table = table.set_column(i, field.name, stored)
    return pl.DataFrame(pl.from_arrow(table))


def _from_rows(names: list[str], rows: Any) -> pl.DataFrame:
    columns = zip(*rows, strict=True)
    return pl.DataFrame(
        [
            pl.Series(name, list(values), strict=False)
            for name, values in zip(names, columns, strict=True)
        ]
    )


def without_password(url: str) -> str:
    """Return the URL as it may be shown: a password in it becomes `***`."""
    shown = re.sub(r"(://[^:/@]*):[^/]*@", r"\1:***@", url)
    return re.sub(r"(?i)([?&]password=)[^&]*", r"\1***", shown)


SOURCES.add(SQL, Sql())
