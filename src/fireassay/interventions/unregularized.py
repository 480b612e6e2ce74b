"""Remove weight decay, dropout and label smoothing."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import BaseModel

from fireassay.interventions import SettingChange, intervention


@intervention
class Unregularized(SettingChange):
    """Remove weight decay, dropout and label smoothing.

    Question: is it regularization that keeps the model from learning?
    """

    id: ClassVar[str] = "unregularized"
    turns: ClassVar[tuple[str, ...]] = ("weight_decay", "dropout", "label_smoothing")

    def changes(self, settings: BaseModel) -> dict[str, Any]:
        """Return the settings without it."""
        return {"weight_decay": 0.0, "dropout": 0.0, "label_smoothing": 0.0}
