"""The truth about each scenario, verified with learners that know nothing of it."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import polars as pl
import pytest

from fireassay.data.simulate import SCENARIOS, simulate, truth_of

from .outcomes import Sessions, auc, column_auc, columns, fitted_auc, share_of_days

# Three standard deviations of these AUCs from seed to seed at 120 sessions: .02 (measured).
WITHIN = 0.025


@lru_cache(maxsize=4)
def sample(case: str, seed: int) -> Sessions:
    return Sessions(simulate(case, seed=seed)[0])


def labels(sessions: Sessions, target: str) -> np.ndarray:
    name, _, options = target.partition(":")
    horizon, _, skip = options.partition(",skip=")
    if name == "volatility_increase":
        return sessions.volatility_increase(int(horizon))
    if name == "volume_surge":
        return sessions.volume_surge(int(horizon), c=1.5)
    return getattr(sessions, name)(int(horizon), int(skip or 0))


@pytest.fixture(scope="module")
def noise() -> Sessions:
    return Sessions(simulate("vwap-noise", seed=0)[0])


def test_vwap_noise_is_two_fifths_positive_with_nothing_to_learn(noise):
    label = noise.vwap_reversion(1)
    known = np.isfinite(label)
    assert (label[known] == 0).mean() < 0.08
    # Standard error .0023 of 46,000 coins.
    assert (label[known & (label != 0)] > 0).mean() == pytest.approx(0.4, abs=0.008)
    assert auc(noise, label) == pytest.approx(0.5, abs=WITHIN)
    assert auc(noise, label, linear=True) == pytest.approx(0.5, abs=WITHIN)


def test_vwap_noise_lies_within_its_session_null(noise):
    x, label = noise.features, noise.vwap_reversion(1)
    early = np.arange(label.size) < int(0.7 * len(label)) * noise.bars
    flat = x.reshape(label.size, -1)
    observed = fitted_auc(flat, label.ravel(), early, ~early, linear=True)
    rng = np.random.default_rng(0)
    null = [
        fitted_auc(flat, label[rng.permutation(len(label))].ravel(), early, ~early, linear=True)
        for _ in range(19)
    ]
    assert min(null) - 0.005 < observed < max(null) + 0.005


def test_the_side_of_vwap_tells_direction_but_no_return(noise):
    assert auc(noise, noise.direction(1)) == pytest.approx(0.6, abs=WITHIN)
    move, side = noise.move(1), -np.sign(noise.close - noise.vwap)
    z = (side * move / noise.close)[np.isfinite(move)]
    assert abs(z.mean()) < 4 * z.std() / np.sqrt(len(z))


def test_learnable_is_learned_by_linear_models_and_trees():
    sessions = Sessions(simulate("learnable", seed=0)[0])
    truth = truth_of("learnable").about()["direction:1"].auc
    assert auc(sessions, sessions.direction(1)) == pytest.approx(truth, abs=WITHIN)
    assert auc(sessions, sessions.direction(1), linear=True) == pytest.approx(truth, abs=WITHIN)


def test_bounce_is_gone_when_a_bar_is_skipped():
    sessions = Sessions(simulate("bounce", seed=0)[0])
    assert auc(sessions, sessions.direction(1)) == pytest.approx(0.6, abs=0.035)
    assert auc(sessions, sessions.direction(1, skip=1)) == pytest.approx(0.5, abs=WITHIN)


PRICE_TARGETS = [
    (case, target)
    for case in SCENARIOS
    if truth_of(case).features == "catalogue"
    for target in truth_of(case).targets
    if target.auc is not None and case != "momentum-flips"
]


@pytest.mark.statistical
@pytest.mark.parametrize(
    ("case", "target"), PRICE_TARGETS, ids=[f"{c}-{t.target}" for c, t in PRICE_TARGETS]
)
def test_every_auc_that_the_truth_states_is_found(case, target):
    scores = []
    for seed in range(4):
        sessions = sample(case, seed)
        scores.append(auc(sessions, labels(sessions, target.target)))
    # Volatility and thin trading differ more between samples than the rest does.
    loose = target.target.startswith("vol") or case == "thin"
    assert np.mean(scores) == pytest.approx(target.auc, abs=0.05 if loose else WITHIN)


LINEAR = ("healthy-strong", "healthy-weak", "label-noise", "many-weak")
TREES = ("healthy-strong", "even", "interaction")
BLIND = (
    "random-labels",
    "random-walks",
    "prevalence-shift",
    "misaligned",
    "degenerate-features",
    "shuffled-late",
)


@pytest.mark.parametrize("case", LINEAR)
def test_linear_signals_are_learned_by_a_linear_model(case):
    frame, truth = simulate(case)
    assert column_auc(frame, linear=True) == pytest.approx(truth.targets[0].auc, abs=0.035)


@pytest.mark.parametrize("case", TREES)
def test_other_signals_are_learned_by_trees(case):
    frame, truth = simulate(case)
    assert column_auc(frame) == pytest.approx(truth.targets[0].auc, abs=0.04)


@pytest.mark.parametrize("case", ["interaction", "even"])
def test_linear_models_are_blind_to_them(case):
    assert column_auc(simulate(case)[0], linear=True) == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("case", BLIND)
def test_nothing_is_learned_where_nothing_is(case):
    assert column_auc(simulate(case)[0], linear=True) == pytest.approx(0.5, abs=0.05)


def test_many_channels_reach_what_two_can_t():
    frame, truth = simulate("high-rank")
    x, signs = columns(frame)
    early = share_of_days(frame) < 0.7
    shares = np.abs(x)
    full = fitted_auc(shares, signs, early, ~early, linear=True)
    two = fitted_auc(shares[:, :2], signs, early, ~early, linear=True)
    assert full == pytest.approx(truth.targets[0].auc, abs=0.03)
    assert two < truth.targets[0].auc - 0.1


@pytest.mark.parametrize("case", ["future-leak", "label-copy"])
def test_leaks_pass_for_skill(case):
    frame, _ = simulate(case)
    assert column_auc(frame) > 0.8
    assert column_auc(frame.drop("f_leak", "f_copy", strict=False)) < 0.55


def test_repeated_sessions_reward_memory():
    from sklearn.neighbors import KNeighborsClassifier

    frame, _ = simulate("repeated-sessions")
    x, signs = columns(frame)
    known = np.isfinite(signs)
    early = share_of_days(frame) < 0.7
    memory = KNeighborsClassifier(1).fit(x[early & known], signs[early & known])
    assert memory.score(x[~early & known], signs[~early & known]) > 0.95


@pytest.mark.parametrize("case", ["relation-flips", "relation-fades"])
def test_what_is_learned_early_is_wrong_late(case):
    frame, _ = simulate(case)
    assert column_auc(frame, linear=True, train=0.5) < 0.35


def test_momentum_flips_against_the_learner():
    sessions = Sessions(simulate("momentum-flips")[0])
    label = sessions.direction(1)
    x = sessions.features.reshape(label.size, -1)
    session = np.arange(label.size) // sessions.bars
    half = len(label) // 2
    within = fitted_auc(
        x, label.ravel(), session < half - 20, (session >= half - 20) & (session < half)
    )
    across = fitted_auc(x, label.ravel(), session < half, session >= half)
    truth = truth_of("momentum-flips").about()["direction:1"].auc
    assert within == pytest.approx(truth, abs=WITHIN)
    # Reversal keeps the signal itself smaller than momentum does.
    assert across < 0.45


def test_a_lagged_signal_needs_the_look_back():
    frame, truth = simulate("lagged")
    lag = 10
    assert column_auc(frame, linear=True) == pytest.approx(0.5, abs=0.04)
    seen = frame.with_columns(f_00=pl.col("f_00").shift(lag).over(pl.col("time").dt.date()))
    assert column_auc(seen, linear=True) == pytest.approx(truth.targets[0].auc, abs=0.03)
