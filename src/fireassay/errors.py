"""Errors that teach: what was wrong, where, and what to do about it.

Every fault that a user's input can cause is raised as a `UserError`; the command line prints it in
one line and exits with status 2. Anything else that escapes is a fault of fireassay.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class UserError(Exception):
    """Input that can't be used, told so that it can be mended.

    Parameters
    ----------
    what
        What was wrong, in one clause.
    where
        File, column and row, as far as they are known.
    fix
        What to do about it, as an instruction.
    """

    def __init__(self, what: str, *, where: str = "", fix: str = "") -> None:
        self.what = what
        self.where = where
        self.fix = fix
        super().__init__(str(self))

    def __str__(self) -> str:
        head = f"{self.where}: {self.what}" if self.where else self.what
        return f"{head}. {self.fix}" if self.fix else head


class DataError(UserError):
    """A file, table or column that can't be read as bars."""


class SettingError(UserError):
    """An option, a study key or a name that isn't known or isn't possible."""


def nearest(name: str, known: Iterable[str], count: int = 3) -> list[str]:
    """Return the known names most like `name`, nearest first."""
    return difflib.get_close_matches(name, list(known), n=count, cutoff=0.4)


def unknown_name(kind: str, name: str, known: Iterable[str]) -> SettingError:
    """Build the error for a name that isn't registered, with the nearest names there are."""
    known = sorted(known)
    near = nearest(name, known)
    hint = f"Did you mean {' or '.join(near)}?" if near else f"Known: {', '.join(known)}."
    return SettingError(f"unknown {kind} {name!r}", fix=hint)
