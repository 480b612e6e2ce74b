"""Rung: one change of the user's model, by a name that readers know."""

from __future__ import annotations

from dataclasses import dataclass

from fireassay.diagnosis.case import Case
from fireassay.interventions import Intervention, SettingChange


@dataclass(frozen=True)
class Rung:
    """One change, alone or of a ladder.

    Attributes
    ----------
    name
        In the user's words, as plots show it.
    changes
        What is turned.
    """

    name: str
    changes: tuple[Intervention, ...]


def changes_anything(case: Case, rung: Rung) -> bool:
    """Tell whether a rung turns anything of the model as set."""
    settings = case.trial.settings
    return any(not isinstance(c, SettingChange) or c.applies(settings) for c in rung.changes)
