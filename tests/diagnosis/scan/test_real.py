"""On real bars: scores as boosted trees have them, and most of the one-step edge is bounce."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import fireassay
from fireassay.data.assemble import build_panel
from fireassay.data.load import load
from fireassay.data.settings import DataSettings
from fireassay.data.targets import labels
from fireassay.diagnosis.scan.engine import PENALTIES
from fireassay.diagnosis.scan.expand import Expanded, Expansion
from fireassay.statistics.bootstrap import session_bootstrap
from fireassay.statistics.exchange import permute_dates
from fireassay.statistics.folds import session_folds
from fireassay.statistics.scores import Score
from fireassay.statistics.sufficient import ridge_null

NAME = "moex_yndx_1min/bars.parquet"

TREES = {
    "direction:1": 0.626,
    "direction:1,skip=1": 0.561,
    "vwap_reversion:1": 0.614,
    "vwap_reversion:1,skip=1": 0.545,
    "vwap_reversion:5": 0.589,
    "vwap_reversion:5,skip=1": 0.557,
}
"""AUC of boosted trees on 24 causal features, the last 30 % of dates against those before."""

TREES_SE = 0.005
"""Standard error of each, from the interval of the first, .615 to .634."""


@pytest.mark.slow
def test_ridge_on_fixed_features_scores_what_boosted_trees_do(
    real_data: Callable[[str], Path],
) -> None:
    bars = load(DataSettings(location=str(real_data(NAME))), None)
    panel = build_panel(bars, ("catalogue",))
    y = np.stack([label.y for label in labels(bars.frame, list(TREES))], axis=1).astype(np.float64)
    cut = round(0.7 * panel.sessions)
    train, test = np.arange(cut), np.arange(cut + 1, panel.sessions)
    expansion = Expansion.fit(panel.values[: panel.offsets[cut]], panel.features)
    drawn = permute_dates(panel.offsets, panel.clusters, 1, seed=0)
    found = ridge_null(
        Expanded(panel.values, panel.offsets[:-1], panel.offsets[1:], expansion),
        y,
        drawn,
        [(train, test)],
        score=Score.AUC,
        penalties=PENALTIES,
        inner=session_folds(panel.clusters[:cut]),
        share_rows=True,
    )
    for h, (name, trees) in enumerate(TREES.items()):
        mine = session_bootstrap(
            found.predictions[:, h], y[:, h], panel.offsets, panel.clusters, seed=0
        )
        apart = abs(mine.value - trees) / np.hypot(mine.se, TREES_SE)
        assert apart < 2, (name, mine.value, trees)


@pytest.mark.slow
def test_most_of_the_one_step_edge_is_bounce(real_data: Callable[[str], Path]) -> None:
    found = fireassay.scan(
        real_data(NAME), targets=["direction", "vwap_reversion"], horizons=[1, 5], groups=False
    )
    ranked = found.evidence["targets"]
    assert "Most of the one-step edge is bid-ask bounce: direction:1 loses" in ranked.reading
    rows = {r["target"]: r for r in ranked.table}
    assert rows["direction:1"]["score"] == pytest.approx(0.61, abs=0.02)
    assert rows["direction:1"]["a bar later"] == pytest.approx(0.54, abs=0.02)
    assert "the close's location alone reach AUC 0.60" in rows["direction:1"]["note"]
    assert "69 % of the outcomes are ties" in rows["direction:1"]["note"]
    lost = {r["target"]: r["lost share"] for r in found.evidence["targets-decay"].table}
    assert lost["direction:1"] > 0.5 > lost["direction:5"]
    assert lost["vwap_reversion:1"] > 0.5
    months = found.evidence["targets-stability"].table[0]
    assert months["months above null"] == months["months"] > 12
