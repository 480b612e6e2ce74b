"""`fireassay sweep`: many configurations, told honestly."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fireassay.cli.answers import resumable
from fireassay.cli.app import (
    Columns,
    How,
    Out,
    Sets,
    StudyFile,
    _folder,
    _study,
    data_flags,
    judging_flags,
    log_flags,
    model_flags,
    sweep_flags,
    verb,
)
from fireassay.cli.live import Output, watching

if TYPE_CHECKING:
    from fireassay.swept import Row


@verb(sweep_flags, log_flags, data_flags, judging_flags, model_flags)
def sweep(
    data: Annotated[str, typer.Argument(help="Data as `train` takes it, or a study.toml.")] = "",
    grid: Annotated[
        list[str] | None,
        typer.Option("--grid", help="SETTING=VALUE,VALUE; repeatable: all combinations."),
    ] = None,
    vary: Annotated[
        list[str] | None,
        typer.Option(
            "--vary",
            help="SETTING=LOW:HIGH, LOW:HIGH:log, LOW:HIGH:STEP or VALUE,VALUE; repeatable: Optuna "
            "searches the space by the validation loss.",
        ),
    ] = None,
    study: StudyFile = None,
    out: Out = None,
    output: How = Output.RICH,
    column: Columns = None,
    set_: Sets = None,
    changes: dict[str, Any] = {},  # noqa: B006  (filled by with_flags)
) -> None:
    """Train many configurations; tell which, and whether the best, can be told from chance."""
    from fireassay.report.sweep import line, render
    from fireassay.search.grid import parsed
    from fireassay.search.run import sweep as swept
    from fireassay.search.space import varied

    if data.endswith(".toml") and study is None:
        data, study = "", Path(data)
    if grid:
        changes = {"sweep.vary": {}, **changes, "sweep.grid": parsed(grid)}
    if vary:
        # Flags override the study's: a space in place of its grid, unless both are given here.
        changes = {"sweep.grid": {}, **changes, "sweep.vary": varied(vary)}
    chosen = _study(data, study, column, set_, changes)
    folder = out or _folder("sweep")
    with resumable("sweep", folder), watching(output) as watch:

        def landed(row: Row) -> None:
            watch.note(line(row))

        found = swept(chosen, folder, watch=watch, landed=landed)
    if output is not Output.QUIET:
        typer.echo(render(found, "terminal"))
    typer.echo(str(folder / "report.html"))
