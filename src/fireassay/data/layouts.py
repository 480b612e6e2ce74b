"""What the columns of a foreign table are called: known layouts, and the user's own mapping.

A layout maps canonical names to columns. `recognise` tries the known ones; what the user writes in
`columns` goes before them.

| layout | recognised by |
| --- | --- |
| finam | `<DATE>,<TIME>,<OPEN>,…`: names in angle brackets; bars, or ticks with `<LAST>,<VOL>` |
| ohlcv | time, open, high, low, close, in any case and under their common names |
| prints | time, price and size without open, high and low: one row a trade |
| columns | the user's mapping names the market columns itself |
| features | the user's own columns are features and target: a time or a session column is enough |
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from fireassay.data.bars import MARKET_COLUMNS, PRICE_COLUMNS
from fireassay.data.sources import UNNAMED, Table
from fireassay.errors import DataError, nearest, unknown_name


class Kind(StrEnum):
    """What a row of the table is."""

    BARS = "bars"
    PRINTS = "trade prints"


SYNONYMS: Mapping[str, tuple[str, ...]] = {
    "symbol": ("symbol", "ticker", "sym", "instrument", "asset", "secid", "contract", "stock"),
    "time": (
        "time",
        "timestamp",
        "ts",
        "datetime",
        "dateandtime",
        "datetimeutc",
        "bartime",
        "closetime",
        "endtime",
        "tsevent",
        "t",
        "date",
        "opentime",
        "starttime",
        "index",
        UNNAMED,
    ),
    "open": ("open", "openprice", "priceopen", "openpx", "o"),
    "high": ("high", "highprice", "pricehigh", "highpx", "h"),
    "low": ("low", "lowprice", "pricelow", "lowpx", "l"),
    "close": ("close", "closeprice", "priceclose", "closepx", "c", "last"),
    "volume": ("volume", "vol", "qty", "quantity", "sharevolume", "tickvolume", "tickvol", "v"),
    "vwap": ("vwap", "vw", "wap", "volumeweightedaverageprice"),
    "trades": ("trades", "tradecount", "numtrades", "numberoftrades", "transactions", "barcount"),
    "bid": ("bid", "bidprice", "bidpx", "closebid", "bestbid"),
    "ask": ("ask", "askprice", "askpx", "closeask", "bestask", "offer"),
    "price": ("price", "tradeprice", "px", "last", "lastprice"),
    "size": ("size", "tradesize", "qty", "quantity", "volume", "vol", "lastsize", "amount"),
    "suspicious": ("suspicious", "susp"),
}
"""Canonical name → names it goes by, lower case without punctuation; the first one found is taken."""

CLOCK = "clock"
"""Canonical name of the column that holds the time of day, where the date stands in another."""

CANONICAL = ("symbol", "time", "date", CLOCK, *MARKET_COLUMNS, "price", "size", "suspicious")
"""What the user's mapping may name. `date` and `clock` together stand for `time`."""

START_STAMPED = frozenset({"opentime", "starttime"})
_ONE_LETTER = frozenset("ohlcvt")


@dataclass(frozen=True)
class Layout:
    """Which column is what.

    Attributes
    ----------
    name
        The layout's name.
    kind
        Bars or trade prints.
    columns
        Canonical name → column of the source. Time is `time`, or `date` and `clock`; neither only
        where a session column orders the rows.
    suggested
        Settings that the header gives away (`stamp = "start"` for a column `open_time`); they
        count where the user left the default.
    """

    name: str
    kind: Kind
    columns: Mapping[str, str]
    suggested: Mapping[str, str] = field(default_factory=dict)


def recognise(
    table: Table,
    layout: str = "auto",
    columns: Mapping[str, str] | None = None,
    *,
    need_prices: bool = True,
    session_column: str | None = None,
) -> Layout:
    """Return what the columns of a table are.

    Parameters
    ----------
    table
        The table as it stands in its source.
    layout
        "auto", or the name of the layout that it must fit.
    columns
        The user's mapping, canonical name → column; it goes before every layout.
    need_prices
        Whether bars without prices are of no use: without it a time column is enough.
    session_column
        The column that names the sessions, if there is one: then without prices not even a time
        is needed.

    Raises
    ------
    SettingError
        If the layout or a canonical name isn't known.
    DataError
        If the mapping names a column that isn't there, or columns are missing; lists those found
        and shows the mapping to write.
    """
    found = table.frame.columns
    own = dict(columns or {})
    for canonical, column in own.items():
        if canonical not in CANONICAL:
            raise unknown_name("canonical column", canonical, CANONICAL)
        if column not in found:
            near = nearest(column, found)
            raise DataError(
                f"there is no column {column!r} for {canonical}",
                where=table.where(),
                fix=f"Did you mean {' or '.join(near)}?" if near else _listed(found),
            )
    if layout != "auto" and layout not in LAYOUTS:
        raise unknown_name("layout", layout, ["auto", *LAYOUTS])
    free = [c for c in found if c not in own.values() and c != session_column]
    tried = [LAYOUTS[layout]] if layout != "auto" else list(LAYOUTS.values())
    for fits in tried:
        match = fits(free, own)
        if match is not None and _complete(match, own, need_prices, session_column):
            return match
    raise _unknown_header(table, free, own, need_prices)


def _complete(
    layout: Layout, own: Mapping[str, str], need_prices: bool, session_column: str | None
) -> bool:
    has = layout.columns
    timed = "time" in has or {"date", CLOCK} <= set(has)
    if layout.name == "features":
        return not need_prices and (timed or session_column is not None)
    if layout.kind is Kind.PRINTS:
        return need_prices and timed and {"price", "size"} <= set(has)
    # Who names the market columns knows which of them there are: close alone will do.
    priced = "close" in own or set(PRICE_COLUMNS) <= set(has)
    return priced and (timed or (not need_prices and session_column is not None))


def _finam(free: Sequence[str], own: Mapping[str, str]) -> Layout | None:
    if not any(column.startswith("<") and column.endswith(">") for column in free):
        return None
    prints = _prints(free, own)
    match = prints if prints is not None else _ohlcv(free, own)
    return None if match is None else Layout("finam", match.kind, match.columns, match.suggested)


def _ohlcv(free: Sequence[str], own: Mapping[str, str]) -> Layout | None:
    names = ("symbol", *MARKET_COLUMNS)
    columns, suggested = _timed(free, own)
    columns |= _found(free, names, {**columns, **own}) | dict(own)
    if {"price", "size"} & set(own) or not set(PRICE_COLUMNS) & set(columns):
        return None
    name = "columns" if set(MARKET_COLUMNS) & set(own) else "ohlcv"
    return Layout(name, Kind.BARS, columns, suggested)


def _prints(free: Sequence[str], own: Mapping[str, str]) -> Layout | None:
    columns, suggested = _timed(free, own)
    columns |= _found(free, ("symbol", "price", "size", "suspicious"), {**columns, **own}) | dict(own)
    bars = _found(free, PRICE_COLUMNS[:3], own)
    if set(MARKET_COLUMNS) & set(own) or bars or not {"price", "size"} <= set(columns):
        return None
    name = "columns" if {"price", "size"} & set(own) else "prints"
    return Layout(name, Kind.PRINTS, columns, suggested)


def _features(free: Sequence[str], own: Mapping[str, str]) -> Layout | None:
    if {"price", "size"} & set(own):
        return None
    columns, suggested = _timed(free, own)
    # Only canonical names are market columns here: any other is one of the user's features.
    columns |= {name: name for name in ("symbol", *MARKET_COLUMNS) if name in free} | dict(own)
    return Layout("features", Kind.BARS, columns, suggested)


LAYOUTS: Mapping[str, Callable[[Sequence[str], Mapping[str, str]], Layout | None]] = {
    "finam": _finam,
    "ohlcv": _ohlcv,
    "prints": _prints,
    "features": _features,
}


def plain(column: str) -> str:
    """Return a column's name in lower case without punctuation: `<Adj Close>` is `adjclose`."""
    return "".join(character for character in column.lower() if character.isalnum())


def _timed(free: Sequence[str], own: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Return the columns that hold the time, and the stamp where its name gives it away."""
    if "time" in own or {"date", CLOCK} <= set(own):
        return {}, {}
    by_name = _by_name(free)
    if "date" in by_name and "time" in by_name:
        return {"date": by_name["date"], CLOCK: by_name["time"]}, {}
    for name in SYNONYMS["time"]:
        if name in by_name:
            return {"time": by_name[name]}, {"stamp": "start"} if name in START_STAMPED else {}
    return {}, {}


def _found(free: Sequence[str], wanted: Sequence[str], taken: Mapping[str, str]) -> dict[str, str]:
    """Return the wanted canonical columns that are there under one of their names.

    A single letter counts only where all of o, h, l and c are there: else `c` is just a letter.
    """
    by_name = _by_name(free)
    letters = set("ohlc") <= set(by_name)
    used, columns = set(taken.values()), {}
    for canonical in wanted:
        if canonical in taken:
            continue
        for name in SYNONYMS[canonical]:
            column = by_name.get(name)
            if column is None or column in used or (name in _ONE_LETTER and not letters):
                continue
            columns[canonical] = column
            used.add(column)
            break
    return columns


def _by_name(columns: Sequence[str]) -> dict[str, str]:
    """Map plain names to columns; of two that read alike the first one counts."""
    return {plain(column): column for column in reversed(columns)}


def _unknown_header(
    table: Table, free: Sequence[str], own: Mapping[str, str], need_prices: bool
) -> DataError:
    """Build the error for a header that no layout knows: what is there, and the mapping to write."""
    known, _ = _timed(free, own)
    known |= _found(free, ("symbol", *MARKET_COLUMNS, "price", "size"), {**known, **own}) | dict(own)
    wanted = ["time", *PRICE_COLUMNS, "volume"] if need_prices else ["time"]
    if {"price", "size"} <= set(known) and not set(PRICE_COLUMNS[:3]) & set(known):
        wanted = ["time", "price", "size"]
    if {"date", CLOCK} & set(known):
        wanted[:1] = ["date", CLOCK]
    required = [name for name in wanted if name != "volume"]
    missing = [name for name in required if name not in known]
    mapping = ", ".join(f'{name} = "{known.get(name, "…")}"' for name in wanted)
    flags = " ".join(f"--column {name}=…" for name in missing)
    return DataError(
        f"no column for {', '.join(missing)}" if missing else "the header fits no layout",
        where=table.where(),
        fix=f"{_listed(table.frame.columns)} Write in the study: [columns] {mapping}"
        + (f"; or give {flags}." if missing else ".")
        + _without(known, need_prices),
    )


def _without(known: Mapping[str, str], need_prices: bool) -> str:
    """Say what can be done without the columns that are missing, if anything can."""
    if not need_prices:
        return " Without a time, --session column:NAME tells which rows belong together."
    if set(PRICE_COLUMNS) & set(known) or "price" in known:
        return ""
    return " Without prices: --features columns:NAME,… --target column:NAME."


def _listed(columns: Sequence[str]) -> str:
    shown = ", ".join(columns[:30])
    more = f" and {len(columns) - 30} more" if len(columns) > 30 else ""
    return f"Columns found: {shown}{more}."
