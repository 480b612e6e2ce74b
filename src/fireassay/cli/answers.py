"""How a verb ends when it can't do what was asked: one line, and a status that scripts can read."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import typer

from fireassay.errors import UserError

FAULTY_INPUT = 2
INTERRUPTED = 130


def answered(function: Callable[..., None]) -> Callable[..., None]:
    """Turn a user's faulty input into one line and status 2, and Ctrl-C into a word on resuming."""

    @functools.wraps(function)
    def command(**values: Any) -> None:
        try:
            function(**values)
        except UserError as error:
            typer.echo(f"error: {error}", err=True)
            raise typer.Exit(FAULTY_INPUT) from None
        except KeyboardInterrupt:
            typer.echo("stopped; the same command with the same --out goes on there", err=True)
            raise typer.Exit(INTERRUPTED) from None

    return command
