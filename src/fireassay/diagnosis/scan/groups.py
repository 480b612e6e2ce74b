"""Which groups of features carry a target: what its score loses when a group's part is exchanged.

The learner's prediction is a sum over features, so over groups of them. A group's part is exchanged
between whole sessions, by the same exchanges that the scan's null is made of, while the label and the
other groups stay. How far the score falls is what the group adds to the others; a group whose part
could be any other session's adds nothing. p is the share of exchanges that score no less than the
predictions as they are, adjusted over groups and targets by step-down max-T.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fireassay.arrays import Float, Int, bar_of_row, session_of_row
from fireassay.data.features import FEATURES
from fireassay.diagnosis.scan.engine import Scan
from fireassay.diagnosis.scan.judge import Row
from fireassay.findings import Evidence, Mark, Plot, Series, Value
from fireassay.statistics.moments import BINS, bin_of_z
from fireassay.statistics.multiplicity import westfall_young
from fireassay.statistics.scores import Score

MOST = 3
"""Groups that are named in a sentence."""

YOURS, PAIRS = "yours", "pairs"
"""Groups of columns that aren't of the catalogue, and of products of two features."""


@dataclass(frozen=True, eq=False)
class Importance:
    """Scores of one target with each group's part exchanged.

    Attributes
    ----------
    row
        The target.
    groups, sizes
        `G` names and numbers of features.
    whole
        Score of the predictions as they are.
    exchanged
        `[B, G]` scores with one group's part exchanged.
    """

    row: Row
    groups: tuple[str, ...]
    sizes: tuple[int, ...]
    whole: float
    exchanged: Float


def groups_of(names: Sequence[str], source: Int) -> tuple[tuple[str, ...], Int]:
    """Return the groups, and `[F']` the group of each expanded feature."""
    known = set(FEATURES)
    own = [str(FEATURES[n].group) if n in known else YOURS for n in names]
    each = np.array([PAIRS if s < 0 else own[s] for s in source])
    groups = tuple(dict.fromkeys(each.tolist()))
    return groups, np.array([groups.index(g) for g in each])


def importance(scanned: Scan, row: Row) -> Importance:
    """Exchange each group's part of a target's predictions, and score what comes out."""
    part = scanned.part
    groups, group = groups_of(part.panel.features, part.expansion.source)
    parts = _parts(scanned, row.now, group, len(groups))
    whole = parts.sum(axis=1)
    y = scanned.labels[:, scanned.columns[row.now]]
    kind = Score.IC if scanned.score(row.now) is Score.IC else Score.AUC
    donors = scanned.permutations.donors
    out = np.empty((len(donors), len(groups)))
    session, bar = session_of_row(part.offsets), bar_of_row(part.offsets)
    lengths = np.diff(part.offsets)
    for b, donor in enumerate(donors):
        of_row = donor[session]
        has = (of_row >= 0) & (bar < lengths[of_row])
        rows = np.where(has, part.offsets[of_row] + bar, 0)
        for g in range(len(groups)):
            # A bar that the donor lacks gets the mean, which is 0.
            given = np.where(has[:, None], parts[rows, g], 0.0)
            out[b, g] = _score(kind, whole - parts[:, g] + given, y)
    sizes = [len({int(s) for s in part.expansion.source[group == g]}) for g in range(len(groups))]
    return Importance(row, groups, tuple(sizes), _score(kind, whole, y), out)


def _parts(scanned: Scan, h: int, group: Int, count: int) -> Float:
    """Return `[R, G, C]` what each group adds to the held-out predictions, with mean 0."""
    part, columns = scanned.part, scanned.columns[h]
    width = columns.stop - columns.start
    out = np.zeros((len(part.rows), count, width))
    fold = np.full(len(part.sessions), -1)
    for k, (_, test) in enumerate(scanned.folds):
        fold[test] = k
    for s, x in enumerate(part.features()):
        coef = scanned.ridge.coef[fold[s], columns]
        rows = slice(part.offsets[s], part.offsets[s + 1])
        for g in range(count):
            own = group == g
            out[rows, g] = x[:, own] @ coef[:, own].T
    return out - out.mean(axis=0)


def _score(kind: Score, pred: Float, y: Float) -> float:
    """Return the mean score over the columns `[R, C]`; AUC counted in 1,024 bins."""
    each = []
    for p, label in zip(pred.T, y.T, strict=True):
        known = ~np.isnan(label)
        p, label = p[known], label[known]
        if kind is Score.IC:
            each.append(float(np.corrcoef(p, label)[0, 1]))
            continue
        cell = bin_of_z(p / max(float(p.std()), 1e-300)) + BINS * (label > 0).astype(np.int16)
        zeros, ones = np.bincount(cell, minlength=2 * BINS).reshape(2, BINS).astype(np.float64)
        won = (ones * (np.cumsum(zeros) - zeros / 2)).sum()
        each.append(float(won / max(zeros.sum() * ones.sum(), 1)))
    return float(np.mean(each))


def carriers(scanned: Scan, rows: Sequence[Row], alpha: float) -> list[Evidence]:
    """Say which groups of features carry the targets given; nothing where there is one group."""
    found = [importance(scanned, row) for row in rows]
    if not found or len(found[0].groups) < 2:
        return []
    groups = found[0].groups
    observed = np.repeat([f.whole for f in found], len(groups))
    null = np.concatenate([f.exchanged for f in found], axis=1)
    p = westfall_young(observed, null).p_adjusted.reshape(len(found), len(groups))
    table: list[dict[str, Value]] = []
    told: list[str] = []
    for f, adjusted in zip(found, p, strict=True):
        loss = f.whole - f.exchanged.mean(axis=0)
        order = np.argsort(-loss)
        name = f.row.candidate.name
        carry = [g for g in order if adjusted[g] <= alpha]
        said = ", ".join(f"{groups[g]} ({loss[g]:.3f})" for g in carry[:MOST]) or "none on its own"
        more = f" and {len(carry) - MOST} more" if len(carry) > MOST else ""
        told.append(f"{name}: {said}{more}")
        table += [
            {
                "target": f"{name}, {groups[g]}",
                "features": f.sizes[g],
                "score exchanged": float(f.whole - loss[g]),
                "loss": float(loss[g]),
                "p adj.": float(adjusted[g]),
            }
            for g in order
        ]
    evidence = Evidence(
        id="targets-features",
        check="targets",
        question="Which groups of features carry the best targets?",
        experiment=(
            "A group's part of the held-out predictions is exchanged between whole sessions, the "
            "rest stays. Products with the side of VWAP belong to the feature that they are made of."
        ),
        control=(
            f"{len(null)} exchanges, the same for all groups; p by step-down max-T over groups and "
            "targets."
        ),
        sessions=scanned.permutations.units,
        reading=f"What the score loses when a group is exchanged: {'; '.join(told)}.",
        caveat=(
            "It tells what this learner leans on. Groups that say the same stand in for each other: "
            "each alone then seems to be needed less than both together."
        ),
        table=tuple(table),
        plot=_plot(found[0]),
    )
    return [evidence]


def _plot(found: Importance) -> Plot:
    """Draw what the first target scores with each group exchanged."""
    order = np.argsort(found.exchanged.mean(axis=0))
    low, middle, high = np.quantile(found.exchanged[:, order], [0.05, 0.5, 0.95], axis=0)
    score = "IC" if found.row.candidate.label.kind == "real" else "AUC"
    return Plot(
        kind="ladder",
        title=f"{found.row.candidate.name} with a group of features exchanged",
        x_label=score,
        series=(
            Series(
                name=score,
                x=tuple(found.groups[g] for g in order),
                y=tuple(middle.tolist()),
                low=tuple(low.tolist()),
                high=tuple(high.tolist()),
                style="points",
            ),
        ),
        marks=(
            Mark(axis="y", value=found.whole, label="all features"),
            Mark(axis="y", value=found.row.chance, label="null"),
        ),
    )
