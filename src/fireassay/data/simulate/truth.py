"""What is known of a simulated data set: its truth, written beside the data."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pydantic import Field, model_validator

from fireassay.causes import CAUSES
from fireassay.findings import Frozen, Number, Value


class TargetTruth(Frozen):
    """What can be learned of one target.

    Attributes
    ----------
    target
        As the user writes it.
    horizon
        Bars of outcome.
    auc
        About the best AUC on later sessions that the features named in the truth allow (.5: nothing);
        None where the parameters differ from those it was measured with.
    learnable
        Whether there is anything to learn.
    note
        What a reader must know about it.
    """

    target: str
    horizon: int = 1
    auc: Number = None
    learnable: bool
    note: str = ""


class Truth(Frozen):
    """What holds in a simulated data set under its default target, features and settings.

    Attributes
    ----------
    case
        The scenario's name.
    story
        One sentence: what was planted.
    seed, sessions, parameters
        How it was simulated; the same three give the same data.
    causes
        Ids of the causes that hold.
    debatable
        Ids of causes that a sound diagnosis may support or not, by their own experiments.
    target, features, label_end
        Default target and features, and when the label is known ("": as the target says), as the
        command line takes them.
    settings
        Learner settings that belong to the case; those not named are fireassay's defaults.
    targets
        What can be learned, target by target.
    notes
        Further facts.
    """

    case: str
    story: str
    seed: int
    sessions: int
    causes: tuple[str, ...]
    debatable: tuple[str, ...] = ()
    target: str
    features: str = "catalogue"
    label_end: str = ""
    settings: dict[str, Value] = Field(default_factory=dict)
    targets: tuple[TargetTruth, ...]
    notes: tuple[str, ...] = ()
    parameters: dict[str, Value] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _known(self) -> Truth:
        unknown = ({*self.causes} | {*self.debatable}) - set(CAUSES)
        if unknown:
            raise ValueError(f"unknown causes {sorted(unknown)}")
        if self.target not in {t.target for t in self.targets}:
            raise ValueError(f"nothing is said of the default target {self.target}")
        return self

    @property
    def absent(self) -> tuple[str, ...]:
        """Ids of the causes that don't hold."""
        said = {*self.causes, *self.debatable}
        return tuple(cause for cause in CAUSES if cause not in said)

    def about(self) -> Mapping[str, TargetTruth]:
        """Return what is known of each target, by its text."""
        return {t.target: t for t in self.targets}

    def write(self, path: Path) -> None:
        """Write the truth as JSON."""
        path.write_text(self.model_dump_json(indent=2) + "\n", encoding="utf-8")
