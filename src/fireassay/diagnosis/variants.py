"""The user's model under the changes that people try first: smaller, unregularized, without KL."""

from __future__ import annotations

from fireassay.diagnosis.case import Case
from fireassay.diagnosis.rung import Rung, changes_anything
from fireassay.interventions.kl_off import KlOff
from fireassay.interventions.resize import Resize
from fireassay.interventions.unregularized import Unregularized
from fireassay.training.settings import NetSettings

TINY = (32, 1)
"""Width and layers of the tiny model."""


def variants(case: Case) -> list[Rung]:
    """Return the changes that the model as set has anything of; none for a reference learner."""
    settings = case.trial.settings
    if not isinstance(settings, NetSettings):
        return []
    width, layers = TINY
    found = []
    if (settings.width, settings.layers) > TINY:
        found.append(Rung("tiny model", (Resize(width=width, layers=layers),)))
    found.append(Rung("regularization off", (Unregularized(),)))
    if settings.random:
        found.append(Rung("KL off", (KlOff(),)))
    return [rung for rung in found if changes_anything(case, rung)]
