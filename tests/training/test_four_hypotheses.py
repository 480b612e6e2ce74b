"""The table of four hypotheses in kind, on our Transformer: what tells four hypotheses apart."""

from __future__ import annotations

import pytest
from benchmarks.four_hypotheses import BARS, R2, Found, compare, objectives, planted

from fireassay.training.objective import information_budget

SESSIONS, EPOCHS = 256, 20
BUDGET = information_budget(SESSIONS * BARS, R2)


@pytest.fixture(scope="module")
def found() -> dict[str, Found]:
    return compare(SESSIONS, EPOCHS)


def test_the_task_has_the_planted_share() -> None:
    task = planted(20, 0)
    assert task.labels == 20 * BARS
    assert len(task.test_rows) == 20 * BARS
    assert pytest.approx(513, abs=2) == BUDGET


@pytest.mark.slow
def test_the_exact_objective_learns_within_the_budget(found: dict[str, Found]) -> None:
    for name in ("exact ELBO", "width 16"):
        assert found[name].test_r2 > 0.02
        assert 50 < found[name].kl < BUDGET
    assert found["temperature .3"].test_r2 > 0.02
    assert found["exact ELBO"].kl < found["temperature .3"].kl < 10 * found["exact ELBO"].kl


@pytest.mark.slow
@pytest.mark.parametrize("name", ["temperature 10", "KL × batch size"])
def test_a_kl_that_weighs_too_much_collapses(found: dict[str, Found], name: str) -> None:
    assert abs(found[name].test_r2) < 0.012
    assert found[name].kl < 0.25 * found["exact ELBO"].kl
    assert found[name].loud < 0.001
    if name == "KL × batch size":
        assert found[name].kl < 5


@pytest.mark.slow
def test_a_very_cold_posterior_overfits(found: dict[str, Found]) -> None:
    cold, exact = found["temperature .01"], found["exact ELBO"]
    assert cold.test_r2 < exact.test_r2 - 0.03
    assert cold.train_r2 > exact.train_r2 + 0.03
    assert cold.kl > 10 * exact.kl
    assert cold.kl > BUDGET
    assert cold.loud > 0.5


@pytest.mark.slow
def test_permuted_labels_are_not_learned(found: dict[str, Found]) -> None:
    permuted, exact = found["permuted labels"], found["exact ELBO"]
    assert abs(permuted.test_r2) < 0.01
    assert permuted.kl < 0.7 * exact.kl
    assert permuted.loud < exact.loud


def test_they_differ_in_nothing_but_their_name() -> None:
    names = objectives(3)
    exact, _ = names["exact ELBO"]
    for settings, _ in names.values():
        changed = {k for k in type(exact).model_fields if getattr(exact, k) != getattr(settings, k)}
        assert changed <= {"kl_weight", "width", "heads"}
