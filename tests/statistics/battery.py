"""Every test that returns a p, run on one world."""

from __future__ import annotations

import itertools

import numpy as np

from fireassay.arrays import rows_of_sessions
from fireassay.statistics.additive import Scope
from fireassay.statistics.association import associate
from fireassay.statistics.bootstrap import paired_difference
from fireassay.statistics.clustering import label_clustering, runs_test
from fireassay.statistics.exchange import permute_dates, rotate_bars, rotate_dates
from fireassay.statistics.folds import session_folds
from fireassay.statistics.lags import scan_lags
from fireassay.statistics.multiplicity import best_of, holm, westfall_young
from fireassay.statistics.null import heldout_null
from fireassay.statistics.scores import Score
from fireassay.statistics.stability import relation_stability
from fireassay.statistics.sufficient import ridge_null
from tests.statistics.worlds import World

DRAWS = 99


def p_values(world: World, seed: int, block: int | None = None) -> dict[str, float]:
    """Return the p of every test; the first feature is the prediction, all are a learner's inputs.

    With `block` sessions are taken to drift: whatever exchanges them does so within blocks of so many
    dates, and the paired difference compares within sessions.
    """
    x, y, z = world.x, world.y, world.z
    where = (world.offsets, world.clusters)
    drawn = permute_dates(*where, DRAWS, seed=seed, block=block)
    turned = rotate_bars(*where, DRAWS, seed=seed, labelled=~np.isnan(y))
    shifted = rotate_dates(*where, DRAWS, seed=seed)
    found: dict[str, float] = {}

    def held_out(name: str, label: np.ndarray, **settings: object) -> None:
        found[f"held-out {name}"] = heldout_null(x[:, 0], label, *where, seed=seed, **settings).p

    for kind, label in ((Score.AUC, y), (Score.IC, z), (Score.RANK_IC, z)):
        held_out(f"{kind}", label, score=kind, permutations=drawn)
        held_out(
            f"{kind}, within sessions", label, score=kind, permutations=drawn, scope=Scope.WITHIN
        )
    held_out("AUC, dates rotated", y, permutations=shifted)
    held_out("AUC, bars rotated in sessions", y, permutations=turned)

    sessions = [x[a:b] for a, b in itertools.pairwise(world.offsets)]
    folds = session_folds(world.clusters)
    for kind, label in ((Score.AUC, y), (Score.IC, z), (Score.R2, z)):
        null = ridge_null(sessions, label, drawn, folds, score=kind)
        found[f"ridge refitted, {kind}"] = float(null.p[0])

    for measure, associated in associate(x, y, drawn).items():
        found[f"{measure} of one feature"] = float(associated.p[0])
        found[f"{measure}, smallest of {x.shape[1]} adjusted"] = float(associated.p_adjusted.min())

    runs = [heldout_null(f, y, *where, seed=seed, permutations=drawn) for f in x.T]
    observed = np.array([run.observed for run in runs])
    values = np.column_stack([run.values for run in runs])
    found[f"best of {len(runs)} runs"] = best_of(observed, values).p
    found[f"max-T over {len(runs)} runs"] = float(westfall_young(observed, values).p_adjusted.min())

    scope = Scope.POOLED if block is None else Scope.WITHIN
    pair = paired_difference(x[:, 0], x[:, 1], y, *where, 199, seed=seed, scope=scope)
    found["paired difference, one-sided"] = pair.p
    found["paired difference, two-sided"] = pair.p_two_sided
    return found


def clustering_p_values(world: World, seed: int, horizon: int) -> dict[str, float]:
    """Return the p of the clustering tests, which ask about labels alone."""
    found = label_clustering(
        world.y, world.offsets, world.clusters, horizon=horizon, lags=20, draws=DRAWS, seed=seed
    )
    out = {
        "clustering beyond overlap, runs": found.p_overlap,
        "clustering beyond overlap, smallest of 20 lags adjusted": float(found.p_lags.min()),
    }
    if horizon == 1:
        out["runs test (Wald–Wolfowitz)"] = runs_test(world.y, world.offsets).p
    return out


def learners(world: World, fit: np.ndarray, test: np.ndarray) -> list[np.ndarray]:
    """Return `[R]` predictions of the test sessions by three ridge learners of the earlier ones."""
    out = []
    shapes = (world.x, np.c_[world.x, world.x**2], np.abs(world.x))
    rows, held = (rows_of_sessions(world.offsets, part) for part in (fit, test))
    rows = rows[~np.isnan(world.y[rows])]
    for x in shapes:
        mean, sd = x[rows].mean(0), x[rows].std(0)
        z, y = (x[rows] - mean) / sd, world.y[rows]
        gram = z.T @ z / len(z) + 0.1 * np.eye(x.shape[1])
        w = np.linalg.solve(gram, z.T @ (y - y.mean()) / len(z))
        pred = np.full(len(world.y), np.nan)
        pred[held] = (x[held] - mean) / sd @ w
        out.append(pred)
    return out


def report_p_values(world: World, seed: int, block: int | None = None) -> dict[str, float]:
    """Return the p that a report prints beside the held-out ones: of checks, as they make them.

    Learners are fitted on the first 60 % of the dates and scored on the later ones.
    """
    where = (world.offsets, world.clusters)
    early = world.clusters < np.quantile(world.clusters, 0.6)
    fit, test = np.flatnonzero(early), np.flatnonzero(~early)
    preds = learners(world, fit, test)
    drawn = permute_dates(*where, DRAWS, seed=seed, block=block, eligible=~early)
    tests = [heldout_null(p, world.y, *where, seed=seed, permutations=drawn) for p in preds]
    observed = np.array([t.observed for t in tests])
    joint = westfall_young(observed, np.column_stack([t.values for t in tests]))
    found = {
        "signal: one learner, fitted early": tests[0].p,
        "signal: best of 3 learners, max-T": float(joint.p_adjusted.min()),
    }
    gains = [paired_difference(p, preds[0], world.y, *where, 199, seed=seed).p for p in preds[1:]]
    found["ladders, usual changes: best of 2 gains, Holm"] = float(holm(np.array(gains)).min())
    lags = scan_lags(
        world.x, world.y, *where, reach=3, kind=Score.AUC, draws=DRAWS, seed=seed,
        block=block and block // 2,
    )  # fmt: skip
    if lags is not None:
        found["alignment: any of 7 lags above chance"] = float(lags.p.min())
        found["alignment: a lag ahead above the bar's own"] = lags.above(
            (1, 2, 3), (0,), 199, seed=seed
        ).p
    stable = relation_stability(world.x, world.y, *where, draws=DRAWS, seed=seed)
    if stable is not None:
        found["drift: relation changed (both tests)"] = float(stable.p[stable.best])
    return found
