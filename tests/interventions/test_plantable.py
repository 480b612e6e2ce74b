"""Where a planted signal asks whether a learner can learn, and where it asks for extrapolation."""

from __future__ import annotations

import pytest

from fireassay.interventions.plant_signal import plantable
from fireassay.lab import prepare
from fireassay.study import resolve


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("sim:healthy-strong?sessions=40", True),
        ("sim:learnable?sessions=40", True),
        ("sim:random-walks?sessions=120", False),
        ("sim:spanning-labels?sessions=40", False),
    ],
)
def test_a_signal_is_planted_where_a_feature_varies_within_sessions(
    location: str, expected: bool
) -> None:
    assert plantable(prepare(resolve(location)).task) is expected
