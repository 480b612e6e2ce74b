"""Delimited text: CSV files, plain or gzipped, one or a folder of them.

Everything is read as text first; a column becomes numbers only if each of its values is one, so no
value is lost to a guess, and a faulty one can still be shown with its row.
"""

from __future__ import annotations

import csv
import gzip
import io
import re
import zlib
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from fireassay.data import contents
from fireassay.data.paths import expand
from fireassay.data.settings import DataSettings
from fireassay.data.sources import SOURCES, UNNAMED, Table, join
from fireassay.errors import DataError
from fireassay.findings import Value

PLAIN = (".csv", ".tsv", ".txt")
SUFFIXES = (*PLAIN, *(f"{suffix}.gz" for suffix in PLAIN))
SEPARATORS = (",", ";", "\t", "|", " ")
SEPARATOR_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar", " ": "space"}
MISSING = ["", "NA", "N/A", "#N/A", "null", "NULL", "None", "nan", "NaN", "NAN"]
SNIFFED_LINES = 20

_NUMBER = r"^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$|^[+-]?(?i:inf|infinity)$"
_DECIMAL_COMMA = r"^[+-]?\d+(?:,\d+)?$"


class Csv:
    """CSV files: separator, header, byte-order mark and decimal comma are seen from the text."""

    locations = "FILE.csv[.gz]"

    def takes(self, location: object) -> bool:
        """Tell whether the location means at least one delimited text file."""
        return bool(expand(location, SUFFIXES))

    def read(self, location: object, settings: DataSettings) -> Table:
        """Read and stack the files; raises DataError naming file and row."""
        del settings
        parts = []
        readings: dict[str, Value] = {}
        header = 0
        for path in expand(location, SUFFIXES):
            form = _Form.of(path)
            parts.append((str(path), form.table()))
            readings |= form.readings()
            header = form.header
        frame, found = join(parts, header=header)
        frame, decimal_comma = _typed(frame, comma=readings["separator"] != "comma")
        if decimal_comma:
            readings["decimal"] = "comma"
        return Table(frame, str(location), found, readings=readings)


@dataclass(frozen=True)
class _Form:
    """The text of one file and how it is laid out; `header` counts the lines before the rows."""

    path: str
    data: bytes
    separator: str
    names: list[str]
    header: int

    @classmethod
    def of(cls, path: Path) -> _Form:
        name, data = str(path), _content(path)
        lines = _first_lines(data, name)
        separator = _separator(lines)
        first = next(csv.reader(lines, delimiter=separator))
        header = int(not _looks_like_data(first))
        names = [field.strip() or UNNAMED for field in first]
        if not header:
            names = [f"column_{i + 1}" for i in range(len(first))]
        twice = sorted({field for field in names if names.count(field) > 1})
        if twice:
            raise DataError(
                f"two columns are called {twice[0]}", where=name, fix="Give each its own name."
            )
        return cls(name, data, separator, names, header)

    def readings(self) -> dict[str, Value]:
        told: dict[str, Value] = {"separator": SEPARATOR_NAMES[self.separator]}
        return told if self.header else told | {"header": "none: columns are numbered"}

    def table(self) -> pl.DataFrame:
        """`[rows, fields]` all columns as text."""
        try:
            frame = pl.read_csv(
                self.data,
                separator=self.separator,
                has_header=bool(self.header),
                new_columns=self.names,
                infer_schema=False,
                null_values=MISSING,
            )
        except pl.exceptions.NoDataError:
            frame = pl.DataFrame(schema=dict.fromkeys(self.names, pl.String))
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
            raise self._fault(error) from None
        self._refuse_short(frame)
        return frame

    def _refuse_short(self, frame: pl.DataFrame) -> None:
        """Raise DataError for a row with too few fields, whose last ones polars leaves null."""
        last = frame.to_series(frame.width - 1) if frame.width > 1 else None
        if last is None or not last.null_count():
            return
        text = self.data.decode()
        if '"' not in text:
            # Without quotes a line is a row: count the separators of those that can be short.
            odd = last.is_null().arg_true() + self.header
            lines = pl.Series(text.removesuffix("\n").split("\n")).gather(odd)
            short = lines.str.count_matches(self.separator, literal=True) < frame.width - 1
            if not short.any():
                return
        reader = csv.reader(io.StringIO(text), delimiter=self.separator)
        for fields in reader:
            if len(fields) < frame.width and reader.line_num > self.header:
                what = f"{len(fields)} fields where the first line has {frame.width}"
                raise DataError(
                    what if fields else "a blank line between rows",
                    where=f"{self.path}, {self._row(reader.line_num)}",
                    fix="Write a separator for every field, also for empty ones; the file may be "
                    "cut short."
                    if fields
                    else "Remove it.",
                )

    def _fault(self, error: BaseException) -> DataError:
        """Find the row that can't be read; only called once the file is known to be faulty."""
        try:
            text = self.data.decode()
        except UnicodeDecodeError as undecodable:
            line = self.data.count(b"\n", 0, undecodable.start) + 1
            return DataError(
                "the text is not UTF-8",
                where=f"{self.path}, {self._row(line)}",
                fix="Save the file as UTF-8.",
            )
        reader = csv.reader(io.StringIO(text), delimiter=self.separator)
        try:
            for row in reader:
                if len(row) > len(self.names):
                    return DataError(
                        f"{len(row)} fields where the first line has {len(self.names)}",
                        where=f"{self.path}, {self._row(reader.line_num)}",
                        fix="Quote fields that hold the separator.",
                    )
        except csv.Error as fault:
            where = f"{self.path}, {self._row(reader.line_num)}"
            return DataError(f"the text can't be read: {fault}", where=where, fix="Mend that line.")
        for number, content in enumerate(text.split("\n"), start=1):
            if content.count('"') % 2:
                return DataError(
                    "a quote is opened and not closed",
                    where=f"{self.path}, {self._row(number)}",
                    fix='Close it, or write "" for a quote inside a field.',
                )
        cause = str(error).split("\n")[0]
        return DataError(f"the text can't be read: {cause}", where=self.path, fix="Check its quotes.")

    def _row(self, line: int) -> str:
        return f"row {line - self.header} (line {line})" if line > self.header else "header"


def _content(path: Path) -> bytes:
    """Return the file's text as UTF-8 without a byte-order mark."""
    try:
        data = path.read_bytes()
    except OSError as error:
        cause = error.strerror or str(error)
        raise DataError(
            f"the file can't be read ({cause})", where=str(path), fix="Check its rights."
        ) from None
    if path.name.lower().endswith(".gz"):
        data = _unzipped(data, path)
    contents.refuse_other(path, data[: contents.HEAD], "CSV")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            data = data.decode("utf-16").encode()
        except UnicodeError:
            raise DataError(
                "the text is not UTF-16 as its first bytes say",
                where=str(path),
                fix="Save the file as UTF-8.",
            ) from None
    if b"\r" in data:  # lines that end as on Windows, or as on old Macs
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    # Blank lines after the last row are no rows; one in between is a row, and found as a fault.
    data = data.removeprefix(b"\xef\xbb\xbf").rstrip(b"\n") + b"\n"
    if not data.strip():
        raise DataError("the file is empty", where=str(path), fix="Give a file with rows.")
    if b"\x00" in data[:4096]:
        raise DataError("the file is not text", where=str(path), fix="Give a CSV file.")
    return data


def _unzipped(data: bytes, path: Path) -> bytes:
    if not data:
        raise DataError("the file is empty (0 bytes)", where=str(path), fix="Give a file with rows.")
    if not data.startswith(b"\x1f\x8b"):
        contents.refuse_other(path, data[: contents.HEAD], "gzipped CSV")
        raise DataError(
            "the file isn't gzipped, as its name says", where=str(path), fix="Name it without .gz."
        )
    try:
        return gzip.decompress(data)
    except EOFError:
        what = "the gzipped file is cut short"
    except (OSError, zlib.error) as error:
        what = f"the gzipped file is damaged ({error})"
    raise DataError(what, where=str(path), fix="Download or copy it again.")


def _first_lines(data: bytes, name: str) -> list[str]:
    head = data[: 1 << 16].split(b"\n")
    lines = head[: -1 if len(head) > 1 else None][:SNIFFED_LINES]
    try:
        decoded = [line.decode() for line in lines]
    except UnicodeDecodeError:
        raise DataError("the text is not UTF-8", where=name, fix="Save the file as UTF-8.") from None
    if not decoded[0].strip():
        raise DataError("the first line is blank", where=name, fix="Start with the column names.")
    return decoded


def _separator(lines: list[str]) -> str:
    """Return the separator that splits the lines into the most fields, equally many in each.

    A space counts only where nothing else does: it also stands between date and time.
    """
    best, most = SEPARATORS[0], 1
    for separator in SEPARATORS:
        if separator == " " and most > 1:
            continue
        try:
            counts = [len(row) for row in csv.reader(lines, delimiter=separator) if row]
        except csv.Error:
            continue
        agreeing = sum(count == counts[0] for count in counts) / max(len(counts), 1)
        if counts and counts[0] > most and agreeing >= 0.8:
            best, most = separator, counts[0]
    return best


def _looks_like_data(fields: list[str]) -> bool:
    """Tell whether a first line is a row and not a header: it holds numbers and no bare word first.

    A header can hold a number (a column called 5), a row of prices at least two.
    """
    numbers = sum(re.match(_NUMBER, field.strip()) is not None for field in fields)
    return numbers >= max(2, len(fields) // 2)


def _typed(frame: pl.DataFrame, *, comma: bool) -> tuple[pl.DataFrame, bool]:
    """Turn the columns that hold only numbers into numbers; tells whether decimal commas were met.

    Text with a leading zero (a time 093000, a code 000123) stays text.
    """
    columns, decimal_comma = [], False
    for text in frame.iter_columns():
        numbers = _numbers(text)
        if numbers is None and comma and text.drop_nulls().str.contains(_DECIMAL_COMMA).all():
            numbers = _numbers(text.str.replace(",", ".", literal=True))
            decimal_comma = True
        columns.append(text if numbers is None else numbers)
    return pl.DataFrame(columns), decimal_comma


def _numbers(text: pl.Series) -> pl.Series | None:
    if text.null_count() == len(text) or text.str.contains(r"^[+-]?0\d").any():
        return None
    for dtype in (pl.Int64, pl.Float64):
        numbers = text.cast(dtype, strict=False)
        if numbers.null_count() > text.null_count():
            numbers = text.str.strip_chars().cast(dtype, strict=False)
        if numbers.null_count() == text.null_count():
            return numbers
    return None


SOURCES.add("csv", Csv())
