"""Give the weights another prior."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import BaseModel, Field

from fireassay.choices import PriorKind
from fireassay.interventions import SettingChange, intervention


@intervention
class SetPrior(SettingChange):
    """Set the kind and the scale of the prior.

    Question: is it the prior's scale, at the KL weight as set, that keeps the model from learning?
    """

    id: ClassVar[str] = "set_prior"
    turns: ClassVar[tuple[str, ...]] = ("prior", "prior_sigma")
    kind: PriorKind = PriorKind.FAN_IN
    sigma: float = Field(1.0, gt=0)

    def changes(self, settings: BaseModel) -> dict[str, Any]:
        """Return the prior's kind and scale."""
        return {"prior": self.kind, "prior_sigma": self.sigma}
