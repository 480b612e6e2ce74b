"""The base of scenarios whose truth lies in columns `f_*` and `y`."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from fireassay.data.simulate.market import Market
from fireassay.data.simulate.scenario import Scenario
from fireassay.data.simulate.truth import TargetTruth


class ColumnScenario(Scenario):
    """Features `f_*`, a label `y`, and `label_end`, when it is known; prices know nothing of them."""

    default_target: ClassVar[str] = "column:y"
    features: ClassVar[str] = "columns:f_*"
    label_end: ClassVar[str] = "column:label_end"

    ohlcv: bool = Field(default=True, description="Write the market's columns beside the others.")
    market: Market = Field(default_factory=lambda: Market(bar_minutes=5))

    def has_prices(self) -> bool:
        """Tell whether the market's columns are written too."""
        return self.ohlcv

    def attainable(self) -> float:
        """Return the best AUC that the features known at a bar allow; .5: nothing to learn."""
        return 0.5

    def horizon(self) -> int:
        """Return the label's horizon in bars."""
        return 1

    def targets(self) -> tuple[TargetTruth, ...]:
        """Return what can be learned of `column:y`."""
        auc = self.attainable()
        return (
            TargetTruth(
                target=self.default_target, horizon=self.horizon(), auc=auc, learnable=auc > 0.5
            ),
        )
