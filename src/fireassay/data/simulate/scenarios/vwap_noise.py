"""The reference case: a Bayesian Transformer that doesn't learn to predict a move towards VWAP."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from fireassay.data.simulate.effects import PriceEffect, RareReturns
from fireassay.data.simulate.market import SESSION_MINUTES, Market, Prices
from fireassay.data.simulate.scenario import Scenario, scenario
from fireassay.data.simulate.truth import TargetTruth
from fireassay.findings import Value


@scenario("vwap-noise")
class VwapNoise(Scenario):
    """The label is an unfair coin: two in five moves go towards VWAP, whatever is known.

    Moves back to VWAP are rarer than moves away and larger, so that the price stays a martingale
    (`effects.RareReturns`). Bars are made of mid quotes: bounce would make one-step moves
    predictable.

    A label that is 1 with probability .4 *given all that is known* has a corollary that no mechanism
    escapes: the side of VWAP that the price is on is known, so the raw direction is up with
    probability .4 above VWAP and .6 below, and its AUC is .6 though nothing was learned but the
    prior of the other label. Its size makes up for its odds: the expected return is 0.
    """

    story: ClassVar[str] = (
        "The sign of the next move relative to VWAP is an unfair coin, 40 % towards, that no feature "
        "of the past tells; the settings hold the network to its prior by a KL term that is divided "
        "by the number of sessions instead of the number of labels."
    )
    default_target: ClassVar[str] = "vwap_reversion:1"
    causes: ClassVar[tuple[str, ...]] = ("no_signal", "kl_dominates")
    debatable: ClassVar[tuple[str, ...]] = (
        "learning_rate_too_low",
        "undertrained",
        "metric_artefact",
    )
    notes: ClassVar[tuple[str, ...]] = (
        (
            "The KL weight 1/len(train) of a data set whose items are sessions is labels per session "
            "times the exact weight 1/N."
        ),
        (
            "direction:1 has AUC .6 from the side of VWAP alone: that is the class prior of "
            "vwap_reversion:1 in other words, and moves towards VWAP are larger, so the expected "
            "return is 0."
        ),
        "Volatility and volume cluster, so both can be predicted.",
    )

    toward: float = Field(
        default=0.4, gt=0, lt=1, description="Probability that a move goes towards VWAP."
    )
    # As many sessions as it takes to say that an AUC of .53 would have been seen.
    market: Market = Field(default_factory=lambda: Market(prices=Prices.MID, sessions=150))

    def effects(self) -> tuple[PriceEffect, ...]:
        """Return the rarity of moves towards VWAP."""
        return (RareReturns(self.toward),)

    def settings(self) -> dict[str, Value]:
        """Return the settings of the case: a narrow prior, and a KL term that counts sessions.

        One session a step, as a data set whose items are sessions gives them; the posterior starts at
        half the prior's scale, so that within the run's steps it can collapse into it.
        """
        labels_a_session = SESSION_MINUTES // self.market.bar_minutes - 1
        return {
            "model": "bayesian",
            "width": 64,
            "layers": 1,
            "heads": 4,
            "batch_labels": SESSION_MINUTES // self.market.bar_minutes,
            "epochs": 20,
            "patience": 0,
            "schedule": "constant",
            "prior": "fixed",
            "prior_sigma": 0.1,
            "posterior_sigma": 0.4,
            "kl_weight": float(labels_a_session),
            "learning_rate": 1e-4,
            "weight_decay": 1e-5,
            "dropout": 0.1,
            "label_smoothing": 0.1,
        }

    def targets(self) -> tuple[TargetTruth, ...]:
        """Return that no move relative to VWAP can be predicted, and what can."""
        odds = max(self.toward, 1 - self.toward)
        return (
            TargetTruth(
                target="vwap_reversion:1",
                auc=0.5,
                learnable=False,
                note=f"{self.toward:.0%} positive, independent of all that is known",
            ),
            TargetTruth(
                target="vwap_reversion:1,skip=1",
                auc=self.measured(0.51),
                learnable=False,
                note="close to VWAP the side may change in the bar skipped: next to nothing",
            ),
            TargetTruth(
                target="vwap_reversion:5", horizon=5, auc=self.measured(0.50), learnable=False
            ),
            TargetTruth(
                target="vwap_reversion:10", horizon=10, auc=self.measured(0.50), learnable=False
            ),
            TargetTruth(
                target="direction:1",
                auc=odds,
                learnable=True,
                note="the class prior of vwap_reversion:1, seen from the side of VWAP; no return",
            ),
            TargetTruth(
                target="return_magnitude:1",
                learnable=False,
                note="the price is a martingale: the expected return is 0",
            ),
            TargetTruth(
                target="volatility_increase:10",
                horizon=10,
                auc=self.measured(0.81),
                learnable=True,
                note="volatility clusters",
            ),
            TargetTruth(
                target="volume_surge:5",
                horizon=5,
                auc=self.measured(0.9),
                learnable=True,
                note="volume clusters",
            ),
        )
