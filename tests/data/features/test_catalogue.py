"""What every feature keeps, and how features are chosen."""

from __future__ import annotations

import itertools

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fireassay.data import features
from fireassay.data.features import FEATURES, Group
from fireassay.errors import DataError, SettingError
from tests.data.make import MARKET, market

EVERY = list(FEATURES)


@pytest.fixture(scope="module")
def frame() -> pl.DataFrame:
    return market(3)


@pytest.fixture(scope="module")
def values(frame: pl.DataFrame) -> pl.DataFrame:
    return features.compute(frame)


def test_the_catalogue_is_as_large_as_promised():
    assert len(EVERY) >= 60
    assert {f.group for f in FEATURES.values()} == set(Group)


@pytest.mark.parametrize("name", EVERY)
def test_every_feature_explains_itself(name: str):
    feature = FEATURES[name]
    question, _, rest = feature.doc.partition("\n")
    assert question.endswith(".")
    assert any(line.startswith("    ") for line in rest.splitlines()), "no formula"
    assert "Misleads: " in rest
    assert len(feature.source) > 10
    told = features.describe(name)
    assert told.startswith(f"{name} (feature, group {feature.group})")
    assert feature.source in told
    assert question in told


def test_unknown_names_are_answered_with_the_nearest():
    with pytest.raises(SettingError, match="rsi_14"):
        features.describe("rsi14")


def test_one_float32_column_each_in_the_order_of_the_rows(frame, values):
    assert values.shape == (frame.height, len(EVERY))
    assert set(values.dtypes) == {pl.Float32}
    assert values["session_bar"].to_list() == frame["bar"].to_list()


def test_every_feature_says_something(values: pl.DataFrame):
    for name in EVERY:
        known = values[name].drop_nulls()
        assert known.n_unique() > 1, name
        assert known.is_finite().all(), name


hostile = st.sampled_from(["constant", "no volume", "one trade", "wild", "negative", "one bar"])


def made_hostile(frame: pl.DataFrame, kind: str) -> pl.DataFrame:
    prices = ("open", "high", "low", "close", "vwap", "bid", "ask")
    match kind:
        case "constant":
            return frame.with_columns(pl.lit(7.3).alias(c) for c in prices)
        case "no volume":
            return frame.with_columns(pl.lit(0.0).alias(c) for c in ("volume", "trades"))
        case "one trade":
            first = pl.int_range(pl.len()) == 40
            return frame.with_columns(
                *(pl.when(first).then(pl.col(c)).alias(c) for c in prices),
                *(pl.when(first).then(pl.col(c)).otherwise(0.0).alias(c) for c in ("volume",)),
            )
        case "wild":
            size = pl.when(pl.col("bar") % 2 == 0).then(1e-200).otherwise(1e200)
            return frame.with_columns((pl.col(c) * size).alias(c) for c in MARKET)
        case "negative":
            odd = pl.when(pl.col("bar") % 3 == 0).then(-1.0).otherwise(0.0)
            worse = pl.when(pl.col("bar") % 7 == 0).then(float("inf")).otherwise(float("nan"))
            return frame.with_columns(
                pl.when(pl.col("bar") % 2 == 0).then(pl.col(c) * odd).otherwise(worse).alias(c)
                for c in MARKET
            )
        case _:
            return frame.filter(pl.col("bar") == 0)


@settings(max_examples=12, deadline=None)
@given(kind=hostile, seed=st.integers(0, 1000))
def test_never_infinite_and_never_nan(kind: str, seed: int):
    frame = made_hostile(market(seed, lengths=[70, 66, 1, 2, 70, 70, 70]), kind)
    values = features.compute(frame)
    assert values.height == frame.height
    for name in EVERY:
        assert values[name].drop_nulls().is_finite().all(), name


UNDEFINED_WITHOUT_MOVES = """
bollinger_20 rsi_14 stochastic_14 autocorrelation_60 absolute_autocorrelation_60 variance_ratio_2
efficiency_ratio_30 trend_strength_30 downside_share_30 jump_share_30 realised_skewness_60
volatility_ratio_10 volatility_slot_ratio_10 amihud_ratio_30 close_location opening_range_30
prior_range vwap_band_position vwap_deviation_scaled money_flow_index_14
"""

ZERO_WITHOUT_MOVES = """
return_1 return_60 realised_volatility_30 parkinson_30 garman_klass_30 yang_zhang_30
rogers_satchell_30 roll_spread_60 corwin_schultz_30 abdi_ranaldo_30 vwap_bars_since_cross
vwap_side_share gap run_length signed_volume_10 macd bollinger_width_20 drawdown
"""


def test_where_nothing_moves_nothing_is_made_of_rounding():
    frame = made_hostile(market(1), "constant").with_columns(volume=pl.lit(3.7))
    values = features.compute(frame)
    for name in UNDEFINED_WITHOUT_MOVES.split():
        assert values[name].null_count() == len(values), name
    for name in ZERO_WITHOUT_MOVES.split():
        known = values[name].drop_nulls()
        assert known.abs().max() in (None, pytest.approx(0.0, abs=1e-7)), name


def test_typical_prices_that_are_equal_but_for_rounding_have_no_band():
    """(H + L + C) / 3 of bars around one price differs in its last digits."""
    price = pl.when(pl.col("bar") % 7 == 3).then(np.nextafter(100.07, 101)).otherwise(100.07)
    flat = market(1).with_columns(high=price, low=price, close=price, open=price).drop("vwap")
    typical = flat.select((pl.col("high") + pl.col("low") + pl.col("close")) / 3).to_series()
    assert typical.n_unique() == 2
    position = features.compute(flat, ["vwap_band_position"])
    assert position.to_series().null_count() == flat.height


@settings(max_examples=4, deadline=None)
@given(seed=st.integers(0, 1000))
def test_free_of_scale(seed: int):
    """Powers of two scale exactly, so the features must agree to the last bit but for logs."""
    frame = market(seed, missing=0.02)
    prices = [c for c in MARKET if c not in ("volume", "trades")]
    scaled = frame.with_columns(
        *(pl.col(c) * 4.0 for c in prices), pl.col("volume") * 8.0, pl.col("trades") * 1.0
    )
    before, after = features.compute(frame), features.compute(scaled)
    for name in EVERY:
        a, b = before[name].to_numpy(), after[name].to_numpy()
        assert np.array_equal(np.isnan(a), np.isnan(b)), name
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-7, err_msg=name)


def edit(frame: pl.DataFrame, rows: pl.Expr, seed: int) -> pl.DataFrame:
    price = 60.0 if seed % 2 else 5.0
    other = market(seed, lengths=[90] * (frame.height // 90), price=price)
    return frame.with_columns(
        pl.when(rows).then(other[c]).otherwise(pl.col(c)).alias(c) for c in (*MARKET, "stale")
    )


def test_reads_no_further_back_than_declared():
    frame = market(11, lengths=[90] * 30)
    session, bar = 27, 85
    at = session * 90 + bar
    before = features.compute(frame)
    for reach in sorted({(f.sessions_back, f.lookback) for f in FEATURES.values()}):
        sessions_back, lookback = reach
        names = [f.name for f in FEATURES.values() if (f.sessions_back, f.lookback) == reach]
        unread = pl.col("session") < session - sessions_back
        if lookback:
            bars = (pl.col("session") == session) & (pl.col("bar") <= bar - lookback)
            unread = unread | bars
        after = features.compute(edit(frame, unread, seed=12), names)
        for name in names:
            a, b = before[name][at], after[name][at]
            assert a is not None, f"{name} has no value to compare"
            assert b == pytest.approx(a, rel=1e-5, abs=1e-8), name


def test_reads_as_far_back_as_declared():
    """The first bar of the look-back matters, so no feature declares more than it needs."""
    frame = market(21, lengths=[90] * 8, idle=0.0)
    session, bar = 7, 85
    at = session * 90 + bar
    before = features.compute(frame)
    for feature in FEATURES.values():
        if not feature.lookback:
            continue
        first = (pl.col("session") == session) & (pl.col("bar") == bar - feature.lookback + 1)
        stood_still = frame.with_columns(
            pl.when(first).then(pl.col(c).shift(-1)).otherwise(pl.col(c)).alias(c) for c in MARKET
        )
        edited = (edit(frame, first, seed) for seed in range(22, 40))
        tables = itertools.chain(edited, [stood_still])
        values = (features.compute(table, [feature.name])[feature.name][at] for table in tables)
        seen = any(value != before[feature.name][at] for value in values)
        assert seen or feature.needs == (), feature.name


def test_known_from_the_bar_at_which_the_look_back_is_filled():
    frame = market(31, lengths=[90, 90], idle=0.0)
    values = features.compute(frame)
    for feature in FEATURES.values():
        if not feature.lookback or feature.sessions_back:
            continue
        second = values[feature.name][90:]
        assert second[: feature.lookback - 1].null_count() == feature.lookback - 1, feature.name
        assert second[feature.lookback - 1 :].null_count() < 90 - feature.lookback, feature.name


def test_names_wildcards_and_groups(frame: pl.DataFrame):
    assert features.select(["rsi_14"]) == ("rsi_14",)
    assert features.select(["return_5", "return_1", "return_5"]) == ("return_5", "return_1")
    assert set(features.select(["vwap_*"])) == {n for n in EVERY if n.startswith("vwap_")}
    flow = features.select(["group:flow"])
    assert {FEATURES[n].group for n in flow} == {Group.FLOW}
    assert features.compute(frame, ["macd", "group:session"]).columns[0] == "macd"


def test_wildcards_choose_what_the_data_can_have_and_names_insist(frame: pl.DataFrame):
    without = frame.drop("trades")
    assert "trade_size_ratio_30" not in features.select(["group:volume"], without)
    assert "trade_size_ratio_30" not in features.compute(without).columns
    bare = frame.drop("bid", "ask", "volume")
    with pytest.raises(DataError, match="signed_volume_10 needs volume"):
        features.compute(bare, ["rsi_14", "signed_volume_10"])
    with pytest.raises(DataError, match="trade_side_20 needs volume, bid, ask"):
        features.compute(bare, ["trade_side_20"])


@pytest.mark.parametrize(
    ("pattern", "hint"),
    [
        ("rsi_15", "rsi_14"),
        ("group:volatile", "volatility"),
        ("zzz_*", "Known"),
        ("bolinger*", "boll"),
    ],
)
def test_what_chooses_nothing_is_an_error(pattern: str, hint: str):
    with pytest.raises(SettingError, match=hint):
        features.select([pattern])


def test_a_group_that_this_data_cannot_have_is_an_error(frame: pl.DataFrame):
    prices = frame.select("symbol", "time", "session", "bar", "slot", "date", "stale", "close")
    with pytest.raises(DataError, match=r"group:vwap.*high, low, volume"):
        features.compute(prices, ["group:vwap"])
