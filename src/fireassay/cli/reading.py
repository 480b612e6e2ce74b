"""Verbs that read what there is: a name in a report, finished runs, the ledger."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from fireassay.cli.answers import write_file
from fireassay.cli.app import verb


@verb()
def explain(
    name: Annotated[
        str | None,
        typer.Argument(help="Cause, check, target, feature, ...; none: list them."),
    ] = None,
    kind: Annotated[
        str | None, typer.Option("--kind", help="List one kind with a line each, such as features.")
    ] = None,
    row: Annotated[
        int | None, typer.Option("--row", help="Row of a sweep, given by its folder, to read.")
    ] = None,
) -> None:
    """Explain a cause, check, target, feature or setting; or read a sweep's row."""
    from fireassay.manual import contents
    from fireassay.manual import explain as explained

    if row is not None:
        from fireassay.search.reading import explain_row

        typer.echo(str(explain_row(name or "", row)))
        return
    typer.echo(str(contents(kind) if name is None else explained(name)))


class ComparisonForm(StrEnum):
    """Forms of a comparison."""

    TERMINAL = "terminal"
    MARKDOWN = "markdown"
    HTML = "html"
    JSON = "json"


@verb()
def compare(
    runs: Annotated[
        list[str],
        typer.Argument(
            help="Two or more run folders of trainings, SWEEP#ROW, or DIAGNOSIS (its model as set), "
            "DIAGNOSIS#applied, #LEARNER or #TRIAL; a diagnosis with --apply may stand alone."
        ),
    ],
    form: Annotated[
        ComparisonForm, typer.Option("--format", "-f", help="Form of the comparison.")
    ] = ComparisonForm.TERMINAL,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="File to write.")] = None,
    alpha: Annotated[float, typer.Option(min=0.0, max=1.0, help="Level of a gain.")] = 0.05,
    draws: Annotated[int, typer.Option(min=99, help="Sign flips behind every p.")] = 1999,
) -> None:
    """Tell what differs between runs, and whether one is better than the first."""
    from fireassay.comparison import compare as compared
    from fireassay.report.comparison import render

    text = render(compared(runs, alpha=alpha, draws=draws), form.value)
    if out is None:
        typer.echo(text)
    else:
        write_file(out, text)
        typer.echo(str(out))


@verb()
def ledger(
    path: Annotated[
        Path, typer.Argument(help="A ledger, the folder it lies in, or a run folder beside it.")
    ] = Path("runs"),
    form: Annotated[
        ComparisonForm, typer.Option("--format", "-f", help="Form of the ledger.")
    ] = ComparisonForm.TERMINAL,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="File to write.")] = None,
    alpha: Annotated[float, typer.Option(min=0.0, max=1.0, help="Level of a p.")] = 0.05,
) -> None:
    """Tell what was tried on each data set's sessions, and what its p are worth together."""
    from fireassay.bookkeeping import read_ledger
    from fireassay.report.ledger import render

    text = render(read_ledger(path, alpha), form.value)
    if out is None:
        typer.echo(text)
    else:
        write_file(out, text)
        typer.echo(str(out))
