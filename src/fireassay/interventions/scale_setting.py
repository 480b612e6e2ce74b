"""Multiply one setting by a factor."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import BaseModel, Field

from fireassay.interventions import SettingChange, intervention


@intervention
class ScaleSetting(SettingChange):
    """Multiply a setting that is a positive number; whole numbers stay whole.

    Question: is the learning rate too low or too high, training too short, the look-back too short,
    the prior too tight?
    """

    id: ClassVar[str] = "scale_setting"
    turns: ClassVar[tuple[str, ...]] = ()
    setting: Literal[
        "learning_rate", "epochs", "look_back", "prior_sigma", "kl_weight", "weight_decay"
    ]
    factor: float = Field(gt=0)

    def changes(self, settings: BaseModel) -> dict[str, Any]:
        """Return the multiplied setting."""
        before = getattr(settings, self.setting)
        after = before * self.factor
        return {self.setting: max(1, round(after)) if isinstance(before, int) else after}

    def applies(self, settings: BaseModel) -> bool:
        """Tell whether the settings have it, and the factor would change it."""
        known = self.setting in type(settings).model_fields
        return known and self.changes(settings)[self.setting] != getattr(settings, self.setting)
