"""Features against slow twins, written bar by bar from the papers' formulas."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import polars as pl
import pytest

from fireassay.data import features
from tests.data.make import market, table

Twin = Callable[[pl.DataFrame, int], float]
"""Value at the last bar of one session's rows up to it; NaN where undefined. The second argument is
the row in the whole table, for twins that look at earlier sessions."""

SESSIONS = [90, 70, 80, 66, 90, 75, 90, 90]


@pytest.fixture(scope="module")
def frame() -> pl.DataFrame:
    return market(17, lengths=SESSIONS, idle=0.25)


@pytest.fixture(scope="module")
def values(frame: pl.DataFrame) -> pl.DataFrame:
    return features.compute(frame)


def col(bars: pl.DataFrame, name: str) -> np.ndarray:
    return bars[name].to_numpy().astype(float)


def returns(bars: pl.DataFrame) -> np.ndarray:
    close = col(bars, "close")
    return np.r_[np.nan, np.log(close[1:] / close[:-1])]


def tail(x: np.ndarray, window: int) -> np.ndarray:
    """The last `window` values; a NaN if there are fewer, so that everything made of them is NaN."""
    return x[-window:] if len(x) >= window else np.array([np.nan])


def quotient(a: float, b: float) -> float:
    return a / b if b > 0 else math.nan


def sides(bars: pl.DataFrame) -> np.ndarray:
    side, last = [], 0.0
    close = col(bars, "close")
    for i in range(len(close)):
        if i and close[i] != close[i - 1]:
            last = 1.0 if close[i] > close[i - 1] else -1.0
        side.append(last)
    return np.array(side)


def session_vwap(bars: pl.DataFrame) -> np.ndarray:
    out, money, volume = [], 0.0, 0.0
    for row in bars.iter_rows(named=True):
        price = row.get("vwap") or (row["high"] + row["low"] + row["close"]) / 3
        money += price * row["volume"]
        volume += row["volume"]
        out.append(money / volume if volume else math.nan)
    return np.array(out)


def rms(x: np.ndarray) -> float:
    return math.sqrt(np.mean(x**2))


def yang_zhang(bars: pl.DataFrame, _: int, n: int = 30) -> float:
    o, h, lo, c = (np.log(col(bars, x)) for x in ("open", "high", "low", "close"))
    if len(o) < n + 1:
        return math.nan
    overnight = (o[1:] - c[:-1])[-n:]
    open_close = (c - o)[-n:]
    rs = ((h - c) * (h - o) + (lo - c) * (lo - o))[-n:].mean()
    k = 0.34 / (1.34 + (n + 1) / (n - 1))
    return math.sqrt(overnight.var(ddof=1) + k * open_close.var(ddof=1) + (1 - k) * rs)


def rogers_satchell(bars: pl.DataFrame, _: int) -> float:
    o, h, lo, c = (np.log(tail(col(bars, x), 30)) for x in ("open", "high", "low", "close"))
    return math.sqrt(np.mean((h - c) * (h - o) + (lo - c) * (lo - o)))


def garman_klass(bars: pl.DataFrame, _: int) -> float:
    o, h, lo, c = (np.log(tail(col(bars, x), 30)) for x in ("open", "high", "low", "close"))
    return math.sqrt(np.mean(0.5 * (h - lo) ** 2 - (2 * math.log(2) - 1) * (c - o) ** 2))


def parkinson(bars: pl.DataFrame, _: int) -> float:
    h, lo = (np.log(tail(col(bars, x), 30)) for x in ("high", "low"))
    return math.sqrt(np.mean((h - lo) ** 2) / (4 * math.log(2)))


def bipower(bars: pl.DataFrame, _: int) -> float:
    size = np.abs(returns(bars))
    return math.sqrt(math.pi / 2 * np.mean(tail(size[1:] * size[:-1], 30)))


def jump_share(bars: pl.DataFrame, _: int) -> float:
    size = np.abs(returns(bars))
    continuous = math.pi / 2 * np.mean(tail(size[1:] * size[:-1], 30))
    total = np.mean(tail(size, 30) ** 2)
    return float(np.maximum(0.0, 1 - quotient(continuous, total)))


def realised_skewness(bars: pl.DataFrame, _: int) -> float:
    r = tail(returns(bars), 60)
    return quotient(math.sqrt(60) * (r**3).sum(), (r**2).sum() ** 1.5)


def corwin_schultz(bars: pl.DataFrame, _: int) -> float:
    h, lo = col(bars, "high"), col(bars, "low")
    spreads = []
    for i in range(1, len(h)):
        beta = math.log(h[i] / lo[i]) ** 2 + math.log(h[i - 1] / lo[i - 1]) ** 2
        gamma = math.log(max(h[i], h[i - 1]) / min(lo[i], lo[i - 1])) ** 2
        root = 3 - 2 * math.sqrt(2)
        alpha = (math.sqrt(2 * beta) - math.sqrt(beta)) / root - math.sqrt(gamma / root)
        spreads.append(max(0.0, 2 * (math.exp(alpha) - 1) / (1 + math.exp(alpha))))
    return float(np.mean(tail(np.array(spreads), 30)))


def abdi_ranaldo(bars: pl.DataFrame, _: int) -> float:
    c, h, lo = (np.log(col(bars, x)) for x in ("close", "high", "low"))
    mid = (h + lo) / 2
    product = (c[:-1] - mid[:-1]) * (c[:-1] - mid[1:])
    return 2 * math.sqrt(max(0.0, np.mean(tail(product, 30)))) if len(product) >= 30 else math.nan


def roll(bars: pl.DataFrame, _: int) -> float:
    r = returns(bars)
    now, before = tail(r[1:], 60), tail(r[:-1], 60)
    covariance = np.mean(now * before) - np.mean(now) * np.mean(before)
    return 2 * math.sqrt(max(0.0, -covariance)) if covariance == covariance else math.nan


def autocorrelation(bars: pl.DataFrame, _: int) -> float:
    r = returns(bars)
    now, before = tail(r[1:], 60), tail(r[:-1], 60)
    if np.isnan(now).any() or np.isnan(before).any() or not now.std() * before.std():
        return math.nan
    return float(np.corrcoef(now, before)[0, 1])


def variance_ratio(q: int) -> Twin:
    def twin(bars: pl.DataFrame, _: int) -> float:
        price = np.log(tail(col(bars, "close"), 61))
        if len(price) < 61:
            return math.nan
        n = 60
        mean = (price[-1] - price[0]) / n
        one = sum((price[i] - price[i - 1] - mean) ** 2 for i in range(1, n + 1)) / (n - 1)
        m = q * (n - q + 1) * (1 - q / n)
        many = sum((price[i] - price[i - q] - q * mean) ** 2 for i in range(q, n + 1)) / m
        return quotient(many, one)

    return twin


def normal_cdf(z: float) -> float:
    return 0.5 * (1 + math.erf(z / math.sqrt(2)))


def buy_shares(bars: pl.DataFrame) -> np.ndarray:
    r = returns(bars)
    shares = np.full(len(r), math.nan)
    for i in range(30, len(r)):
        sigma = rms(r[i - 29 : i + 1])
        shares[i] = normal_cdf(r[i] / sigma) if sigma > 0 else 0.5
    return shares


def bulk_imbalance(bars: pl.DataFrame, _: int) -> float:
    volume, shares = tail(col(bars, "volume"), 30), tail(buy_shares(bars), 30)
    return quotient(float(np.sum(volume * (2 * shares - 1))), float(np.sum(volume)))


def signed_volume(bars: pl.DataFrame, _: int) -> float:
    volume = tail(col(bars, "volume"), 10)
    return quotient(float(np.sum(tail(sides(bars), 10) * volume)), float(np.sum(volume)))


def kyle(bars: pl.DataFrame, _: int) -> float:
    r, volume = tail(returns(bars), 60), tail(col(bars, "volume"), 60)
    q = tail(sides(bars) * col(bars, "volume"), 60)
    if np.isnan(r).any():
        return math.nan
    slope = np.polyfit(q, r, 1)[0]
    return float(slope * volume.mean())


def amihud(bars: pl.DataFrame, _: int) -> float:
    r, volume, close = returns(bars), col(bars, "volume"), col(bars, "close")
    impact = [
        abs(r[i]) / (close[i] * volume[i]) if volume[i] > 0 and r[i] == r[i] else math.nan
        for i in range(len(r))
    ]
    recent = [x for x in impact[-30:] if x == x]
    if len(impact) < 30 or len(recent) < 5 or not sum(recent):
        return math.nan
    everything = [x for x in impact if x == x]
    return math.log(np.mean(recent) / np.mean(everything))


def efficiency(bars: pl.DataFrame, _: int) -> float:
    r = tail(returns(bars), 30)
    return quotient(abs(float(r.sum())), float(np.abs(r).sum()))


def vwap_deviation(bars: pl.DataFrame, _: int) -> float:
    return math.log(bars["close"][-1] / session_vwap(bars)[-1])


def vwap_band(bars: pl.DataFrame, _: int) -> float:
    typical = np.log((col(bars, "high") + col(bars, "low") + col(bars, "close")) / 3)
    volume = col(bars, "volume")
    if not volume.sum():
        return math.nan
    mean = np.average(typical, weights=volume)
    spread = math.sqrt(np.average((typical - mean) ** 2, weights=volume))
    return quotient(math.log(bars["close"][-1] / session_vwap(bars)[-1]), spread)


def bars_since_cross(bars: pl.DataFrame, _: int) -> float:
    vwap, close = session_vwap(bars), col(bars, "close")
    side, since = 0, math.nan
    for v, c in zip(vwap, close, strict=True):
        now = 0 if not abs(math.log(c / v)) > 1e-9 else (1 if c > v else -1)
        if now and now != side:
            side, since = now, 0
        else:
            since += 1
    return since


def run_length(bars: pl.DataFrame, _: int) -> float:
    run = 0
    close = col(bars, "close")
    for i in range(1, len(close)):
        step = np.sign(close[i] - close[i - 1])
        if step:
            run = run + step if run * step > 0 else step
    return float(run)


def opening_range(bars: pl.DataFrame, _: int) -> float:
    if bars.height < 30:
        return math.nan
    high, low = col(bars, "high")[:30].max(), col(bars, "low")[:30].min()
    return quotient(bars["close"][-1] - (high + low) / 2, high - low)


ORDINARY: dict[str, Twin] = {
    "yang_zhang_30": yang_zhang,
    "rogers_satchell_30": rogers_satchell,
    "garman_klass_30": garman_klass,
    "parkinson_30": parkinson,
    "realised_volatility_10": lambda bars, _: rms(tail(returns(bars), 10)),
    "bipower_volatility_30": bipower,
    "jump_share_30": jump_share,
    "realised_skewness_60": realised_skewness,
    "corwin_schultz_30": corwin_schultz,
    "abdi_ranaldo_30": abdi_ranaldo,
    "roll_spread_60": roll,
    "autocorrelation_60": autocorrelation,
    "variance_ratio_2": variance_ratio(2),
    "variance_ratio_5": variance_ratio(5),
    "bulk_imbalance_30": bulk_imbalance,
    "signed_volume_10": signed_volume,
    "kyle_lambda_60": kyle,
    "amihud_ratio_30": amihud,
    "efficiency_ratio_30": efficiency,
    "vwap_deviation": vwap_deviation,
    "vwap_band_position": vwap_band,
    "vwap_bars_since_cross": bars_since_cross,
    "run_length": run_length,
    "opening_range_30": opening_range,
}


@pytest.mark.parametrize("name", ORDINARY)
def test_within_the_session(frame: pl.DataFrame, values: pl.DataFrame, name: str):
    twin, start, compared = ORDINARY[name], 0, 0
    with np.errstate(invalid="ignore"):
        for length in SESSIONS[:3]:
            for bar in range(0, length, 3):
                theirs = twin(frame[start : start + bar + 1], start + bar)
                ours = values[name][start + bar]
                if ours is None:
                    assert math.isnan(theirs), (name, start + bar)
                else:
                    assert ours == pytest.approx(theirs, rel=1e-4, abs=1e-7), (name, start + bar)
                    compared += 1
            start += length
    assert compared >= 15


def earlier(frame: pl.DataFrame, session: int, bar: int) -> list[pl.DataFrame]:
    """Up to 20 earlier sessions that have this bar."""
    parts = [frame.filter(pl.col("session") == s) for s in range(session)]
    return [part for part in parts if part.height > bar][-20:]


@pytest.mark.parametrize("session", [3, 5, 7])
def test_slot_profiles(frame: pl.DataFrame, values: pl.DataFrame, session: int):
    start = sum(SESSIONS[:session])
    for bar in range(0, SESSIONS[session], 5):
        before = earlier(frame, session, bar)
        row = start + bar
        bars = frame[start : row + 1]
        names = ("volume_slot_ratio", "session_volume_ratio", "volatility_slot_ratio_10")
        ours = [values[name][row] for name in names]
        if len(before) < 5:
            assert ours == [None] * 3
            continue
        mean = np.mean([part["volume"][bar] for part in before])
        assert ours[0] == pytest.approx(math.log1p(bars["volume"][-1] / mean), rel=1e-5)
        sums = np.mean([part["volume"][: bar + 1].sum() for part in before])
        total = bars["volume"].sum()
        expected = math.log(total / sums) if total else None
        assert ours[1] == (expected and pytest.approx(expected, rel=1e-4, abs=1e-6))
        if bar >= 10:
            usual = np.mean([rms(tail(returns(part[: bar + 1]), 10)) for part in before])
            mine = rms(tail(returns(bars), 10))
            expected = math.log(mine / usual) if mine else None
            assert ours[2] == (expected and pytest.approx(expected, rel=1e-4, abs=1e-6))


def test_the_session_before(frame: pl.DataFrame, values: pl.DataFrame):
    for session in (0, 1, 4):
        start = sum(SESSIONS[:session])
        bars = frame[start : start + 20]
        row = start + 19
        if session == 0:
            for name in ("gap", "prior_range", "return_from_prior_close", "session_progress"):
                assert values[name][row] is None
            continue
        before = frame[start - SESSIONS[session - 1] : start]
        close = before["close"][-1]
        high, low = before["high"].max(), before["low"].min()
        assert values["gap"][row] == pytest.approx(math.log(bars["open"][0] / close), abs=1e-7)
        expected = math.log(bars["close"][-1] / close)
        assert values["return_from_prior_close"][row] == pytest.approx(expected, rel=1e-5)
        expected = (bars["close"][-1] - (high + low) / 2) / (high - low)
        assert values["prior_range"][row] == pytest.approx(expected, rel=1e-5)
        assert values["session_progress"][row] == pytest.approx(19 / (before.height - 1))


def vpin_twin(frame: pl.DataFrame, start: int, stop: int, bucket: float) -> list[float]:
    """Pour each bar's volume, bought and sold, into buckets, unit by unit of what fits."""
    full: list[float] = []
    bought = filled = 0.0
    out = []
    shares = buy_shares(frame[start:stop])
    for volume, share in zip(frame["volume"][start:stop], shares, strict=True):
        left = volume
        while left > 0:
            poured = min(left, bucket - filled)
            bought += poured * (0.5 if np.isnan(share) else share)
            filled += poured
            left -= poured
            if filled >= bucket * (1 - 1e-12):
                full.append(abs(2 * bought - bucket) / bucket)
                bought = filled = 0.0
        known = len(full) >= 10 and not np.isnan(share)
        out.append(float(np.mean(full[-10:])) if known else math.nan)
    return out


def test_vpin(frame: pl.DataFrame, values: pl.DataFrame):
    start, stop = SESSIONS[0], sum(SESSIONS[:2])
    bucket = frame["volume"][:start].sum() / 50
    expected = vpin_twin(frame, start, stop, bucket)
    ours = values["vpin_10"][start:stop].to_numpy()
    # A bucket may fill at the very end of a bar, where rounding puts it into this bar or the next.
    close = np.isclose(ours, expected, rtol=1e-4, equal_nan=True)
    assert close.mean() > 0.95
    assert np.isfinite(ours).sum() > 30
    assert values["vpin_10"][:start].null_count() == start


def test_vpin_is_not_known_before_volume_is_classified():
    """Sessions of 25 bars never tell σ: all flow would count as half bought."""
    frame = market(3, lengths=[25] * 6, quotes=False, idle=0.0)
    assert features.compute(frame, ["vpin_10"])["vpin_10"].null_count() == frame.height


def test_vpin_when_one_bar_fills_thousands_of_buckets():
    frame = market(3, lengths=[70, 70], quotes=False, idle=0.0)
    huge = pl.when(pl.int_range(pl.len()) == 110).then(5e7).otherwise(pl.col("volume"))
    frame = frame.with_columns(volume=huge)
    ours = features.compute(frame, ["vpin_10"])["vpin_10"]
    shares = buy_shares(frame[70:111])
    assert ours[110] == pytest.approx(abs(2 * shares[-1] - 1), rel=1e-4)


def test_vwap_takes_the_traded_price_where_there_is_one():
    price = np.array([10.0, 11.0, 12.0, 12.0])
    columns = {
        "high": price,
        "low": price,
        "close": price,
        "volume": np.array([0.0, 2.0, 2.0, 4.0]),
        "vwap": np.array([np.nan, 10.5, np.nan, 11.0]),
    }
    frame = table(columns, [4])
    ours = features.compute(frame, ["vwap_deviation"])["vwap_deviation"].to_list()
    vwap = [(2 * 10.5) / 2, (2 * 10.5 + 2 * 12) / 4, (2 * 10.5 + 2 * 12 + 4 * 11) / 8]
    assert ours[0] is None
    expected = [math.log(p / v) for p, v in zip(price[1:], vwap, strict=True)]
    assert ours[1:] == pytest.approx(expected, rel=1e-5)
    typical = features.compute(frame.drop("vwap"), ["vwap_deviation"])["vwap_deviation"][3]
    assert typical == pytest.approx(math.log(12 / ((2 * 11 + 2 * 12 + 4 * 12) / 8)), rel=1e-5)


def test_quotes():
    bid = np.r_[np.full(10, 10.0), np.full(15, 10.5)]
    ask = np.r_[np.full(10, 10.2), np.full(15, 10.6)]
    close = np.r_[np.full(10, 10.2), np.full(15, 10.5)]
    columns = {"bid": bid, "ask": ask, "close": close, "volume": np.r_[np.full(10, 3.0), np.ones(15)]}
    values = features.compute(
        table(columns, [25]), ["quoted_spread", "quote_flow_20", "trade_side_20"]
    )
    assert values["quoted_spread"][0] == pytest.approx(0.2 / 10.1)
    assert values["quote_flow_20"][24] == pytest.approx((1 + 1) / 40)
    assert values["trade_side_20"][24] == pytest.approx((5 * 3 - 15) / (5 * 3 + 15), abs=1e-9)
    assert values["trade_side_20"][19] == pytest.approx((30 - 10) / 40)


def test_a_close_at_the_mid_is_on_no_side():
    """0.1 + 0.2 is not 2 · 0.15 in floating point."""
    columns = {
        "bid": np.full(20, 0.1),
        "ask": np.full(20, 0.2),
        "close": np.full(20, 0.15),
        "volume": np.ones(20),
    }
    assert features.compute(table(columns, [20]), ["trade_side_20"])["trade_side_20"][19] == 0
