"""Remove the KL term: the prior no longer speaks."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import BaseModel

from fireassay.interventions import SettingChange, intervention


@intervention
class KlOff(SettingChange):
    """Remove the KL term: the prior no longer speaks.

    Question: is it the prior, with its weight, that keeps the model from learning?
    """

    id: ClassVar[str] = "kl_off"
    turns: ClassVar[tuple[str, ...]] = ("kl_weight",)

    def changes(self, settings: BaseModel) -> dict[str, Any]:
        """Return the settings without it."""
        return {"kl_weight": 0.0}
