"""Repeated rows and sessions against a dictionary of tuples; equal values by chance."""

from __future__ import annotations

import numpy as np
import pytest

from fireassay.statistics.repeats import find_repeats, hash_rows
from tests.statistics import worlds


def test_hashes_are_equal_where_rows_are() -> None:
    x = np.array([[0.0, np.nan], [-0.0, -np.nan], [0.0, 1.0], [1.0, 0.0], [1e-40, np.nan]])
    y = np.array([1.0, 1.0, 1.0, 1.0, 1.0])
    found = hash_rows(x, y)
    assert found[0] == found[1]
    assert len(set(found.tolist())) == 4
    assert len(set(hash_rows(x, np.array([1.0, 0.0, 1, 1, 1])).tolist())) == 5


def test_hashes_of_many_rows_do_not_collide() -> None:
    values = np.arange(300_000, dtype=np.float32)[:, None]
    assert len(np.unique(hash_rows(values, np.zeros(len(values))))) == len(values)


def split(sessions: int) -> tuple[np.ndarray, np.ndarray]:
    return np.arange(sessions * 2 // 3), np.arange(sessions * 2 // 3, sessions)


def test_rows_and_twins_are_those_of_a_dictionary() -> None:
    rng = np.random.default_rng(0)
    lengths = rng.integers(20, 40, 30)
    lengths[[3, 22, 7, 25]] = 30
    offsets = worlds.offsets_of(lengths)
    x = rng.standard_normal((offsets[-1], 3)).astype(np.float32)
    y = rng.integers(0, 2, len(x)).astype(float)
    y[rng.random(len(y)) < 0.1] = np.nan
    stale = rng.random(len(x)) < 0.05
    fitted, held = split(30)
    for source, target in ((3, 22), (7, 25)):
        for values in (x, y, stale):
            values[offsets[target] :][:30] = values[offsets[source] :][:30]
    # A bar out of line doesn't hide a twin; a few rows alone aren't one.
    x[offsets[22] + 5] += 1
    x[offsets[28] : offsets[28] + 4] = x[offsets[1] + 9 : offsets[1] + 13]
    y[offsets[28] : offsets[28] + 4] = y[offsets[1] + 9 : offsets[1] + 13]

    session = np.repeat(np.arange(30), lengths)
    usable = ~np.isnan(y) & ~stale
    known = {(*x[r].tolist(), y[r]) for r in np.flatnonzero(usable) if session[r] in set(fitted)}
    asked = [r for r in np.flatnonzero(usable) if session[r] in set(held)]
    expected = [r for r in asked if (*x[r].tolist(), y[r]) in known]
    found = find_repeats(x, y, offsets, np.arange(30), fitted, held, skip=stale)
    assert found.rows == len(asked)
    assert found.repeated.tolist() == expected
    assert found.share == pytest.approx(len(expected) / len(asked))
    assert found.by_chance == 0
    assert found.twins.tolist() == [[22, 3], [25, 7]]


def test_labels_of_their_own_make_no_repeat() -> None:
    rng = np.random.default_rng(1)
    x = np.tile(rng.standard_normal((30, 2)), (30, 1))
    y = rng.standard_normal(900)
    offsets = np.arange(0, 901, 30)
    fitted, held = split(30)
    none = np.zeros(900, dtype=bool)
    found = find_repeats(x, y, offsets, np.arange(30), fitted, held, skip=none)
    assert (found.share, len(found.twins)) == (0, 0)
    alike = find_repeats(x, 0 * y, offsets, np.arange(30), fitted, held, skip=none)
    assert (alike.share, len(alike.twins)) == (1, 10)


@pytest.mark.parametrize("values", [2, 4])
def test_features_of_few_values_repeat_by_chance_and_have_no_twins(values: int) -> None:
    rng = np.random.default_rng(values)
    # Lopsided, so that most rows are alike.
    draws = rng.random((3000, 2))
    x = np.where(draws < 0.9, 0, np.floor(draws * 10 * values) % values)
    y = (rng.random(3000) < 0.1).astype(float)
    offsets = np.arange(0, 3001, 50)
    fitted, held = split(60)
    none = np.zeros(3000, dtype=bool)
    found = find_repeats(x, y, offsets, np.arange(60), fitted, held, skip=none)
    assert found.share > 0.9
    assert abs(found.share - found.by_chance) < 0.01
    assert len(found.twins) == 0


def test_idle_bars_do_not_count() -> None:
    """Bars like the one before, and those without trade, are no repeats of other sessions'."""
    rng = np.random.default_rng(2)
    x = rng.standard_normal((600, 2))
    x[::2] = 0.0
    x[1::2][rng.random(300) < 0.5] = 0.0
    y = rng.integers(0, 2, 600).astype(float)
    offsets = np.arange(0, 601, 20)
    idle = (x == 0).all(axis=1)
    fitted, held = split(30)
    found = find_repeats(x, y, offsets, np.arange(30), fitted, held, skip=idle)
    assert found.share == 0
    assert found.rows == int((~idle[offsets[20] :]).sum())


def test_sessions_of_one_date_are_no_chance() -> None:
    """The same bars under two symbols of one date say nothing of other dates."""
    rng = np.random.default_rng(3)
    x = np.repeat(rng.standard_normal((15, 1, 20, 2)), 2, axis=1).reshape(600, 2)
    offsets = np.arange(0, 601, 20)
    found = find_repeats(
        x, np.ones(600), offsets, np.repeat(np.arange(15), 2), *split(30), skip=np.zeros(600, bool)
    )
    assert found.by_chance == 0
    assert found.share == 0
