"""Whatever a file holds, it becomes checked bars or one line that tells what is wrong."""

from __future__ import annotations

import contextlib
import gzip
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fireassay.data.bars import Bars
from fireassay.data.load import load
from fireassay.data.settings import DataSettings
from fireassay.errors import UserError

HEADERS = [
    "time,open,high,low,close,volume",
    "<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>",
    "ts,price,size,symbol,susp",
    "date,time,o,h,l,c,v,symbol",
    "open_time,open,high,low,close,f_1",
    "a,b,c",
    "",
]
CELLS = [
    "", "0", "-1", "1.5", "1,5", "1e309", "inf", "nan", "x", '"', '"q', '"a,b"', "\x00", "٣", "true",
    "2020-01-01", "2020-01-01 10:00:00", "2020-01-01T10:00:00Z", "2020-01-01 10:00:00+03:00",
    "2020-01-02 10:00", "2020-02-30", "0001-01-01", "9999-12-31 23:59:59", "01/02/2020",
    "13/02/2020 1:00 PM", "31.12.2020 24:00", "20200101", "100000", "1577872800", "1577872860",
    "1577872800000", "99999999999999999999", "2020-03-08 02:30:00", "  3 ", "-0.0",
]  # fmt: skip
SETTINGS = st.fixed_dictionaries(
    {},
    optional={
        "sessions": st.sampled_from(
            ["24/7", "gap:1m", "column:a", "column:symbol", "calendar:XNYS", "calendar:24/7"]
        ),
        "timezone": st.sampled_from(["UTC", "America/New_York"]),
        "stamp": st.sampled_from(["start", "end"]),
        "stale": st.sampled_from(["keep", "drop"]),
        "bars": st.sampled_from(["time:7m", "volume:5", "dollar:100"]),
        "layout": st.sampled_from(["ohlcv", "prints", "finam", "features"]),
        "columns": st.sampled_from([{"time": "a"}, {"close": "b", "time": "ts"}, {"price": "c"}]),
    },
)

cells = st.sampled_from(CELLS)
tables = st.builds(
    lambda header, rows: "\n".join([header, *(",".join(row) for row in rows)]).encode(),
    st.sampled_from(HEADERS),
    st.lists(st.lists(cells, min_size=1, max_size=8), max_size=12),
)


@st.composite
def plausible(draw: st.DrawFn) -> bytes:
    """A table of two sessions that is sound but for a few cells."""
    names = draw(st.sampled_from(HEADERS[:5])).split(",")
    lines = [",".join(names)]
    wrong = draw(st.sets(st.tuples(st.integers(0, 19), st.integers(0, 7)), max_size=3))
    for i in range(20):
        moment = 1577872800 + 60 * i + 86400 * (i // 10)
        row = []
        for j, name in enumerate(names):
            plain = name.strip("<>").lower()
            if (i, j) in wrong:
                row.append(draw(cells))
            elif plain == "date":
                row.append(f"2020010{1 + i // 10}")
            elif "time" in plain or plain == "ts":
                row.append(f"10{i % 60:02d}00" if "date" in lines[0].lower() else str(moment))
            else:
                row.append(str(100 + (7 * i + 3 * j) % 11 / 10))
        lines.append(",".join(row))
    return "\n".join(lines).encode()


def loaded(path: Path, options: dict[str, object], *, need_prices: bool) -> Bars | None:
    """Load, or give None where a user error tells in one line what is wrong."""
    told, bars = "", None
    try:
        chosen = DataSettings(location=str(path), **options)  # type: ignore[arg-type]
        bars = load(chosen, need_prices=need_prices)
    except UserError as error:
        told = str(error)
    assert "\n" not in told
    assert bars is not None or len(told) > 20
    return bars


QUIET = settings(
    max_examples=120,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@QUIET
@given(
    content=st.one_of(st.binary(max_size=200), tables, plausible()),
    options=SETTINGS,
    suffix=st.sampled_from([".csv", ".csv.gz", ".parquet"]),
    need_prices=st.booleans(),
)
def test_files_of_garbage(
    tmp_path: Path, content: bytes, options: dict[str, object], suffix: str, need_prices: bool
) -> None:
    path = tmp_path / f"table{suffix}"
    path.write_bytes(gzip.compress(content) if suffix.endswith(".gz") else content)
    bars = loaded(path, options, need_prices=need_prices)
    if bars is not None:
        assert bars.frame["session"].is_sorted()
        assert bars.sessions >= 2


@QUIET
@given(content=plausible())
def test_sound_tables_with_a_few_faults(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(content)
    bars = loaded(path, {}, need_prices=True)
    if bars is not None:
        assert bars.audit.rows == bars.frame.height
        assert (bars.frame["bar"] >= 0).all()


@QUIET
@given(
    frame=st.fixed_dictionaries(
        {
            "time": st.sampled_from(["int", "text", "date", "datetime", "float", "null", "bool"]),
            "price": st.sampled_from(["float", "text", "bool", "list", "null", "decimal"]),
            "rows": st.integers(0, 8),
        }
    ),
    options=SETTINGS,
)
def test_frames_of_any_types(frame: dict[str, object], options: dict[str, object]) -> None:
    rows = int(str(frame["rows"]))
    number = pl.int_range(rows, eager=True)
    kinds = {
        "int": number + 1577872800,
        "float": number * 1.5,
        "text": number.cast(pl.String),
        "date": number.cast(pl.Date),
        "datetime": (number * 10**11).cast(pl.Datetime("us")),
        "null": pl.Series([None] * rows, dtype=pl.Null),
        "bool": number > 2,
        "list": pl.Series([[1.0]] * rows, dtype=pl.List(pl.Float64)),
        "decimal": number.cast(pl.Decimal(12, 2)),
    }
    prices = dict.fromkeys(("open", "high", "low", "close"), kinds[str(frame["price"])])
    table = pl.DataFrame({"time": kinds[str(frame["time"])], **prices})
    with contextlib.suppress(UserError):
        assert load(DataSettings(**options), table).sessions >= 2  # type: ignore[arg-type]


@pytest.mark.slow
@settings(parent=QUIET, max_examples=3000)
@given(content=st.one_of(tables, plausible()), options=SETTINGS, need_prices=st.booleans())
def test_much_garbage(
    tmp_path: Path, content: bytes, options: dict[str, object], need_prices: bool
) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(content)
    loaded(path, options, need_prices=need_prices)
