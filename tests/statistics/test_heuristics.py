"""The rules of thumb, with counter-examples measured."""

from __future__ import annotations

import numpy as np
import pytest

from fireassay.statistics import scores
from fireassay.statistics.heuristics import correlation_rule, entropy_rule, f1_rule, kl_rule


def test_entropy() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 2, (2, 4000))
    xor = (a ^ b).astype(float)
    found = entropy_rule(xor)
    assert found.value == pytest.approx(np.log(2), abs=1e-3)
    assert found.trivial.startswith("0.6931")
    # Random by the rule, and learned without error from its two features.
    assert scores.auc((a != b).astype(float), xor) == 1.0
    rare = entropy_rule((rng.random(4000) < 0.02).astype(float))
    # .14 bit by the formula.
    assert float(rare.value) / np.log(2) == pytest.approx(0.14, abs=0.02)


def test_correlation() -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((4000, 70))
    y = (np.abs(x[:, 0]) > 0.67).astype(float)
    found = correlation_rule(np.array([scores.ic(column, y) for column in x.T]), len(y))
    assert float(found.value) < 0.1
    assert scores.auc(np.abs(x[:, 0]), y) == 1.0
    with_null = correlation_rule(np.array([0.05, np.nan, -0.2]), 4000, null_largest=0.15)
    assert with_null.value == pytest.approx(0.2)
    assert "more than noise" in with_null.says
    assert "permuted label sessions" in with_null.trivial


def test_largest_correlation_of_noise() -> None:
    """The reference is what noise reaches: 400 rows × 70 features pass .1 in 97 % of draws."""
    rng = np.random.default_rng(1)
    largest = []
    for _ in range(300):
        x, y = rng.standard_normal((400, 70)), rng.standard_normal(400)
        x, y = (x - x.mean(0)) / x.std(0), (y - y.mean()) / y.std()
        largest.append(np.abs(x.T @ y / 400).max())
    assert np.mean(np.array(largest) > 0.1) == pytest.approx(0.97, abs=0.03)
    said = correlation_rule(np.zeros(70), 400).trivial
    assert float(said.split()[0]) == pytest.approx(np.quantile(largest, 0.95), abs=0.01)


def test_f1() -> None:
    small = f1_rule(0.44, 0.49, prevalence=0.45, effective=600)
    assert small.value == pytest.approx(0.05)
    assert "without skill" in small.says
    large = f1_rule(0.44, 0.49, prevalence=0.45, effective=60_000)
    assert "rises" in large.says
    assert "falls" in f1_rule(0.49, 0.44, prevalence=0.45, effective=60_000).says


def test_kl() -> None:
    assert kl_rule(70.0, 0.69).value == pytest.approx(101.4, abs=0.1)
    assert np.isnan(float(kl_rule(1.0, 0.0).value or "nan"))
