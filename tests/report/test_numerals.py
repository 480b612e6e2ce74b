from __future__ import annotations

import math
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fireassay.report.numerals import (
    AUTO,
    DURATION,
    EXACT,
    P_VALUE,
    PERCENT,
    Kind,
    Style,
    decimals_for,
    fixed,
    show,
)


@pytest.mark.parametrize(
    ("value", "style", "text"),
    [
        (0.49731, fixed(3), "0.497"),
        (-0.0041, fixed(3), "\u22120.004"),
        (-0.0001, fixed(3), "0.000"),
        (254_000, AUTO, "254,000"),
        (41_012.6, AUTO, "41,013"),
        (0.4435, AUTO, "0.4435"),
        (5.6, AUTO, "5.6"),
        (0, AUTO, "0"),
        (1e-5, AUTO, "1.00e\u22125"),
        (10**400, AUTO, "1.00e400"),
        (math.inf, AUTO, "∞"),
        (math.nan, AUTO, "not a number"),
        (None, fixed(2), "–"),
        (True, AUTO, "yes"),
        (0.598, PERCENT, "59.8\u00a0%"),
        (0.215, P_VALUE, "0.215"),
        (0.005, P_VALUE, "0.0050"),
        (1e-6, P_VALUE, "1.0e\u22126"),
        (0.0, P_VALUE, "0.000"),
        (3.21, DURATION, "3.2\u00a0s"),
        (171.4, DURATION, "2\u00a0min 51\u00a0s"),
        (180.0, DURATION, "3\u00a0min"),
        (7_260.0, DURATION, "2\u00a0h 01\u00a0min"),
        (59.7, DURATION, "1\u00a0min"),
        (1e-5, EXACT, "1e-05"),
        (None, EXACT, "not set"),
        ("a\u202eb", EXACT, '"a\\u202eb"'),
    ],
)
def test_show(value: object, style: Style, text: str) -> None:
    assert show(value, style) == text


@given(st.floats(1e-12, 1e15) | st.floats(-1e15, -1e-12))
def test_auto_is_the_value_to_four_digits(value: float) -> None:
    shown = float(show(value).replace(",", "").replace("\u2212", "-"))
    assert shown == pytest.approx(
        value, rel=0.006 if abs(value) >= 1e7 or abs(value) < 1e-4 else 6e-4
    )


@given(st.floats(-1e6, 1e6), st.integers(0, 6))
def test_fixed_is_the_value_rounded(value: float, decimals: int) -> None:
    shown = float(show(value, fixed(decimals)).replace(",", "").replace("\u2212", "-"))
    assert shown == pytest.approx(value, abs=0.5 * 10.0**-decimals * (1 + 1e-9))


@given(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    st.sampled_from(list(Kind)),
    st.integers(0, 6),
)
def test_every_value_can_be_shown_in_every_style(value: object, kind: Kind, decimals: int) -> None:
    assert isinstance(show(value, Style(kind, decimals)), str)


@given(
    st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=["Cs"]))
)
def test_exact_is_toml(value: object) -> None:
    assert tomllib.loads(f"x = {show(value, EXACT)}")["x"] == value


def test_a_style_survives_text() -> None:
    for style in (AUTO, DURATION, EXACT, P_VALUE, PERCENT, fixed(4)):
        assert Style.parse(str(style)) == style


@pytest.mark.parametrize(
    ("spread", "values", "style"),
    [
        (0.018, (), fixed(3)),
        (0.0022, (), fixed(4)),
        (120.0, (), fixed(0)),
        (None, (0.5089, 0.5), fixed(4)),
        (None, (0.0312, 0.0), fixed(4)),
        (None, (12.6, 3417.2), fixed(0)),
        (None, (3, 12_000), AUTO),
        (0.0, (), fixed(3)),
        (1e-9, (), AUTO),
    ],
)
def test_decimals_follow_the_uncertainty(spread: float, values: tuple, style: Style) -> None:
    assert decimals_for(spread, values) == style
