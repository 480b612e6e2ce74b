"""Who receives whose labels."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fireassay.statistics.exchange import permute_dates, rotate_bars, rotate_dates


def offsets_of(lengths: list[int]) -> np.ndarray:
    return np.r_[0, np.cumsum(lengths)]


@given(
    st.lists(st.integers(0, 6), min_size=2, max_size=9),
    st.integers(0, 3),
    st.integers(0, 1000),
)
def test_labels_come_from_the_donor_at_the_same_bar(
    lengths: list[int], block: int, seed: int
) -> None:
    offsets = offsets_of(lengths)
    y = np.arange(offsets[-1], dtype=float)
    drawn = permute_dates(offsets, np.arange(len(lengths)), 5, seed=seed, block=block or None)
    for b in range(drawn.draws):
        given_labels = drawn.labels(y, b)
        for s, donor in enumerate(drawn.donors[b]):
            own = given_labels[offsets[s] : offsets[s + 1]]
            source = y[offsets[donor] : offsets[donor + 1]]
            both = min(len(own), len(source))
            np.testing.assert_array_equal(own[:both], source[:both])
            assert np.isnan(own[both:]).all()


@given(st.integers(1, 40), st.integers(1, 12), st.integers(0, 99))
def test_blocks_keep_dates_near(dates: int, block: int, seed: int) -> None:
    drawn = permute_dates(np.arange(dates + 1), np.arange(dates), 50, seed=seed, block=block)
    moved = np.abs(drawn.donors - np.arange(dates))
    assert moved.max(initial=0) < 1.5 * block + 1
    assert all(sorted(row) == list(range(dates)) for row in drawn.donors.tolist())


def test_every_arrangement_is_drawn_once_when_there_are_few() -> None:
    drawn = permute_dates(np.arange(5), np.arange(4), 999, seed=0)
    rows = {tuple(row) for row in drawn.donors.tolist()}
    assert drawn.draws == len(rows) == 23
    assert tuple(range(4)) not in rows
    assert drawn.distinct == 24
    assert drawn.smallest_p == pytest.approx(1 / 24)
    # Blocks of two out of four leave 2! · 2! arrangements.
    assert permute_dates(np.arange(5), np.arange(4), 999, seed=0, block=2).distinct == 4


def test_sessions_of_like_length_exchange() -> None:
    lengths = np.r_[np.full(40, 78), np.full(15, 42), 80]
    drawn = permute_dates(offsets_of(lengths.tolist()), np.arange(56), 50, seed=0)
    assert drawn.kind == "labels of whole sessions of like length permuted"
    assert drawn.moved == pytest.approx(1 - 2 / 56)
    half = lengths == 42
    assert (half[drawn.donors] == half).all()
    # Too few of them to be a part of their own: six others join, the rest stay among themselves.
    lengths = np.array([78] * 40 + [42] * 4)
    few = permute_dates(offsets_of(lengths.tolist()), np.arange(44), 200, seed=0)
    mixed = (lengths[few.donors] != lengths).any(0)
    assert mixed.sum() == 10
    # A tenth more or less is alike.
    near = permute_dates(offsets_of([76, 78] * 20), np.arange(40), 5, seed=0)
    assert near.moved == pytest.approx(1 - 1 / 40)
    assert near.kind == "labels of whole sessions permuted"


def test_one_date_can_not_be_exchanged() -> None:
    drawn = permute_dates(np.array([0, 5]), np.array([0]), 99, seed=0)
    assert (drawn.draws, drawn.smallest_p) == (0, 1.0)


def test_many_arrangements_do_not_overflow() -> None:
    drawn = permute_dates(np.arange(1001), np.arange(1000), 3, seed=0)
    assert drawn.distinct == math.inf
    assert drawn.smallest_p == 0.25


def test_symbols_of_a_date_move_together() -> None:
    # Sorted by symbol, then date; symbol 1 lacks date 2.
    clusters = np.array([0, 1, 2, 3, 0, 1, 3])
    symbols = np.array([0, 0, 0, 0, 1, 1, 1])
    drawn = permute_dates(np.arange(8), clusters, 200, seed=1, symbols=symbols)
    for donors in drawn.donors:
        date_of_donor = {int(clusters[s]): int(clusters[d]) for s, d in enumerate(donors[:4])}
        for s, donor in enumerate(donors):
            wanted = date_of_donor[int(clusters[s])]
            if symbols[s] == 1 and wanted == 2:
                assert donor == -1
            else:
                assert (symbols[donor], clusters[donor]) == (symbols[s], wanted)
    assert drawn.kind == "labels of whole dates permuted"
    assert drawn.units == 4
    lacking = int(np.argmax((drawn.donors == -1).any(1)))
    labels = drawn.labels(np.arange(7.0), lacking)
    np.testing.assert_array_equal(np.isnan(labels), drawn.donors[lacking] == -1)


def test_without_symbol_names_sessions_pair_by_their_place_in_the_date() -> None:
    drawn = permute_dates(np.arange(7), np.array([0, 1, 2, 0, 1, 2]), 50, seed=0)
    np.testing.assert_array_equal(drawn.donors[:, 3:], drawn.donors[:, :3] + 3)


def test_sessions_left_out_neither_give_nor_receive() -> None:
    eligible = np.array([True, False, True, True])
    drawn = permute_dates(np.arange(5), np.arange(4), 999, seed=0, eligible=eligible)
    assert (drawn.units, drawn.distinct) == (3, 6)
    assert (drawn.donors[:, 1] == -1).all()
    assert 1 not in drawn.donors


def test_rotating_dates_gives_each_shift_once() -> None:
    drawn = rotate_dates(np.arange(6), np.arange(5), 99, seed=0)
    shifts = (drawn.donors[:, 0]).tolist()
    assert shifts == [1, 2, 3, 4]
    assert drawn.smallest_p == 0.2
    some = rotate_dates(np.arange(101), np.arange(100), 20, seed=0)
    assert some.draws == len({tuple(r) for r in some.donors.tolist()}) == 20


def test_rotating_bars_turns_the_labelled_stretch() -> None:
    y = np.array([np.nan, 1, 2, np.nan, 3, np.nan, 7, 8, 9])
    offsets = np.array([0, 6, 9])
    drawn = rotate_bars(offsets, np.array([0, 1]), 300, seed=0, labelled=~np.isnan(y))
    seen = {tuple(drawn.labels(y, b)[1:5]) for b in range(300)}
    stretch = [1, 2, np.nan, 3]
    turned = {tuple(np.roll(stretch, k)) for k in range(4)}
    assert {str(s) for s in seen} == {str(t) for t in turned}
    for b in range(5):
        labels = drawn.labels(y, b)
        assert np.isnan(labels[[0, 5]]).all()
        assert sorted(labels[6:]) == [7, 8, 9]


def test_same_seed_same_draws() -> None:
    first, second, other = (permute_dates(np.arange(31), np.arange(30), 9, seed=s) for s in (1, 1, 2))
    np.testing.assert_array_equal(first.donors, second.donors)
    assert (first.donors != other.donors).any()
