import gzip
from pathlib import Path

import polars as pl
import pytest

from fireassay.data.settings import DataSettings
from fireassay.data.sources import Table, read
from fireassay.errors import DataError

PLAIN = "time,open,name\n2020-01-01 10:01,1.5,a\n2020-01-01 10:02,2,b\n"


def written(folder: Path, text: str | bytes, name: str = "table.csv") -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def table(folder: Path, text: str | bytes, name: str = "table.csv") -> Table:
    return read(str(written(folder, text, name)), DataSettings())


def refused(folder: Path, text: str | bytes, name: str = "table.csv") -> str:
    with pytest.raises(DataError) as caught:
        table(folder, text, name)
    told = str(caught.value)
    assert told.startswith(str(folder / name))
    assert "\n" not in told
    return told.removeprefix(str(folder / name))


def test_numbers_become_numbers_and_text_stays_text(tmp_path: Path) -> None:
    frame = table(tmp_path, PLAIN).frame
    assert frame.schema == {"time": pl.String, "open": pl.Float64, "name": pl.String}
    assert frame["open"].to_list() == [1.5, 2.0]


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_the_separator_is_seen(tmp_path: Path, mark: str) -> None:
    found = table(tmp_path, PLAIN.replace(",", mark))
    assert found.frame.equals(table(tmp_path, PLAIN, "other.csv").frame)
    assert found.readings["separator"] in {"comma", "semicolon", "tab", "bar"}


def test_what_stands_between_spaces_is_not_cut_where_commas_separate(tmp_path: Path) -> None:
    assert table(tmp_path, "a b,c d\n1 2,3 4\n5 6,7 8\n").frame.columns == ["a b", "c d"]


def test_every_dress_of_the_same_text_reads_alike(tmp_path: Path) -> None:
    plain = table(tmp_path, PLAIN).frame
    for name, text in {
        "zipped.csv.gz": gzip.compress(PLAIN.encode()),
        "marked.csv": b"\xef\xbb\xbf" + PLAIN.encode(),
        "windows.csv": PLAIN.replace("\n", "\r\n").encode(),
        "wide.csv": PLAIN.encode("utf-16"),
        "blank.csv": (PLAIN + "\n\n").encode(),
        "UPPER.CSV": PLAIN.encode(),
        "export.txt": PLAIN.encode(),
    }.items():
        assert table(tmp_path, text, name).frame.equals(plain), name


def test_decimal_commas_are_read_and_told(tmp_path: Path) -> None:
    found = table(tmp_path, "time;open\n2020;1,5\n2021;2,25\n")
    assert found.frame["open"].to_list() == [1.5, 2.25]
    assert found.readings["decimal"] == "comma"


def test_codes_with_leading_zeros_stay_text(tmp_path: Path) -> None:
    frame = table(tmp_path, "code,time,x\n000123,093000,0.5\n600519,100000,-0.25\n").frame
    assert frame["code"].to_list() == ["000123", "600519"]
    assert frame["time"].to_list() == ["093000", "100000"]
    assert frame["x"].to_list() == [0.5, -0.25]


def test_missing_values_are_nulls(tmp_path: Path) -> None:
    frame = table(tmp_path, "a,b\n1,x\nNA,\nnan,NULL\n\n").frame
    assert frame["a"].to_list() == [1, None, None]
    assert frame["b"].to_list() == ["x", None, None]


def test_a_file_without_header_numbers_its_columns(tmp_path: Path) -> None:
    found = table(tmp_path, "20200101,1.5,2\n20200102,2.5,3\n")
    assert found.frame.columns == ["column_1", "column_2", "column_3"]
    assert found.frame.height == 2
    assert found.where("column_1", 0).endswith("row 1")
    assert "header" in found.readings


def test_an_unnamed_index_gets_a_name(tmp_path: Path) -> None:
    assert table(tmp_path, ",a\n2020-01-01,x\n").frame.columns == ["unnamed", "a"]


def test_files_of_a_folder_are_stacked_in_order(tmp_path: Path) -> None:
    written(tmp_path, "time,a\n1,1.5\n", "2.csv")
    written(tmp_path, "a,time\n1,0\n", "1.csv")
    written(tmp_path, "noise", ".hidden.csv")
    for location in (str(tmp_path), f"{tmp_path}/*.csv", tmp_path):
        found = read(location, DataSettings())
        assert found.frame.to_dict(as_series=False) == {"a": [1.0, 1.5], "time": [0, 1]}
        assert found.where("a", 1) == f"{tmp_path / '2.csv'}, column a, row 1 (line 2)"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"<!DOCTYPE html>\n<html><body>a,b</body></html>", "it is a web page (HTML), not CSV"),
        (b"<DATE>,<TIME>\n1,2\n", ""),
        (b'[{"a": 1}]', "it is JSON, not CSV"),
        (b"PAR1\x15\x04", "it is a Parquet file, not CSV"),
        (gzip.compress(b"a,b\n1,2\n", mtime=0), "it is gzipped, not CSV"),
        (b"PK\x03\x04\x14\x00", "it is a ZIP archive or an Excel file, not CSV"),
    ],
)
def test_what_is_no_csv_is_told_by_what_it_is(tmp_path: Path, content: bytes, told: str) -> None:
    if told:
        assert refused(tmp_path, content).startswith(f": {told}")
    else:
        assert table(tmp_path, content).frame.height == 1


def test_empty_fields_at_the_end_are_no_short_row(tmp_path: Path) -> None:
    for text in ("a,b\n1,\n2,3\n", 'a,b\n1,\n"2",3\n'):
        assert table(tmp_path, text).frame["b"].to_list() == [None, 3]


def test_files_that_differ_are_told(tmp_path: Path) -> None:
    written(tmp_path, "time,a\n1,1.5\n", "1.csv")
    written(tmp_path, "time,b\n1,1.5\n", "2.csv")
    with pytest.raises(DataError, match=r"2\.csv: the file has no column a, which .*1\.csv has"):
        read(str(tmp_path), DataSettings())


def test_faulty_text_is_told_with_its_row(tmp_path: Path) -> None:
    assert ", row 2 (line 3): 3 fields where" in refused(tmp_path, "a,b\n1,2\n3,4,5\n")
    broken = b"a,b\n" + b"1,2\n" * 20000 + b"\xff\xff,1\n"
    assert ", row 20001 (line 20002): the text is not UTF-8" in refused(tmp_path, broken)
    assert "UTF-8" in refused(tmp_path, b"a,b\n\xd0,1\n")
    short = ", row 2 (line 3): 1 fields where the first line has 2"
    assert short in refused(tmp_path, "a,b\n1,2\n3\n4,5\n")
    assert short in refused(tmp_path, 'a,b\n"1",2\n3\n4,5\n')
    assert ", row 2 (line 3): a blank line between rows" in refused(tmp_path, "a,b\n1,2\n\n4,5\n")
    assert ", row 2 (line 3): a quote is opened" in refused(tmp_path, 'a,b\n1,2\n"3,4\n5,6\n7,8\n')
    assert "not text" in refused(tmp_path, b"a,b\n\x00\x01,1\n")
    assert "two columns are called a" in refused(tmp_path, "a,a\n1,2\n")
    assert "first line is blank" in refused(tmp_path, "\na,b\n1,2\n")


def test_faulty_files_are_told(tmp_path: Path) -> None:
    assert "empty" in refused(tmp_path, "")
    assert "empty" in refused(tmp_path, "\n \n")
    assert "empty" in refused(tmp_path, "a,b\n")
    assert "isn't gzipped" in refused(tmp_path, b"not gzip at all", "table.csv.gz")
    assert "empty" in refused(tmp_path, b"", "table.csv.gz")
    zipped = gzip.compress(PLAIN.encode() * 100)
    assert "cut short" in refused(tmp_path, zipped[:-20], "table.csv.gz")
    assert "damaged" in refused(tmp_path, zipped[:30] + b"0123" + zipped[34:], "table.csv.gz")
    assert "UTF-16" in refused(tmp_path, b"\xff\xfea")
