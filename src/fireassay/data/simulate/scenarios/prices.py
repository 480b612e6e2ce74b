"""Scenarios whose truth lies in prices: one effect each, on an otherwise efficient market."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from fireassay.data.simulate.effects import Course, Momentum, Over, PriceEffect, VwapReversion
from fireassay.data.simulate.market import Market, Prices
from fireassay.data.simulate.scenario import Scenario, scenario
from fireassay.data.simulate.truth import TargetTruth
from fireassay.findings import Value


def _mid_market() -> Market:
    return Market(prices=Prices.MID)


@scenario("vwap-reverting")
class VwapReverting(Scenario):
    """The price reverts to the session's VWAP over 5 to 10 bars."""

    story: ClassVar[str] = (
        "The price reverts to the session's VWAP: a share of the deviation is expected to be gone "
        "after 5 to 10 bars, and hardly any after one."
    )
    default_target: ClassVar[str] = "vwap_reversion:10"
    notes: ClassVar[tuple[str, ...]] = (
        (
            "What can be learned of vwap_reversion is how far the price is from VWAP against its "
            "volatility; the side is in the label already."
        ),
    )

    speed: float = Field(
        default=0.05, ge=0, lt=1, description="Share of the deviation that one bar takes back."
    )
    market: Market = Field(default_factory=_mid_market)

    def effects(self) -> tuple[PriceEffect, ...]:
        """Return the reversion."""
        return (VwapReversion(self.speed),)

    def targets(self) -> tuple[TargetTruth, ...]:
        """Return that reversion is learnable over 5 to 10 bars and weak over one."""
        return (
            TargetTruth(
                target="vwap_reversion:1", auc=self.measured(0.54), learnable=True, note="weak"
            ),
            TargetTruth(
                target="vwap_reversion:5", horizon=5, auc=self.measured(0.58), learnable=True
            ),
            TargetTruth(
                target="vwap_reversion:10", horizon=10, auc=self.measured(0.6), learnable=True
            ),
            TargetTruth(target="direction:5", horizon=5, auc=self.measured(0.65), learnable=True),
            TargetTruth(target="direction:10", horizon=10, auc=self.measured(0.69), learnable=True),
        )


@scenario("volatility")
class Volatility(Scenario):
    """Volatility clusters; neither direction nor volume can be predicted."""

    story: ClassVar[str] = (
        "Volatility clusters from bar to bar and from session to session; prices are a martingale, "
        "and volume is its time of day plus noise."
    )
    default_target: ClassVar[str] = "volatility_increase:10"
    market: Market = Field(
        default_factory=lambda: Market(
            prices=Prices.MID,
            volume_spread=0.0,
            session_volume_spread=0.0,
            volume_follows_volatility=0.0,
            volume_noise=0.6,
        )
    )

    def targets(self) -> tuple[TargetTruth, ...]:
        """Return that volatility alone is learnable."""
        return (
            TargetTruth(
                target="volatility_increase:10", horizon=10, auc=self.measured(0.81), learnable=True
            ),
            TargetTruth(target="direction:1", auc=0.5, learnable=False),
            TargetTruth(target="direction:5", horizon=5, auc=0.5, learnable=False),
            TargetTruth(target="vwap_reversion:1", auc=0.5, learnable=False),
            TargetTruth(target="vwap_reversion:5", horizon=5, auc=0.5, learnable=False),
            TargetTruth(target="volume_surge:5", horizon=5, auc=self.measured(0.5), learnable=False),
        )


class _MomentumScenario(Scenario):
    strength: float = Field(
        default=0.26, gt=-1, lt=1, description="Mean of the next move per unit of the signal."
    )
    memory: float = Field(
        default=0.6, ge=0, lt=1, description="Weight of a move against that of the next one."
    )
    market: Market = Field(default_factory=_mid_market)

    def momentum(self) -> Momentum:
        return Momentum(self.strength, self.memory)

    def effects(self) -> tuple[PriceEffect, ...]:
        return (self.momentum(),)


@scenario("learnable")
class Learnable(_MomentumScenario):
    """Moves follow recent moves: a clear edge that linear models and networks learn alike."""

    story: ClassVar[str] = (
        "The next move follows the last few: a clear edge, linear in past returns, that is still "
        "there when a bar is skipped."
    )
    default_target: ClassVar[str] = "direction:1"

    def settings(self) -> dict[str, Value]:
        """Return sound settings: those that fireassay has by default."""
        return {"model": "bayesian"}

    def targets(self) -> tuple[TargetTruth, ...]:
        """Return that direction is learnable, less so with a bar skipped."""
        return (
            TargetTruth(target="direction:1", auc=self.measured(0.65), learnable=True),
            TargetTruth(target="direction:1,skip=1", auc=self.measured(0.62), learnable=True),
            TargetTruth(target="direction:5", horizon=5, auc=self.measured(0.66), learnable=True),
        )


@scenario("momentum-flips")
class MomentumFlips(_MomentumScenario):
    """Momentum in the first half of the sample, reversal of the same strength in the second."""

    story: ClassVar[str] = (
        "Moves follow recent moves in the first half of the sessions and go against them in the "
        "second: what is learned early is wrong late."
    )
    default_target: ClassVar[str] = "direction:1"
    causes: ClassVar[tuple[str, ...]] = ("drift",)

    def effects(self) -> tuple[PriceEffect, ...]:
        """Return momentum that flips."""
        return (Over(self.momentum(), Course.FLIP),)

    def targets(self) -> tuple[TargetTruth, ...]:
        """Return that direction is learnable within each half only."""
        return (
            TargetTruth(
                target="direction:1",
                auc=self.measured(0.65),
                learnable=True,
                note="within the first half; what is learned there is below .5 in the second",
            ),
        )


@scenario("bounce")
class Bounce(Scenario):
    """The efficient price is a martingale; trades alternate between bid and ask."""

    story: ClassVar[str] = (
        "Trades fall on bid or ask by chance around a price that can't be predicted: the next "
        "traded move looks predictable and is gone when a bar is skipped."
    )
    default_target: ClassVar[str] = "direction:1"
    causes: ClassVar[tuple[str, ...]] = ("bid_ask_bounce",)
    market: Market = Field(
        default_factory=lambda: Market(
            price=31.0, spread_ticks=2, annual_volatility=0.4, session_volatility_spread=0.1
        )
    )

    def targets(self) -> tuple[TargetTruth, ...]:
        """Return that one step of traded price is learnable, and nothing with a bar skipped."""
        return (
            TargetTruth(
                target="direction:1",
                auc=self.measured(0.6),
                learnable=True,
                note="bid-ask bounce: gone with skip=1, not tradable",
            ),
            TargetTruth(target="direction:1,skip=1", auc=0.5, learnable=False),
            TargetTruth(
                target="vwap_reversion:1",
                auc=self.measured(0.58),
                learnable=True,
                note="bid-ask bounce: gone with skip=1, not tradable",
            ),
            TargetTruth(target="vwap_reversion:1,skip=1", auc=0.5, learnable=False),
        )


@scenario("volume-surges")
class VolumeSurges(Scenario):
    """Volume surges start at random and die away over minutes; prices can't be predicted."""

    story: ClassVar[str] = (
        "Surges of volume begin by chance and die away over minutes, so a surge under way can be "
        "predicted to last; prices are a martingale."
    )
    default_target: ClassVar[str] = "volume_surge:5"
    market: Market = Field(default_factory=lambda: Market(prices=Prices.MID, surges=6.0))

    def targets(self) -> tuple[TargetTruth, ...]:
        """Return that volume is learnable and direction isn't."""
        return (
            TargetTruth(target="volume_surge:5", horizon=5, auc=self.measured(0.89), learnable=True),
            TargetTruth(target="direction:1", auc=0.5, learnable=False),
        )


@scenario("thin")
class Thin(Scenario):
    """A thinly traded share: half of the bars have no trade and carry the last price on."""

    story: ClassVar[str] = (
        "Trades are so few that about half of the bars have none and carry the last price on: ties "
        "abound, and what moves is bounce."
    )
    default_target: ClassVar[str] = "direction:1"
    causes: ClassVar[tuple[str, ...]] = ("bid_ask_bounce",)
    debatable: ClassVar[tuple[str, ...]] = ("degenerate_target",)
    market: Market = Field(
        default_factory=lambda: Market(
            price=20.0, spread_ticks=2, annual_volatility=0.3, volume=80.0, trades=0.8
        )
    )

    def targets(self) -> tuple[TargetTruth, ...]:
        """Return that one step of traded price is learnable, and hardly anything beyond."""
        return (
            TargetTruth(
                target="direction:1",
                auc=self.measured(0.58),
                learnable=True,
                note="bid-ask bounce among the bars that trade",
            ),
        )
