"""Features that hold the label or a bar to come are named; strong forecasts aren't."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

import fireassay
from fireassay.data.targets import labels
from fireassay.diagnosis.checks.copies import Copies
from fireassay.diagnosis.conclude import grave
from fireassay.findings import Status
from fireassay.lab import Prepared, prepare
from fireassay.study import resolve
from tests.diagnosis.cases import case_of, judged, market, prepared, shift, simulated, with_feature


@pytest.mark.parametrize(("name", "feature"), [("future-leak", "f_leak"), ("label-copy", "f_copy")])
def test_planted_leaks_are_named(name: str, feature: str) -> None:
    evidence, verdict = judged(Copies(), simulated(name))
    assert verdict.status is Status.SUPPORTED
    assert verdict.why.startswith(f"{feature} holds the label")
    assert evidence.plot is not None
    assert evidence.plot.series[0].x[0] == feature


@pytest.fixture(scope="module")
def column() -> Prepared:
    return prepared("healthy-strong")


@pytest.fixture(scope="module")
def bars() -> Prepared:
    features = ("bar_return", "return_5", "close_location", "volume_ratio_20", "group:volatility")
    return prepared("volatility", bar_minutes=5, features=features)


@pytest.mark.parametrize("wrong", [0.1, 0.15])
def test_a_copy_with_wrong_labels_is_named(column: Prepared, wrong: float) -> None:
    """One label in ten, or in seven, is turned over, in another unit and with noise."""
    rng = np.random.default_rng(0)
    y = np.nan_to_num(column.task.label.y, nan=0.5)
    copied = np.where(rng.random(len(y)) < wrong, 1 - y, y)
    copied = -40 * copied + rng.standard_normal(len(y))
    evidence, verdict = judged(Copies(), case_of(with_feature(column.task, "copy", copied)))
    assert verdict.status is Status.SUPPORTED
    assert "copy holds the label" in verdict.why
    assert evidence.numbers["AUC copy"] == pytest.approx(1 - wrong, abs=0.03)


@pytest.mark.parametrize("target", ["direction:5", "direction:1", "return_magnitude:10"])
def test_a_copy_of_overlapping_outcomes_is_named(bars: Prepared, target: str) -> None:
    """Nine labels in ten: neighbours of a copy are nearly as good, but it moves with the label."""
    rng = np.random.default_rng(1)
    task = replace(bars.task, label=labels(bars.bars.frame, [target])[0], others=())
    y = np.nan_to_num(task.label.y)
    noise = np.nanstd(y) * rng.standard_normal(len(y))
    copied = np.where(rng.random(len(y)) < 0.1, noise, y)
    evidence, verdict = judged(Copies(), case_of(with_feature(task, "copy", copied)))
    assert verdict.status is Status.SUPPORTED
    assert verdict.why.startswith("copy holds the label")
    if target != "direction:1":
        assert evidence.numbers["AUC copy, one bar earlier"] > 0.7


@pytest.mark.parametrize(
    ("column", "later"), [("close", 1), ("high", 2), ("volume", 5), ("vwap", 1), ("return", 3)]
)
def test_a_bar_to_come_is_named_whatever_the_label(bars: Prepared, column: str, later: int) -> None:
    prices = market(bars)
    if column == "return":
        close = prices["close"]
        held = np.log(shift(bars.task, close, later) / close)
    else:
        held = shift(bars.task, prices[column], later)
    case = case_of(with_feature(bars.task, "ahead", held), prices)
    _, verdict = judged(Copies(), case)
    assert verdict.status is Status.SUPPORTED
    assert "ahead " in verdict.why
    assert f"{later} bar" in verdict.why
    assert column in verdict.why


def centred(made: Prepared, width: int = 11) -> np.ndarray:
    """Return a centred mean of the close beside the close: half of it are bars to come."""
    close = pl.col("close")
    mean = close.rolling_mean(width, center=True).over("symbol", "session")
    return made.bars.frame.select(mean / close - 1).to_series().to_numpy()


@pytest.mark.parametrize("prices", [True, False])
def test_a_centred_mean_is_named_by_prices_or_by_overlapping_outcomes(
    bars: Prepared, prices: bool
) -> None:
    task = replace(bars.task, label=labels(bars.bars.frame, ["direction:5"])[0], others=())
    task = with_feature(task, "centred", centred(bars))
    evidence, verdict = judged(Copies(), case_of(task, market(bars) if prices else None))
    assert verdict.status is Status.SUPPORTED, evidence.reading
    assert "centred" in verdict.why


def test_a_trailing_mean_is_cleared(bars: Prepared) -> None:
    close = pl.col("close")
    mean = close.rolling_mean(11).over("symbol", "session")
    trailing = bars.bars.frame.select(mean / close - 1).to_series().to_numpy()
    task = replace(bars.task, label=labels(bars.bars.frame, ["direction:5"])[0], others=())
    task = with_feature(task, "trailing", trailing)
    _, verdict = judged(Copies(), case_of(task, market(bars)))
    assert verdict.status is Status.EXCLUDED


@pytest.mark.parametrize("own_day", [True, False])
def test_a_days_figure_joined_to_its_own_bars_is_named(bars: Prepared, own_day: bool) -> None:
    """What a join on the date brings, unless the daily table was shifted by a day first."""
    daily = pl.col("close").last().over("symbol", "session") / pl.col("open").first().over(
        "symbol", "session"
    )
    frame = bars.bars.frame.with_columns(joined=daily)
    if not own_day:
        days = frame.group_by("symbol", "session", maintain_order=True).agg(pl.col("joined").first())
        earlier = days.with_columns(joined=pl.col("joined").shift(1).over("symbol"))
        frame = frame.drop("joined").join(
            earlier, on=["symbol", "session"], how="left", maintain_order="left"
        )
    task = with_feature(bars.task, "day_return", frame["joined"].to_numpy())
    _, verdict = judged(Copies(), case_of(task, market(bars)))
    assert verdict.status is (Status.SUPPORTED if own_day else Status.EXCLUDED), verdict.why
    assert ("day_return is the same" in verdict.why) is own_day


def test_what_few_forecasts_do_is_not_cleared(column: Prepared) -> None:
    """A feature without memory that tells a label with AUC .76: a fine forecast, or a leak."""
    rng = np.random.default_rng(4)
    y = np.nan_to_num(column.task.label.y, nan=0.5)
    _, verdict = judged(
        Copies(), case_of(with_feature(column.task, "fine", y + rng.standard_normal(len(y))))
    )
    assert verdict.status is Status.UNDECIDED
    assert "fine alone has AUC 0.7" in verdict.why


def test_bars_gone_by_are_known(bars: Prepared) -> None:
    """Prices, lagged prices and features beside themselves one bar earlier are no leak."""
    prices, task = market(bars), bars.task
    for name, back in (("close", 0), ("close", -1), ("volume", -3)):
        task = with_feature(task, f"{name}{back}", shift(task, prices[name], back))
    task = with_feature(task, "earlier", shift(task, task.panel.values[:, 0], -1))
    _, verdict = judged(Copies(), case_of(task, prices))
    assert verdict.status is Status.EXCLUDED


STRONG = (
    "volatility_increase:5",
    "volatility_increase:1,c=2",
    "volatility_increase_past:5",
    "volume_surge:1,c=3",
    "volume_surge_pooled:5",
    "vwap_touch:1",
    "vwap_touch:5",
    "return_magnitude:1",
)


@pytest.fixture(scope="module")
def surges() -> Prepared:
    features = (
        "volume_slot_ratio",
        "volume_trend_5",
        "volatility_slot_ratio_10",
        "average_true_range_14",
        "vwap_bars_since_cross",
        "bar_return",
    )
    return prepared("volume-surges", sessions=60, features=features)


@pytest.mark.parametrize("target", STRONG)
def test_strong_forecasts_are_no_copies(surges: Prepared, target: str) -> None:
    """Of states that last: AUC up to .87 by one feature."""
    label = labels(surges.bars.frame, [target])[0]
    case = case_of(replace(surges.task, label=label, others=()), market(surges))
    _, verdict = judged(Copies(), case)
    assert verdict.status is Status.EXCLUDED


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("healthy-strong", {"auc": 0.85}),
        ("many-weak", {}),
        ("random-walks", {}),
        ("spanning-labels", {}),
        ("degenerate-features", {}),
    ],
)
def test_sound_columns_are_cleared(name: str, options: dict[str, object]) -> None:
    _, verdict = judged(Copies(), simulated(name, **options))
    assert verdict.status is Status.EXCLUDED


@pytest.mark.parametrize(
    ("target", "status"),
    [("direction:1,ties=drop", Status.EXCLUDED), ("direction:5", Status.SUPPORTED)],
)
def test_bars_filled_from_the_next_trade(target: str, status: Status) -> None:
    """Most bars are idle: over one bar they are ties and carry no label, over five they do."""
    bars, _ = fireassay.simulate("random-walks", sessions=20)
    idle = pl.int_range(pl.len()) % 4 != 0
    price = pl.when(~idle).then(pl.col("close")).backward_fill().fill_null(strategy="forward")
    filled = bars.with_columns(
        *(pl.when(idle).then(price).otherwise(c).alias(c) for c in ("open", "high", "low", "close")),
        volume=pl.when(idle).then(0).otherwise("volume"),
    )
    made = prepare(resolve(target=target, features=("return_1", "return_5")), filled)
    evidence, verdict = judged(Copies(), case_of(made.task, market(made)))
    assert verdict.status is status
    told = "can't have made a score" if status is Status.EXCLUDED else "price that nobody knew"
    assert told in evidence.reading
    first = grave(made.bars.audit, [evidence])[0]
    assert first.evidence == ("copies",)
    assert first.text.endswith("among them.")
