"""Settings of people's own PyTorch modules: those that our training loop has for any of them."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

PREFIX = "module:"
"""Begins the name of a learner that is somebody's own module: module:package.file:name."""


class ModuleSettings(BaseModel):
    """How somebody's own module is trained."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str = Field("", description="Digest of the module: another one is another trial.")
    look_back: int = Field(16, ge=1, le=512, description="Bars of a window, the last one predicted.")
    epochs: int = Field(20, ge=1, description="Passes over the training labels, at most.")
    patience: int = Field(
        6, ge=0, description="Epochs without a better validation NLL before stopping; 0: never stop."
    )
    batch_labels: int = Field(256, ge=1, description="Windows of a training step.")
    learning_rate: float = Field(1e-3, gt=0, description="Step size of AdamW.")
    weight_decay: float = Field(0.0, ge=0, description="Decoupled, on all parameters.")
    dropout: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="Rate of the module's nn.Dropout with the largest one; others in proportion.",
    )
    label_smoothing: float = Field(
        0.0, ge=0, lt=1, description="Weight of the uniform label, where the loss isn't your own."
    )
    clip: float = Field(1.0, ge=0, description="Bound on the gradient norm; 0: none.")
    loss: str = Field(
        "", description="Your own loss(outputs, y), as package.file:name; empty: the mean NLL."
    )
    loss_source: str = Field("", description="Digest of your own loss.")
    outputs: Literal["logits", "probabilities"] = Field(
        "logits", description="What the module gives for a label of classes."
    )
    trace_rows: int = Field(
        20_000, ge=1, description="Bars of each part that the per-epoch measures look at."
    )

    @model_validator(mode="before")
    @classmethod
    def _told_apart(cls, values: Any) -> Any:
        """Add the digest of a loss: another one of the same name is another trial."""
        if isinstance(values, dict) and values.get("loss") and not values.get("loss_source"):
            from fireassay.training.recall import recall, source_of

            return {**values, "loss_source": source_of(recall(values["loss"]))}
        return values

    @model_validator(mode="after")
    def _possible(self) -> ModuleSettings:
        if self.loss and self.label_smoothing:
            raise ValueError("label_smoothing has no place in a loss of your own")
        return self
