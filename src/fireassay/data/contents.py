"""What a file really holds, told by its first bytes: a name promises more than a download keeps."""

from __future__ import annotations

import re
from pathlib import Path

from fireassay.errors import DataError

HEAD = 512
"""Bytes that are looked at."""

PARQUET = b"PAR1"
"""First and last bytes of a Parquet file."""

_MARKS = (
    (PARQUET, "a Parquet file", "Name it .parquet."),
    (b"\x1f\x8b", "gzipped", "Name it .csv.gz if it holds a CSV file, or unpack it."),
    (b"PK\x03\x04", "a ZIP archive or an Excel file", "Unpack it, or save it as CSV."),
    (b"SQLite format 3", "a SQLite database", "Name it as sqlite:///FILE with a query."),
    (b"ARROW1", "an Arrow file", "Save it as Parquet."),
    (b"\x28\xb5\x2f\xfd", "compressed with Zstandard", "Unpack it."),
    (b"BZh", "compressed with bzip2", "Unpack it."),
    (b"%PDF", "a PDF", "Give the table itself."),
)
_HTML = re.compile(rb"\s*(?:<\?xml[^>]*>\s*)?<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)
_JSON = re.compile(rb"\s*[\[{]\s*(?:[\[{\"\]}]|-?\d)")
_TEXT = re.compile(rb"[\t\n\r\x20-\x7e\x80-\xff]+")


def refuse_other(path: Path, head: bytes, wanted: str) -> None:
    """Raise DataError if the first bytes are plainly those of another kind of file.

    Parameters
    ----------
    path
        The file, for the error.
    head
        Its first bytes, `HEAD` of them at most.
    wanted
        What its name says that it is: "CSV" or "Parquet".
    """
    kind, fix = _told(head, wanted)
    if kind:
        raise DataError(f"it is {kind}, not {wanted}", where=str(path), fix=fix)


def _told(head: bytes, wanted: str) -> tuple[str, str]:
    if _HTML.match(head):
        return "a web page (HTML)", "Download the data itself: this may be a login or error page."
    if wanted == "Parquet" and head.startswith(PARQUET):
        return "", ""
    for mark, kind, fix in _MARKS:
        if head.startswith(mark):
            return kind, fix
    if _JSON.match(head):
        return "JSON", "Save it as CSV or Parquet: this may be the answer of a service."
    if wanted == "Parquet" and head and _TEXT.fullmatch(head):
        return "text", "If it is a CSV file, name it .csv."
    return "", ""
