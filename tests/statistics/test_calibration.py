"""Calibration: closed forms, what a calibrated model shows, and how often that is told wrongly."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import expit, ndtr, ndtri, softmax
from sklearn.metrics import log_loss

from fireassay.statistics.calibration import (
    brier_parts,
    calibration_error,
    confidence,
    ece,
    equal_width,
    fit_scale,
    fit_temperature,
    reliability,
    spread,
)
from fireassay.statistics.scores import ece as ece_of_equal_width
from fireassay.statistics.scores import nll

DATES, BARS = 30, 78


def smooth(rng: np.random.Generator, width: int) -> np.ndarray:
    """`[DATES · BARS]` moving averages of unit variance, date by date."""
    kernel = np.ones(width) / math.sqrt(width)
    each = [np.convolve(rng.standard_normal(BARS + width - 1), kernel, "valid") for _ in range(DATES)]
    return np.concatenate(each)


def world(
    rng: np.random.Generator, kind: str = "independent", sure: float = 1.0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Probabilities, labels and dates; calibrated where `sure`, the factor on the logits, is 1."""
    logit, dates = 0.5 * smooth(rng, 20), np.repeat(np.arange(DATES), BARS)
    if kind == "independent":
        z = rng.standard_normal(len(logit))
    elif kind == "overlapping":
        z = smooth(rng, 12)
    else:
        mood = np.repeat(rng.standard_normal(DATES), BARS)
        z = math.sqrt(0.2) * mood + math.sqrt(0.8) * rng.standard_normal(len(logit))
    return expit(sure * logit), (z < ndtri(expit(logit))).astype(float), dates


def test_the_table_is_what_counting_by_hand_gives() -> None:
    prob = np.array([0.1, 0.1, 0.4, 0.4, 0.4, 0.9])
    y = np.array([0.0, 1.0, 0.0, 1.0, 1.0, 1.0])
    found = reliability(prob, y, np.array([0, 0, 0, 1, 1, 1]), np.array([0, 0.3, 0.6, 1]), seed=0)
    assert found.count.tolist() == [2, 3, 1]
    assert found.predicted == pytest.approx([0.1, 0.4, 0.9])
    assert found.observed == pytest.approx([0.5, 2 / 3, 1])
    assert found.ece == pytest.approx((2 * 0.4 + 3 * (2 / 3 - 0.4) + 0.1) / 6)
    assert found.residuals == pytest.approx(np.array([[0.8, -0.4, 0], [0, 1.2, 0.1]]))


def test_bins_of_equal_width_give_the_ece_of_the_scores() -> None:
    p, y, dates = world(np.random.default_rng(0))
    found = reliability(p, y, dates, equal_width(), seed=0)
    assert found.ece == pytest.approx(ece_of_equal_width(p, y))


def test_bins_of_equal_mass_hold_as_many_bars() -> None:
    p, y, dates = world(np.random.default_rng(0))
    found = reliability(p, y, dates, seed=0)
    assert np.ptp(found.count) <= 1
    assert (found.low < found.observed).all()
    assert (found.observed < found.high).all()
    constant = reliability(np.full(60, 0.5), y[:60], dates[:60], seed=0)
    assert constant.count.tolist() == [60]
    assert constant.ece == pytest.approx(abs(y[:60].mean() - 0.5))


def test_several_classes_are_judged_by_the_likeliest() -> None:
    mean = np.array([[0.5, 0.3, 0.2], [0.1, 0.2, 0.7]])
    prob, true = confidence(mean, np.array([0, 1]))
    assert prob.tolist() == [0.5, 0.7]
    assert true.tolist() == [1, 0]
    assert ece(mean, np.array([0, 1])) == pytest.approx((0.5 + 0.7) / 2)


def test_murphys_parts_add_up_and_are_his() -> None:
    rng = np.random.default_rng(1)
    p = rng.choice([0.2, 0.5, 0.7], 500)
    y = (rng.random(500) < p + 0.1).astype(float)
    table = reliability(p, y, np.arange(500), np.array([0, 0.3, 0.6, 1]), seed=0)
    parts = brier_parts(p, y, table)
    assert parts.within == pytest.approx(0, abs=1e-12)  # a bin's predictions are the same
    assert parts.brier == pytest.approx(parts.reliability - parts.resolution + parts.uncertainty)
    shares = {v: (p == v).mean() for v in (0.2, 0.5, 0.7)}
    by_hand = sum(w * (v - y[p == v].mean()) ** 2 for v, w in shares.items())
    assert parts.reliability == pytest.approx(by_hand)
    q, labels, dates = world(rng)
    spread_out = brier_parts(q, labels, reliability(q, labels, dates, seed=0))
    assert spread_out.brier == pytest.approx(((q - labels) ** 2).mean())
    assert abs(spread_out.within) < 0.002


def test_flipped_signs_give_the_bias_of_the_ece() -> None:
    """Of independent labels: E |N(0, p (1 − p) / c)| a bin (see `scores.Reliability.ece`)."""
    rng = np.random.default_rng(2)
    values, nulls = [], []
    for seed in range(15):
        p, y, dates = world(rng)
        table = reliability(p, y, dates, seed=seed)
        values.append(table.ece)
        nulls.append(table.calibrated(199, seed=seed).mean())
    expected = math.sqrt(2 / math.pi) * math.sqrt(0.25 / (DATES * BARS / 10))
    assert np.mean(values) == pytest.approx(expected, rel=0.1)
    assert np.mean(nulls) == pytest.approx(expected, rel=0.1)


def test_a_model_too_sure_is_told_and_its_temperature_found() -> None:
    p, y, dates = world(np.random.default_rng(3), sure=3.0)
    found = calibration_error(reliability(p, y, dates, seed=0), seed=0)
    assert found.p == 0.001
    assert found.excess > 0.05
    fitted = fit_temperature(p[:, None], y, dates)
    assert fitted.low < 3.0 < fitted.high
    assert fitted.low > 1
    cooled = fitted(p[:, None])[:, 0]
    assert nll(cooled, y) < nll(p, y) - 0.02
    assert calibration_error(reliability(cooled, y, dates, seed=0), seed=0).p > 0.05


@pytest.mark.parametrize("classes", [1, 3])
def test_the_temperature_is_that_of_an_independent_optimiser(classes: int) -> None:
    rng = np.random.default_rng(4)
    logits = 2 * rng.standard_normal((600, max(classes, 2)))
    y = (logits / 1.7 + rng.gumbel(size=logits.shape)).argmax(1)
    p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    mean = p if classes > 1 else p[:, 1:]
    fitted = fit_temperature(mean, y.astype(float), np.arange(600) // 10)
    best = minimize(
        lambda log_t: log_loss(y, softmax(logits / np.exp(log_t), axis=1)),
        0.0,
        method="Nelder-Mead",
        options={"xatol": 1e-8, "fatol": 1e-12},
    )
    assert fitted.value == pytest.approx(float(np.exp(best.x[0])), rel=1e-3)
    scaled = np.exp(logits / fitted.value)
    scaled /= scaled.sum(1, keepdims=True)
    assert fitted(mean) == pytest.approx(scaled if classes > 1 else scaled[:, 1:], abs=1e-9)


def test_predictions_worth_nothing_are_cooled_to_the_end() -> None:
    rng = np.random.default_rng(5)
    p, _, dates = world(rng)
    against = (rng.random(len(p)) < 1 - p).astype(float)
    fitted = fit_temperature(p[:, None], against, dates)
    assert math.isinf(fitted.value)
    assert fitted(p[:, None]) == pytest.approx(0.5)


def test_real_labels_have_their_coverage_transform_and_scale() -> None:
    rng = np.random.default_rng(6)
    mean, sd, dates = rng.normal(size=9000), rng.uniform(1, 2, 9000), np.repeat(np.arange(60), 150)
    y = mean + sd * rng.standard_normal(9000)
    found = spread(mean, sd**2, y, dates, seed=0)
    assert found.pit == pytest.approx(0.1, abs=0.015)
    for level, covered in zip(found.levels, found.covered, strict=True):
        assert covered.value == pytest.approx(level, abs=0.02)
        assert covered.low < covered.value < covered.high
    half = spread(mean, (sd / 2) ** 2, y, dates, seed=0)
    assert half.covered[2].value == pytest.approx(2 * ndtr(ndtri(0.95) / 2) - 1, abs=0.02)
    assert half.pit[0] > 2 * half.pit[5]
    scale = fit_scale(mean, (sd / 2) ** 2, y, dates, seed=0)
    assert scale.low < 2 < scale.high
    assert fit_scale(mean, sd**2, y, dates, seed=0).value == pytest.approx(1, abs=0.03)


@pytest.mark.statistical
@pytest.mark.parametrize("kind", ["independent", "overlapping", "moody"])
def test_a_calibrated_model_is_rarely_told_otherwise(kind: str) -> None:
    """False rate at 5 % of the ECE's p; coverage of T = 1 and of the bins' shares."""
    sets = 400
    rng, wrong, covered, inside = np.random.default_rng(7), 0, 0, []
    for seed in range(sets):
        p, y, dates = world(rng, kind)
        table = reliability(p, y, dates, seed=seed)
        wrong += calibration_error(table, 199, seed=seed).p <= 0.05
        fitted = fit_temperature(p[:, None], y, dates)
        covered += fitted.low <= 1 <= fitted.high
        inside.append(((table.low <= table.predicted) & (table.predicted <= table.high)).mean())
    assert wrong / sets < 0.05 + 3 * math.sqrt(0.05 * 0.95 / sets)
    assert covered / sets > 0.95 - 3.5 * math.sqrt(0.05 * 0.95 / sets)
    assert np.mean(inside) > 0.92


@pytest.mark.statistical
def test_a_model_too_sure_by_half_is_usually_told() -> None:
    rng = np.random.default_rng(8)
    found = []
    for seed in range(100):
        p, y, dates = world(rng, "overlapping", sure=2.0)
        found.append(calibration_error(reliability(p, y, dates, seed=seed), 199, seed=seed).p)
    assert np.mean(np.array(found) <= 0.05) > 0.8
