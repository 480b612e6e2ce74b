from pathlib import Path

import polars as pl
import pytest

from fireassay.data.settings import DataSettings
from fireassay.data.sources import read
from fireassay.errors import DataError, SettingError


def test_a_file_a_glob_and_a_folder_read_alike(tmp_path: Path) -> None:
    frame = pl.DataFrame({"time": [3, 4], "a": [1.5, None]})
    (tmp_path / "deep").mkdir()
    frame.write_parquet(tmp_path / "deep" / "x.parquet")
    (tmp_path / "deep" / "_SUCCESS").write_text("")
    for location in (
        str(tmp_path / "deep" / "x.parquet"),
        f"{tmp_path}/**/*.parquet",
        f"{tmp_path}/deep/*",
        str(tmp_path),
    ):
        found = read(location, DataSettings())
        assert found.frame.equals(frame)
        assert found.where("a", 1) == f"{tmp_path}/deep/x.parquet, column a, row 2"


def test_hive_folders_add_their_column(tmp_path: Path) -> None:
    for symbol in ("B", "A"):
        (tmp_path / f"symbol={symbol}").mkdir()
        pl.DataFrame({"a": [1]}).write_parquet(tmp_path / f"symbol={symbol}" / "p.parquet")
    assert read(str(tmp_path), DataSettings()).frame["symbol"].to_list() == ["A", "B"]


def test_files_may_widen_a_number_but_not_change_its_kind(tmp_path: Path) -> None:
    pl.DataFrame({"a": [1]}).write_parquet(tmp_path / "1.parquet")
    pl.DataFrame({"a": [1.5]}).write_parquet(tmp_path / "2.parquet")
    assert read(str(tmp_path), DataSettings()).frame["a"].to_list() == [1.0, 1.5]
    pl.DataFrame({"a": [[1]]}).write_parquet(tmp_path / "3.parquet")
    with pytest.raises(DataError, match=r"3\.parquet, column a: its type List"):
        read(str(tmp_path), DataSettings())


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "the file is empty (0 bytes)"),
        (b"PAR1", "the file is not readable as Parquet"),
        (b"PAR1" + b"x" * 40, "the file is cut short"),
        (b"PAR1" + b"x" * 40 + b"PAR1", "the file is not readable as Parquet"),
        (b"not parquet at all" * 10, "it is text, not Parquet"),
        (b"\n<!DOCTYPE html><html>", "it is a web page (HTML), not Parquet"),
        (b'{"error": 1}', "it is JSON, not Parquet"),
        (b"\x1f\x8b\x08\x00", "it is gzipped, not Parquet"),
        (b"\x00\x01\x02" * 20, "the file is not readable as Parquet"),
    ],
)
def test_unreadable_files_are_named(tmp_path: Path, content: bytes, told: str) -> None:
    path = tmp_path / "bars.parquet"
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        read(str(path), DataSettings())
    assert str(caught.value).startswith(f"{path}: {told}")
    assert "\n" not in str(caught.value)


def test_a_file_cut_short_is_named(tmp_path: Path) -> None:
    path = tmp_path / "bars.parquet"
    pl.DataFrame({"a": range(10_000)}).write_parquet(path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(DataError, match="cut short"):
        read(str(path), DataSettings())


def test_a_location_of_nothing_says_what_is_there(tmp_path: Path) -> None:
    def told(location: object) -> str:
        with pytest.raises((DataError, SettingError)) as caught:
            read(location, DataSettings())
        return str(caught.value)

    (tmp_path / "bars.parquet").write_bytes(b"")
    assert "no such file. Did you mean bars.parquet?" in told(str(tmp_path / "bar.parquet"))
    assert "There is no folder" in told(str(tmp_path / "nowhere" / "bars.parquet"))
    assert "no file matches" in told(str(tmp_path / "*.csv"))
    (tmp_path / "notes.xlsx").write_text("x")
    assert "files with .xlsx can't be read" in told(str(tmp_path / "notes.xlsx"))
    (tmp_path / "empty").mkdir()
    assert "the folder holds no table" in told(str(tmp_path / "empty"))
    (tmp_path / "more.csv").write_text("a\n1\n")
    assert "several kinds: csv, parquet" in told(str(tmp_path))
    assert "can't read from https://" in told("https://example.com/bars.csv")
    assert "no data is named" in told("")
    assert "a int is no table" in told(5)
    assert "no such file" in told("x" * 5000)
    assert "no such file" in told("a\0b.csv")
