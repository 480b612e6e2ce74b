"""What is said of a target follows from its score, what is left a bar later, and what it is."""

from __future__ import annotations

import math

import numpy as np
import pytest

from fireassay.data.panel import SessionPanel
from fireassay.data.task import Label
from fireassay.diagnosis.scan import Candidate, Verdict, engine, judge_all, scan_targets
from fireassay.diagnosis.scan.groups import carriers, groups_of
from fireassay.diagnosis.scan.judge import Row, best, note
from tests.diagnosis.scan.worlds import candidate, panel_of, whole

ROWS, BARS = 2400, 40
NAMES = ("return_1", "close_location", "vwap_deviation", "volume_ratio_20", "mine")


@pytest.fixture(autouse=True)
def _few_labels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "LEAST_LABELS", 20)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(1)


def panel(x: np.ndarray, **more: object) -> SessionPanel:
    return panel_of(x, [BARS] * (ROWS // BARS), names=NAMES, **more)  # type: ignore[arg-type]


def coin(rng: np.random.Generator, odds: np.ndarray) -> np.ndarray:
    return (rng.random(len(odds)) < 1 / (1 + np.exp(-odds))) * 1.0


def judged(part: SessionPanel, *tried: Candidate, draws: int = 99) -> dict[str, Row]:
    return {r.candidate.name: r for r in judge_all(scan_targets(whole(part), tried, draws=draws))}


def test_what_outlives_a_bar_can_be_learned_and_what_is_too_small_is_called_so(rng) -> None:
    x = rng.standard_normal((ROWS, 5))
    strong = [candidate(coin(rng, 1.5 * x[:, 4]), "volume_surge", 5, skip) for skip in (0, 1)]
    fading = [candidate(coin(rng, s * x[:, 3]), "vwap_reversion", 1, i) for i, s in enumerate((2, 0))]
    noise = [candidate(coin(rng, 0 * x[:, 0]), "volatility_increase", 1, skip) for skip in (0, 1)]
    alone = candidate(coin(rng, 1.5 * x[:, 4]), "direction", 2, 0)
    found = judged(panel(x), *strong, *fading, *noise, alone)
    assert {n: r.verdict for n, r in found.items()} == {
        "volume_surge:5": Verdict.LEARNABLE,
        "direction:2": Verdict.UNDELAYED,
        "vwap_reversion:1": Verdict.FADES,
        "volatility_increase:1": Verdict.NOTHING,
    }
    assert next(iter(found)) == "volume_surge:5"
    assert [r.candidate.name for r in best(list(found.values()))] == ["volume_surge:5"]
    faded = found["vwap_reversion:1"]
    assert faded.lost > 0.8
    assert not faded.mostly_bounce
    assert math.isnan(found["volatility_increase:1"].lost)
    assert found["volume_surge:5"].strength > 5


def test_little_is_less_than_half_of_what_matters(rng) -> None:
    x = rng.standard_normal((ROWS, 5))
    y = [candidate(x[:, 4] + s * rng.standard_normal(ROWS), "return_magnitude", 1, i, "real")
         for i, s in enumerate((1, 1))]  # fmt: skip
    scanned = scan_targets(whole(panel(x)), y, draws=99)
    scanned.__dict__["excess"] = np.array([0.6, 0.024])  # significant, and hardly there
    assert judge_all(scanned)[0].verdict is Verdict.LITTLE
    assert "less than half" in note(scanned, judge_all(scanned)[0])
    scanned.__dict__["excess"] = np.array([0.6, 0.026])
    assert judge_all(scanned)[0].verdict is Verdict.LEARNABLE


def test_an_edge_of_the_last_return_that_is_gone_a_bar_later_is_bounce(rng) -> None:
    x = rng.standard_normal((ROWS, 5))
    now, later = coin(rng, -1.5 * x[:, 0]), coin(rng, 0 * x[:, 0])
    tried = [candidate(now), candidate(later, skip=1)]
    scanned = scan_targets(whole(panel(x)), tried, draws=99)
    row = judge_all(scanned)[0]
    assert row.verdict is Verdict.BOUNCE
    assert row.mostly_bounce
    assert row.carried == pytest.approx(1, abs=0.1)
    assert "Mostly bounce" in note(scanned, row)
    # The same from another feature isn't bounce, and a volume has none.
    other = [candidate(coin(rng, -1.5 * x[:, 4])), candidate(later, skip=1)]
    assert judged(panel(x), *other)["direction:1"].verdict is Verdict.FADES
    volume = [candidate(now, "volume_surge"), candidate(later, "volume_surge", skip=1)]
    assert math.isnan(judged(panel(x), *volume)["volume_surge:1"].bounce)


def test_odds_without_returns(rng) -> None:
    """Up two times in three, by half as much as down: which way is known, and earns nothing."""
    x = rng.standard_normal((ROWS, 5))
    side = np.sign(x[:, 4])
    up = rng.random(ROWS) < np.where(side > 0, 2 / 3, 1 / 3)
    usual = up == (side > 0)
    size = np.where(up, 1, -1) * np.where(usual, 1.0, 2.0) * rng.exponential(size=ROWS)
    label = Label("return_magnitude:1", "real", size.astype(np.float32), np.arange(ROWS))
    tried = [candidate(up * 1.0, size=label), candidate(up * 1.0, skip=1, size=label)]
    scanned = scan_targets(whole(panel(x)), tried, draws=99)
    row = judge_all(scanned)[0]
    assert row.verdict is Verdict.ODDS
    assert abs(row.size.value) < 0.05
    assert "larger moves the other way" in note(scanned, row)
    paid = Label("return_magnitude:1", "real", np.where(up, 1, -1).astype(np.float32), label.end)
    tried = [candidate(up * 1.0, size=paid), candidate(up * 1.0, skip=1, size=paid)]
    assert judged(panel(x), *tried)["direction:1"].verdict is Verdict.LEARNABLE


def test_what_is_mechanical_is_no_edge(rng) -> None:
    x = rng.standard_normal((ROWS, 5))
    y = coin(rng, 2 * x[:, 4])
    tried = [candidate(y, "vwap_touch", skip=s) for s in (0, 1)]
    tried += [candidate(coin(rng, x[:, 3]), "volume_surge", skip=s) for s in (0, 1)]
    found = judged(panel(x), *tried)
    assert found["vwap_touch:1"].verdict is Verdict.MECHANICAL
    assert list(found) == ["volume_surge:1", "vwap_touch:1"]
    assert "without any skill" in found["vwap_touch:1"].candidate.caution


def test_ties_and_bars_without_a_trade_are_told(rng) -> None:
    x = rng.standard_normal((ROWS, 5))
    stale = rng.random(ROWS) < 0.5
    y = coin(rng, np.where(stale, 3, 0) * x[:, 4])
    tried = [candidate(y, skip=s, ties=0.69) for s in (0, 1)]
    scanned = scan_targets(whole(panel(x, stale=stale)), tried, draws=99)
    row = judge_all(scanned)[0]
    assert row.traded == pytest.approx(0.5, abs=0.05)
    assert row.estimate.value > 0.6
    said = note(scanned, row)
    assert "69 % of the outcomes are ties" in said
    assert f"Only AUC {row.traded:.3f} on bars in which something traded" in said
    fresh = judged(panel(x), *tried)["direction:1"]
    assert math.isnan(fresh.traded)


def test_groups_of_features_that_carry_a_target(rng) -> None:
    x = rng.standard_normal((ROWS, 5))
    y = coin(rng, 1.5 * x[:, 3] + 0.7 * x[:, 4])
    tried = [candidate(y, "volume_surge", skip=s) for s in (0, 1)]
    scanned = scan_targets(whole(panel(x)), tried, draws=99)
    (found,) = carriers(scanned, judge_all(scanned), 0.05)
    rows = {r["target"]: r for r in found.table}
    volume, mine = rows["volume_surge:1, volume"], rows["volume_surge:1, yours"]
    assert volume["p adj."] == mine["p adj."] == 0.01
    assert volume["loss"] > mine["loss"] > 0.02
    # What another session has in its place disturbs: less is left than what the rest knows alone.
    assert 0.5 < volume["score exchanged"] < engine.alone(scanned, 0, ["mine"])
    assert rows["volume_surge:1, return"]["p adj."] > 0.05
    assert abs(rows["volume_surge:1, return"]["loss"]) < 0.01
    assert "volume (0." in found.reading
    assert "yours (0." in found.reading
    assert "return (" not in found.reading
    assert found.plot.series[0].x[0] == "volume"


def test_groups_of_real_and_of_several_classes(rng) -> None:
    x = rng.standard_normal((ROWS, 5))
    z = x[:, 3] + rng.standard_normal(ROWS)
    three = candidate(np.digitize(z, [-0.5, 0.5]) * 1.0, "triple_barrier", kind="multiclass",
                      classes=("a", "b", "c"))  # fmt: skip
    scanned = scan_targets(
        whole(panel(x)), [candidate(z, "return_magnitude", kind="real"), three], draws=19
    )
    rows = judge_all(scanned)
    (found,) = carriers(scanned, rows, 0.05)
    for row in rows:
        losses = {r["target"]: r["loss"] for r in found.table if row.candidate.name in r["target"]}
        assert max(losses, key=losses.get) == f"{row.candidate.name}, volume"


def test_one_group_has_nothing_to_compare(rng) -> None:
    x = rng.standard_normal((ROWS, 2))
    one = panel_of(x, [BARS] * (ROWS // BARS), names=["a", "b"])
    names, group = groups_of(one.features, whole(one).expansion.source)
    assert names == ("yours", "pairs")
    assert group.tolist() == [0, 0, 0, 0, 1]
    same = panel_of(x, [BARS] * (ROWS // BARS), names=["vwap_deviation", "vwap_slope_5"])
    scanned = scan_targets(whole(same), [candidate(coin(rng, x[:, 0]))], draws=19)
    assert carriers(scanned, judge_all(scanned), 0.05) == []
