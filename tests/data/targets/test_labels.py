"""Labels: ends, ties, notes, what is refused, and what is said of mechanical targets."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from fireassay.data.targets import TARGETS, TargetSpec, available, describe, label, labels
from fireassay.errors import DataError, SettingError
from tests.data.make import market, table

BOTH_WAYS = [10.0, 12.0, 13.0, 11.0, 9.0, 8.0, 8.5, 8.0, 12.0]
"""A last session in which every target has all its classes, so that it isn't refused."""


def prices(
    close: list[float], lengths: list[int] | None = None, *, both: bool = True, **more: list[float]
) -> pl.DataFrame:
    """Bars of one price each, unless told otherwise."""
    end = BOTH_WAYS if both else []
    columns = {"close": np.array([*close, *end], dtype=float)}
    for name in ("open", "high", "low"):
        columns[name] = np.array([*more.pop(name, close), *end], dtype=float)
    columns["volume"] = np.array([*more.pop("volume", [1.0] * len(close)), *(1 for _ in end)])
    for name, values in more.items():
        columns[name] = np.array([*values, *end], dtype=float)
    return table(columns, [*(lengths or [len(close)]), *([len(end)] if both else [])])


def y(frame: pl.DataFrame, spec: str) -> list[float | None]:
    """The labels of all sessions but the last."""
    values = label(frame, spec).y[: frame.height - len(BOTH_WAYS)]
    return [None if np.isnan(v) else float(v) for v in values]


def test_direction_by_hand():
    frame = prices([10, 11, 11, 10, 12, 12, 11], [4, 3])
    assert y(frame, "direction") == [1, None, 0, None, None, 0, None]
    assert y(frame, "direction,ties=class") == [2, 1, 0, None, 1, 0, None]
    assert y(frame, "direction:2") == [1, 0, None, None, 0, None, None]
    # With skip the move begins one bar later, and stays one bar long.
    assert y(frame, "direction:1,skip=1") == [None, 0, None, None, 0, None, None]
    found = label(frame, "direction")
    assert found.ties == pytest.approx(2 / (5 + 8))
    assert found.classes == ("down", "up")
    assert found.kind == "binary"
    assert label(frame, "direction,ties=class").classes == ("down", "tie", "up")
    assert found.end[:7].tolist() == [1, 1, 3, 3, 4, 6, 6]


def test_a_band_in_basis_points_and_spreads():
    frame = prices([100, 100.1, 100.0, 101.0, 99.0], bid=[99.9] * 5, ask=[100.2] * 5)
    assert y(frame, "direction,band=15bp,ties=class") == [1, 1, 2, 0, None]
    assert y(frame, "direction,band=5bp,ties=class") == [2, 0, 2, 0, None]
    assert y(frame, "direction,band=spread,ties=class") == [1, 1, 2, 0, None]
    assert y(frame, "direction,band=0.1spread,ties=class") == [2, 0, 2, 0, None]


def test_moves_of_the_mid_have_no_bounce():
    close = [10.0, 10.1, 10.0, 10.1, 10.0, 10.3]
    frame = prices(close, bid=[10.0] * 5 + [10.1], ask=[10.1] * 5 + [10.3])
    assert y(frame, "direction,ties=class") == [2, 0, 2, 0, 2, None]
    assert y(frame, "direction,price=mid,ties=class") == [1, 1, 1, 1, 2, None]


def test_vwap_reversion_by_hand():
    frame = prices([10, 12, 11, 13, 10], volume=[1, 1, 0, 0, 0])
    # V: 10, 11, 11, 11, 11. The first and third close lie at it.
    assert y(frame, "vwap_reversion") == [None, 1, None, 1, None]
    assert y(frame, "vwap_reversion,ties=class") == [1, 2, 1, 2, None]
    # In the last session only the first close lies at the VWAP.
    assert label(frame, "vwap_reversion").ties == pytest.approx((2 + 1) / (4 + 8))
    basis_points = y(frame, "vwap_reversion_magnitude")
    assert basis_points[0] is None
    assert basis_points[1] == pytest.approx(1e4 / 12, rel=1e-5)
    assert basis_points[3] == pytest.approx(3e4 / 13, rel=1e-5)


def test_vwap_is_frozen_at_the_bar():
    frame = prices([10, 12, 11.5, 11.9, 30, 31], volume=[1, 1, 1, 1, 1000, 1])
    # At the second bar V = 11 < 12; the later trades above don't change that the fall is toward it.
    assert y(frame, "vwap_reversion:1")[1] == 1
    assert y(frame, "vwap_reversion:1,skip=1")[1] == 0


def test_vwap_touch_by_hand():
    frame = prices(
        [10, 12, 12, 12, 12], high=[10, 12, 12, 12, 13], low=[10, 12, 11.5, 10.9, 12],
        volume=[1, 1, 0, 0, 0],
    )  # fmt: skip
    assert y(frame, "vwap_touch:1") == [None, 0, 1, 0, None]
    assert y(frame, "vwap_touch:2") == [None, 1, 1, None, None]


def test_the_vwaps_price_is_recorded():
    frame = prices([10, 12, 11, 13, 10, 12])
    assert "typical price" in label(frame, "vwap_reversion").note
    traded = frame.with_columns(vwap=pl.col("close"))
    assert "traded VWAP" in label(traded, "vwap_reversion").note


def test_triple_barrier_by_hand():
    quiet = [100.0 + 0.1 * (i % 2) for i in range(41)]
    path = [100.0, 100.0, 100.05, 100.2, 100.0, 99.0]
    frame = prices(quiet + path, high=[*quiet, *path[:5], 101.5], low=quiet + path)
    found = label(frame, "triple_barrier:4,c=0.9")
    # The band is 0.9 · √4 · 10 bp = 18 bp: 100.18 above and 99.82 below the price.
    start = 41
    assert found.y[start] == 2
    assert found.end[start] == start + 3
    assert found.y[start + 1] == 2
    # The last bar reaches 101.5 and 99.0: which came first isn't known to those who meet it first.
    assert np.isnan(found.y[[start + 2, start + 4]]).all()
    assert found.note.endswith("or a bar has no price: 2.")
    assert found.classes == ("lower", "vertical", "upper")
    assert found.kind == "multiclass"
    two = label(frame, "triple_barrier:4,c=0.9,ties=drop")
    assert two.classes == ("lower", "upper")
    assert two.ties == pytest.approx(float(np.mean(found.y[found.labelled] == 1)))


def test_a_touch_ends_the_label_and_no_touch_ends_it_at_the_last_barrier():
    frame = market(5, lengths=[40, 40, 40])
    found = label(frame, "triple_barrier:6,c=1.5")
    rows = np.flatnonzero(found.labelled & (found.y == 1))
    left = 39 - frame["bar"].to_numpy()
    np.testing.assert_array_equal(found.end[rows] - rows, np.minimum(6, left[rows]))
    touched = np.flatnonzero(found.labelled & (found.y != 1))
    assert (found.end[touched] - touched < 6).any()


def test_stale_bars_can_be_left_out():
    frame = market(7, lengths=[60, 60], idle=0.4)
    kept, dropped = label(frame, "direction:3"), label(frame, "direction:3,stale=drop")
    stale = frame["stale"].to_numpy()
    assert not dropped.labelled[stale].any()
    np.testing.assert_array_equal(kept.y[~stale], dropped.y[~stale])
    assert dropped.labelled.sum() < kept.labelled.sum()


def test_a_hole_in_the_data_is_no_return():
    frame = prices([10, 11, 12, 13, 12, 11, 10, 11])
    after = (pl.col("session") == 0) & (pl.col("bar") >= 4)
    late = pl.when(after).then(pl.col("slot") + 20).otherwise(pl.col("slot"))
    holed = frame.with_columns(slot=late.cast(pl.Int32))
    assert y(holed, "direction:2") == [1, 1, None, None, 0, None, None, None]
    assert y(frame, "direction:2") == [1, 1, None, 0, 0, None, None, None]
    # Bars of irregular length step over many slots as a rule.
    sparse = frame.with_columns(slot=pl.col("slot") * 7)
    assert y(sparse, "direction:2") == y(frame, "direction:2")


def test_several_targets_at_once_are_the_same_as_one_by_one():
    frame = market(9)
    specs = ["direction:2", "volume_surge:3", TargetSpec("vwap_touch", 5)]
    for spec, together in zip(specs, labels(frame, specs), strict=True):
        alone = label(frame, spec)
        np.testing.assert_array_equal(together.y, alone.y)
        assert together.name == alone.name == str(TargetSpec.parse(str(spec)))


@pytest.mark.parametrize("name", list(TARGETS))
def test_a_horizon_longer_than_every_session_is_refused(name: str):
    frame = market(1, lengths=[10, 12, 8])
    with pytest.raises(SettingError, match="longest session has 12"):
        label(frame, f"{name}:12")
    with pytest.raises(SettingError, match="at least 13 bars, the longest session has 12"):
        label(frame, f"{name}:10,skip=2")


def test_a_label_of_one_value_is_refused():
    with pytest.raises(DataError, match=r"target direction:1: every label is up"):
        label(prices([1, 2, 3, 4], both=False), "direction")
    with pytest.raises(DataError, match="every outcome is a tie"):
        label(prices([1, 1, 1, 1], both=False), "direction")
    with pytest.raises(DataError, match="every label is tie"):
        label(prices([1, 1, 1, 1], both=False), "direction,ties=class")
    with pytest.raises(DataError, match=r"outcome that is defined\. Against .* 5 to 20 earlier"):
        label(prices([1, 2, 1, 2], both=False), "volume_surge")


def test_missing_columns_are_named_with_what_can_be_had():
    frame = prices([1, 2, 1, 2], both=False).drop("volume")
    with pytest.raises(DataError, match=r"vwap_touch:1 needs volume.*can have direction"):
        label(frame, "vwap_touch")
    with pytest.raises(DataError, match="needs bid, ask"):
        label(frame, "direction,price=mid")
    with pytest.raises(DataError, match="needs bid, ask"):
        label(frame, "direction,band=spread")
    assert available(frame) == (
        "direction",
        "return_magnitude",
        "triple_barrier",
        "volatility_increase",
        "volatility_increase_past",
    )


def test_mechanical_targets_say_so():
    mechanical = {t.name for t in TARGETS.values() if t.mechanical}
    assert mechanical == {"volatility_increase_past", "volume_surge_pooled", "vwap_touch"}
    frame = market(9)
    for name in mechanical:
        assert TARGETS[name].caution
        assert TARGETS[name].caution in label(frame, f"{name}:5").note


def test_price_moves_are_those_that_bounce_can_touch():
    moves = {t.name for t in TARGETS.values() if t.price_move}
    assert moves == {n for n in TARGETS if not n.startswith(("volume", "volatility"))}


@pytest.mark.parametrize("name", list(TARGETS))
def test_every_target_explains_itself(name: str):
    target = TARGETS[name]
    question, _, rest = target.doc.partition("\n")
    assert question.endswith(".")
    assert any(line.startswith("    ") for line in rest.splitlines())
    assert "Misleads:" in rest
    told = describe(name)
    assert target.source in told
    assert all(option in told for option in ("horizon=1", "skip=0", *target.options))


def test_describe_answers_unknown_names_with_the_nearest():
    with pytest.raises(SettingError, match="triple_barrier"):
        describe("tripel_barrier")


def test_the_mechanical_score_of_the_past_is_five_sixths():
    """Independent returns: 1[|r_{t+1}| > |r_t|] is predicted by |r_t| with an AUC of 5/6."""
    from sklearn.metrics import roc_auc_score

    returns = np.random.default_rng(0).normal(0, 1e-3, 20_000)
    frame = prices(list(100 * np.exp(np.cumsum(returns))), both=False)
    found = label(frame, "volatility_increase_past")
    known = found.labelled
    score = roc_auc_score(found.y[known], -np.abs(returns[known]))
    assert score == pytest.approx(5 / 6, abs=0.01)
