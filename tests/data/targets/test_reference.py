"""The reference scores of one real market, which settle how skip and ties are read.

YNDX one-minute bars; boosted trees on 24 causal features; fitted on the first 70 % of dates, scored
on the last 30 %; AUC. The readings that reproduce the scores: ties are dropped, whatever the bar at
t; stale bars stay, as rows and as outcomes; with skip s the move is that from p_{t+s} to p_{t+s+k}
while the VWAP and the side of it stay frozen at t.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from fireassay.data import features
from fireassay.data.targets import label
from tests.data.make import moex

pytestmark = pytest.mark.slow

FEATURES = [
    "return_1", "return_2", "return_5", "return_10", "return_30", "return_60", "return_from_open",
    "close_location", "bar_return", "bar_range", "drawdown", "runup", "bollinger_20",
    "realised_volatility_10", "realised_volatility_30", "realised_volatility_60",
    "volatility_ratio_10", "vwap_deviation", "vwap_slope_5", "vwap_slope_20",
    "volume_ratio_20", "volume_trend_5", "stochastic_14", "session_bar",
]  # fmt: skip
BOUNCE = ["return_1", "close_location"]
HALF_WIDTH = 0.0095
"""Half of the one interval that the reference gives, [.615, .634]."""


@pytest.fixture(scope="module")
def bars(real_data: Callable[[str], Path]) -> pl.DataFrame:
    return moex(real_data("moex_yndx_1min/bars.parquet"))


@pytest.fixture(scope="module")
def values(bars: pl.DataFrame) -> pl.DataFrame:
    return features.compute(bars, FEATURES)


def held_out_auc(bars: pl.DataFrame, values: pl.DataFrame, spec: str, names: list[str]) -> float:
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.metrics import roc_auc_score

    found = label(bars, spec)
    session = bars["session"].to_numpy()
    early = session < round(0.7 * bars["session"].n_unique())
    x = values.select(names).to_numpy()
    train, test = found.labelled & early, found.labelled & ~early
    model = HistGradientBoostingClassifier(random_state=0).fit(x[train], found.y[train])
    return float(roc_auc_score(found.y[test], model.predict_proba(x[test])[:, 1]))


@pytest.mark.parametrize(
    ("spec", "names", "reference"),
    [
        ("direction:1", FEATURES, 0.626),
        ("direction:1", BOUNCE, 0.603),
        ("direction:1,skip=1", FEATURES, 0.561),
        ("vwap_reversion:1", FEATURES, 0.614),
        ("vwap_reversion:1,skip=1", FEATURES, 0.545),
        ("vwap_reversion:5", FEATURES, 0.589),
        ("vwap_reversion:5,skip=1", FEATURES, 0.557),
    ],
)
def test_auc(bars: pl.DataFrame, values: pl.DataFrame, spec: str, names: list[str], reference: float):
    assert len(FEATURES) == 24
    assert held_out_auc(bars, values, spec, names) == pytest.approx(reference, abs=HALF_WIDTH)


def test_what_is_left_after_a_skip_comes_from_bars_filled_backward(bars, values):
    """Bars without trades carry the price of the next trade, so they know it.

    Where something traded at t, the score with skip=1 is chance.
    """
    score = held_out_auc(bars, values, "direction:1,skip=1,stale=drop", FEATURES)
    assert score == pytest.approx(0.5, abs=HALF_WIDTH)
