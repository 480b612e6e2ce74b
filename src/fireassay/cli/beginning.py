"""`fireassay init`: a commented study.toml for a data file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from fireassay.cli.app import Columns, Data, _pairs, verb
from fireassay.cli.options import Flag, flags


def reading_flags() -> list[Flag]:
    """Return the flags of how data is read."""
    from fireassay.data.settings import DataSettings

    return flags(
        DataSettings,
        "",
        "Data",
        skip=("location", "columns"),
        names={"sessions": ("sessions", "session")},
    )


@verb(reading_flags)
def init(
    data: Data,
    out: Annotated[Path, typer.Option("--out", "-o", help="File to write.")] = Path("study.toml"),
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
    column: Columns = None,
    changes: dict[str, Any] = {},  # noqa: B006  (filled by with_flags)
) -> None:
    """Look at a data file and write a commented study.toml for it."""
    from fireassay.studyfile.begin import begin

    columns = {"columns": _pairs(column)} if column else {}
    found = begin(data, out, replace=force, **columns, **changes)
    for remark in found.remarks:
        typer.echo(remark)
    typer.echo(f"It could ask: {', '.join(target for target, _ in found.targets)}.")
    typer.echo(f"Next: fireassay inspect --study {out}")
    typer.echo(str(out))
