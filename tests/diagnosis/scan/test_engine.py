"""The engine finds what is there, in families of many targets, and nothing where there is nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fireassay.diagnosis.scan import Part, engine, scan_targets
from fireassay.errors import TooLittleError
from fireassay.statistics import scores
from fireassay.statistics.bootstrap import session_bootstrap
from tests.diagnosis.scan.worlds import candidate, null_world, panel_of, split, whole
from tests.statistics import worlds

DRAWS = 99


@pytest.fixture(autouse=True)
def _few_labels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "LEAST_LABELS", 20)


def hidden(kind: str, rng: np.random.Generator, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Features, and the log-odds that they hide."""
    x = rng.standard_normal((rows, 6))
    if kind == "linear":
        return x, x[:, 0]
    if kind == "exclusive or":
        return x, 1.5 * np.sign(x[:, 0] * x[:, 1])
    if kind == "even":
        return x, 2.0 * (np.abs(x[:, 0]) - 0.8)
    x = rng.standard_normal((rows, 60))
    return x, x.sum(axis=1) / 7


@pytest.mark.parametrize("kind", ["linear", "exclusive or", "even", "many weak"])
def test_each_kind_of_relation_is_found_among_noise(kind: str) -> None:
    rng = np.random.default_rng(1)
    x, odds = hidden(kind, rng, 40 * 30)
    p = 1 / (1 + np.exp(-odds))
    planted = candidate((rng.random(len(p)) < p).astype(float), "direction")
    noise = [candidate((rng.random(len(p)) < 0.4) * 1.0, "vwap_touch", h) for h in (1, 2, 3)]
    found = scan_targets(whole(panel_of(x, [30] * 40)), [*noise, planted], draws=DRAWS)
    assert found.p_adjusted[3] <= 0.02
    assert found.observed[3] > 0.55
    assert (found.p_adjusted[:3] > 0.05).all()
    assert (found.q >= found.p).all()


def test_targets_are_scored_by_what_they_are() -> None:
    rng = np.random.default_rng(2)
    x = rng.standard_normal((1200, 4))
    z = x[:, 0] + rng.standard_normal(1200)
    three = np.digitize(z, [-0.5, 0.5]).astype(float)
    part = whole(panel_of(x, [40] * 30))
    found = scan_targets(
        part,
        [
            candidate(z, "return_magnitude", kind="real"),
            candidate(three, "triple_barrier", kind="multiclass", classes=("a", "b", "c")),
            candidate((z > 0) * 1.0),
        ],
        draws=DRAWS,
    )
    assert [str(found.score(h)) for h in range(3)] == ["IC", "macro AUC", "AUC"]
    assert found.labels.shape == (1200, 5)
    assert found.observed[0] == pytest.approx(0.7, abs=0.05)
    assert 0.6 < found.observed[1] < found.observed[2] < 0.9
    assert (found.p_adjusted == 0.01).all()
    for h in range(3):
        estimate = found.estimate(h)
        assert estimate.value == pytest.approx(found.observed[h])
        assert estimate.low < estimate.value < estimate.high
        everywhere = found.score_on(h, np.ones(1200, dtype=bool))
        assert everywhere == pytest.approx(estimate.value, abs=0.01)
    alone = session_bootstrap(
        found.predictions(2), found.truth(2), part.offsets, part.clusters, seed=0
    )
    assert found.estimate(2).se == pytest.approx(alone.se)


def test_one_family_is_no_more_than_its_correlation_costs() -> None:
    """Sixty targets of one path: noise stays noise, and max-T asks less than Bonferroni."""
    panel, noise = null_world(np.random.default_rng(3))
    found = scan_targets(whole(panel), noise, draws=DRAWS)
    assert len(found.candidates) == 60
    assert found.p_adjusted.min() > 0.05
    assert (found.p_adjusted <= np.minimum(60 * found.p, 1) + 1e-12).all()
    sd = found.null.std(axis=0, ddof=1)
    assert (found.mde > 2.5 * sd).all()  # the family's quantile, and 80 % power
    assert (found.mde < 5.5 * sd).all()
    assert found.test(0).p == found.p[0]


def test_the_null_keeps_what_the_time_of_day_gives() -> None:
    """A label that the clock predicts is above one half in its null, and nothing beyond it."""
    rng = np.random.default_rng(4)
    bar = np.tile(np.arange(30), 60)
    y = (rng.random(1800) < np.where(bar < 10, 0.8, 0.3)) * 1.0
    x = np.column_stack([bar, rng.standard_normal((1800, 2))])
    found = scan_targets(whole(panel_of(x, [30] * 60)), [candidate(y)], draws=DRAWS)
    assert found.observed[0] > 0.7
    assert found.chance[0] == pytest.approx(found.observed[0], abs=0.03)
    assert found.p[0] > 0.05


def test_too_few_labels_or_dates() -> None:
    rng = np.random.default_rng(5)
    panel = panel_of(rng.standard_normal((300, 2)), [10] * 30)
    rare = candidate((np.arange(300) == 7) * 1.0, "vwap_touch")
    fine = candidate((rng.random(300) < 0.5) * 1.0)
    found = scan_targets(whole(panel), [rare, fine], draws=19)
    assert [c.name for c in found.candidates] == ["direction:1"]
    assert found.left_out == {"vwap_touch:1": "1 labels of its rarest value"}
    with pytest.raises(TooLittleError, match=r"no target has enough labels \(vwap_touch:1"):
        scan_targets(whole(panel), [rare], draws=19)
    with pytest.raises(TooLittleError, match="10 dates"):
        scan_targets(Part.of(panel, np.arange(9)), [fine], draws=19)


def test_a_part_takes_the_latest_dates_of_all_symbols() -> None:
    days = [*range(20), *range(20)]
    panel = panel_of(np.zeros((400, 1)), [10] * 40, ["a"] * 20 + ["b"] * 20, days)
    part = Part.of(panel, np.arange(38), most_rows=230)
    assert part.dates == 12
    assert part.sessions.tolist() == [*range(8, 20), *range(28, 38)]
    assert len(part.rows) == 220
    assert part.symbols.tolist() == [0] * 12 + [1] * 10
    assert str(part.first_date) == "2024-01-09"
    assert Part.of(panel, np.arange(40), most_rows=1).dates == engine.LEAST_DATES


def test_sessions_of_one_date_move_together() -> None:
    rng = np.random.default_rng(6)
    days = [*range(20), *range(20)]
    panel = panel_of(rng.standard_normal((600, 2)), [15] * 40, ["a"] * 20 + ["b"] * 20, days)
    found = scan_targets(whole(panel), [candidate((rng.random(600) < 0.5) * 1.0)], draws=19)
    donors = found.permutations.donors
    assert found.permutations.units == 20
    np.testing.assert_array_equal(donors[:, 20:] - 20, donors[:, :20])


def test_labels_that_outlast_their_session_are_purged() -> None:
    rng = np.random.default_rng(7)
    panel = panel_of(rng.standard_normal((300, 2)), [10] * 30)
    one = candidate((rng.random(300) < 0.5) * 1.0)
    far = replace(one, label=replace(one.label, end=np.minimum(np.arange(300) + 30, 299)))
    usual = scan_targets(whole(panel), [one], draws=19).folds[1]
    purged = scan_targets(whole(panel), [far], draws=19).folds[1]
    test = usual[1]
    assert test.tolist() == purged[1].tolist() == [6, 7, 8, 9, 10, 11]
    assert set(usual[0]) == set(range(5)) | set(range(13, 30))
    assert set(purged[0]) == set(range(3)) | set(range(15, 30))


def test_some_features_alone_reach_what_they_know() -> None:
    rng = np.random.default_rng(8)
    x = rng.standard_normal((1500, 3))
    y = ((x[:, 0] + x[:, 1] + rng.standard_normal(1500)) > 0) * 1.0
    panel = panel_of(x, [30] * 50, names=["return_1", "rsi_14", "vwap_deviation"])
    found = scan_targets(whole(panel), [candidate(y)], draws=19)
    one = engine.alone(found, 0, ["return_1"])
    assert scores.auc(x[:, 0], y) == pytest.approx(one, abs=0.02)
    assert one < found.observed[0] - 0.05
    assert engine.alone(found, 0, ["return_1", "rsi_14", "vwap_deviation"]) == pytest.approx(
        found.observed[0], abs=1e-6
    )
    assert np.isnan(engine.alone(found, 0, ["close_location"]))


@pytest.mark.statistical
def test_family_wise_error_under_the_global_null() -> None:
    """Some target of sixty correlated ones is called real in at most 6 % of worlds."""
    found = [
        np.nanmin(scan_targets(whole(world[0]), world[1], draws=DRAWS, seed=i).p_adjusted)
        for i in range(1000, 2000)
        for world in [null_world(np.random.default_rng(i))]
    ]
    assert np.mean(np.array(found) <= 0.05) <= 0.06


@pytest.mark.statistical
def test_power_at_the_stated_effect() -> None:
    """An effect of the size of the MDE, in a family of six, is found in about 80 % of worlds."""

    def run(i: int, strength: float) -> tuple[float, float, float]:
        rng = np.random.default_rng((9, i))
        lengths = [26] * 60
        x = worlds.by_session(np.array(lengths), lambda n: worlds.ar(rng, (n, 3), 0.9))
        paths = [rng.standard_normal(26) for _ in lengths]
        moves = np.concatenate([worlds.outcome(r, 3) for r in paths])
        planted = candidate(worlds.binary(moves + strength * x[:, 0]))
        noise = [
            candidate(
                worlds.binary(np.concatenate([worlds.outcome(r[::-1], h) for r in paths])),
                "vwap_touch",
                h,
            )
            for h in (1, 2, 3, 4, 5)
        ]
        found = scan_targets(whole(panel_of(x, lengths)), [planted, *noise], draws=199, seed=i)
        return float(found.excess[0]), float(found.mde[0]), float(found.p_adjusted[0])

    strengths = np.array([0.35, 0.45, 0.55])
    mde = np.mean([run(i, 0.45)[1] for i in range(10)])
    excess = [np.mean([run(100 + i, s)[0] for i in range(30)]) for s in strengths]
    strength = float(np.interp(mde, excess, strengths))
    power = np.mean([run(1000 + i, strength)[2] <= 0.05 for i in range(200)])
    assert 0.7 <= power <= 0.9


def test_split_is_what_the_worlds_mean() -> None:
    assert [len(p) for p in split(np.arange(5.0), [2, 3])] == [2, 3]
