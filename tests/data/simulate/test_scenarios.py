"""Scenarios: the table is a user's file, the truth is complete, and seeds decide."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from fireassay.causes import CAUSES
from fireassay.data.settings import DataSettings
from fireassay.data.simulate import SCENARIOS, Scenario, Truth, simulate, truth_of
from fireassay.data.sources import SOURCES
from fireassay.errors import SettingError

MARKET = ["symbol", "time", "open", "high", "low", "close", "volume", "vwap", "trades"]


@pytest.mark.parametrize("case", list(SCENARIOS))
def test_every_scenario_gives_a_users_file_and_its_truth(case):
    frame, truth = simulate(case, sessions=8, seed=1)
    assert frame.columns[: len(MARKET)] == MARKET
    assert frame["time"].dtype == pl.Datetime("us")
    assert frame["time"].is_sorted()
    assert frame["time"].is_unique().all()
    assert frame["time"].dt.date().n_unique() == 8
    assert frame["time"].dt.time().max() == dt.time(16)
    assert set(truth.causes) | set(truth.debatable) | set(truth.absent) == set(CAUSES)
    assert not set(truth.causes) & set(truth.debatable)
    assert truth.target in truth.about()
    assert truth.story.endswith(".")
    assert truth == truth_of(case, seed=1, sessions=8)
    assert Truth.model_validate_json(truth.model_dump_json()) == truth


@pytest.mark.parametrize(
    "case", [c for c in SCENARIOS if truth_of(c).features.startswith("columns:")]
)
def test_columns_of_the_users_own(case):
    frame, truth = simulate(case, sessions=8, seed=1)
    assert truth.target == "column:y"
    assert truth.label_end == "column:label_end"
    labelled = frame.filter(pl.col("y").is_not_null())
    assert labelled["y"].is_in([0, 1]).all()
    # The outcome is later than its row, unless the label itself is misplaced.
    assert (labelled["label_end"] > labelled["time"]).all() or case == "misaligned"
    assert frame["label_end"].null_count() == 0
    bare = simulate(case, sessions=8, seed=1, ohlcv=False)[0]
    assert_frame_equal(bare, frame.drop(MARKET[2:]))


@pytest.mark.parametrize("case", ["vwap-noise", "healthy-strong", "thin"])
def test_the_seed_decides(case):
    first, _ = simulate(case, sessions=4, seed=5)
    again, _ = simulate(case, sessions=4, seed=5)
    other, _ = simulate(case, sessions=4, seed=6)
    assert_frame_equal(first, again)
    for column in set(first.columns) - {"symbol", "time", "label_end"}:
        assert not first[column].equals(other[column]), column


def test_scenarios_with_the_same_seed_are_independent():
    first, _ = simulate("learnable", sessions=4)
    other, _ = simulate("volatility", sessions=4)
    assert not first["volume"].equals(other["volume"])


def test_symbols_and_quotes():
    frame, _ = simulate("bounce", sessions=3, symbols=2, quotes=True)
    assert frame.columns == [*MARKET, "bid", "ask"]
    assert frame["symbol"].unique().sort().to_list() == ["SIM1", "SIM2"]
    assert (frame["ask"] > frame["bid"]).all()
    assert frame.height == 2 * 3 * 390
    assert_frame_equal(frame, frame.sort("symbol", "time"))
    columns, _ = simulate("healthy-strong", sessions=3, symbols=2)
    halves = columns.partition_by("symbol")
    assert not halves[0]["f_00"].equals(halves[1]["f_00"])


def test_bars_without_trades_may_be_left_out():
    kept, _ = simulate("thin", sessions=5)
    left, _ = simulate("thin", sessions=5, fill_forward=False)
    idle = kept["volume"] == 0
    assert idle.mean() == pytest.approx(0.5, abs=0.12)
    assert kept.filter(idle)["vwap"].null_count() == idle.sum()
    assert_frame_equal(left, kept.filter(~idle))


def test_parameters_of_the_scenario_and_of_its_market():
    _, truth = simulate("vwap-noise", sessions=3, toward=0.45, annual_volatility="0.5")
    assert truth.parameters == {"toward": 0.45, "annual_volatility": 0.5}
    assert truth.about()["direction:1"].auc == pytest.approx(0.55)
    assert truth.about()["volatility_increase:10"].auc is None
    assert truth_of("vwap-noise").about()["volatility_increase:10"].auc is not None
    strong, weak = truth_of("healthy-strong"), truth_of("healthy-strong", auc=0.65)
    assert (strong.targets[0].auc, weak.targets[0].auc) == (0.85, 0.65)


def test_the_reference_case_carries_its_settings():
    truth = truth_of("vwap-noise")
    assert truth.sessions == 150
    assert truth.target == "vwap_reversion:1"
    assert {"no_signal", "kl_dominates"} <= set(truth.causes)
    assert truth.settings["learning_rate"] == 1e-4
    assert truth.settings["kl_weight"] == 389
    assert truth_of("learnable").causes == ()


def test_settings_are_settings_of_the_network():
    from fireassay.training.settings import NetSettings

    for case in SCENARIOS:
        own = {k: v for k, v in truth_of(case).settings.items() if k not in {"model", "scaling"}}
        NetSettings.model_validate(own)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"towards": 0.3}, "unknown parameter of sim:vwap-noise 'towards'. Did you mean toward"),
        ({"toward": 2}, "sim:vwap-noise, toward: Input should be less than 1, got 2"),
        ({"sessions": 0}, "sim:vwap-noise, sessions: Input should be greater than or equal to 1"),
        ({"bar_minutes": 7}, "bars of 7 minutes don't fill"),
        ({"market": 1}, "unknown parameter"),
    ],
)
def test_impossible_parameters_are_told(parameters, message):
    with pytest.raises(SettingError) as error:
        simulate("vwap-noise", **parameters)
    assert message in str(error.value)


def test_unknown_cases_are_told_with_the_nearest():
    with pytest.raises(SettingError, match="Did you mean vwap-noise"):
        simulate("vwap_noise")


def test_the_source_reads_name_and_options():
    source = SOURCES["simulated"]
    assert source.takes("sim:vwap-noise")
    assert not source.takes("bars.parquet")
    assert not source.takes(simulate("even", sessions=2)[0])
    table = source.read("sim:vwap-noise?sessions=3&seed=7&quotes=true", DataSettings())
    expected, _ = simulate("vwap-noise", sessions=3, seed=7, quotes=True)
    assert_frame_equal(table.frame, expected)
    assert table.name == "sim:vwap-noise?sessions=3&seed=7&quotes=true"
    assert table.readings["seed"] == 7


@pytest.mark.parametrize(
    ("location", "message"),
    [
        ("sim:vwap-noice", "unknown scenario 'vwap-noice'. Did you mean vwap-noise"),
        ("sim:vwap-noise?sessions", "can't read the options"),
        ("sim:vwap-noise?seed=1&seed=2", "stands twice"),
        ("sim:vwap-noise?seed=x", "seed 'x' is not a whole number"),
        ("sim:vwap-noise?sessions=many", "sessions"),
    ],
)
def test_bad_locations_are_told(location, message):
    with pytest.raises(SettingError) as error:
        SOURCES["simulated"].read(location, DataSettings())
    assert message in str(error.value)


def test_truth_is_written_beside_the_data(tmp_path):
    truth = truth_of("learnable")
    truth.write(tmp_path / "truth.json")
    assert Truth.model_validate_json((tmp_path / "truth.json").read_text()) == truth


def test_a_truth_that_says_nothing_of_its_target_is_refused():
    values = truth_of("learnable").model_dump()
    with pytest.raises(ValueError, match="nothing is said of the default target"):
        Truth.model_validate({**values, "target": "direction:2"})
    with pytest.raises(ValueError, match="unknown causes"):
        Truth.model_validate({**values, "causes": ("bad_luck",)})


def test_every_scenario_is_documented():
    for case in SCENARIOS:
        cls: type[Scenario] = SCENARIOS[case]
        assert cls.__doc__
        assert cls.name == case
