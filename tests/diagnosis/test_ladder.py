"""What a ladder counts as restored begins at chance."""

from __future__ import annotations

import pytest

from fireassay.diagnosis.case import Scored
from fireassay.diagnosis.ground import REAL, Ground
from fireassay.diagnosis.ladder import restores
from fireassay.statistics.bootstrap import Difference, Estimate
from tests.diagnosis.cases import simulated

CASE = simulated("healthy-strong", sessions=40)


def at(value: float) -> Estimate:
    return Estimate(value, value - 0.02, value + 0.02, 0.95, 0.01, 30)


def difference(value: float) -> Difference:
    return Difference(value, value - 0.02, value + 0.02, 0.95, 0.01, 30, p=0.001, p_two_sided=0.002)


def ground(as_set: float, best: float) -> Ground:
    """A ground with these scores of the model as set and of the best reference."""
    y, panel = CASE.task.label.y, CASE.task.panel
    return Ground(
        name=REAL,
        changes=(),
        as_set=Scored(y, y, panel.offsets, panel.clusters, panel.clusters, ()),
        value=at(as_set),
        best="linear",
        best_value=at(best),
        missing=difference(best - as_set),
        excess=best - 0.5,
    )


@pytest.mark.parametrize(
    ("as_set", "reached", "restored"),
    [
        (0.5, 0.66, True),  # .16 of .3
        (0.5, 0.64, False),
        (0.3, 0.52, False),  # back to chance: a loss with the wrong sign at a small rate
        (0.3, 0.6, False),  # .3 of .5, but .1 of the .3 over chance
        (0.3, 0.66, True),
    ],
)
def test_what_leads_back_to_chance_is_not_restored(
    as_set: float, reached: float, restored: bool
) -> None:
    assert restores(CASE, ground(as_set, 0.8), difference(reached - as_set)) is restored
