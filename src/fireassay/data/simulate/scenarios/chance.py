"""Column scenarios without a signal: labels by chance, some of which look like more."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from fireassay.data.simulate.column_scenario import ColumnScenario
from fireassay.data.simulate.columns import Step
from fireassay.data.simulate.inputs import Features, RandomWalks, SlowFeatures
from fireassay.data.simulate.labels import Chance, SpanningChance
from fireassay.data.simulate.market import Market
from fireassay.data.simulate.scenario import scenario


class _NoSignal(ColumnScenario):
    causes: ClassVar[tuple[str, ...]] = ("no_signal",)
    debatable: ClassVar[tuple[str, ...]] = ("metric_artefact",)

    prevalence: float = Field(default=0.5, gt=0, lt=1, description="Share of positive labels.")


@scenario("random-labels")
class RandomLabels(_NoSignal):
    """Independent labels of unequal classes."""

    story: ClassVar[str] = "Labels are tossed with an unfair coin, 60 to 40, whatever the features."

    prevalence: float = Field(default=0.6, gt=0, lt=1, description="Share of positive labels.")

    def steps(self) -> tuple[Step, ...]:
        """Return features and label."""
        return (Features(8, persistence=0.5), Chance(self.prevalence))


@scenario("rare-random")
class RareRandom(_NoSignal):
    """Rare positives by chance: low entropy, nothing to learn."""

    story: ClassVar[str] = (
        "One label in fifty is positive, by chance: the entropy is a seventh of a bit, and there is "
        "nothing to learn."
    )
    debatable: ClassVar[tuple[str, ...]] = ("metric_artefact", "degenerate_target", "underpowered")

    prevalence: float = Field(default=0.02, gt=0, lt=1, description="Share of positive labels.")

    def steps(self) -> tuple[Step, ...]:
        """Return features and label."""
        return (Features(8, persistence=0.5), Chance(self.prevalence))


@scenario("overlapping-labels")
class OverlappingLabels(_NoSignal):
    """Persistent features and labels over overlapping outcomes: phantom skill for careless nulls."""

    story: ClassVar[str] = (
        "Labels look ahead over overlapping stretches of pure noise and features are persistent: "
        "both are smooth, so they seem related wherever rows are taken for independent."
    )
    debatable: ClassVar[tuple[str, ...]] = ("metric_artefact", "underpowered")

    persistence: float = Field(default=0.95, ge=0, lt=1, description="AR coefficient of features.")
    overlap: int = Field(default=12, ge=1, description="Bars that a label looks ahead.")
    market: Market = Field(default_factory=lambda: Market(bar_minutes=5, sessions=60))

    def steps(self) -> tuple[Step, ...]:
        """Return features and label."""
        return (Features(8, self.persistence), Chance(self.prevalence, horizon=self.overlap))

    def horizon(self) -> int:
        """Return the overlap."""
        return self.overlap


@scenario("random-walks")
class WalkingFeatures(_NoSignal):
    """Features that are random walks over the whole sample."""

    story: ClassVar[str] = "Features are random walks that have nothing to do with the label."

    def steps(self) -> tuple[Step, ...]:
        """Return features and label."""
        return (RandomWalks(8), Chance(self.prevalence))


@scenario("prevalence-shift")
class PrevalenceShift(_NoSignal):
    """The class prior drifts, and nothing else does: no feature tells where it stands."""

    story: ClassVar[str] = (
        "The share of positive labels runs from 35 % to 65 % over the sample and no feature tells: "
        "accuracy changes, skill doesn't."
    )
    debatable: ClassVar[tuple[str, ...]] = ("metric_artefact", "drift")

    prevalence: float = Field(default=0.35, gt=0, lt=1, description="Share of positives at first.")
    late: float = Field(default=0.65, gt=0, lt=1, description="Share of positives at last.")

    def steps(self) -> tuple[Step, ...]:
        """Return features and label."""
        return (Features(8, persistence=0.5), Chance(self.prevalence, self.late))


@scenario("spanning-labels")
class SpanningLabels(ColumnScenario):
    """Labels that span sessions, and features that tell which sessions are neighbours."""

    story: ClassVar[str] = (
        "Labels are the sign of five sessions' noise to come and features tell which sessions are "
        "neighbours: a split that isn't purged by label end scores what it was taught."
    )
    causes: ClassVar[tuple[str, ...]] = ("underpowered",)
    debatable: ClassVar[tuple[str, ...]] = ("no_signal", "contaminated_split", "metric_artefact")

    span: int = Field(default=5, ge=1, description="Sessions that a label looks ahead.")

    def steps(self) -> tuple[Step, ...]:
        """Return features and label."""
        return (SlowFeatures(4), SpanningChance(self.span))

    def horizon(self) -> int:
        """Return the span in bars."""
        return self.span * self.market.bars
