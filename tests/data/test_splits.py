import datetime as dt

import numpy as np
import pytest

from fireassay.data.panel import SessionPanel
from fireassay.data.splits import date_blocks, purged, walk_forward
from fireassay.errors import DataError

MONDAY = dt.date(2024, 1, 8)


def panel(dates: int, *, symbols: int = 1, bars: int = 4) -> SessionPanel:
    """Sessions of consecutive dates, one symbol after the other."""
    sessions = dates * symbols
    return SessionPanel(
        buffer=np.zeros((sessions * bars, 1), dtype=np.float32),
        offsets=np.arange(sessions + 1) * bars,
        features=("f",),
        symbols=tuple(name for name in "ABC"[:symbols] for _ in range(dates)),
        dates=tuple(MONDAY + dt.timedelta(days=d) for _ in range(symbols) for d in range(dates)),
        stale=np.zeros(sessions * bars, dtype=bool),
        lead=0,
    )


def test_parts_follow_each_other_with_an_embargo() -> None:
    split = walk_forward(panel(20), test=0.3, validation=0.1, embargo=1)
    assert split.train.tolist() == list(range(10))
    assert split.validation.tolist() == [11, 12]
    assert split.test.tolist() == list(range(14, 20))
    assert split.fitted.tolist() == [*range(10), 11, 12]


def test_sessions_of_one_date_never_part() -> None:
    given = panel(20, symbols=3)
    split = walk_forward(given)
    parts = [{given.dates[s] for s in part} for part in (split.train, split.validation, split.test)]
    assert len(split.train) == 30
    assert max(parts[0]) < min(parts[1])
    assert max(parts[1]) < min(parts[2])


def test_without_validation_training_reaches_the_test() -> None:
    split = walk_forward(panel(10), test=0.2, validation=0, embargo=2)
    assert split.train.tolist() == list(range(6))
    assert split.validation.tolist() == []
    assert split.test.tolist() == [8, 9]


@pytest.mark.parametrize("dates", [3, 4, 5])
def test_of_few_dates_none_is_left_out_unless_asked(dates: int) -> None:
    split = walk_forward(panel(dates), embargo=None)
    assert split.embargo == 0
    assert len(split.train) >= 1
    assert len(split.validation) == 1
    assert len(split.train) + len(split.validation) + len(split.test) == dates
    assert split.told(panel(dates)).endswith("none left out between")
    with pytest.raises(DataError, match=f"{dates} session dates are too few"):
        walk_forward(panel(dates), embargo=dates)


def test_of_many_dates_one_is_left_out_unless_asked() -> None:
    assert walk_forward(panel(20), embargo=None).embargo == 1


def test_what_is_told_names_the_dates() -> None:
    given = panel(20)
    assert walk_forward(given).told(given) == (
        "train 2024-01-08 to 2024-01-17 (10 dates), validation 2024-01-19 to 2024-01-20 (2 dates), "
        "test 2024-01-22 to 2024-01-27 (6 dates); 1 date left out between"
    )


@pytest.mark.parametrize(
    ("dates", "options"), [(2, {}), (1, {}), (12, {"embargo": 50}), (20, {"test": 0.01})]
)
def test_parts_that_would_be_empty_are_refused(dates: int, options: dict[str, float]) -> None:
    with pytest.raises(DataError, match=f"{dates} session dates are too few"):
        walk_forward(panel(dates), **options)  # type: ignore[arg-type]


def test_blocks_cover_every_date_once() -> None:
    given = panel(11, symbols=2)
    pairs = date_blocks(given, 4, embargo=1)
    tested = np.concatenate([test for _, test in pairs])
    assert sorted(tested.tolist()) == list(range(22))
    for train, test in pairs:
        assert np.abs(given.clusters[train][:, None] - given.clusters[test]).min() >= 2
    with pytest.raises(DataError, match="4 folds need as many"):
        date_blocks(panel(3), 4)


def test_labels_that_reach_into_a_later_part_are_purged() -> None:
    given = panel(6)
    end = np.arange(24)
    end[7] = 8  # the last bar of the second date, known on the third
    end[2] = 3
    kept = purged(given, end, np.array([0, 1]), np.array([2, 3]))
    assert np.flatnonzero(kept).tolist() == [0, 1, 2, 3, 4, 5, 6]
    assert purged(given, end, np.array([0, 1]), np.array([], dtype=int)).sum() == 8
