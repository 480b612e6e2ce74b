"""Commands that are built when they are used: the list of verbs needs their names and help alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import typer
from typer.core import TyperCommand

Body = Callable[..., None]


class Deferred(TyperCommand):
    """A command whose parameters and function are made when its parameters are first asked for."""

    body: ClassVar[Callable[[], Body]]
    """Makes the function that typer reads the parameters from."""

    built = False

    def get_params(self, ctx: Any) -> Any:
        """Return the command's parameters, built on the first call."""
        if not self.built:
            alone = typer.Typer(add_completion=False)
            alone.command()(type(self).body())
            made = typer.main.get_command(alone)
            self.params, self.callback = made.params, made.callback
            self.built = True
        return super().get_params(ctx)


def deferred(app: typer.Typer, name: str, text: str, body: Callable[[], Body]) -> None:
    """Add a command to the app.

    Parameters
    ----------
    app
        Where to add it.
    name, text
        What the list of verbs shows.
    body
        Makes the command's function, called when the command is used.
    """
    kind = type("Verb", (Deferred,), {"body": staticmethod(body)})

    def placeholder() -> None:
        raise AssertionError("the function is made before it is called")

    app.command(name, cls=kind, help=text)(placeholder)
