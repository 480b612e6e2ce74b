"""The sufficient-statistics null against refitting every permutation from the rows."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.metrics import r2_score
from sklearn.preprocessing import StandardScaler

from fireassay.arrays import rows_of_sessions
from fireassay.statistics import scores
from fireassay.statistics.bootstrap import session_bootstrap
from fireassay.statistics.exchange import Permutations, permute_dates, rotate_bars, rotate_dates
from fireassay.statistics.folds import Fold, session_folds
from fireassay.statistics.moments import NumpyEngine
from fireassay.statistics.scores import Score
from fireassay.statistics.sufficient import ridge_null
from tests.statistics import worlds


def split(x: np.ndarray, offsets: np.ndarray) -> list[np.ndarray]:
    return [x[a:b] for a, b in itertools.pairwise(offsets)]


def linear(
    rng: np.random.Generator, sessions: int, bars: int, features: int, horizon: int
) -> worlds.World:
    """Features of very different scales and levels, one of them constant, and a weak effect."""
    world = worlds.ar_overlap(rng, sessions, bars, features, horizon=horizon)
    z = world.z + 0.4 * world.x[:, 0] - 0.2 * world.x[:, 1]
    x = world.x * np.geomspace(1e-3, 1e3, features) + np.linspace(-50, 50, features)
    x[:, -1] = 7.0
    return worlds.World(x, worlds.binary(z), z, world.offsets, world.clusters)


def refit(
    x: np.ndarray,
    y: np.ndarray,
    offsets: np.ndarray,
    folds: list[Fold],
    kind: Score,
    penalties: tuple,
) -> tuple[float, np.ndarray]:
    """Score one arrangement of the labels with scikit-learn; also its held-out predictions."""

    def rows(sessions: np.ndarray) -> np.ndarray:
        found = rows_of_sessions(offsets, sessions)
        return found[~np.isnan(y[found])]

    def predict(train: np.ndarray, test: np.ndarray, penalty: float) -> tuple[np.ndarray, np.ndarray]:
        scaler = StandardScaler().fit(x[train])
        model = Ridge(alpha=penalty * len(train)).fit(scaler.transform(x[train]), y[train])
        return model.predict(scaler.transform(x[test])), model.predict(scaler.transform(x[train]))

    values, weights, missed, total = [], [], 0.0, 0.0
    predictions = np.full(len(y), np.nan)
    for train, test in folds:
        errors = np.zeros(len(penalties))
        for inner_train, inner_test in folds if len(penalties) > 1 else []:
            fit = rows(np.intersect1d(inner_train, train))
            held = rows(np.intersect1d(inner_test, train))
            if len(fit) and len(held):
                for i, penalty in enumerate(penalties):
                    errors[i] += ((predict(fit, held, penalty)[0] - y[held]) ** 2).sum()
        held = rows(test)
        p, fitted = predict(rows(train), held, penalties[int(errors.argmin())])
        predictions[held] = p if kind is Score.R2 else (p - fitted.mean()) / fitted.std()
        values.append(scores.score(kind, p, y[held]))
        weights.append(len(held))
        missed += ((y[held] - p) ** 2).sum()
        total += ((y[held] - y[held].mean()) ** 2).sum()
    score = 1 - missed / total if kind is Score.R2 else np.average(values, weights=weights)
    return float(score), predictions


@pytest.mark.parametrize("penalties", [(0.1,), (1e-4, 1e-2, 1.0)])
@pytest.mark.parametrize("kind", [Score.R2, Score.IC])
def test_equals_refitting(kind: Score, penalties: tuple[float, ...]) -> None:
    world = linear(np.random.default_rng(0), 30, 25, 6, horizon=4)
    drawn = permute_dates(world.offsets, world.clusters, 20, seed=0)
    folds = session_folds(world.clusters, 4, embargo=1)
    found = ridge_null(
        split(world.x, world.offsets), world.z, drawn, folds, score=kind, penalties=penalties
    )
    assert found.exact.all()
    observed, predictions = refit(world.x, world.z, world.offsets, folds, kind, penalties)
    assert found.observed[0] == pytest.approx(observed, abs=1e-8)
    labelled = ~np.isnan(world.z)
    np.testing.assert_allclose(found.predictions[labelled, 0], predictions[labelled], atol=1e-8)
    for b in range(20 if len(penalties) == 1 else 5):
        expected, _ = refit(world.x, drawn.labels(world.z, b), world.offsets, folds, kind, penalties)
        assert found.null[b, 0] == pytest.approx(expected, abs=1e-8)
    if kind is Score.R2 and len(penalties) == 1:
        test = folds[0][1]
        rows = rows_of_sessions(world.offsets, test)
        rows = rows[labelled[rows]]
        first = ridge_null(
            split(world.x, world.offsets), world.z, drawn, folds[:1], score=kind, penalties=penalties
        )
        assert first.observed[0] == pytest.approx(r2_score(world.z[rows], predictions[rows]))


def test_auc_equals_refitting_but_for_ties_inside_bins() -> None:
    world = linear(np.random.default_rng(1), 40, 50, 5, horizon=4)
    drawn = permute_dates(world.offsets, world.clusters, 20, seed=0)
    folds = session_folds(world.clusters, 4)
    found = ridge_null(
        split(world.x, world.offsets), world.y, drawn, folds, score=Score.AUC, penalties=(0.1,)
    )
    observed, _ = refit(world.x, world.y, world.offsets, folds, Score.AUC, (0.1,))
    assert found.observed[0] == pytest.approx(observed, abs=1e-12)
    errors = [
        found.null[b, 0]
        - refit(world.x, drawn.labels(world.y, b), world.offsets, folds, Score.AUC, (0.1,))[0]
        for b in range(20)
    ]
    assert np.abs(errors).max() < 0.01 * found.null.std()


def pairwise(
    x: np.ndarray, y: np.ndarray, labelled: np.ndarray, folds: list[Fold], offsets: np.ndarray
) -> float:
    """IC with XᵀX over all given rows and XᵀY over labelled ones, by plain sums."""
    values, weights = [], []
    centre = np.nanmean(y[labelled])
    for train, test in folds:
        a, b = rows_of_sessions(offsets, train), rows_of_sessions(offsets, test)
        mean, scale = x[a].mean(0), x[a].std(0)
        z, w = (x[a] - mean) / scale, (x[b] - x[b].mean(0)) / scale
        ya, yb = y[a] - centre, y[b] - centre
        cross = np.nansum(z * ya[:, None], axis=0) / (~np.isnan(ya)).sum()
        beta = np.linalg.solve(z.T @ z / len(a) + 0.1 * np.eye(x.shape[1]), cross)
        held = np.nansum(w * yb[:, None], axis=0) / (~np.isnan(yb)).sum()
        variance = beta @ (w.T @ w / len(b)) @ beta
        values.append(held @ beta / np.sqrt(variance * np.nanvar(yb)))
        weights.append((~np.isnan(yb)).sum())
    return float(np.average(values, weights=weights))


def test_labels_missing_at_random_use_pairwise_moments() -> None:
    """Every draw labels other bars: XᵀX stays, and observed and permuted labels are alike."""
    rng = np.random.default_rng(2)
    world = worlds.ar_overlap(rng, 20, 30, 4, horizon=1)
    z = np.where(rng.random(len(world.z)) < 0.4, np.nan, world.z)
    drawn = permute_dates(world.offsets, world.clusters, 99, seed=0)
    folds = session_folds(world.clusters, 4)
    found = ridge_null(split(world.x, world.offsets), z, drawn, folds, penalties=(0.1,))
    assert not found.exact.any()
    # The last bar of each session is never labelled: it is in no row set.
    keep = np.arange(len(z)) % 30 != 29
    offsets = np.arange(0, 20 * 29 + 1, 29)
    for b in range(5):
        labels = drawn.labels(z, b)[keep]
        expected = pairwise(world.x[keep], labels, ~np.isnan(labels), folds, offsets)
        assert found.null[b, 0] == pytest.approx(expected, abs=2e-3)
    assert 0 < found.p[0] <= 1


def test_all_targets_at_once_are_each_alone() -> None:
    rng = np.random.default_rng(3)
    world = linear(rng, 24, 20, 4, horizon=3)
    other = np.where(np.arange(len(world.z)) % 20 < 12, rng.standard_normal(len(world.z)), np.nan)
    y = np.column_stack([world.z, world.y, other])
    kinds = [Score.IC, Score.AUC, Score.R2]
    drawn = permute_dates(world.offsets, world.clusters, 30, seed=0)
    folds = session_folds(world.clusters, 3)
    sessions = split(world.x, world.offsets)
    together = ridge_null(sessions, y, drawn, folds, score=kinds)
    for h, kind in enumerate(kinds):
        alone = ridge_null(sessions, y[:, h], drawn, folds, score=kind)
        np.testing.assert_allclose(together.null[:, h], alone.null[:, 0], rtol=1e-9, atol=1e-12)
        assert together.p[h] == alone.p[0]
        np.testing.assert_array_equal(together.penalty[:, h], alone.penalty[:, 0])
    # z.95 SE₀ + z.80 SE, of which a draw leaves one session in 24 its own labels.
    spread = 1.6449 * together.null[:, 1].std(ddof=1) + 0.8416 * together.se[1]
    assert together.test(1).mde() == pytest.approx(spread * 24 / 23, rel=1e-3)
    alone = session_bootstrap(
        together.predictions[:, 1], y[:, 1], world.offsets, world.clusters, seed=0
    )
    assert together.se[1] == pytest.approx(alone.se)


def test_targets_that_share_their_rows_are_regressed_on_all_of_them() -> None:
    """A bar without a label counts like one whose label is the mean."""
    rng = np.random.default_rng(14)
    world = linear(rng, 24, 20, 4, horizon=1)
    sparse = np.where(rng.random(len(world.z)) < 0.3, world.y, np.nan)
    y = np.column_stack([world.z, sparse, world.y])
    drawn = permute_dates(world.offsets, world.clusters, 30, seed=0)
    folds = session_folds(world.clusters, 3)
    sessions = split(world.x, world.offsets)
    kinds = [Score.IC, Score.AUC, Score.AUC]
    found = ridge_null(sessions, y, drawn, folds, score=kinds, penalties=(0.1,), share_rows=True)
    assert found.exact.tolist() == [True, False, True]
    own = ridge_null(sessions, y, drawn, folds, score=kinds, penalties=(0.1,))
    np.testing.assert_allclose(found.null[:, [0, 2]], own.null[:, [0, 2]], rtol=1e-9)
    labelled = np.arange(len(world.z)) % 20 != 19
    filled = np.where(labelled, np.where(np.isnan(sparse), np.nanmean(sparse), sparse), np.nan)
    _, expected = refit(world.x, filled, world.offsets, folds, Score.IC, (0.1,))
    for _, test in folds:
        rows = rows_of_sessions(world.offsets, test)
        rows = rows[labelled[rows]]
        r = np.corrcoef(found.predictions[rows, 1], expected[rows])[0, 1]
        assert r > 0.995


def test_a_feature_that_only_varies_elsewhere_has_no_weight() -> None:
    """A single outlier that no training session has must not decide a prediction."""
    world = linear(np.random.default_rng(16), 24, 20, 4, horizon=1)
    x = world.x.copy()
    x[:, 2] = 1e-17 * np.random.default_rng(0).standard_normal(len(x))
    x[30, 2] = 1.0
    drawn = permute_dates(world.offsets, world.clusters, 9, seed=0)
    folds = session_folds(world.clusters, 3)
    found = ridge_null(split(x, world.offsets), world.z, drawn, folds)
    without = ridge_null(split(x[:, [0, 1, 3]], world.offsets), world.z, drawn, folds)
    assert found.coef[0, 0, 2] == 0
    assert np.abs(found.predictions).max() < 10
    np.testing.assert_allclose(
        found.predictions[:140], without.predictions[:140], rtol=1e-6, atol=1e-9
    )


def test_predictions_are_sums_over_features() -> None:
    world = linear(np.random.default_rng(15), 24, 20, 4, horizon=1)
    drawn = permute_dates(world.offsets, world.clusters, 9, seed=0)
    folds = session_folds(world.clusters, 3)
    found = ridge_null(
        split(world.x, world.offsets),
        np.column_stack([world.y, world.z]),
        drawn,
        folds,
        score=[Score.AUC, Score.R2],
    )
    for k, (_, test) in enumerate(folds):
        rows = rows_of_sessions(world.offsets, test)
        for h in range(2):
            rest = found.predictions[rows, h] - world.x[rows] @ found.coef[k, h]
            np.testing.assert_allclose(rest, rest[0], atol=1e-6)


def test_little_memory_means_more_passes_and_the_same_numbers() -> None:
    world = linear(np.random.default_rng(4), 20, 15, 4, horizon=2)
    drawn = permute_dates(world.offsets, world.clusters, 25, seed=0)
    folds = session_folds(world.clusters, 3)
    sessions = split(world.x, world.offsets)
    for kind, y in ((Score.IC, world.z), (Score.AUC, world.y)):
        whole = ridge_null(sessions, y, drawn, folds, score=kind)
        pieces = ridge_null(sessions, y, drawn, folds, score=kind, memory=2000)
        np.testing.assert_allclose(pieces.null, whole.null, rtol=1e-12)
        np.testing.assert_allclose(pieces.predictions, whole.predictions, rtol=1e-9)


def test_threads_share_the_targets_and_give_the_same_numbers() -> None:
    world = linear(np.random.default_rng(17), 20, 15, 4, horizon=2)
    drawn = permute_dates(world.offsets, world.clusters, 25, seed=0)
    folds = session_folds(world.clusters, 3)
    sessions = split(world.x, world.offsets)
    y = np.column_stack([world.z, world.y] * 9)
    kinds = [Score.IC, Score.AUC] * 9
    told: list[float] = []
    alone = ridge_null(sessions, y, drawn, folds, score=kinds)
    shared = ridge_null(sessions, y, drawn, folds, score=kinds, workers=3, progress=told.append)
    np.testing.assert_array_equal(shared.null, alone.null)
    assert told == sorted(told)
    assert told[-1] == 1
    assert len(told) > 2


class Stream:
    """Sessions made anew at every pass, never all in memory."""

    def __init__(self, x: np.ndarray, offsets: np.ndarray) -> None:
        self.x, self.offsets, self.passes = x, offsets, 0

    def __iter__(self) -> Iterator[np.ndarray]:
        self.passes += 1
        return (
            self.x[a:b].astype(np.float32)
            for a, b in zip(self.offsets[:-1], self.offsets[1:], strict=True)
        )


def test_sessions_may_be_streamed() -> None:
    world = worlds.ar_overlap(np.random.default_rng(5), 20, 15, 3, horizon=2)
    drawn = permute_dates(world.offsets, world.clusters, 19, seed=0)
    folds = session_folds(world.clusters, 3)
    stream = Stream(world.x, world.offsets)
    found = ridge_null(stream, world.z, drawn, folds)
    kept = ridge_null(split(world.x.astype(np.float32), world.offsets), world.z, drawn, folds)
    np.testing.assert_array_equal(found.null, kept.null)
    assert stream.passes <= 4


def test_another_engine_is_used_throughout() -> None:
    class Counting(NumpyEngine):
        calls: list[str] = []  # noqa: RUF012

        def grams(self, *args):
            self.calls.append("grams")
            return super().grams(*args)

        def crosses(self, *args):
            self.calls.append("crosses")
            return super().crosses(*args)

        def histograms(self, *args):
            self.calls.append("histograms")
            return super().histograms(*args)

    world = worlds.ar_overlap(np.random.default_rng(6), 12, 15, 3, horizon=2)
    drawn = permute_dates(world.offsets, world.clusters, 9, seed=0)
    folds = session_folds(world.clusters, 3)
    engine = Counting()
    ridge_null(split(world.x, world.offsets), world.y, drawn, folds, score=Score.AUC, engine=engine)
    assert engine.calls == ["grams", "crosses", "histograms"]


def test_walk_forward_and_symbols() -> None:
    """One split, two symbols of which one lacks dates; rotation instead of permutation."""
    rng = np.random.default_rng(7)
    clusters, symbols = np.r_[np.arange(30), np.arange(20)], np.repeat([0, 1], [30, 20])
    world = worlds.ar_overlap(rng, lengths=rng.integers(10, 25, 50), features=3, horizon=2)
    folds = [(np.flatnonzero(clusters < 20), np.flatnonzero(clusters >= 21))]
    inner = session_folds(clusters, 4)
    drawn = rotate_dates(world.offsets, clusters, 99, seed=0, symbols=symbols)
    found = ridge_null(split(world.x, world.offsets), world.z, drawn, folds, inner=inner)
    assert found.null.shape == (29, 1)
    assert np.isfinite(found.null).all()
    tested = ~np.isnan(found.predictions[:, 0])
    assert tested.sum() == rows_of_sessions(world.offsets, folds[0][1]).size
    with pytest.raises(ValueError, match="inner folds"):
        ridge_null(split(world.x, world.offsets), world.z, drawn, folds)


def test_sessions_that_take_no_part_are_not_scored() -> None:
    world = linear(np.random.default_rng(8), 20, 15, 3, horizon=2)
    eligible = np.arange(20) != 3
    drawn = permute_dates(world.offsets, world.clusters, 9, seed=0, eligible=eligible)
    folds = session_folds(world.clusters, 4)
    without = world.z.copy()
    without[45:60] = np.nan
    sessions = split(world.x, world.offsets)
    found = ridge_null(sessions, world.z, drawn, folds, penalties=(0.1,))
    expected = ridge_null(sessions, without, drawn, folds, penalties=(0.1,))
    assert found.observed[0] == pytest.approx(expected.observed[0], abs=1e-3)
    np.testing.assert_allclose(found.null, expected.null, atol=1e-3)


def test_a_constant_label_and_useless_features_give_no_score() -> None:
    offsets, clusters = np.arange(0, 101, 10), np.arange(10)
    drawn: Permutations = permute_dates(offsets, clusters, 9, seed=0)
    folds = session_folds(clusters, 3)
    flat = split(np.ones((100, 2)), offsets)
    rng = np.random.default_rng(0)
    noise = ridge_null(flat, rng.standard_normal(100), drawn, folds, score=Score.IC)
    assert noise.observed[0] == 0
    assert noise.p[0] == 1
    single = ridge_null(flat, np.ones(100), drawn, folds, score=Score.AUC)
    assert np.isnan(single.observed[0])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda x: x[:-1], "9 sessions"),
        (lambda x: [*x[:-1], x[-1][:5]], "5 rows"),
        (lambda x: [*x[:-1], x[-1] * np.nan], "finite"),
    ],
)
def test_features_that_do_not_fit_are_named(change, message: str) -> None:
    offsets, clusters = np.arange(0, 101, 10), np.arange(10)
    sessions = split(np.random.default_rng(0).standard_normal((100, 2)), offsets)
    drawn = permute_dates(offsets, clusters, 9, seed=0)
    with pytest.raises(ValueError, match=message):
        ridge_null(change(sessions), np.arange(100.0), drawn, session_folds(clusters, 3))


def test_what_moments_can_not_do_is_said() -> None:
    offsets, clusters = np.arange(0, 101, 10), np.arange(10)
    sessions = split(np.random.default_rng(0).standard_normal((100, 2)), offsets)
    y = np.arange(100.0)
    turned = rotate_bars(offsets, clusters, 9, seed=0, labelled=np.ones(100, dtype=bool))
    folds = session_folds(clusters, 3)
    with pytest.raises(ValueError, match="inside sessions"):
        ridge_null(sessions, y, turned, folds)
    drawn = permute_dates(offsets, clusters, 9, seed=0)
    with pytest.raises(ValueError, match="AUC, IC or R²"):
        ridge_null(sessions, y, drawn, folds, score=Score.F1)


def test_folds_never_touch() -> None:
    clusters = np.tile(np.arange(20), 2)
    reach = np.where(clusters == 9, 3, 0)
    for train, test in session_folds(clusters, 5, embargo=1, reach=reach):
        apart = np.abs(clusters[train][:, None] - clusters[test])
        assert apart.min() > 1
        ends = clusters[train] + reach[train]
        for date in np.unique(clusters[test]):
            assert not ((clusters[train] < date) & (ends >= date)).any()
            assert (set(np.flatnonzero(clusters == date))) <= set(test)
        low, high = clusters[test].min(), (clusters + reach)[test].max()
        assert not ((clusters[train] > low) & (clusters[train] <= high)).any()
    with pytest.raises(ValueError, match="folds need"):
        session_folds(np.arange(3), 5)


def test_noise_and_signal() -> None:
    finds, false = [], []
    for i in range(40):
        rng = np.random.default_rng((9, i))
        world = worlds.ar_overlap(rng, 30, 30, 5, horizon=4)
        drawn = permute_dates(world.offsets, world.clusters, 99, seed=i)
        folds = session_folds(world.clusters, 3)
        y = np.column_stack([world.z, world.z + 1.5 * world.x.sum(1)])
        found = ridge_null(split(world.x, world.offsets), y, drawn, folds)
        false.append(found.p[0] <= 0.05)
        finds.append(found.p[1] <= 0.05)
    assert np.mean(false) <= 0.15
    assert np.mean(finds) == 1
