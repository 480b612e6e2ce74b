"""Column scenarios with a signal: healthy ones, and those that only some learners can learn."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from fireassay.data.simulate.column_scenario import ColumnScenario
from fireassay.data.simulate.columns import Step
from fireassay.data.simulate.effects import Course
from fireassay.data.simulate.inputs import Features
from fireassay.data.simulate.labels import Signal
from fireassay.data.simulate.market import Market
from fireassay.data.simulate.scenario import scenario
from fireassay.data.simulate.signals import Even, Interaction, Lagged, Linear, Varying
from fireassay.findings import Value


class _Planted(ColumnScenario):
    auc: float = Field(
        default=0.85, gt=0.5, lt=1, description="AUC that the planted signal has for the label."
    )

    def attainable(self) -> float:
        """Return the planted AUC."""
        return self.auc


@scenario("healthy-strong")
class HealthyStrong(_Planted):
    """A strong linear signal in four of eight features."""

    story: ClassVar[str] = "A strong signal, linear in four of eight features; nothing is wrong."

    def steps(self) -> tuple[Step, ...]:
        """Return features, signal and label."""
        return (Features(8, persistence=0.5), Linear(4), Signal(self.auc))


@scenario("healthy-weak")
class HealthyWeak(_Planted):
    """A weak linear signal, with sessions enough to see it."""

    story: ClassVar[str] = (
        "A weak signal, linear in four of eight features, and sessions enough to see it; nothing "
        "is wrong."
    )
    auc: float = Field(
        default=0.56, gt=0.5, lt=1, description="AUC that the planted signal has for the label."
    )
    market: Market = Field(default_factory=lambda: Market(bar_minutes=5, sessions=360))

    def steps(self) -> tuple[Step, ...]:
        """Return features, signal and label."""
        return (Features(8, persistence=0.5), Linear(4), Signal(self.auc))


@scenario("underpowered")
class Underpowered(_Planted):
    """A very weak signal in a handful of sessions."""

    story: ClassVar[str] = (
        "A signal too weak for so few sessions: data of this size could not have shown it."
    )
    causes: ClassVar[tuple[str, ...]] = ("underpowered",)
    auc: float = Field(
        default=0.53, gt=0.5, lt=1, description="AUC that the planted signal has for the label."
    )
    market: Market = Field(default_factory=lambda: Market(bar_minutes=5, sessions=12))

    def steps(self) -> tuple[Step, ...]:
        """Return features, signal and label."""
        return (Features(8, persistence=0.5), Linear(4), Signal(self.auc))


@scenario("interaction")
class InteractionOnly(_Planted):
    """The exclusive or of two features, given to a linear model."""

    story: ClassVar[str] = (
        "The label follows the exclusive or of two features' signs: each alone tells nothing, and a "
        "linear model can't learn it."
    )
    causes: ClassVar[tuple[str, ...]] = ("wrong_model_class",)
    notes: ClassVar[tuple[str, ...]] = (
        (
            "Marginal entropy is 1 bit and every correlation is about 0: two rules of thumb that "
            "call this unlearnable."
        ),
    )

    def steps(self) -> tuple[Step, ...]:
        """Return features, signal and label."""
        return (Features(4), Interaction(), Signal(self.auc))

    def settings(self) -> dict[str, Value]:
        """Return the linear model."""
        return {"model": "linear"}


@scenario("many-weak")
class ManyWeak(_Planted):
    """Seventy features, each of which tells next to nothing."""

    story: ClassVar[str] = (
        "Seventy features share a signal: every correlation is below .1, and together they tell much."
    )
    auc: float = Field(
        default=0.75, gt=0.5, lt=1, description="AUC that the planted signal has for the label."
    )

    def steps(self) -> tuple[Step, ...]:
        """Return features, signal and label."""
        return (Features(70), Linear(70), Signal(self.auc))


@scenario("even")
class EvenOnly(_Planted):
    """The absolute value of one feature: no correlation, and easily learned."""

    story: ClassVar[str] = (
        "The label follows the absolute value of one feature: every correlation is about 0, and a "
        "network or trees learn it at once."
    )

    def steps(self) -> tuple[Step, ...]:
        """Return features, signal and label."""
        return (Features(4), Even(1), Signal(self.auc))


@scenario("high-rank")
class HighRank(_Planted):
    """Absolute values of eight features, given to a network of two channels."""

    story: ClassVar[str] = (
        "The label follows the summed absolute values of eight features: no two hidden units can "
        "hold that, and the network has two channels."
    )
    causes: ClassVar[tuple[str, ...]] = ("capacity_too_small",)

    def steps(self) -> tuple[Step, ...]:
        """Return features, signal and label."""
        return (Features(8), Even(8), Signal(self.auc))

    def settings(self) -> dict[str, Value]:
        """Return the smallest network there is."""
        return {"model": "transformer", "width": 2, "layers": 1, "heads": 1, "mlp_ratio": 1}


@scenario("lagged")
class LaggedSignal(_Planted):
    """A feature tells the label of many bars later, given to a model with a short look-back."""

    story: ClassVar[str] = (
        "One feature tells the label of many bars later, and the model doesn't look back that far."
    )
    causes: ClassVar[tuple[str, ...]] = ("context_too_short",)
    lag: int = Field(default=10, ge=1, description="Bars between the feature and its label's bar.")
    # Attention needs many labels to find one bar among many.
    market: Market = Field(default_factory=lambda: Market(bar_minutes=1))

    def steps(self) -> tuple[Step, ...]:
        """Return features, signal and label."""
        return (Features(4), Lagged(self.lag), Signal(self.auc))

    def settings(self) -> dict[str, Value]:
        """Return a look-back of a third of the lag."""
        return {"model": "transformer", "look_back": max(self.lag // 3, 1)}


class _Changing(_Planted):
    causes: ClassVar[tuple[str, ...]] = ("drift",)
    course: ClassVar[Course]

    def steps(self) -> tuple[Step, ...]:
        """Return features, a signal that changes, and the label."""
        return (Features(8, persistence=0.5), Linear(4), Varying(self.course), Signal(self.auc))


@scenario("relation-flips")
class RelationFlips(_Changing):
    """A linear relation changes its sign half-way."""

    story: ClassVar[str] = (
        "The relation between features and label changes its sign half-way through the sessions: "
        "what is learned early is wrong late."
    )
    notes: ClassVar[tuple[str, ...]] = ("The AUC is that within either half.",)
    course: ClassVar[Course] = Course.FLIP


@scenario("relation-fades")
class RelationFades(_Changing):
    """A linear relation fades and turns into its reverse."""

    story: ClassVar[str] = (
        "The relation between features and label fades session by session, is gone half-way, and "
        "grows into its reverse."
    )
    notes: ClassVar[tuple[str, ...]] = (
        "The AUC is that of the signal with its strength of the day, known to nobody in advance.",
    )
    course: ClassVar[Course] = Course.FADE
