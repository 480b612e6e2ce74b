"""Column scenarios with a fault in features, labels or sessions."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from fireassay.data.simulate.column_scenario import ColumnScenario
from fireassay.data.simulate.columns import Step
from fireassay.data.simulate.inputs import (
    Degenerate,
    Features,
    FutureLeak,
    LabelCopy,
    Rescaled,
    ScaledOnAll,
)
from fireassay.data.simulate.labels import (
    Chance,
    Misaligned,
    Mislabelled,
    RepeatedSessions,
    ShuffledLate,
    Signal,
)
from fireassay.data.simulate.scenario import scenario
from fireassay.data.simulate.signals import Linear
from fireassay.findings import Value


class _Planted(ColumnScenario):
    auc: float = Field(
        default=0.85, gt=0.5, lt=1, description="AUC that the signal has for the label at first."
    )

    def healthy(self) -> tuple[Step, ...]:
        """Return features, a linear signal and its label, before the fault."""
        return (Features(8, persistence=0.5), Linear(4), Signal(self.auc))

    def attainable(self) -> float:
        """Return the planted AUC."""
        return self.auc


@scenario("label-noise")
class LabelNoise(_Planted):
    """Three labels in ten are wrong; what remains can still be learned."""

    story: ClassVar[str] = (
        "A strong signal, but three labels in ten are turned over at random: less can be reached, "
        "and nothing is wrong with the model."
    )
    share: float = Field(default=0.3, ge=0, lt=0.5, description="Share of labels turned over.")

    def steps(self) -> tuple[Step, ...]:
        """Return the healthy steps and the noise."""
        return (*self.healthy(), Mislabelled(self.share))

    def attainable(self) -> float:
        """Return what the noise leaves of the AUC, classes being balanced."""
        return self.auc - self.share * (2 * self.auc - 1)


@scenario("misaligned")
class MisalignedLabel(_Planted):
    """Every row carries the label of a later row."""

    story: ClassVar[str] = (
        "Every row carries the label that belongs to the row three bars later: the association "
        "between features and label peaks at that lag."
    )
    causes: ClassVar[tuple[str, ...]] = ("label_misaligned",)
    debatable: ClassVar[tuple[str, ...]] = ("no_signal",)
    bars: int = Field(default=3, description="Bars by which the label stands too early.")

    def steps(self) -> tuple[Step, ...]:
        """Return features without persistence, signal, label and shift."""
        return (Features(8), Linear(4), Signal(self.auc), Misaligned(self.bars))

    def attainable(self) -> float:
        """Return .5 where the label stands too early: its features are yet to come."""
        return 0.5 if self.bars > 0 else self.auc


@scenario("unscaled")
class Unscaled(_Planted):
    """One feature that tells nothing is a million times larger than those that do."""

    story: ClassVar[str] = (
        "A feature that tells nothing is a million times larger than those that tell the label, and "
        "features are given to the network as they are."
    )
    causes: ClassVar[tuple[str, ...]] = ("features_unscaled",)

    def steps(self) -> tuple[Step, ...]:
        """Return the healthy steps and the large feature."""
        return (*self.healthy(), Rescaled("f_07", 1e6))

    def settings(self) -> dict[str, Value]:
        """Return that features are not scaled."""
        return {"model": "transformer", "scaling": "none"}


@scenario("scaled-on-all")
class ScaledOnLaterSessionsToo(_Planted):
    """Features come standardised over the whole sample: untidy, and without effect on the score."""

    story: ClassVar[str] = (
        "Features were standardised over all sessions, the test's included: untidy, but a mean and "
        "an SD over so many rows tell nothing of any label; nothing is wrong that matters."
    )

    def steps(self) -> tuple[Step, ...]:
        """Return features, signal, label, and the scaling."""
        return (*self.healthy(), ScaledOnAll())


@scenario("degenerate-features")
class DegenerateFeatures(_Planted):
    """All features but one are constant, null, or copies of that one."""

    story: ClassVar[str] = (
        "Seven of eight features are constant, almost always null, or copies of the eighth."
    )
    causes: ClassVar[tuple[str, ...]] = ("degenerate_features",)
    debatable: ClassVar[tuple[str, ...]] = ("no_signal", "metric_artefact")

    def steps(self) -> tuple[Step, ...]:
        """Return the healthy steps, then spoil the features that told something."""
        return (*self.healthy(), Degenerate())

    def attainable(self) -> float:
        """Return .5: the sound feature is one that never told anything."""
        return 0.5


@scenario("degenerate-target")
class DegenerateTarget(ColumnScenario):
    """A label that is almost always the same."""

    story: ClassVar[str] = "The label is positive once in five hundred rows, by chance."
    causes: ClassVar[tuple[str, ...]] = ("degenerate_target",)
    debatable: ClassVar[tuple[str, ...]] = ("no_signal", "underpowered", "metric_artefact")
    prevalence: float = Field(default=0.002, gt=0, lt=1, description="Share of positive labels.")

    def steps(self) -> tuple[Step, ...]:
        """Return features and label."""
        return (Features(8, persistence=0.5), Chance(self.prevalence))


@scenario("future-leak")
class LeakedFuture(ColumnScenario):
    """A label by chance, and a feature that holds a bar of the future."""

    story: ClassVar[str] = (
        "The label is decided by the next bar, by chance, and one feature holds that bar with noise."
    )
    causes: ClassVar[tuple[str, ...]] = ("leakage",)
    notes: ClassVar[tuple[str, ...]] = ("Without f_leak there is nothing to learn.",)
    noise: float = Field(default=0.5, ge=0, description="Standard deviation of the leak's noise.")

    def steps(self) -> tuple[Step, ...]:
        """Return features, label and leak."""
        return (Features(8, persistence=0.5), Chance(), FutureLeak(self.noise))


@scenario("label-copy")
class CopiedLabel(ColumnScenario):
    """A label by chance, and a feature that is the label in another unit."""

    story: ClassVar[str] = "The label is a coin, and one feature copies it in another unit."
    causes: ClassVar[tuple[str, ...]] = ("leakage",)
    notes: ClassVar[tuple[str, ...]] = ("Without f_copy there is nothing to learn.",)

    def steps(self) -> tuple[Step, ...]:
        """Return features, label and copy."""
        return (Features(8, persistence=0.5), Chance(), LabelCopy())


@scenario("repeated-sessions")
class RepeatedDays(ColumnScenario):
    """Late sessions are early ones under a new date, with labels by chance."""

    story: ClassVar[str] = (
        "Labels are a coin, but the last sessions repeat earlier ones under later dates: memory "
        "passes for skill."
    )
    causes: ClassVar[tuple[str, ...]] = ("contaminated_split",)
    debatable: ClassVar[tuple[str, ...]] = ("no_signal", "overfitting")
    share: float = Field(default=0.3, gt=0, lt=1, description="Share of sessions that are repeats.")

    def steps(self) -> tuple[Step, ...]:
        """Return features, label and repeats."""
        return (Features(8, persistence=0.5), Chance(), RepeatedSessions(self.share))


@scenario("shuffled-late")
class LateLabelsShuffled(_Planted):
    """A strong signal, and late labels that were shuffled."""

    story: ClassVar[str] = (
        "A strong signal, but from 70 % of the sample on labels were shuffled among the rows of "
        "their session: no learner scores there."
    )
    causes: ClassVar[tuple[str, ...]] = ("drift",)
    debatable: ClassVar[tuple[str, ...]] = ("contaminated_split", "overfitting")
    notes: ClassVar[tuple[str, ...]] = ("The AUC is that before the shuffling starts.",)
    after: float = Field(
        default=0.7, ge=0, le=1, description="Share of the sample from which labels are shuffled."
    )

    def steps(self) -> tuple[Step, ...]:
        """Return the healthy steps and the shuffling."""
        return (*self.healthy(), ShuffledLate(self.after))
