"""Every target against a loop that reads its definition bar by bar."""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import median

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fireassay.data.targets import TARGETS, Band, BandUnit, Price, TargetSpec, Ties, label
from fireassay.errors import DataError
from tests.data.make import MARKET, market

nan = math.nan
LENGTHS = [14, 9, 15, 3, 14, 11, 13, 8, 14, 1, 12]


class Market:
    """The table as lists, with the questions that the definitions ask."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self.rows = frame.height
        self.column = {c: [nan if v is None else v for v in frame[c]] for c in MARKET}
        self.session = frame["session"].to_list()
        self.symbol = frame["symbol"].to_list()
        self.slot = frame["slot"].to_list()
        self.bar = frame["bar"].to_list()

    def __getattr__(self, name: str) -> list[float]:
        return self.column[name]

    def inside(self, t: int, u: int) -> bool:
        return u < self.rows and self.session[t] == self.session[u]

    def price(self, which: Price, t: int) -> float:
        if which is Price.MID:
            return (self.bid[t] + self.ask[t]) / 2
        if which is Price.TYPICAL:
            return (self.high[t] + self.low[t] + self.close[t]) / 3
        return self.column[which.value][t]

    def log_return(self, t: int) -> float:
        return math.log(self.close[t] / self.close[t - 1]) if self.bar[t] else nan

    def session_vwap(self, t: int) -> float:
        money = volume = 0.0
        for i in range(t - self.bar[t], t + 1):
            price = self.vwap[i] if self.vwap[i] == self.vwap[i] else self.price(Price.TYPICAL, i)
            money += price * self.volume[i]
            volume += self.volume[i]
        return money / volume if volume else nan

    def side(self, t: int, which: Price) -> float:
        """+1 where the VWAP lies above the price."""
        gap = math.log(self.session_vwap(t) / self.price(which, t))
        return 0.0 if abs(gap) < 1e-9 else math.copysign(1, gap) if gap == gap else nan

    def sigma(self, t: int, horizon: int) -> float:
        own = [i for i in range(t + 1) if self.symbol[i] == self.symbol[t]]
        squares = [self.log_return(i) ** 2 for i in own[-60:] if self.bar[i]]
        if len(squares) < 20 or not sum(squares):
            return nan
        return math.sqrt(sum(squares) / len(squares) * horizon)

    def volatility(self, rows: range) -> float:
        if any(not self.bar[i] for i in rows):
            return nan
        return math.sqrt(sum(self.log_return(i) ** 2 for i in rows) / len(rows))

    def usual(self, t: int, outcome: Callable[[int], float]) -> float:
        """Median of an outcome at the same slot over earlier sessions of the symbol."""
        same = [
            i for i in range(t) if (self.symbol[i], self.slot[i]) == (self.symbol[t], self.slot[t])
        ]
        known = [x for x in (outcome(i) for i in same[-20:]) if x == x]
        return median(known) if len(known) >= 5 else nan


def moved(m: Market, spec: TargetSpec, t: int) -> float:
    start, stop = t + spec.skip, t + spec.skip + spec.horizon
    if not m.inside(t, stop):
        return nan
    return math.log(m.price(spec.price, stop) / m.price(spec.price, start))


def sign_of_move(m: Market, spec: TargetSpec, t: int) -> float:
    move = moved(m, spec, t)
    match spec.band.unit:
        case BandUnit.BASIS_POINTS:
            band = spec.band.size / 1e4
        case BandUnit.SIGMA:
            band = spec.band.size * m.sigma(t, spec.horizon)
        case _:
            band = spec.band.size * (m.ask[t] - m.bid[t]) / ((m.ask[t] + m.bid[t]) / 2)
    if band != band or move != move:
        return nan
    return 0.0 if abs(move) <= max(band, 1e-9) else math.copysign(1, move)


def direction(m: Market, spec: TargetSpec, t: int) -> float:
    return sign_of_move(m, spec, t)


def return_magnitude(m: Market, spec: TargetSpec, t: int) -> float:
    return moved(m, spec, t) / m.sigma(t, spec.horizon)


def vwap_reversion(m: Market, spec: TargetSpec, t: int) -> float:
    return m.side(t, spec.price) * sign_of_move(m, spec, t)


def vwap_reversion_magnitude(m: Market, spec: TargetSpec, t: int) -> float:
    start, stop = t + spec.skip, t + spec.skip + spec.horizon
    side = m.side(t, spec.price)
    if not m.inside(t, stop) or not side:
        return nan
    move = m.price(spec.price, stop) - m.price(spec.price, start)
    return 1e4 * side * move / m.price(spec.price, t)


def vwap_touch(m: Market, spec: TargetSpec, t: int) -> float:
    bars = range(t + spec.skip + 1, t + spec.skip + spec.horizon + 1)
    side = m.side(t, Price.CLOSE)
    if not m.inside(t, bars[-1]) or not abs(side) > 0:
        return nan
    vwap = m.session_vwap(t)
    touched = [m.high[i] >= vwap if side > 0 else m.low[i] <= vwap for i in bars]
    return float(any(touched))


def volatility_ahead(m: Market, spec: TargetSpec, t: int) -> float:
    stop = t + spec.skip + spec.horizon
    return m.volatility(range(t + spec.skip + 1, stop + 1)) if m.inside(t, stop) else nan


def volatility_increase(m: Market, spec: TargetSpec, t: int) -> float:
    outcome = volatility_ahead(m, spec, t)
    usual = m.usual(t, lambda i: volatility_ahead(m, spec, i))
    return float(outcome > spec.multiple * usual) if outcome == outcome and usual > 0 else nan


def volatility_increase_past(m: Market, spec: TargetSpec, t: int) -> float:
    outcome = volatility_ahead(m, spec, t)
    if outcome != outcome or m.bar[t] < spec.horizon:
        return nan
    past = m.volatility(range(t - spec.horizon + 1, t + 1))
    return float(outcome > spec.multiple * past) if past > 0 else nan


def volume_ahead(m: Market, spec: TargetSpec, t: int) -> float:
    stop = t + spec.skip + spec.horizon
    return sum(m.volume[t + spec.skip + 1 : stop + 1]) if m.inside(t, stop) else nan


def volume_surge(m: Market, spec: TargetSpec, t: int) -> float:
    outcome = volume_ahead(m, spec, t)
    usual = m.usual(t, lambda i: volume_ahead(m, spec, i))
    return float(outcome > spec.multiple * usual) if outcome == outcome and usual > 0 else nan


def volume_surge_pooled(m: Market, spec: TargetSpec, t: int) -> float:
    outcome = volume_ahead(m, spec, t)
    medians: dict[int, float] = {}
    for session in sorted(set(m.session[:t]) - {m.session[t]}):
        rows = [i for i in range(t) if m.session[i] == session and m.symbol[i] == m.symbol[t]]
        sums = [x for x in (volume_ahead(m, spec, i) for i in rows) if x == x]
        if rows:
            medians[session] = median(sums) if sums else nan
    known = [x for x in list(medians.values())[-20:] if x == x]
    usual = sum(known) / len(known) if len(known) >= 5 else nan
    return float(outcome > spec.multiple * usual) if outcome == outcome and usual > 0 else nan


def triple_barrier(m: Market, spec: TargetSpec, t: int) -> float:
    start = t + spec.skip
    if not m.inside(t, start + 1):
        return nan
    width = spec.multiple * m.sigma(t, spec.horizon)
    upper, lower = m.close[start] * math.exp(width), m.close[start] * math.exp(-width)
    if math.isnan(upper):
        return nan
    for i in range(start + 1, start + spec.horizon + 1):
        if not m.inside(t, i):
            break
        up, down = m.high[i] >= upper, m.low[i] <= lower
        if m.high[i] != m.high[i] or m.low[i] != m.low[i] or (up and down):
            return nan
        if up or down:
            return 1.0 if up else -1.0
    return 0.0


TWINS: dict[str, Callable[[Market, TargetSpec, int], float]] = {
    "direction": direction,
    "return_magnitude": return_magnitude,
    "vwap_reversion": vwap_reversion,
    "vwap_reversion_magnitude": vwap_reversion_magnitude,
    "vwap_touch": vwap_touch,
    "volatility_increase": volatility_increase,
    "volatility_increase_past": volatility_increase_past,
    "volume_surge": volume_surge,
    "volume_surge_pooled": volume_surge_pooled,
    "triple_barrier": triple_barrier,
}


def test_every_target_has_a_twin():
    assert set(TWINS) == set(TARGETS)


@st.composite
def options(draw: st.DrawFn, name: str) -> TargetSpec:
    values = {
        "band": st.sampled_from(
            [Band(), Band(20.0), Band(0.4, BandUnit.SIGMA), Band(1.0, BandUnit.SPREAD)]
        ),
        "c": st.sampled_from([0.5, 1.0, 2.0]),
        "ties": st.sampled_from(Ties),
        "price": st.sampled_from(Price),
    }
    chosen = {option: draw(values[option]) for option in TARGETS[name].options}
    return TargetSpec(name, draw(st.integers(1, 5)), draw(st.integers(0, 3)), **chosen)


@pytest.mark.parametrize("name", TWINS)
@settings(max_examples=15, deadline=None)
@given(data=st.data(), seed=st.integers(0, 2**20))
def test_equals_its_twin(name: str, data: st.DataObject, seed: int):
    spec = data.draw(options(name))
    two = data.draw(st.booleans())
    frame = market(
        seed,
        lengths=LENGTHS,
        symbols=["A"] * 8 + ["B"] * 3 if two else None,
        idle=data.draw(st.sampled_from([0.0, 0.3])),
        missing=data.draw(st.sampled_from([0.0, 0.03])) if name == "triple_barrier" else 0.0,
    )
    if name == "triple_barrier":
        frame = frame.with_columns(pl.col("close").fill_null(20.0))
    m = Market(frame)
    theirs = np.array([TWINS[name](m, spec, t) for t in range(frame.height)])
    try:
        ours = label(frame, spec)
    except DataError:
        known = theirs[~np.isnan(theirs)]
        one_side = known if spec.ties is Ties.CLASS else known[known != 0]
        if TARGETS[name].outcome != "sign":
            one_side = known
        assert len(set(one_side)) < 2
        return
    if TARGETS[name].outcome == "sign":
        ties = float(np.mean(theirs[~np.isnan(theirs)] == 0))
        assert ours.ties == pytest.approx(ties)
        if spec.ties is Ties.CLASS:
            theirs = theirs + 1
        else:
            theirs = np.where(theirs == 0, nan, (theirs + 1) / 2)
    np.testing.assert_allclose(ours.y, theirs, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", TWINS)
@settings(max_examples=5, deadline=None)
@given(data=st.data(), seed=st.integers(0, 2**20), share=st.floats(0.2, 0.95))
def test_knows_nothing_past_its_end(name: str, data: st.DataObject, seed: int, share: float):
    """Editing what comes after a label's end, in time, never changes it."""
    spec = TargetSpec(name, data.draw(st.integers(1, 5)), data.draw(st.integers(0, 3)))
    symbols = ["A"] * 6 + ["B"] * 5
    frame, other = (market(s, lengths=LENGTHS, symbols=symbols) for s in (seed, seed + 1))
    times = frame["time"].unique().sort()
    cut = times[int(share * len(times))]
    edited = frame.with_columns(
        pl.when(pl.col("time") < cut).then(pl.col(c)).otherwise(other[c] * 2).alias(c) for c in MARKET
    )
    try:
        before, after = label(frame, spec), label(edited, spec)
    except DataError:
        return
    over = (frame["time"].gather(before.end) < cut).to_numpy()
    np.testing.assert_array_equal(before.y[over & before.labelled], after.y[over & before.labelled])


@pytest.mark.parametrize("name", TWINS)
def test_has_no_label_where_its_bars_leave_the_session(name: str):
    frame = market(2, lengths=LENGTHS)
    spec = TargetSpec(name, 4, 2)
    y = label(frame, spec)
    left = np.repeat(LENGTHS, LENGTHS) - frame["bar"].to_numpy() - 1
    # The third barrier is k bars or the session's end, whichever comes first.
    needed = spec.skip + (1 if name == "triple_barrier" else spec.horizon)
    assert not y.labelled[left < needed].any()
    assert y.labelled[left >= needed].any()
    assert (frame["session"].gather(y.end) == frame["session"]).all()
    assert (y.end >= np.arange(frame.height)).all()
    assert (y.end[~y.labelled] == np.flatnonzero(~y.labelled)).all()
    if name != "triple_barrier":
        assert (y.end[y.labelled] == np.flatnonzero(y.labelled) + 6).all()
