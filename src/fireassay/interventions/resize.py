"""Give the network another size."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import BaseModel, Field

from fireassay.interventions import SettingChange, intervention


@intervention
class Resize(SettingChange):
    """Set width and depth, with heads of 16 channels, or the next more that divide the width.

    Question: is the model too small for what is to be learned, or so large that it fits noise?
    """

    id: ClassVar[str] = "resize"
    turns: ClassVar[tuple[str, ...]] = ("width", "layers", "heads")
    width: int = Field(ge=2)
    layers: int = Field(ge=1)

    def changes(self, settings: BaseModel) -> dict[str, Any]:
        """Return the new size."""
        heads = max(1, self.width // 16)
        while heads > 1 and self.width % (2 * heads):
            heads -= 1
        return {"width": self.width, "layers": self.layers, "heads": heads}
