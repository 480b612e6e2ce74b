"""Does anything of the test part stand in what is learned from?"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from fireassay.arrays import Bool, Int
from fireassay.data.task import Task
from fireassay.diagnosis.case import Case, Runs
from fireassay.diagnosis.checks import Check, Cost, check
from fireassay.findings import Bearing, Evidence, EvidenceStatus, Rule, Value
from fireassay.statistics.repeats import Repeats, find_repeats
from fireassay.statistics.scores import score

MUCH = 0.01
"""Share of test rows, beyond chance, from which repeated rows spoil the score."""

FEW = 20
"""Repeated rows below which they are an accident."""

MOST_ROWS = 40_000
"""Rows that the ridge learner with and without purge is fitted on at most."""

PENALTY = 0.1


@check
class SplitAudit(Check):
    """Look for test rows and sessions among the training's, and for labels that reach over.

    Question: could a learner score on the test sessions by remembering the training ones?

    A direct look: rows of features and label, and rows of prices and volumes, are compared value by
    value (by hash). A test session counts as repeated if nine in ten of its rows stand at the same
    bars of one training session, and rows count if a hundredth of the test's stand in training
    beyond what stands in other dates of the training itself, which is what features of few values
    bring by chance. Bars without trade, and rows like the one before, don't count.

    Training labels that end in or after a test session are left out of training by the split
    (purged), so they can't spoil the score; what they would have brought is shown: a ridge learner
    fitted with and without them. It sees ends that are told only: a label that is known later than
    its `label_end` says isn't caught.
    """

    id: ClassVar[str] = "split"
    question: ClassVar[str] = "Does anything of the test part stand in what is learned from?"
    causes: ClassVar[tuple[str, ...]] = ("contaminated_split",)
    cost: ClassVar[Cost] = Cost.FREE

    def judge(self, case: Case, runs: Runs) -> list[Evidence]:
        """Compare the parts, and count the labels that reach over."""
        task, panel = case.task, case.task.panel
        fitted, test = task.split.fitted, task.split.test
        y = np.where(task.usable, task.label.y, np.nan).astype(np.float64)
        compared = {"features and label": (panel.values, y)}
        if case.prices:
            # Features that look back over sessions differ in a repeated session; its bars don't.
            prices = np.stack(list(case.prices.values()), axis=1)
            compared["prices and volumes"] = prices, np.zeros(len(y))
        looked = {
            what: find_repeats(
                x, label, panel.offsets, panel.clusters, fitted, test, skip=panel.stale
            )
            for what, (x, label) in compared.items()
        }
        what, found = max(looked.items(), key=lambda item: (len(item[1].twins), _excess(item[1])))
        if not found.rows:
            return [self.without(EvidenceStatus.NOT_APPLICABLE, "No bar of the test has a label.")]
        many = _excess(found) >= MUCH and len(found.repeated) >= FEW
        spoiled = len(found.twins) > 0 or many
        over = _reaching(task)
        numbers: dict[str, Value] = {
            "test sessions": len(test),
            "of them repeat a training session": len(found.twins),
            "share of test rows that stand in training": found.share,
            "share of training rows that stand on another training date": found.by_chance,
            "training labels that reach into the test, purged": int(over.sum()),
        }
        if over.any():
            with_purge, without = _phantom(case, over)
            numbers |= {
                f"{case.score} of a ridge learner": with_purge,
                f"{case.score} of a ridge learner without purge": without,
            }
        reading = f"{_repeats(task, found, spoiled, what)} {_purge(case, over, numbers)}"
        rule = Rule.OBSERVED_FOR if spoiled else Rule.OBSERVED_AGAINST
        return [
            Evidence(
                id=self.id,
                check=self.id,
                question=self.question,
                experiment=(
                    f"{found.rows:,} test rows, {what}, looked for among those of "
                    f"{len(fitted)} training and validation sessions."
                ),
                control="Rows of training dates looked for on other training dates.",
                metric="share of test rows that stand in training",
                effect=found.share,
                trivial=found.by_chance,
                sessions=len(test),
                bears_on=(Bearing(cause="contaminated_split", rule=rule, note=reading),),
                reading=reading,
                caveat="Rows that were repeated with noise, or in another unit, aren't seen.",
                numbers=numbers,
            )
        ]


def _excess(found: Repeats) -> float:
    return found.share - found.by_chance


def _repeats(task: Task, found: Repeats, spoiled: bool, what: str) -> str:
    """Say what stands in both parts."""
    dates = task.panel.dates
    if len(found.twins):
        s, d = found.twins[0].tolist()
        return (
            f"{len(found.twins)} of {len(task.split.test)} test sessions repeat a training session, "
            f"{what} alike: {dates[s]} that of {dates[d]}, for one."
        )
    if spoiled:
        row = int(found.repeated[0])
        return (
            f"{found.share:.1%} of the test rows stand in training, {what} alike, one of "
            f"{dates[int(task.panel.session_of_row[row])]} for one; by chance it would be "
            f"{found.by_chance:.1%}."
        )
    return "No session of the test repeats one of the training, and no more rows than by chance."


def _purge(case: Case, over: Bool, numbers: dict[str, Value]) -> str:
    """Say what labels that reach over would bring."""
    if not over.any():
        return "No training label reaches into the test."
    a, b = (numbers[f"{case.score} of a ridge learner{end}"] for end in ("", " without purge"))
    return (
        f"{int(over.sum()):,} training labels reach into later parts and are left out; with them a "
        f"ridge learner would show {case.score} {b:.3f} in place of {a:.3f}."
    )


def _reaching(task: Task) -> Bool:
    """Return `[R]` True for labels of training and validation that the purge takes out."""
    panel, split = task.panel, task.split
    part = np.zeros(panel.sessions, dtype=bool)
    part[split.fitted] = True
    kept = np.zeros(panel.rows, dtype=bool)
    kept[task.train_rows] = True
    kept[task.validation_rows] = True
    return part[panel.session_of_row] & task.usable & ~kept


def _phantom(case: Case, over: Bool) -> tuple[float, float]:
    """Return the test score of a ridge learner fitted without the purged labels, and with them."""
    task = case.task
    kept = np.sort(np.concatenate([task.train_rows, task.validation_rows]))
    rows = task.test_rows
    x, y = task.inputs(rows), task.label.y[rows].astype(np.float64)

    def scored(fit: Int) -> float:
        fit = fit[:: max(1, -(-len(fit) // MOST_ROWS))]
        z, label = task.inputs(fit), task.label.y[fit].astype(np.float64)
        mean = z.mean(0)
        gram = (z - mean).T @ (z - mean) / len(z) + PENALTY * np.eye(z.shape[1])
        w = np.linalg.solve(gram, (z - mean).T @ (label - label.mean()) / len(z))
        return score(case.score, (x - mean) @ w, y)

    return scored(kept), scored(np.union1d(kept, np.flatnonzero(over)))
