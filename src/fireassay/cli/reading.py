"""Verbs that read what there is: a name in a report."""

from __future__ import annotations

from typing import Annotated

import typer

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
) -> None:
    """Explain a cause, check, target, feature or setting that a report names."""
    from fireassay.manual import contents
    from fireassay.manual import explain as explained

    typer.echo(str(contents(kind) if name is None else explained(name)))
