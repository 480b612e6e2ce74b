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
        if not self.fix:
            return head
        return f"{head} {self.fix}" if head.endswith((".", "!", "?")) else f"{head}. {self.fix}"


class DataError(UserError):
    """A file, table or column that can't be read as bars.

    Parameters
    ----------
    what, where, fix
        As in `UserError`.
    column, row
        In place of `where`, for code that has only the canonical table before it: the column's name
        and the row's index there. `Bars.located` tells them as the file and its row.
    """

    def __init__(
        self,
        what: str,
        *,
        where: str = "",
        fix: str = "",
        column: str = "",
        row: int | None = None,
    ) -> None:
        self.column = column
        self.row = row
        if not where:
            where = f"column {column}" if column else ""
            where += f", row {row + 1}" if row is not None else ""
        super().__init__(what, where=where, fix=fix)


class TooLittleError(DataError):
    """Too little is left of the data for what is asked; what the audit noticed may be the reason."""


class SettingError(UserError):
    """An option, a study key or a name that isn't known or isn't possible."""


ALIKE = 0.55
"""Similarity from which a name may be the one that was meant."""

LISTED = 12
"""Names that an error lists where none is near."""


def nearest(name: str, known: Iterable[str], count: int = 3) -> list[str]:
    """Return the known names most like `name`, nearest first, whatever their case."""
    spelled = {one.lower(): one for one in known}
    near = difflib.get_close_matches(name.lower(), list(spelled), n=count, cutoff=ALIKE)
    return [spelled[one] for one in near]


def listed(names: Iterable[str], most: int = LISTED) -> str:
    """Return names with commas between them; of many the first ones and how many are left."""
    names = list(names)
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{', '.join(names[:most])}{more}"


def unknown_name(kind: str, name: str, known: Iterable[str]) -> SettingError:
    """Build the error for a name that isn't registered, with the nearest names there are."""
    known = sorted(known)
    near = nearest(name, known)
    hint = f"Did you mean {' or '.join(near)}?" if near else f"Known: {listed(known)}."
    return SettingError(f"unknown {kind} {name!r}", fix=hint)
