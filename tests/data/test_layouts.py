import polars as pl
import pytest

from fireassay.data.layouts import Kind, Layout, recognise
from fireassay.data.sources import Table
from fireassay.errors import DataError, SettingError


def header(*columns: str) -> Table:
    return Table.of(pl.DataFrame({name: [1.0] for name in columns}), "table.csv")


def canonical(layout: Layout) -> dict[str, str]:
    return dict(layout.columns)


OHLCV = {"open": "open", "high": "high", "low": "low", "close": "close", "volume": "volume"}


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (
            ["time", "open", "high", "low", "close", "volume"],
            {"time": "time", **OHLCV},
        ),
        (
            ["Date", "Open", "High", "Low", "Close", "Adj Close", "Volume"],
            {"time": "Date", **{k: k.title() for k in OHLCV}},
        ),
        (["ts", "o", "h", "l", "c", "v"], {"time": "ts", **{k: k[0] for k in OHLCV}}),
        (
            ["DATE", "TIME", "OPEN", "HIGH", "LOW", "CLOSE", "TICKVOL"],
            {"date": "DATE", "clock": "TIME", **{k: k.upper() for k in OHLCV}, "volume": "TICKVOL"},
        ),
        (
            ["timestamp", "ticker", "open", "high", "low", "close", "volume", "vw", "transactions"],
            {
                "time": "timestamp",
                "symbol": "ticker",
                **OHLCV,
                "vwap": "vw",
                "trades": "transactions",
            },
        ),
        (
            ["unnamed", "Open", "High", "Low", "Close"],
            {"time": "unnamed", "open": "Open", "high": "High", "low": "Low", "close": "Close"},
        ),
    ],
)
def test_bars_are_known_under_common_names(columns: list[str], expected: dict[str, str]) -> None:
    layout = recognise(header(*columns))
    assert (layout.name, layout.kind) == ("ohlcv", Kind.BARS)
    assert canonical(layout) == expected


def test_finam_is_known_by_its_brackets() -> None:
    names = ("TICKER", "PER", "DATE", "TIME", "OPEN", "HIGH", "LOW", "CLOSE", "VOL")
    layout = recognise(header(*(f"<{name}>" for name in names)))
    assert (layout.name, layout.kind) == ("finam", Kind.BARS)
    assert canonical(layout) == {
        "symbol": "<TICKER>",
        "date": "<DATE>",
        "clock": "<TIME>",
        "open": "<OPEN>",
        "high": "<HIGH>",
        "low": "<LOW>",
        "close": "<CLOSE>",
        "volume": "<VOL>",
    }


def test_finam_ticks_are_trade_prints() -> None:
    layout = recognise(header("<TICKER>", "<DATE>", "<TIME>", "<LAST>", "<VOL>"))
    assert (layout.name, layout.kind) == ("finam", Kind.PRINTS)
    assert layout.columns["price"] == "<LAST>"
    assert layout.columns["size"] == "<VOL>"


def test_prints_are_known_by_price_and_size() -> None:
    layout = recognise(header("symbol", "ts", "price", "size", "exch", "cond", "susp"))
    assert (layout.name, layout.kind) == ("prints", Kind.PRINTS)
    assert canonical(layout) == {
        "time": "ts",
        "symbol": "symbol",
        "price": "price",
        "size": "size",
        "suspicious": "susp",
    }


def test_the_users_mapping_goes_before_every_name() -> None:
    table = header("when", "close", "mid", "open", "high", "low")
    layout = recognise(table, columns={"time": "when", "close": "mid"})
    assert layout.name == "columns"
    assert layout.columns["close"] == "mid"
    assert layout.columns["time"] == "when"


def test_who_names_the_close_needs_no_other_price() -> None:
    layout = recognise(header("when", "px"), columns={"time": "when", "close": "px"})
    assert canonical(layout) == {"time": "when", "close": "px"}


def test_an_opening_time_suggests_the_stamp() -> None:
    prices = ("open", "high", "low", "close")
    assert recognise(header("open_time", *prices)).suggested == {"stamp": "start"}
    assert recognise(header("open_time", "close_time", *prices)).columns["time"] == "close_time"
    assert recognise(header("open_time", *prices), columns={"time": "open_time"}).suggested == {}


def test_an_unknown_header_shows_what_is_there_and_what_to_write() -> None:
    with pytest.raises(DataError) as caught:
        recognise(header("when", "o1", "high", "low", "close"))
    told = str(caught.value)
    assert told.startswith("table.csv: no column for time, open")
    assert "Columns found: when, o1, high, low, close." in told
    assert '[columns] time = "…", open = "…", high = "high", low = "low", close = "close"' in told
    assert "\n" not in told


def test_prints_without_a_size_are_told_what_is_missing() -> None:
    with pytest.raises(DataError, match="no column for") as caught:
        recognise(header("ts", "price"))
    assert "[columns]" in str(caught.value)


def test_a_letter_is_a_price_only_among_its_kind() -> None:
    layout = recognise(header("time", "c", "v", "y"), need_prices=False)
    assert canonical(layout) == {"time": "time"}


def test_own_columns_need_a_time_or_a_session_column() -> None:
    assert recognise(header("time", "f_1", "y"), need_prices=False).name == "features"
    table = header("day", "f_1", "y")
    assert canonical(recognise(table, need_prices=False, session_column="day")) == {}
    with pytest.raises(DataError, match=r"\[columns\] time"):
        recognise(table, need_prices=False)


def test_own_columns_may_stand_beside_prices() -> None:
    table = header("time", "open", "high", "low", "close", "f_1")
    assert recognise(table, need_prices=False).columns["close"] == "close"
    own = header("time", "price", "size", "y")
    assert recognise(own, need_prices=False).kind is Kind.BARS


def test_a_named_layout_must_fit() -> None:
    table = header("time", "open", "high", "low", "close")
    assert recognise(table, "ohlcv").name == "ohlcv"
    with pytest.raises(DataError):
        recognise(table, "prints")
    with pytest.raises(SettingError, match="ohlcv"):
        recognise(table, "ohlc")


def test_a_mapping_that_names_nothing_is_told_the_nearest() -> None:
    with pytest.raises(DataError, match="Did you mean price"):
        recognise(header("time", "price"), columns={"close": "prise"})
    with pytest.raises(SettingError, match="Did you mean close"):
        recognise(header("time", "price"), columns={"closing": "price"})
