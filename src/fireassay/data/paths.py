"""Which files a location means: one file, the matches of a glob, or a folder and what is below it."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable
from pathlib import Path

from fireassay.errors import DataError, SettingError, listed, nearest

WILDCARDS = frozenset("*?[")


def expand(location: object, suffixes: tuple[str, ...]) -> list[Path]:
    """Return the files that `location` means and whose names end in one of `suffixes`, sorted.

    Hidden files and folders, and those that start with an underscore (a writer's notes), are left
    out of a folder. A location that isn't a path means no file.
    """
    if not isinstance(location, str | Path) or not str(location):
        return []
    try:
        path = Path(location).expanduser()
        if path.is_dir():
            found: Iterable[Path] = (p for p in path.rglob("*") if not _hidden(p, path))
        elif path.exists():
            found = [path]
        elif WILDCARDS & set(str(location)):
            found = (Path(p) for p in glob.glob(str(path), recursive=True))  # noqa: PTH207 (** and absolute patterns alike)
        else:
            return []
        return sorted(p for p in found if p.name.lower().endswith(suffixes) and p.is_file())
    except (OSError, ValueError):
        # Too long a name, a null byte, a folder that may not be entered: no file is meant.
        return []


def _hidden(path: Path, folder: Path) -> bool:
    return any(part.startswith((".", "_")) for part in path.relative_to(folder).parts)


def not_found(location: object, formats: str) -> DataError | SettingError:
    """Build the error for a location that no source takes, with what is there instead."""
    text = str(location) if isinstance(location, str | Path) else ""
    if not isinstance(location, str | Path):
        return SettingError(
            f"a {type(location).__name__} is no table",
            fix="Give a Polars, pandas or Arrow table, or a location as text.",
        )
    if not text.strip():
        return SettingError("no data is named", fix=f"Give one of: {formats}.")
    if "://" in text:
        scheme = text.partition("://")[0]
        return SettingError(
            f"can't read from {scheme}://", fix="Fetch the file and give its path, or a SQL URL."
        )
    try:
        path = Path(text).expanduser()
        if path.is_dir():
            os.scandir(path).close()
            return DataError("the folder holds no table", where=text, fix=f"Known: {formats}.")
        if path.exists():
            kind = path.suffix or "no extension"
            return DataError(
                f"files with {kind} can't be read",
                where=text,
                fix=f"Save it as CSV or Parquet. Known: {formats}.",
            )
        if WILDCARDS & set(text):
            return DataError("no file matches", where=text, fix=_there(path.parent, path.name))
        return DataError("no such file", where=text, fix=_there(path.parent, path.name))
    except PermissionError as error:
        return DataError(f"it can't be read ({error.strerror})", where=text, fix="Check its rights.")
    except (OSError, ValueError):
        return DataError("no such file", where=repr(text[:80]), fix="Give the path of a table.")


def _there(folder: Path, name: str) -> str:
    """Say which names in the folder are nearest, or that the folder itself isn't there."""
    if not folder.is_dir():
        return f"There is no folder {folder} either."
    names = sorted(p.name for p in folder.iterdir() if p.exists() and not p.name.startswith("."))
    near = nearest(name, names)
    if near:
        return f"Did you mean {' or '.join(near)}?"
    here = "The folder here" if folder == Path() else str(folder)
    return f"{here} holds {listed(names, 8)}." if names else f"{here} is empty."
