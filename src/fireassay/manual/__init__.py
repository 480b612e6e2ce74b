"""The manual: what a name in a report means, made of the docstring or the table that defines it.

`explain("kl-dominates")` finds causes, checks, targets, features, learners, their settings,
interventions and scenarios; `contents()` lists them. Nothing here is written twice: a new check,
feature or target is explained by the file that adds it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from fireassay.causes import CAUSES
from fireassay.diagnosis.checks import CHECKS
from fireassay.errors import SettingError, listed, nearest
from fireassay.manual.contents import Contents, contents
from fireassay.manual.entry import Entry, Explanation
from fireassay.manual.kinds import KINDS, Kind

__all__ = ["Contents", "Entry", "Explanation", "contents", "explain"]


def explain(name: str) -> Explanation:
    """Return what a name means: that of a cause, a check, a target, a feature, ...

    Parameters
    ----------
    name
        As a report or a study.toml has it: `kl_dominates` or `kl-dominates`, `kl-planted` (a
        finding), `vwap_reversion:5,skip=1`, `rsi_14` or `rsi`, `sim:vwap-noise`. A name that several
        kinds share gives all of them; `check:drift` asks for one.

    Raises
    ------
    SettingError
        If there is none of that name; names the nearest.
    """
    wanted = _normal(name)
    head, _, rest = wanted.partition(":")
    asked = [kind for kind in KINDS if head in (kind.name, kind.plural)]
    if rest and asked:
        found = list(_entries(rest, asked)) or list(_entries(f"sim:{rest}", asked))
    else:
        plain = wanted if head == "sim" else head
        found = list(_entries(plain, KINDS)) or list(_entries(f"sim:{plain}", KINDS))
    if not found:
        raise _unknown(name, rest if asked else wanted)
    return Explanation(tuple(found))


def _entries(wanted: str, kinds: Iterable[Kind]) -> Iterator[Entry]:
    """Yield the entries of that name; else of the check whose finding it names."""
    matches = [entry for kind in kinds for entry in kind.find(wanted)]
    if not matches:
        check = _check_of(wanted)
        matches = [e for kind in kinds if check and kind.name == "check" for e in kind.find(check)]
    yield from matches


def _check_of(finding: str) -> str | None:
    """Return the check of a finding: `kl_planted` is check `kl` on planted labels."""
    if finding == "learners":
        return "signal"
    of = ("real", "planted", *CHECKS)
    return next((c for c in CHECKS for part in of if finding == f"{c}_{part}"), None)


def _normal(name: str) -> str:
    return re.sub(r"[-\s]+", "_", name.strip().lower())


def _unknown(name: str, wanted: str) -> SettingError:
    """Build the error for a name that nothing has."""
    every = [one for kind in KINDS for one in kind.names()]
    spelled = {_normal(one): one for one in every}
    near = [spelled[one] for one in nearest(wanted, spelled)]
    fix = f"Did you mean {' or '.join(near)}?" if near else f"Causes: {listed(CAUSES)}."
    return SettingError(f"nothing is called {name!r}", fix=f"{fix} `fireassay explain` lists all.")
