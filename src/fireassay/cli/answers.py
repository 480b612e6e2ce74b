"""How a verb ends when it can't do what was asked: one line, and a status that scripts can read."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperGroup

from fireassay.errors import UserError, unknown_name

if TYPE_CHECKING:
    from fireassay.findings import Diagnosis

SUPPORTED = 1
"""Status of a diagnosis that supports a cause, where it is asked for."""
FAULTY_INPUT = 2
INTERRUPTED = 130

USAGE: type[Any] = typer.BadParameter.__mro__[1]
"""click's UsageError: typer's own copy of it, or click's, whichever this release raises."""


class Verbs(TyperGroup):
    """The verbs; a flag that can't be read is told in one line, as every other faulty input."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        """Run the command line; ends the process where it stands alone."""
        try:
            status = super().main(
                args,
                prog_name,
                complete_var,
                standalone_mode=False,
                windows_expand_args=windows_expand_args,
                **extra,
            )
        except USAGE as error:
            if not standalone_mode:
                raise
            if type(error).__name__ == "NoArgsIsHelpError":
                error.show()
            else:
                verb = error.ctx.command_path if error.ctx else "fireassay"
                told = " ".join(error.format_message().split()).rstrip(".")
                typer.echo(f"error: {told}. See {verb} --help.", err=True)
            status = FAULTY_INPUT
        except typer.Abort:
            if not standalone_mode:
                raise
            status = INTERRUPTED
        return sys.exit(status or 0) if standalone_mode else status


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


def known_causes(text: str | None) -> tuple[str, ...] | None:
    """Read comma-separated causes, with dashes or underscores; None where none is named.

    Raises
    ------
    SettingError
        If there is no such cause; names the nearest.
    """
    from fireassay.causes import CAUSES

    if text is None:
        return None
    names = tuple(part.strip().replace("-", "_") for part in text.split(",") if part.strip())
    for name in names:
        if name not in CAUSES:
            raise unknown_name("cause", name, CAUSES)
    return names


def gate(found: Diagnosis, causes: tuple[str, ...] | None) -> None:
    """End with status 1 if a cause is supported: one of those given, or any if none is named."""
    supported = [name for name, told in found.causes.items() if told.status == "supported"]
    blamed = [name for name in supported if causes is None or name in causes]
    if blamed:
        typer.echo(f"supported: {', '.join(blamed)}", err=True)
        raise typer.Exit(SUPPORTED)


def write_file(path: Path, text: str) -> None:
    """Write a file that the user named; raises UserError where it can't be."""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UserError(
            f"it can't be written ({error.strerror})", where=str(path), fix="Give another --out."
        ) from None


@contextmanager
def resumable(verb: str, folder: Path) -> Iterator[None]:
    """Say after Ctrl-C how the work in a run folder is gone on with."""
    try:
        yield
    except KeyboardInterrupt:
        told = "stopped before anything was kept"
        if (folder / "study.toml").exists():
            told = f"stopped; fireassay {verb} --study {folder}/study.toml --out {folder} goes on"
        typer.echo(told, err=True)
        raise typer.Exit(INTERRUPTED) from None
