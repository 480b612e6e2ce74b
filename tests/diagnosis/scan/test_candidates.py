"""What a scan tries, and the labels for it."""

from __future__ import annotations

import numpy as np
import pytest

from fireassay.data.targets import TARGETS, TargetSpec, labels
from fireassay.diagnosis.scan import candidates, label_maker, specifications
from fireassay.diagnosis.scan.candidates import family
from fireassay.errors import SettingError
from tests.data.make import market

NAMES = ("direction", "triple_barrier", "volume_surge", "vwap_touch")


def names(*args: object, **kwargs: object) -> list[str]:
    return [str(s) for s in specifications(*args, **kwargs)]  # type: ignore[arg-type]


def test_the_catalogue_at_every_horizon_and_skip() -> None:
    found = names(["catalogue"], NAMES, (1, 5), (0, 1))
    assert len(found) == 16
    assert "direction:5,skip=1" in found
    assert "triple_barrier:1,ties=drop" in found  # which way, not whether
    usual = names(["catalogue"], NAMES, (1,), (0,), mechanical=False)
    assert {n.partition(":")[0] for n in usual} == {n for n in NAMES if not TARGETS[n].mechanical}


def test_names_with_options_and_fixed_horizons() -> None:
    asked = ["volume_surge", "c=2", "direction:3", "column:a,b", "triple_barrier", "ties=class"]
    found = names(asked, NAMES, (1, 5), (0,))
    assert found == [
        "volume_surge:1,c=2",
        "volume_surge:5,c=2",
        "direction:3",
        "column:a,b",
        "triple_barrier:1",
        "triple_barrier:5",
    ]
    assert family(TargetSpec.parse("volume_surge:5,skip=1,c=2")) == "volume_surge,c=2"
    assert family(TargetSpec.parse("column:a,b")) == "column:a,b"


def test_what_is_not_possible_is_told() -> None:
    with pytest.raises(SettingError, match="direction"):
        specifications(["directoin"], NAMES, (1,), (0,))
    with pytest.raises(SettingError, match="below 1"):
        specifications(["direction"], NAMES, (0,), (0,))
    with pytest.raises(SettingError, match="no target to scan"):
        specifications(["catalogue"], (), (1,), (0,))


def test_candidates_know_whose_they_are_and_how_far_the_price_moves() -> None:
    frame = market(1, lengths=[40] * 12)
    own = TargetSpec.parse("vwap_reversion:1")
    specs = specifications(["direction", "volume_surge", "direction:60"], NAMES, (1, 2), (0,))
    found = {c.name: c for c in candidates(label_maker(frame), specs, own)}
    assert set(found) == {"direction:1", "direction:2", "volume_surge:1", "volume_surge:2", str(own)}
    assert [c.name for c in found.values() if c.own] == [str(own)]
    assert found["direction:2"].size.name == "return_magnitude:2"
    assert found[str(own)].size.name == "vwap_reversion_magnitude:1"
    assert found["volume_surge:1"].size is None
    assert found["direction:1"].price_move
    assert not found["volume_surge:1"].caution


def test_labels_since_a_date_are_those_of_the_whole() -> None:
    frame = market(2, lengths=[40] * 80)
    asked = ("volume_surge:2", "direction:1,skip=1", "return_magnitude:5")
    specs = [TargetSpec.parse(text) for text in asked]
    since = sorted(frame["date"].unique())[60]
    late = (frame["date"] >= since).to_numpy()
    whole = labels(frame, specs)
    for a, b in zip(whole, label_maker(frame)(specs, since), strict=True):
        assert (a.name, a.kind, a.classes) == (b.name, b.kind, b.classes)
        np.testing.assert_allclose(b.y[late], a.y[late], rtol=1e-4, atol=1e-5)
        np.testing.assert_array_equal(b.end[late], a.end[late])
        assert np.isnan(b.y[: 30 * 40]).all()
