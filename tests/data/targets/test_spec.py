"""How targets are written, read back and refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fireassay.data.targets import TARGETS, Band, BandUnit, Price, Stale, TargetSpec, Ties
from fireassay.errors import SettingError

sizes = st.floats(1e-3, 1e3).map(lambda x: float(f"{x:.3g}"))
bands = st.just(Band()) | st.builds(Band, sizes, st.sampled_from(BandUnit))
OF_OPTION = {
    "skip": st.integers(0, 50),
    "band": bands,
    "c": sizes,
    "ties": st.sampled_from(Ties),
    "price": st.sampled_from(Price),
    "stale": st.sampled_from(Stale),
}


@st.composite
def specs(draw: st.DrawFn) -> TargetSpec:
    name = draw(st.sampled_from(list(TARGETS)))
    options = draw(st.sets(st.sampled_from(["skip", "stale", *TARGETS[name].options])))
    values = {option: draw(OF_OPTION[option]) for option in options}
    return TargetSpec(name, draw(st.integers(1, 500)), **values)


@given(specs())
def test_text_round_trip(spec: TargetSpec):
    assert TargetSpec.parse(str(spec)) == spec


@given(
    column=st.text("aé,;: [].'\"<\u05d0", min_size=1, max_size=12).filter(
        lambda text: text == text.strip()
    ),
    kind=st.sampled_from([None, "binary", "multiclass", "real"]),
    end=st.sampled_from(["", "label_end", "known at"]),
    horizon=st.integers(1, 99),
)
def test_columns_round_trip_whatever_they_are_called(column, kind, end, horizon):
    spec = TargetSpec("column", horizon, column=column, kind=kind, end=end)
    assert TargetSpec.parse(str(spec)) == spec


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("direction", TargetSpec("direction")),
        (" direction:3 , skip = 1 ", TargetSpec("direction", 3, 1)),
        ("direction,horizon=3", TargetSpec("direction", 3)),
        ("vwap_reversion:5,skip=1,band=2bp", TargetSpec("vwap_reversion", 5, 1, Band(2.0))),
        ("direction,band=0.5*sigma", TargetSpec("direction", band=Band(0.5, BandUnit.SIGMA))),
        ("direction,band=spread", TargetSpec("direction", band=Band(1.0, BandUnit.SPREAD))),
        ("direction,band=0", TargetSpec("direction")),
        ("triple_barrier:30,c=2,ties=drop", TargetSpec("triple_barrier", 30, c=2.0, ties=Ties.DROP)),
        ("column:y", TargetSpec("column", column="y")),
        ("column:a,b,kind=real", TargetSpec("column", column="a,b", kind="real")),
        ("column:a,b=c", TargetSpec("column", column="a,b=c")),
        ("column:y,end=column:e", TargetSpec("column", column="y", end="e")),
    ],
)
def test_ways_to_write_a_target(text: str, spec: TargetSpec):
    assert TargetSpec.parse(text) == spec


def test_what_is_left_open_is_the_targets_default():
    assert TargetSpec("direction").ties is Ties.DROP
    assert TargetSpec("triple_barrier").ties is Ties.CLASS
    assert TargetSpec("volatility_increase").c == 1.0
    assert TargetSpec("return_magnitude").ties is None
    assert str(TargetSpec("triple_barrier", 30)) == "triple_barrier:30"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("vwap_revertion:5", r"unknown target 'vwap_revertion'\. Did you mean vwap_reversion"),
        ("zzz", "Known: column:NAME, direction"),
        ("direction:0", "horizon 0 is below 1"),
        ("direction:-3", "horizon -3 is below 1"),
        ("direction:two", "horizon 'two' isn't a whole number"),
        ("direction:1,skip=-1", "skip -1 is below 0"),
        ("direction:1,skip=1.5", "skip '1.5' isn't a whole number"),
        ("direction:1,skipp=1", "no option 'skipp'. It has horizon, skip, stale, band, ties, price"),
        ("direction:1,c=2", "target direction has no option 'c'"),
        ("return_magnitude,ties=class", "target return_magnitude has no option 'ties'"),
        ("direction:1,skip=1,skip=2", "option skip is given twice"),
        ("direction:1,horizon=2", "option horizon is given twice"),
        ("direction:1,skip", "'skip' isn't an option"),
        ("direction,band=2", "band '2' isn't a size. Write 0, basis points"),
        ("direction,band=", "band '' isn't a size"),
        ("direction,band=1.2.3bp", "isn't a size"),
        ("direction,band=-2bp", "isn't a size"),
        ("direction,ties=down", "ties 'down' isn't known. Known: drop, class"),
        ("direction,price=last", "price 'last' isn't known. Known: close, mid, typical, vwap"),
        ("volume_surge,c=0", r"c 0\.0 isn't above 0"),
        ("volume_surge,c=nan", "c nan isn't above 0"),
        ("volume_surge,c=x", "c 'x' isn't a number"),
        ("column", "column:NAME"),
        ("column:y,skip=1", "has no option 'skip'"),
        ("column:y,kind=ordinal", "Known: binary, multiclass, real"),
        ("", "unknown target ''"),
    ],
)
def test_what_cannot_be_is_refused(text: str, message: str):
    with pytest.raises(SettingError, match=message):
        TargetSpec.parse(text)


def test_the_constructor_refuses_the_same():
    with pytest.raises(SettingError, match="has no option 'band'"):
        TargetSpec("volume_surge", band=Band(2.0))
    with pytest.raises(SettingError, match="column:NAME"):
        TargetSpec("direction", column="y")
