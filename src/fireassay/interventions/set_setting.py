"""Give one setting another value."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import BaseModel

from fireassay.interventions import SettingChange, intervention


@intervention
class SetSetting(SettingChange):
    """Set a setting to a value, such as the KL weight to 1: exact Bayes."""

    id: ClassVar[str] = "set_setting"
    turns: ClassVar[tuple[str, ...]] = ()
    setting: str
    value: float | int | str | bool

    def changes(self, settings: BaseModel) -> dict[str, Any]:
        """Return the setting's new value."""
        return {self.setting: self.value}

    def applies(self, settings: BaseModel) -> bool:
        """Tell whether the settings have it, at another value."""
        known = self.setting in type(settings).model_fields
        return known and getattr(settings, self.setting) != self.value
